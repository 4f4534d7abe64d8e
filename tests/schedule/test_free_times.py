"""What is offered can be kept, and nothing else is offered."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from sqlalchemy.exc import IntegrityError

from app.core.db import db
from app.schedule import queries, services
from app.schedule.errors import TimeTaken
from app.schedule.models import Allocation, AllocationState, Shift
from app.towns.models import Closure
from tests import town

MONDAY = date(2026, 11, 30)


@pytest.fixture(autouse=True)
def _on_a_monday_morning():
    with time_machine.travel(datetime(2026, 11, 30, 7, 0, tzinfo=UTC), tick=False):
        yield


def starts(wish, day=MONDAY):
    return [
        free.starts_at.astimezone(wish.town.zone).strftime("%H:%M")
        for free in queries.free_times(wish, day, day)
    ]


def a_morning_wish(minutes=20, **settings):
    place = town.a_town(**settings)
    procedure = town.a_procedure(minutes=minutes)
    clerk = town.a_clerk(procedure, hours=(time(9), time(10)))
    return town.a_wish(place, procedure), clerk


def test_starts_stand_on_the_grid_and_end_with_the_shift():
    wish, _ = a_morning_wish()

    assert starts(wish) == ["09:00", "09:10", "09:20", "09:30", "09:40"]


def test_a_taken_time_is_not_offered_and_touching_ones_are():
    wish, clerk = a_morning_wish()
    taken = queries.free_at(wish, datetime(2026, 11, 30, 8, 20, tzinfo=UTC))
    services.reserve(wish, taken.starts_at, claim="x")

    assert starts(wish) == ["09:00", "09:40"]


def test_a_hold_whose_time_is_over_takes_nothing():
    wish, clerk = a_morning_wish()
    free = queries.first_free(wish)
    over = datetime(2026, 11, 30, 6, 59, tzinfo=UTC)
    services.reserve(wish, free.starts_at, claim="x", expires_at=over)

    assert "09:00" in starts(wish)
    assert services.reserve(wish, free.starts_at, claim="y")


def test_the_register_refuses_an_overlap_whatever_the_code_thinks():
    wish, clerk = a_morning_wish()
    free = queries.first_free(wish)
    person = town.counter_of(clerk).id
    services.reserve(wish, free.starts_at, claim="x")
    late = Allocation(
        resource_id=person,
        starts_at=free.starts_at + timedelta(minutes=19),
        ends_at=free.ends_at + timedelta(minutes=19),
        state=AllocationState.BOOKED,
        claim="y",
    )

    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.add(late)


def test_waking_up_a_freed_row_over_a_taken_one_is_refused_too():
    wish, clerk = a_morning_wish()
    free = queries.first_free(wish)
    services.reserve(wish, free.starts_at, claim="x")
    (first,) = queries.allocations_of("x")
    services.free("x")
    services.reserve(wish, free.starts_at, claim="y")
    db.session.refresh(first)

    with pytest.raises(IntegrityError), db.session.begin_nested():
        first.state = AllocationState.BOOKED


def test_the_least_flexible_clerk_is_taken_first():
    place = town.a_town()
    padron, taxes = town.a_procedure("padron"), town.a_procedure("taxes")
    everything = town.a_clerk(padron, taxes, name="Can do all")
    only_padron = town.a_clerk(padron, name="Can do one")
    wish = town.a_wish(place, padron)
    free = queries.first_free(wish)

    first = services.reserve(wish, free.starts_at, claim="a")
    second = services.reserve(wish, free.starts_at, claim="b")

    assert first.clerk_id == town.counter_of(only_padron).id
    assert second.clerk_id == town.counter_of(everything).id


def test_two_clerks_serve_two_people_and_the_third_is_refused():
    place = town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron, name="One")
    town.a_clerk(padron, name="Two")
    wish = town.a_wish(place, padron)
    free = queries.first_free(wish)

    services.reserve(wish, free.starts_at, claim="a")
    services.reserve(wish, free.starts_at, claim="b")
    with pytest.raises(TimeTaken):
        services.reserve(wish, free.starts_at, claim="c")


def test_a_closed_day_offers_nothing():
    wish, _ = a_morning_wish()
    db.session.add(Closure(day=MONDAY, reason="Fira"))
    db.session.flush()

    assert starts(queries.afresh(wish)) == []


def test_an_absence_takes_its_times_away_and_is_refused_over_a_visit():
    wish, clerk = a_morning_wish()
    half_past = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
    services.block(town.counter_of(clerk), half_past, half_past + timedelta(hours=1), "dentist")

    assert starts(wish) == ["09:00", "09:10"]
    with pytest.raises(TimeTaken):
        services.block(town.counter_of(clerk), half_past, half_past + timedelta(minutes=5), "again")


def test_a_shift_outside_its_validity_offers_nothing():
    wish, clerk = a_morning_wish()
    db.session.execute(db.update(Shift).values(valid_to=MONDAY - timedelta(days=1)))

    assert starts(queries.afresh(wish)) == []


def test_notice_and_horizon_bound_what_is_offered():
    wish, _ = a_morning_wish(notice_minutes=75, horizon_days=2)

    assert starts(wish) == ["09:20", "09:30", "09:40"]
    assert starts(wish, MONDAY + timedelta(days=2))
    assert starts(wish, MONDAY + timedelta(days=3)) == []


def test_touching_shifts_are_one_and_a_visit_may_stand_across_them():
    wish, clerk = a_morning_wish(minutes=40)
    counter = town.counter_of(clerk)
    db.session.add(
        Shift(
            resource_id=counter.id,
            weekday=0,
            starts=time(10),
            ends=time(11),
            channels=["video"],
        )
    )
    db.session.flush()
    wish = town.a_wish(wish.town, wish.procedure)

    assert starts(wish)[-1] == "10:20"
    assert "09:30" in starts(wish)


def test_wall_hours_stay_when_clocks_change():
    place = town.a_town(horizon_days=400)
    padron = town.a_procedure()
    town.a_clerk(padron, hours=(time(9), time(10)))
    wish = town.a_wish(place, padron)
    before, after = date(2027, 3, 27), date(2027, 3, 28)

    assert starts(wish, before) == starts(wish, after)
    first = [queries.free_times(wish, day, day)[0].starts_at.hour for day in (before, after)]
    assert first == [8, 7]


def test_the_hour_that_the_clock_skips_is_not_offered():
    place = town.a_town(horizon_days=400)
    padron = town.a_procedure()
    town.a_clerk(padron, hours=(time(1), time(4)))

    offered = starts(town.a_wish(place, padron), date(2027, 3, 28))

    assert "01:50" in offered
    assert "03:00" in offered
    assert not [hour for hour in offered if hour.startswith("02:")]


def test_canary_time_is_an_hour_behind():
    place = town.a_town(time_zone="Atlantic/Canary")
    padron = town.a_procedure()
    town.a_clerk(padron, hours=(time(9), time(10)))

    free = queries.first_free(town.a_wish(place, padron))

    assert free.starts_at == datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


def test_the_language_falls_to_the_nearest_one_that_somebody_speaks():
    town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron, languages=("ca", "es"))
    staff = queries.staff_of(padron)

    assert queries.language_for(staff, "video", "va") == "ca"
    assert queries.language_for(staff, "video", "eu") == "es"


def test_nearest_times_surround_the_one_that_was_lost():
    wish, _ = a_morning_wish()
    lost = datetime(2026, 11, 30, 8, 20, tzinfo=UTC)
    free = queries.free_at(wish, lost)
    services.reserve(wish, free.starts_at, claim="x")

    near = queries.nearest(wish, lost, 2)

    assert [item.starts_at for item in near] == [
        datetime(2026, 11, 30, 8, 0, tzinfo=UTC),
        datetime(2026, 11, 30, 8, 40, tzinfo=UTC),
    ]


def test_another_claim_on_freed_time_frees_once():
    wish, _ = a_morning_wish()
    free = queries.first_free(wish)
    services.reserve(wish, free.starts_at, claim="x")

    assert services.free("x") == 1
    assert services.free("x") == 0
