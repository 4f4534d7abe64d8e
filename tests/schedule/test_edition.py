"""What was worked out from the rules is kept while no rule changes, and not a moment longer."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.accounts import services as accounts
from app.core.db import db, transaction
from app.schedule import queries
from app.schedule.models import Resource, ResourceKind, Shift, ShiftException, Skill
from app.towns.models import Closure, Season
from tests import town

NOW = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
TODAY = date(2026, 11, 30)


@pytest.fixture(autouse=True)
def eight_o_clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def clerk(place):
    return town.a_clerk(town.a_procedure(), hours=(time(9), time(10)), channels=("video",))


def times(place):
    wish = town.a_wish(place, town.the_procedure("padron"))
    return [free.starts_at for free in queries.free_times(wish, TODAY, TODAY)]


def test_while_nothing_changes_the_rules_are_read_once(place, clerk, statements):
    before = queries.roster_of(place)
    statements.clear()

    assert queries.roster_of(place) is before
    assert len(statements) == 1


def test_somebody_who_books_changes_no_rule(place, clerk):
    before = queries.roster_of(place)

    town.a_visit(town.a_wish(place, town.the_procedure("padron")), phone="+34600000001")

    assert queries.roster_of(place) is before


def a_day_off(clerk):
    db.session.add(ShiftException(resource_id=town.counter_of(clerk).id, day=TODAY))


def a_closed_day(clerk):
    db.session.add(Closure(day=TODAY, reason="Fira"))


def a_season(clerk):
    winter = {"first_day": TODAY, "last_day": TODAY, "opens": time(12), "closes": time(13)}
    db.session.add(Season(**winter, is_yearly=False))


def a_shift_removed(clerk):
    counter = town.counter_of(clerk)
    monday = sa.select(Shift).where(Shift.resource_id == counter.id, Shift.weekday == 0)
    db.session.delete(db.session.scalars(monday).one())


def all_shifts_changed_at_once(clerk):
    db.session.execute(sa.update(Shift).values(valid_to=TODAY - timedelta(days=1)))


def put_away(clerk):
    town.counter_of(clerk).is_active = False


def an_account_closed(clerk):
    clerk.is_active = False


def a_town_in_another_zone(clerk):
    town.account_town(clerk).time_zone = "Pacific/Auckland"


@pytest.mark.parametrize(
    "change",
    [
        a_day_off,
        a_closed_day,
        a_season,
        a_shift_removed,
        all_shifts_changed_at_once,
        a_town_in_another_zone,
    ],
)
def test_a_change_of_any_rule_is_seen_by_the_next_who_looks(place, clerk, change):
    before = times(place)

    change(clerk)

    assert len(before) == 5
    assert set(times(place)).isdisjoint(before)


@pytest.mark.parametrize("change", [put_away, an_account_closed])
def test_somebody_who_is_gone_is_gone_for_the_next_who_looks(place, clerk, change):
    known = queries.roster_of(place).of_kind(ResourceKind.CLERK)

    change(clerk)
    db.session.flush()

    assert known
    assert queries.roster_of(place).of_kind(ResourceKind.CLERK) == []


def test_a_skill_and_a_language_are_seen_too(place, clerk):
    taxes = town.a_procedure("taxes")
    person = lambda: queries.roster_of(place).of_kind(ResourceKind.CLERK)[0]  # noqa: E731
    assert person().languages == {"ca", "es"}

    db.session.add(Skill(resource_id=town.counter_of(clerk).id, procedure_id=taxes.id))
    accounts.speak(clerk, ["eu"])

    assert taxes.id in person().skills
    assert person().languages == {"eu"}


def test_a_change_that_is_taken_back_leaves_nothing_behind(place, clerk):
    before = times(place)
    tried = db.session.begin_nested()
    a_closed_day(clerk)
    assert times(place) == []
    tried.rollback()

    assert times(place) == before


def test_one_change_taken_back_and_another_made_are_not_mistaken(place, clerk):
    """Both have the same number in the register."""
    before = times(place)
    tried = db.session.begin_nested()
    a_closed_day(clerk)
    assert times(place) == []
    tried.rollback()
    db.session.add(Closure(day=TODAY + timedelta(days=1), reason="Fira"))

    assert times(place) == before


def test_what_is_not_committed_yet_is_kept_by_nobody(app, place, clerk):
    kept = app.extensions["rosters"]
    queries.roster_of(place)
    before = kept[place.id]

    with transaction():
        a_closed_day(clerk)
        assert times(place) == []
        assert kept[place.id] is before


def test_another_day_is_another_roster(place, clerk, eight_o_clock):
    """Rows of days gone by are not read: tomorrow there are fewer."""
    a_day_off(clerk)
    first = queries.roster_of(place)
    eight_o_clock.shift(timedelta(days=5))

    assert queries.roster_of(place) is not first
    assert queries.roster_of(place).exceptions == {}


def test_a_pause_at_the_counter_is_seen_by_the_line(place, clerk):
    resource = town.counter_of(clerk)
    queries.roster_of(place)
    resource.counter_at = NOW

    db.session.flush()

    assert queries.roster_of(place).people[resource.id].counter_at == NOW
    assert isinstance(resource, Resource)
