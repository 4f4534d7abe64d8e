"""The planner: a forecast from the last weeks, the clerks it needs, what a change would save."""

import secrets
from datetime import UTC, datetime, time, timedelta

import pytest

from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.insight.queries import forecast_of, what_if
from app.schedule import queries as schedule
from app.towns.models import Channel
from tests import town


@pytest.fixture
def place():
    return town.a_town(pool="alba")


def next_monday(place):
    today = clock.today(place.time_zone)
    return today + timedelta(days=7 - today.weekday())


def people_came(place, procedure, day, hour, count, *, minutes=15, waited=10, left=0):
    """So many at that hour of that day; some gave up."""
    at = datetime.combine(day, time(hour, 5), place.zone).astimezone(UTC)
    for number in range(count):
        called = at + timedelta(minutes=waited)
        has_left = number < left
        db.session.add(
            Visit(
                procedure_id=procedure.id,
                channel=Channel.VIDEO,
                status=Status.LEFT if has_left else Status.SERVED,
                language="ca",
                reads="ca",
                phone=town.PHONE,
                starts_at=at,
                ends_at=at + timedelta(minutes=20),
                booked_at=at,
                waiting_at=at,
                called_at=None if has_left else called,
                in_service_at=None if has_left else called,
                ended_at=called if has_left else called + timedelta(minutes=minutes),
                is_walk_in=True,
                form_token=secrets.token_urlsafe(12),
            )
        )
    db.session.flush()


def test_the_mean_of_the_same_day_of_the_last_weeks(place):
    padron, monday = town.a_procedure(), next_monday(place)
    for week, count in ((1, 2), (2, 4), (3, 6)):
        people_came(place, padron, monday - timedelta(days=7 * week), 9, count)
    people_came(place, padron, monday - timedelta(days=6), 9, 50)  # a Tuesday is no Monday
    people_came(place, padron, monday - timedelta(days=7 * 20), 9, 50)  # long ago

    found = forecast_of([place], monday)

    (half,) = [one for one in found.halves if one.arrivals]
    assert half.starts == time(9)
    assert half.arrivals == pytest.approx(4), "closed Mondays do not count"
    assert (found.days, found.minutes) == (3, 15)


def test_patience_is_what_all_waited_divided_by_who_gave_up(place):
    padron, monday = town.a_procedure(), next_monday(place)
    people_came(place, padron, monday - timedelta(days=7), 9, 10, waited=6, left=2)

    assert forecast_of([place], monday).patience == pytest.approx(10 * 6 / 2)


def test_clerks_needed_are_those_of_erlang(place):
    padron, monday = town.a_procedure(), next_monday(place)
    town.a_clerk(padron, hours=(time(8), time(14)))
    people_came(place, padron, monday - timedelta(days=7), 9, 6, left=1)

    found = forecast_of([place], monday, within=10, share=0.8)

    (half,) = [one for one in found.halves if one.arrivals]
    plan = schedule.staffing(12, 15, within=10, share=0.8, patience=found.patience)
    assert (half.needed, half.there) == (plan.enough, 1)
    row = next(one for one in plan.rows if one.clerks == 1)
    assert half.now.mean_wait == pytest.approx(row.mean_wait)


def test_one_clerk_more_and_one_line_for_two_towns_save_waiting(place):
    monday = next_monday(place)
    padron = town.a_procedure()
    town.a_clerk(padron, hours=(time(8), time(14)))
    people_came(place, padron, monday - timedelta(days=7), 9, 3, left=1)
    other = town.a_town("etxalde", pool="alba")
    there = town.a_procedure()
    town.a_clerk(there, name="Jon", hours=(time(8), time(14)))
    people_came(other, there, monday - timedelta(days=7), 9, 3, left=1)
    db.session.commit()

    more = what_if(place, [], monday, more=1)
    pooled = what_if(place, [other], monday, more=0)

    alone = forecast_of([place], monday)
    assert more.saved == pytest.approx(alone.waits - more.forecast.waits)
    assert more.saved > 0
    assert pooled.saved > 0
    assert pooled.forecast.arrivals == pytest.approx(6)
    assert pooled.towns == ("Etxalde",)


def test_people_who_come_while_nobody_is_there_are_named(place):
    padron, monday = town.a_procedure(), next_monday(place)
    town.a_clerk(padron, hours=(time(8), time(10)))
    people_came(place, padron, monday - timedelta(days=7), 12, 5)

    assert forecast_of([place], monday).unmet == pytest.approx(5)
