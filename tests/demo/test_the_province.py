"""The invented province: towns that lend each other people, and a day that has already begun."""

from collections import Counter
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
import time_machine

from app.accounts.models import Account, Role
from app.booking import queries as booking
from app.booking.models import Status, Visit
from app.core.db import db
from app.demo import services
from app.messaging.models import Message, MessageState
from app.queue import queries as line
from app.schedule import queries as schedule
from app.schedule.models import Resource, ResourceKind
from app.towns import queries as towns
from app.towns.models import Town
from app.towns.tenant import every_town, speak_for, town_of

NOW = datetime(2026, 11, 30, 9, 2, tzinfo=UTC)


@pytest.fixture
def province():
    with time_machine.travel(NOW, tick=False):
        services.load()
        yield {town.slug: town for town in db.session.scalars(sa.select(Town))}


def test_the_demonstration_is_one_pool_with_all_that_can_be_taken(province):
    vilaclara = province["vilaclara"]
    with town_of(vilaclara.id):
        roster = schedule.roster_of(vilaclara)

        assert {town.pool for town in province.values()} == {"comarca-alba"}
        assert len(roster.of_kind(ResourceKind.DESK)) == 9
        assert len(roster.of_kind(ResourceKind.BOOTH)) == 2
        assert {"lse", "lsc"} <= {need.value for need in booking.needs_on_offer(vilaclara)}


def test_a_clerk_is_lent_to_a_neighbour(province):
    with every_town():
        lent = db.session.scalars(
            sa.select(Resource).where(Resource.name == "Aissatou Diallo Romero")
        ).one()
    vilaclara = province["vilaclara"]
    with town_of(vilaclara.id):
        procedure = towns.procedure_or_404("reclamacion")

        assert lent.town_id != vilaclara.id
        assert lent.id in {person.id for person in schedule.staff_of(procedure).people}


def test_the_day_has_begun_and_nobody_is_written_to_about_its_past(province):
    services.fill_the_agenda()
    with every_town():
        statuses = Counter(db.session.scalars(sa.select(Visit.status)))
        past = db.session.scalars(sa.select(Visit).where(Visit.ended_at.is_not(None))).all()
        written = db.session.scalars(sa.select(Message)).all()

    assert statuses[Status.SERVED] >= 8
    assert statuses[Status.NO_SHOW] >= 4
    assert statuses[Status.WAITING] >= 3
    assert statuses[Status.BOOKED] >= 6
    assert all(visit.starts_at < NOW and visit.ended_at <= NOW for visit in past)
    for visit in past:
        own = [one for one in written if one.key.startswith(f"visit:{visit.code}:")]
        assert all(one.state is MessageState.DROPPED for one in own)
    with town_of(province["benimar"].id):
        assert [line.ticket_of(visit).number for visit in line.waiting()] == [3, 4]


def test_there_is_a_door_for_every_role(client, app, province):
    speak_for(province["vilaclara"].id)
    roles = set(db.session.scalars(sa.select(Account.role).where(Account.role != Role.CITIZEN)))

    assert {Role.CLERK, Role.SUPERVISOR, Role.ADMINISTRATOR} <= roles
