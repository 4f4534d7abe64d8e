"""Reminders leave two days and two hours before, and never say what is no longer true."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.booking import services
from app.core.db import db
from app.messaging import services as messaging
from app.messaging.models import Message
from tests import town

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def wish():
    place = town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron)
    return town.a_wish(place, padron)


def reminders():
    question = sa.select(Message).where(Message.key.like("%:two-%")).order_by(Message.try_at)
    return list(db.session.scalars(question))


def bodies_sent(app):
    return [parcel.body for parcel in app.extensions["sms"].sent]


def test_two_reminders_for_a_visit_that_is_days_away(wish):
    visit = town.a_visit(wish, NOW + timedelta(days=5))

    times = [message.try_at for message in reminders()]
    assert times == [visit.starts_at - timedelta(hours=48), visit.starts_at - timedelta(hours=2)]


@pytest.mark.parametrize(
    ("ahead", "count"), [(timedelta(hours=50), 1), (timedelta(hours=4), 1), (timedelta(hours=2), 0)]
)
def test_no_reminder_so_soon_after_the_booking(wish, ahead, count):
    town.a_visit(wish, NOW + ahead)

    assert len(reminders()) == count


def test_they_leave_at_their_time_and_not_before(app, wish, now):
    visit = town.a_visit(wish, NOW + timedelta(days=5))
    messaging.deliver_due()
    app.extensions["sms"].sent.clear()

    now.move_to(visit.starts_at - timedelta(hours=48, minutes=1))
    messaging.deliver_due()
    assert bodies_sent(app) == []

    now.move_to(visit.starts_at - timedelta(hours=48))
    messaging.deliver_due()
    assert len(bodies_sent(app)) == 1
    assert f"/visits/{visit.code}" in bodies_sent(app)[0]


def test_nothing_is_said_after_the_start(app, wish, now):
    visit = town.a_visit(wish, NOW + timedelta(days=5))
    now.move_to(visit.starts_at)

    messaging.deliver_due()

    assert all("recordem" not in body for body in bodies_sent(app))
    assert {message.state for message in reminders()} == {"dropped"}


def test_a_cancelled_visit_is_not_remembered(app, wish, now):
    visit = town.a_visit(wish, NOW + timedelta(days=5))
    services.cancel(visit, "citizen")
    db.session.commit()

    now.move_to(visit.starts_at - timedelta(hours=2))
    messaging.deliver_due()

    assert {message.state for message in reminders()} == {"dropped"}


def test_a_town_may_prefer_plain_letters_and_one_message():
    place = town.a_town(has_plain_sms=True)
    message = messaging.send_later("+34600123456", "Día " + "x" * 100, key="k", locale="es")

    assert message.body.startswith("Dia")
    assert message.segments == 1
    place.has_plain_sms = False
    other = messaging.send_later("+34600123456", "Día " + "x" * 100, key="l", locale="es")
    assert (other.body[:3], other.segments) == ("Día", 2)
