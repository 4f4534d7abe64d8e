"""The edges of hours and days: clocks that change, midnight, windows too short for anything."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from app.booking.jobs import measure_delays
from app.core.db import db
from app.schedule import queries, services
from app.schedule.errors import TimeTaken
from app.schedule.models import ResourceKind, Shift
from tests import town

NOW = datetime(2026, 9, 28, 7, 0, tzinfo=UTC)
MONDAY = date(2026, 10, 5)
CLOCKS_BACK, CLOCKS_ON = date(2027, 10, 31), date(2027, 3, 28)


@pytest.fixture(autouse=True)
def in_september():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def a_wish(hours, *, minutes=20, day=MONDAY, **settings):
    place = town.a_town(horizon_days=400, **settings)
    padron = town.a_procedure(minutes=minutes)
    clerk = town.a_clerk(padron, hours=hours)
    return town.a_wish(place, padron), clerk


def starts(wish, day=MONDAY):
    zone = wish.town.zone
    times = queries.free_times(wish, day, day)
    return [f"{free.starts_at.astimezone(zone):%H:%M}" for free in times]


def test_the_hour_that_comes_twice_is_offered_once():
    """A wall time in a link or a message must mean one instant: the first of the two."""
    wish, _ = a_wish((time(1), time(4)))

    offered = starts(wish, CLOCKS_BACK)

    assert len(offered) == len(set(offered))
    assert [hour for hour in offered if hour.startswith("02:")] == [
        f"02:{minute}0" for minute in range(6)
    ]


def test_a_visit_in_the_hour_that_comes_twice_lasts_as_long_as_any():
    wish, _ = a_wish((time(1), time(4)))
    free = queries.free_times(wish, CLOCKS_BACK, CLOCKS_BACK)
    last_of_the_first = next(
        one for one in free if f"{one.starts_at.astimezone(wish.town.zone):%H:%M}" == "02:50"
    )

    plan = services.reserve(wish, last_of_the_first.starts_at, claim="visit")

    taken = plan.takes[0]
    assert taken.ends_at - taken.starts_at == timedelta(minutes=20)
    assert f"{taken.ends_at.astimezone(wish.town.zone):%H:%M}" == "02:10"
    assert "02:40" not in starts(wish, CLOCKS_BACK)
    assert "03:00" in starts(wish, CLOCKS_BACK)


@pytest.mark.parametrize(("day", "hours"), [(CLOCKS_ON, 2), (CLOCKS_BACK, 4), (MONDAY, 3)])
def test_a_shift_over_the_change_of_clocks_has_the_minutes_that_pass(day, hours):
    wish, clerk = a_wish((time(1), time(4)), minutes=60)
    begin = datetime.combine(day, time(1), wish.town.zone).astimezone(UTC)

    for number in range(hours):
        hour = begin + timedelta(hours=number)
        services.block(town.counter_of(clerk), hour, hour + timedelta(hours=1), "full")

    assert starts(wish, day) == []
    assert datetime.combine(day, time(4), wish.town.zone) - begin == timedelta(hours=hours)


@pytest.mark.parametrize("day", [CLOCKS_ON, CLOCKS_BACK])
def test_the_nightly_measure_is_taken_once_on_the_night_of_the_clocks(in_september, day):
    """Half past two does not exist on one of those nights and comes twice on the other."""
    wish, _ = a_wish((time(9), time(10)), day=day)
    midnight = datetime.combine(day, time(), wish.town.zone).astimezone(UTC)
    counts = []
    for half_hours in range(12):
        in_september.move_to(midnight + timedelta(minutes=30 * half_hours))
        counts.append(measure_delays())

    assert sum(count > 0 for count in counts) == 1
    first = midnight + timedelta(minutes=30 * next(n for n, count in enumerate(counts) if count))
    assert first.astimezone(wish.town.zone).hour == 3


def test_a_window_shorter_than_the_step_offers_what_stands_on_the_grid_and_nothing_else():
    wish, clerk = a_wish((time(9, 5), time(9, 25)), grid_minutes=30)
    assert starts(wish) == []

    wish.town.grid_minutes = 5
    assert starts(wish) == ["09:05"]


def test_what_is_longer_than_the_window_is_not_offered():
    wish, _ = a_wish((time(9), time(9, 45)), minutes=50)

    assert starts(wish) == []


def test_a_visit_may_end_at_midnight_and_stand_across_it_where_somebody_is_there():
    wish, clerk = a_wish((time(23), time(0)))
    assert starts(wish)[-1] == "23:40"

    town_of_clerk = town.counter_of(clerk)
    for weekday in range(7):
        shift = Shift(
            resource_id=town_of_clerk.id,
            weekday=weekday,
            starts=time(0),
            ends=time(1),
            channels=["video"],
        )
        db.session.add(shift)
    wish = queries.afresh(wish)

    assert starts(wish)[-1] == "23:50"
    free = queries.free_times(wish, MONDAY, MONDAY)[-1]
    services.reserve(wish, free.starts_at, claim="late")
    assert starts(wish, MONDAY + timedelta(days=1))[0] == "00:10"


def test_the_first_booking_does_not_dictate_the_day():
    """Ten, twenty and forty-five minutes on one clerk: the starts of the others stay."""
    place = town.a_town(horizon_days=60)
    short, usual, long = (town.a_procedure(f"p{minutes}", minutes) for minutes in (10, 20, 45))
    town.a_clerk(short, usual, long, hours=(time(9), time(11)))
    wish = town.a_wish(place, short)
    before = starts(town.a_wish(place, long))
    at = queries.free_times(wish, MONDAY, MONDAY)[3].starts_at

    services.reserve(wish, at, claim="ten minutes")

    assert set(starts(town.a_wish(place, long))) <= set(before)
    assert starts(town.a_wish(place, long))[0] == "09:40"
    assert "09:10" in starts(town.a_wish(place, usual))


def test_two_clerks_and_one_booth_are_one_visit_at_a_time():
    place = town.a_town(horizon_days=60)
    padron = town.a_procedure()
    for name in ("Ana", "Berta"):
        town.a_clerk(padron, name=name, hours=(time(9), time(10)))
    booth = services.add_resource(ResourceKind.BOOTH, "Cabina")
    wish = replace(town.a_wish(place, padron), booth_id=booth.id)
    at = queries.free_times(wish, MONDAY, MONDAY)[0].starts_at

    services.reserve(wish, at, claim="one")

    with pytest.raises(TimeTaken):
        services.reserve(wish, at + timedelta(minutes=10), claim="two")
    assert services.reserve(wish, at + timedelta(minutes=20), claim="three")
    elsewhere = replace(wish, booth_id=None)
    assert services.reserve(elsewhere, at, claim="from home")
