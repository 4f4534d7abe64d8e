"""Who is there when, what has to be there besides, and how much of it is for whom."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine

from app.booking import queries as booking
from app.core.db import db
from app.schedule import queries, services
from app.schedule.errors import TimeTaken
from app.schedule.models import (
    AllocationState,
    Resource,
    ResourceKind,
    Shift,
    ShiftException,
    Skill,
)
from app.towns.models import Closure, Season
from app.towns.tenant import speak_for
from tests import town

MONDAY = date(2026, 11, 30)
TUESDAY = MONDAY + timedelta(days=1)
CHRISTMAS = date(2026, 12, 25)
FAR = {"horizon_days": 400}
EVERY_CHANNEL = ["video", "phone", "in_person"]
NINE_TO_TEN = (time(9), time(10))
MADRID = ZoneInfo("Europe/Madrid")


@pytest.fixture(autouse=True)
def clock():
    """Eight o'clock of a Monday morning on the peninsula."""
    with time_machine.travel(datetime(2026, 11, 30, 7, 0, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def starts(wish, day=MONDAY):
    """What is offered on that day under the rules as they are now, as the wall says it."""
    return [
        free.starts_at.astimezone(wish.town.zone).strftime("%H:%M")
        for free in queries.free_times(queries.afresh(wish), day, day)
    ]


def at(hour, minute=0, day=MONDAY, zone=MADRID):
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def take(wish, hour, minute=0, claim="x", day=MONDAY):
    return services.reserve(
        queries.afresh(wish), at(hour, minute, day, wish.town.zone), claim=claim
    )


def taken(claim):
    return {row.resource_id for row in queries.allocations_of(claim)}


def write(*rows):
    db.session.add_all(rows)
    db.session.flush()


def a_place(minutes=20, hours=NINE_TO_TEN, fields=None, **settings):
    """A town where one clerk attends one procedure: the town, what is wished, and the clerk."""
    place = town.a_town(**settings)
    procedure = town.a_procedure(minutes=minutes, **(fields or {}))
    clerk = town.counter_of(town.a_clerk(procedure, hours=hours))
    return place, town.a_wish(place, procedure), clerk


def a_wish(place, procedure, channel="video", needs=(), **more):
    wish = booking.wish_for(place, procedure, channel, "ca", needs, **more)
    assert wish, "nobody can attend this"
    return wish


def a_shift(person, starts, ends, weekdays=range(7), **more):
    write(
        *(
            Shift(
                resource_id=person.id,
                weekday=weekday,
                starts=starts,
                ends=ends,
                **{"channels": EVERY_CHANNEL, **more},
            )
            for weekday in weekdays
        )
    )


def an_exception(person, day, *windows, **more):
    """On that day these hours and no others; without any it is a day off."""
    write(
        *(
            ShiftException(
                resource_id=person.id,
                day=day,
                starts=window[0],
                ends=window[1],
                **{"channels": EVERY_CHANNEL, **more},
            )
            for window in windows or [(None, None)]
        )
    )


def a_resource(kind, name="It", **fields):
    thing = Resource(kind=kind, name=name, **fields)
    write(thing)
    return thing


def a_desk(procedure, **fields):
    return a_resource(ResourceKind.DESK, office_id=procedure.office_id, **fields)


def an_interpreter(*hours, signs=("lse",)):
    person = a_resource(ResourceKind.INTERPRETER, signs=list(signs))
    a_shift(person, *hours)
    return person


def on_days_without_hours(person):
    db.session.execute(db.delete(Shift).where(Shift.resource_id == person.id))


def test_the_hours_of_one_day_stand_for_those_of_the_week():
    _, wish, clerk = a_place()
    an_exception(clerk, MONDAY, (time(11), time(11, 40)))

    assert starts(wish) == ["11:00", "11:10", "11:20"]
    assert starts(wish, TUESDAY)[0] == "09:00"
    assert starts(wish, MONDAY + timedelta(days=7))[0] == "09:00"


def test_a_day_off_is_one_without_hours():
    _, wish, clerk = a_place()
    an_exception(clerk, MONDAY)

    assert starts(wish) == []
    assert starts(wish, TUESDAY)


def test_extra_hours_are_written_beside_the_usual_ones():
    _, wish, clerk = a_place()
    an_exception(clerk, MONDAY, NINE_TO_TEN, (time(16), time(16, 30)))

    assert starts(wish)[-2:] == ["16:00", "16:10"]
    assert starts(wish)[0] == "09:00"


def test_somebody_without_weekly_hours_may_have_those_of_one_day():
    _, wish, clerk = a_place()
    on_days_without_hours(clerk)
    an_exception(clerk, TUESDAY, NINE_TO_TEN)

    assert starts(wish) == []
    assert starts(wish, TUESDAY)[0] == "09:00"


def test_only_the_channels_of_that_day_are_attended():
    place, wish, clerk = a_place()
    an_exception(clerk, MONDAY, NINE_TO_TEN, channels=["phone"])

    assert starts(wish) == []
    assert starts(a_wish(place, wish.procedure, "phone"))[0] == "09:00"


def test_a_channel_attended_on_one_day_alone_is_on_offer():
    place, wish, clerk = a_place()
    db.session.execute(db.update(Shift).values(channels=["video"]))
    assert booking.wish_for(place, wish.procedure, "phone", "ca") is None
    an_exception(clerk, TUESDAY, NINE_TO_TEN, channels=["phone"])

    assert starts(a_wish(place, wish.procedure, "phone"), TUESDAY)[0] == "09:00"


def test_hours_of_a_closed_day_must_say_that_they_are_worked():
    _, wish, clerk = a_place()
    write(Closure(day=MONDAY), Closure(day=TUESDAY))
    an_exception(clerk, MONDAY, NINE_TO_TEN)
    an_exception(clerk, TUESDAY, NINE_TO_TEN, on_closed_days=True)

    assert starts(wish) == []
    assert starts(wish, TUESDAY)[0] == "09:00"


def test_hours_of_one_day_may_be_for_staff_alone():
    _, wish, clerk = a_place()
    an_exception(clerk, MONDAY, NINE_TO_TEN, is_public=False)

    assert starts(wish) == []
    assert starts(replace(wish, is_staff=True))[0] == "09:00"


def test_a_town_takes_the_holidays_of_its_region():
    _, wish, _ = a_place(region="CT", **FAR)

    assert starts(wish, CHRISTMAS) == []
    assert starts(wish, date(2026, 12, 26)) == [], "Saint Stephen, in Catalonia"
    assert starts(wish, date(2026, 12, 28))


def test_another_region_keeps_other_days():
    _, wish, _ = a_place(region="GA", **FAR)

    assert starts(wish, date(2026, 12, 26))
    assert starts(wish, date(2027, 5, 17)) == []


def test_without_a_region_no_calendar_counts():
    _, wish, _ = a_place(**FAR)

    assert starts(wish, CHRISTMAS)


def test_a_town_opens_on_a_holiday():
    _, wish, _ = a_place(region="CT", **FAR)
    write(Closure(day=CHRISTMAS, is_open=True))

    assert starts(wish, CHRISTMAS)


def test_a_closed_office_closes_its_own_procedures_and_no_others():
    place, wish, clerk = a_place()
    taxes = town.a_procedure("taxes")
    write(
        Skill(resource_id=clerk.id, procedure_id=taxes.id),
        Closure(day=MONDAY, office_id=wish.procedure.office_id),
    )
    both = a_wish(place, taxes, also=[wish.procedure])

    assert starts(wish) == []
    assert starts(a_wish(place, taxes))
    assert starts(both) == []
    assert starts(both, TUESDAY)


def test_an_office_opens_on_a_day_on_which_its_town_is_closed():
    place, wish, clerk = a_place(region="CT", **FAR)
    clerk.office_id = wish.procedure.office_id
    write(Closure(day=MONDAY))
    for day in (MONDAY, CHRISTMAS):
        assert starts(wish, day) == []
        write(Closure(day=day, office_id=clerk.office_id, is_open=True))
        assert starts(wish, day)


def test_an_office_closes_on_a_day_on_which_its_town_opens():
    _, wish, clerk = a_place(region="CT", **FAR)
    clerk.office_id = wish.procedure.office_id
    write(Closure(day=CHRISTMAS, is_open=True))
    assert starts(wish, CHRISTMAS)
    write(Closure(day=CHRISTMAS, office_id=clerk.office_id))

    assert starts(wish, CHRISTMAS) == []


def test_whoever_belongs_to_no_office_keeps_the_days_of_the_town():
    _, wish, _ = a_place()
    write(
        Closure(day=MONDAY),
        Closure(day=MONDAY, office_id=wish.procedure.office_id, is_open=True),
    )

    assert starts(wish) == []


def test_whoever_is_on_guard_works_on_closed_days():
    place, wish, clerk = a_place(region="CT", **FAR)
    a_shift(clerk, time(16), time(17), on_closed_days=True)

    assert starts(wish, CHRISTMAS) == ["16:00", "16:10", "16:20", "16:30", "16:40"]
    assert starts(wish)[0] == "09:00"
    assert starts(wish)[-1] == "16:40"


def test_a_closed_day_is_one_on_the_wall():
    _, wish, _ = a_place(hours=town.ALL_DAY)
    write(Closure(day=TUESDAY))

    assert starts(wish)[-1] == "23:40"
    assert starts(wish, TUESDAY) == []
    assert starts(wish, TUESDAY + timedelta(days=1))[0] == "00:00"


def a_summer(**more):
    return Season(
        first_day=date(2020, 6, 15),
        last_day=date(2020, 9, 15),
        opens=time(9),
        closes=time(10),
        **more,
    )


def test_in_summer_nobody_is_there_before_or_after_its_hours():
    _, wish, _ = a_place(hours=(time(8, 30), time(14)), **FAR)
    write(a_summer())

    for day in (date(2027, 6, 15), date(2027, 9, 15)):
        assert starts(wish, day) == ["09:00", "09:10", "09:20", "09:30", "09:40"]
    for day in (date(2027, 6, 14), date(2027, 9, 16)):
        assert starts(wish, day)[0] == "08:30"
        assert starts(wish, day)[-1] == "13:40"


def test_a_season_that_is_not_yearly_is_over_when_it_is_over():
    _, wish, _ = a_place(hours=(time(8, 30), time(14)), **FAR)
    write(a_summer(is_yearly=False))

    assert starts(wish, date(2027, 7, 1))[0] == "08:30"


def test_a_season_may_go_over_the_new_year():
    _, wish, _ = a_place(hours=(time(8, 30), time(14)), **FAR)
    write(
        Season(
            first_day=date(2020, 12, 22),
            last_day=date(2021, 1, 7),
            opens=time(9),
            closes=time(13),
        )
    )

    for day in (date(2026, 12, 22), date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 7)):
        assert starts(wish, day)[0] == "09:00"
    for day in (date(2026, 12, 21), date(2027, 1, 8)):
        assert starts(wish, day)[0] == "08:30"


def test_hours_outside_the_season_are_not_worked_at_all():
    _, wish, clerk = a_place(hours=(time(16), time(18)), **FAR)
    write(a_summer())
    an_exception(clerk, date(2027, 7, 2), (time(9, 30), time(18)))

    assert starts(wish, date(2027, 7, 1)) == []
    assert starts(wish, date(2027, 7, 2)) == ["09:30", "09:40"]


def test_whoever_works_up_to_midnight_goes_home_when_the_season_says():
    _, wish, _ = a_place(hours=town.ALL_DAY, **FAR)
    write(a_summer())

    assert starts(wish, date(2027, 7, 1)) == ["09:00", "09:10", "09:20", "09:30", "09:40"]


def test_whoever_is_on_guard_keeps_no_season():
    _, wish, clerk = a_place(hours=(time(16), time(18)), **FAR)
    db.session.execute(db.update(Shift).values(on_closed_days=True))
    write(a_summer())

    assert starts(wish, date(2027, 7, 1))[0] == "16:00"


def test_the_season_of_an_office_is_for_its_own_people():
    _, wish, clerk = a_place(hours=(time(8, 30), time(14)), **FAR)
    write(a_summer(office_id=wish.procedure.office_id))
    assert starts(wish, date(2027, 7, 1))[0] == "08:30"
    clerk.office_id = wish.procedure.office_id
    db.session.flush()

    assert starts(wish, date(2027, 7, 1))[0] == "09:00"


def a_buffered_wish(before, after, channel="video", hours=NINE_TO_TEN):
    place, wish, _ = a_place(fields={"buffers": {"video": [before, after]}}, hours=hours)
    return a_wish(place, wish.procedure, channel)


def test_time_before_an_attention_is_within_the_hours():
    assert starts(a_buffered_wish(10, 0)) == ["09:10", "09:20", "09:30", "09:40"]


def test_time_after_an_attention_is_within_the_hours():
    assert starts(a_buffered_wish(0, 5)) == ["09:00", "09:10", "09:20", "09:30"]


def test_both_count():
    assert starts(a_buffered_wish(10, 15)) == ["09:10", "09:20"]


def test_each_channel_has_its_own():
    assert starts(a_buffered_wish(10, 15, "phone"))[0] == "09:00"


def test_neighbours_may_need_different_ones():
    """What is kept free after the first counts against the next, which needs nothing before."""
    place, plain, clerk = a_place(hours=(time(9), time(11)))
    slow = town.a_procedure("slow", buffers={"video": [20, 10]})
    write(Skill(resource_id=clerk.id, procedure_id=slow.id))
    take(a_wish(place, slow), 9, 40)  # 09:20 to 10:10

    assert starts(plain) == ["09:00", "10:10", "10:20", "10:30", "10:40"]
    assert starts(a_wish(place, slow)) == ["10:30"]
    services.free("x")
    take(plain, 9, 40)  # and no minute more

    assert starts(a_wish(place, slow)) == ["10:20", "10:30"]


def test_the_clerk_is_taken_for_all_of_it_and_the_citizen_is_told_the_attention():
    wish = a_buffered_wish(10, 15)
    free = queries.free_at(wish, at(9, 20))
    take(wish, 9, 20)
    (row,) = queries.allocations_of("x")

    assert (free.starts_at, free.ends_at) == (at(9, 20), at(9, 40))
    assert (row.starts_at, row.ends_at) == (at(9, 10), at(9, 55))


def test_no_buffer_reaches_into_lunch_or_starts_in_it():
    place, wish, clerk = a_place(fields={"buffers": {"video": [10, 20]}})
    a_shift(clerk, time(11), time(12))

    assert starts(wish) == ["09:10", "09:20", "11:10", "11:20"]


def test_no_buffer_outlives_the_day():
    assert starts(a_buffered_wish(0, 20, hours=(time(23), time(0)))) == ["23:00", "23:10", "23:20"]


def test_with_several_procedures_the_longest_counts_once():
    place, wish, clerk = a_place(
        hours=(time(9), time(10, 20)), fields={"buffers": {"video": [10, 0]}}
    )
    other = town.a_procedure("other", buffers={"video": [5, 20]})
    write(Skill(resource_id=clerk.id, procedure_id=other.id))

    assert starts(a_wish(place, wish.procedure, also=[other])) == ["09:10", "09:20"]


def test_a_procedure_has_its_own_notice_to_the_second(clock):
    _, wish, _ = a_place(fields={"notice_minutes": 90}, notice_minutes=600)

    clock.move_to(at(7, 50))
    assert starts(wish)[0] == "09:20"
    clock.shift(1)
    assert starts(wish)[0] == "09:30"
    with pytest.raises(TimeTaken):
        take(wish, 9, 20)


def test_a_procedure_without_notice_of_its_own_has_that_of_the_town(clock):
    place, wish, _ = a_place(notice_minutes=90)

    clock.move_to(at(7, 50))
    assert starts(wish)[0] == "09:20"
    wish.procedure.notice_minutes = 0
    assert starts(wish)[0] == "09:00"


def test_a_procedure_has_its_own_horizon_and_its_last_day_counts():
    _, wish, _ = a_place(fields={"horizon_days": 3}, horizon_days=30)

    assert starts(wish, MONDAY + timedelta(days=3))
    assert starts(wish, MONDAY + timedelta(days=4)) == []
    wish.procedure.horizon_days = None
    assert starts(wish, MONDAY + timedelta(days=30))
    assert starts(wish, MONDAY + timedelta(days=31)) == []


def test_of_several_procedures_the_strictest_limits_count():
    place, wish, clerk = a_place(hours=(time(9), time(12)))
    other = town.a_procedure("other", notice_minutes=120, horizon_days=2)
    wish.procedure.notice_minutes, wish.procedure.horizon_days = 75, 5
    write(Skill(resource_id=clerk.id, procedure_id=other.id))
    both = a_wish(place, wish.procedure, also=[other])

    assert starts(both)[0] == "10:00"
    assert starts(both, MONDAY + timedelta(days=2))
    assert starts(both, MONDAY + timedelta(days=3)) == []


def test_staff_book_without_notice_and_further_ahead():
    place, wish, _ = a_place(notice_minutes=600, horizon_days=30)
    ours = a_wish(place, wish.procedure, is_staff=True)

    assert starts(wish) == []
    assert starts(ours)[0] == "09:00"
    assert starts(ours, MONDAY + timedelta(days=180))
    assert starts(ours, MONDAY + timedelta(days=181)) == []


def test_hours_that_are_not_for_the_public_are_for_staff():
    place, wish, clerk = a_place()
    a_shift(clerk, time(10), time(10, 30), is_public=False)

    assert starts(wish)[-1] == "09:40"
    assert starts(a_wish(place, wish.procedure, is_staff=True))[-1] == "10:10"


def a_shared_wish(**shares):
    """Six visits of twenty minutes fill the day."""
    return a_place(hours=(time(9), time(11)), fields=shares)


def fill(wish, many, day=MONDAY):
    for number in range(many):
        take(wish, 9 + number // 3, 20 * (number % 3), f"{day}{number}", day)


def test_a_share_is_kept_for_whom_staff_book():
    place, wish, _ = a_shared_wish(staff_percent=50)
    ours = a_wish(place, wish.procedure, is_staff=True)
    fill(wish, 2)

    assert starts(wish)
    take(wish, 9, 40, "third")
    assert starts(wish) == []
    with pytest.raises(TimeTaken):
        take(wish, 10)
    assert starts(ours) == ["10:00", "10:10", "10:20", "10:30", "10:40"]
    assert starts(wish, TUESDAY), "each day has its own share"


def test_a_share_is_kept_for_whoever_comes_without_a_time():
    place, wish, _ = a_shared_wish(walk_in_percent=50)
    fill(wish, 3)

    assert starts(wish) == []
    assert starts(a_wish(place, wish.procedure, is_staff=True)) == []


def test_a_share_is_opened_on_the_day_itself(clock):
    place, wish, _ = a_shared_wish(same_day_percent=50)
    fill(wish, 3, TUESDAY)

    assert starts(wish, TUESDAY) == []
    assert starts(a_wish(place, wish.procedure, is_staff=True), TUESDAY)
    clock.move_to(at(8, day=TUESDAY))
    assert starts(wish, TUESDAY) == ["10:00", "10:10", "10:20", "10:30", "10:40"]


def test_shares_add_up():
    place, wish, _ = a_shared_wish(same_day_percent=30, staff_percent=20, walk_in_percent=20)

    fill(wish, 1, TUESDAY)
    assert starts(wish, TUESDAY) == []
    fill(wish, 3)
    assert starts(wish) == []
    services.free(f"{MONDAY}2")
    assert starts(wish)


def test_an_absence_makes_what_is_shared_smaller():
    place, wish, clerk = a_shared_wish(staff_percent=50)
    fill(wish, 2)
    assert starts(wish)
    services.block(clerk, at(10), at(10, 30), "dentist")

    assert starts(wish) == []


def test_in_person_needs_a_desk_of_the_office_where_there_are_desks():
    place, wish, _ = a_place()
    in_person = a_wish(place, wish.procedure, "in_person")
    assert starts(in_person)[0] == "09:00"
    desk = a_desk(wish.procedure)
    services.block(desk, at(9), at(9, 30), "painted")

    assert starts(in_person) == ["09:30", "09:40"]
    assert starts(wish)[0] == "09:00"
    take(in_person, 9, 30)
    assert desk.id in taken("x")


def test_two_clerks_and_one_desk_are_one_visit_at_a_time():
    place, wish, _ = a_place()
    town.a_clerk(wish.procedure, hours=NINE_TO_TEN, name="Another")
    a_desk(wish.procedure)
    in_person = a_wish(place, wish.procedure, "in_person")
    take(in_person, 9, 20)

    assert starts(in_person) == ["09:00", "09:40"]
    assert "09:20" in starts(wish)


def test_a_second_desk_is_for_a_second_visit():
    place, wish, _ = a_place()
    town.a_clerk(wish.procedure, hours=NINE_TO_TEN, name="Another")
    desks = {a_desk(wish.procedure).id, a_desk(wish.procedure).id}
    in_person = a_wish(place, wish.procedure, "in_person")
    take(in_person, 9, 20, "one")
    take(in_person, 9, 20, "two")

    assert desks == (taken("one") | taken("two")) & desks
    assert starts(in_person) == ["09:00", "09:40"]


def test_the_desk_of_another_office_is_no_help():
    place, wish, _ = a_place()
    town.a_clerk(wish.procedure, hours=NINE_TO_TEN, name="Another")
    a_desk(wish.procedure)
    a_desk(town.a_procedure("other"))
    in_person = a_wish(place, wish.procedure, "in_person")
    take(in_person, 9, 20)

    assert starts(in_person) == ["09:00", "09:40"]


def test_a_desk_is_tidied_after_each_visit():
    place, wish, _ = a_place()
    town.a_clerk(wish.procedure, hours=NINE_TO_TEN, name="Another")
    a_desk(wish.procedure, buffer_minutes=10)
    in_person = a_wish(place, wish.procedure, "in_person")
    take(in_person, 9)

    assert starts(in_person) == ["09:30", "09:40"]


def test_a_desk_with_hours_is_there_at_those():
    place, wish, _ = a_place()
    a_shift(a_desk(wish.procedure), time(9, 20), time(9, 50), weekdays=[0])
    in_person = a_wish(place, wish.procedure, "in_person")

    assert starts(in_person) == ["09:20", "09:30"]
    assert starts(in_person, TUESDAY) == []


def test_a_booth_is_one_and_no_other():
    place, wish, _ = a_place()
    town.a_clerk(wish.procedure, hours=NINE_TO_TEN, name="Another")
    one, other = a_resource(ResourceKind.BOOTH), a_resource(ResourceKind.BOOTH)
    in_one, in_other = (a_wish(place, wish.procedure, booth_id=it.id) for it in (one, other))
    take(in_one, 9, 20)

    assert one.id in taken("x")
    assert starts(in_one) == ["09:00", "09:40"]
    assert starts(in_other)[:3] == ["09:00", "09:10", "09:20"]


def test_a_booth_is_cleaned_after_each_visit():
    place, wish, _ = a_place()
    town.a_clerk(wish.procedure, hours=NINE_TO_TEN, name="Another")
    booth = a_resource(ResourceKind.BOOTH, buffer_minutes=15)
    in_it = a_wish(place, wish.procedure, booth_id=booth.id)
    take(in_it, 9)

    assert starts(in_it) == ["09:40"]
    assert starts(wish)[0] == "09:00"


def test_a_booth_out_of_service_offers_nothing():
    place, wish, _ = a_place()
    booth = a_resource(ResourceKind.BOOTH)
    in_it = a_wish(place, wish.procedure, booth_id=booth.id)
    assert starts(in_it)
    booth.is_active = False
    db.session.flush()

    assert starts(in_it) == []


def test_a_visit_in_sign_language_needs_both_and_lasts_longer():
    place, wish, clerk = a_place()
    signer = an_interpreter(time(9, 10), time(9, 50))
    signed = a_wish(place, wish.procedure, needs=["lse"])

    assert starts(signed) == ["09:10", "09:20"]
    take(signed, 9, 20)
    assert taken("x") == {clerk.id, signer.id}
    assert starts(wish) == ["09:00"]


def test_an_interpreter_signs_what_they_know():
    place, wish, _ = a_place()
    an_interpreter(*NINE_TO_TEN, signs=["lsc"])

    assert starts(a_wish(place, wish.procedure, needs=["lsc"]))
    assert starts(a_wish(place, wish.procedure, needs=["lse"])) == []


def test_one_interpreter_is_with_one_visit_at_a_time():
    place, wish, _ = a_place(hours=(time(9), time(11)))
    town.a_clerk(wish.procedure, hours=(time(9), time(11)), name="Another")
    an_interpreter(time(9), time(11))
    signed = a_wish(place, wish.procedure, needs=["lse"])
    take(signed, 9, 30)

    assert starts(signed) == ["09:00", "10:00", "10:10", "10:20", "10:30"]


def test_when_the_interpreter_is_gone_nothing_is_taken():
    place, wish, clerk = a_place()
    signer = an_interpreter(*NINE_TO_TEN)
    signed = a_wish(place, wish.procedure, needs=["lse"])
    services.block(signer, at(9), at(10), "ill")

    with pytest.raises(TimeTaken):
        services.reserve(signed, at(9), claim="x")
    assert taken("x") == set()
    assert take(wish, 9, claim="y").clerk_id == clerk.id


def test_when_somebody_else_was_faster_nothing_is_taken_and_nobody_has_changed_hands(monkeypatch):
    """The plan is a moment old: meanwhile the interpreter was taken for something else."""
    place, wish, clerk = a_place()
    an_interpreter(*NINE_TO_TEN)
    take(wish, 9, claim="first")
    other = town.counter_of(town.a_clerk(wish.procedure, hours=NINE_TO_TEN, name="Another"))
    signed = a_wish(place, wish.procedure, needs=["lse"], clerk_id=clerk.id)
    plan = queries.plan_at(signed, at(9))
    assert [(move.resource, move.to) for move in plan.moves] == [(clerk.id, other.id)]
    signer = db.session.get_one(Resource, plan.takes[1].resource_id)
    services.block(signer, at(9), at(10), "ill")
    monkeypatch.setattr(queries, "plan_at", lambda wish, starts_at: plan)

    with pytest.raises(TimeTaken):
        services.reserve(signed, at(9), claim="x")
    assert taken("x") == set()
    assert taken("first") == {clerk.id}


def test_a_visit_for_several_procedures_is_with_somebody_who_does_them_all():
    place, wish, _ = a_place()
    taxes = town.a_procedure("taxes", minutes=15)
    town.a_clerk(taxes, hours=NINE_TO_TEN, name="Taxes")
    assert booking.wish_for(place, wish.procedure, "video", "ca", also=[taxes]) is None
    both_hours = (time(9, 20), time(10))
    both = town.counter_of(town.a_clerk(wish.procedure, taxes, hours=both_hours, name="Both"))

    wish = a_wish(place, wish.procedure, also=[taxes])

    assert wish.minutes == 35
    assert starts(wish) == ["09:20"]
    assert take(wish, 9, 20).clerk_id == both.id


def test_whoever_asks_for_one_clerk_gets_that_one_or_nobody():
    place, wish, clerk = a_place()
    other = town.counter_of(town.a_clerk(wish.procedure, hours=NINE_TO_TEN, name="Another"))
    asked = a_wish(place, wish.procedure, clerk_id=clerk.id)
    services.block(clerk, at(9), at(9, 30), "dentist")

    assert starts(asked) == ["09:30", "09:40"]
    assert take(asked, 9, 40).clerk_id == clerk.id
    assert starts(asked) == []
    assert starts(wish)[0] == "09:00"
    assert take(wish, 9, claim="y").clerk_id == other.id


def two_trades(is_asked=False):
    """One clerk who does both has a visit that another, employed since, could have instead."""
    place, padron, clerk = a_place()
    taxes = town.a_procedure("taxes")
    write(Skill(resource_id=clerk.id, procedure_id=taxes.id))
    asked = a_wish(place, padron.procedure, clerk_id=clerk.id if is_asked else None)
    visit = town.a_visit(asked, at(9))
    assert visit.clerk_id == clerk.id
    other = town.counter_of(town.a_clerk(padron.procedure, hours=NINE_TO_TEN, name="Another"))
    return a_wish(place, taxes), visit, clerk, other


def test_a_visit_is_admitted_because_an_earlier_one_changes_hands():
    taxes, visit, clerk, other = two_trades()
    assert starts(taxes)[0] == "09:00"

    plan = take(taxes, 9)

    assert plan.clerk_id == clerk.id
    assert visit.clerk_id == other.id
    assert taken(visit.code) == {other.id}
    assert taken("x") == {clerk.id}


def test_without_anybody_to_take_it_the_earlier_one_stays_and_the_new_one_is_refused():
    taxes, visit, clerk, other = two_trades()
    services.block(other, at(9, 10), at(9, 15), "call")

    assert starts(taxes)[0] == "09:20"
    with pytest.raises(TimeTaken):
        take(taxes, 9)
    assert visit.clerk_id == clerk.id


def test_whoever_asked_for_their_clerk_keeps_them():
    taxes, visit, clerk, other = two_trades(is_asked=True)

    assert starts(taxes)[0] == "09:20"
    with pytest.raises(TimeTaken):
        take(taxes, 9)
    assert visit.clerk_id == clerk.id


def test_who_is_being_attended_is_not_handed_over(clock):
    taxes, visit, clerk, other = two_trades()
    (row,) = queries.allocations_of(visit.code)
    row.state = AllocationState.IN_SERVICE
    db.session.flush()

    assert starts(taxes)[0] == "09:20"


def test_a_visit_moves_to_a_time_that_its_own_old_time_overlaps():
    place, wish, clerk = a_place()
    take(wish, 9, 20, "mine")
    take(wish, 9, claim="first")
    mine = a_wish(place, wish.procedure, releasing="mine")

    assert starts(mine) == ["09:20", "09:30", "09:40"]
    services.reserve(mine, at(9, 30), claim="new")
    assert taken("mine") == set()
    assert starts(wish) == []


def test_when_the_new_time_is_refused_the_old_one_is_kept():
    place, wish, clerk = a_place()
    take(wish, 9, 20, "mine")
    take(wish, 9, claim="first")

    with pytest.raises(TimeTaken):
        services.reserve(a_wish(place, wish.procedure, releasing="mine"), at(9, 10), claim="new")
    assert taken("mine") == {clerk.id}


def test_a_start_off_the_grid_is_refused():
    _, wish, _ = a_place()

    with pytest.raises(TimeTaken):
        take(wish, 9, 5)


def test_a_hold_is_over_at_the_very_second(clock):
    _, wish, _ = a_place()
    services.reserve(wish, at(9), claim="x", expires_at=at(8, 10))
    clock.move_to(at(8, 9) + timedelta(seconds=59))
    assert starts(wish)[0] == "09:20"
    assert services.extend("x", at(8, 10))
    clock.shift(1)

    assert starts(wish)[0] == "09:00"
    assert not services.keep("x")
    assert not services.extend("x", at(8, 20))
    assert take(wish, 9, claim="y")


def a_pool(zone="Europe/Madrid", hours=NINE_TO_TEN, **more):
    """A clerk of Vilaclara attends a procedure of Etxalde too: both wishes, and the clerk."""
    _, ours, clerk = a_place(pool="province", hours=hours, **more)
    away = town.a_town("etxalde", pool="province", time_zone=zone, **more)
    theirs = town.a_procedure("theirs")
    write(Skill(resource_id=clerk.id, procedure_id=theirs.id))
    return ours, a_wish(away, theirs), clerk


def test_a_clerk_of_the_pool_is_offered_in_another_town_and_taken_at_home():
    ours, theirs, clerk = a_pool()

    assert starts(theirs) == ["09:00", "09:10", "09:20", "09:30", "09:40"]
    assert take(theirs, 9, 20).clerk_id == clerk.id
    speak_for(ours.town.id)
    assert starts(ours) == ["09:00", "09:40"]
    take(ours, 9, claim="y")
    speak_for(theirs.town.id)
    assert starts(theirs) == ["09:40"]


def test_a_lent_clerk_attends_at_a_distance_and_never_in_a_hall_of_another_town():
    ours, theirs, clerk = a_pool()
    theirs.procedure.minutes = {"video": 15, "phone": 15, "in_person": 15}
    for shift in db.session.scalars(sa.select(Shift).where(Shift.resource_id == clerk.id)):
        shift.channels = ["video", "phone", "in_person"]
    db.session.flush()

    assert starts(theirs)
    assert booking.wish_for(theirs.town, theirs.procedure, "phone", "ca")
    assert booking.wish_for(theirs.town, theirs.procedure, "in_person", "ca") is None
    assert queries.staff_of(theirs.procedure).on_channel("in_person") == []


def test_a_town_outside_the_pool_never_sees_its_clerks():
    ours, theirs, clerk = a_pool()
    alone = town.a_town("alone")
    procedure = town.a_procedure("alone")
    write(Skill(resource_id=clerk.id, procedure_id=procedure.id))

    assert booking.wish_for(alone, procedure, "video", "ca") is None
    assert clerk.id not in queries.roster_of(alone).people
    alone.pool = "province"
    assert starts(a_wish(alone, procedure))


def test_the_towns_of_another_pool_are_strangers_too():
    ours, theirs, clerk = a_pool()
    theirs.town.pool = "another"

    assert starts(theirs) == []
    assert booking.wish_for(theirs.town, theirs.procedure, "video", "ca") is None


def test_a_lent_clerk_keeps_the_closed_days_of_both_towns():
    ours, theirs, clerk = a_pool(**FAR)
    write(Closure(day=TUESDAY))  # of the town that borrows
    assert starts(theirs, TUESDAY) == []
    speak_for(ours.town.id)
    assert starts(ours, TUESDAY)
    write(Closure(day=MONDAY))
    assert starts(ours) == []
    speak_for(theirs.town.id)

    assert starts(theirs) == []


def test_a_visit_of_another_town_changes_hands_to_make_room():
    ours, theirs, clerk = a_pool()
    speak_for(ours.town.id)
    visit = town.a_visit(ours, at(9))
    other = town.counter_of(town.a_clerk(ours.procedure, hours=NINE_TO_TEN, name="Another"))
    speak_for(theirs.town.id)

    assert take(theirs, 9).clerk_id == clerk.id
    speak_for(ours.town.id)
    assert visit.clerk_id == other.id
    assert taken(visit.code) == {other.id}


def test_a_clerk_of_the_peninsula_serves_the_islands_an_hour_earlier_by_their_clock():
    ours, theirs, clerk = a_pool("Atlantic/Canary", grid_minutes=20)

    assert starts(theirs) == ["08:00", "08:20", "08:40"]
    take(theirs, 8, 20)
    speak_for(ours.town.id)
    assert starts(ours) == ["09:00", "09:40"]


def test_who_works_up_to_midnight_on_the_peninsula_is_gone_by_eleven_on_the_islands():
    ours, theirs, clerk = a_pool("Atlantic/Canary", hours=(time(22), time(0)))

    assert starts(theirs)[0] == "21:00"
    assert starts(theirs)[-1] == "22:40"


def test_the_first_hour_of_the_day_on_the_peninsula_is_the_last_of_the_day_before():
    ours, theirs, clerk = a_pool("Atlantic/Canary", hours=(time(0), time(1)))

    assert starts(theirs, MONDAY) == ["23:00", "23:10", "23:20", "23:30", "23:40"]
    an_exception(clerk, TUESDAY)
    assert starts(theirs, MONDAY) == []


def test_a_day_closed_on_the_islands_is_one_of_their_wall():
    """Midnight there is one o'clock here."""
    ours, theirs, clerk = a_pool("Atlantic/Canary", hours=(time(0), time(2)))
    write(Closure(day=TUESDAY))

    assert starts(theirs, MONDAY) == ["23:00", "23:10", "23:20", "23:30", "23:40"]
    assert starts(theirs, TUESDAY) == []
    assert starts(theirs, TUESDAY + timedelta(days=1))[0] == "00:00"


AUTUMN, SPRING, NEXT_AUTUMN = date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31)


@pytest.fixture
def before_the_change(clock):
    clock.move_to(datetime(2026, 10, 20, 6, 0, tzinfo=UTC))


@pytest.mark.usefixtures("before_the_change")
@pytest.mark.parametrize("day", [AUTUMN, NEXT_AUTUMN])
def test_the_hour_that_comes_twice_is_offered_once_and_worked_twice(day):
    place, wish, _ = a_place(minutes=30, hours=(time(1), time(4)), grid_minutes=30, **FAR)
    offered = queries.free_times(wish, day, day)

    assert starts(wish, day) == ["01:00", "01:30", "02:00", "02:30", "03:00", "03:30"]
    gaps = {b.starts_at - a.starts_at for a, b in zip(offered, offered[1:], strict=False)}
    assert gaps == {timedelta(minutes=30), timedelta(minutes=90)}
    assert starts(replace(wish, minutes=240), day) == ["01:00"], "four hours, not three"
    assert starts(replace(wish, minutes=180), day) == ["01:00", "01:30", "02:00"]


@pytest.mark.usefixtures("before_the_change")
def test_the_missing_hour_is_not_offered_and_not_worked():
    place, wish, _ = a_place(minutes=30, hours=(time(1), time(4)), grid_minutes=30, **FAR)

    assert starts(wish, SPRING) == ["01:00", "01:30", "03:00", "03:30"]
    assert starts(replace(wish, minutes=120), SPRING) == ["01:00"]
    assert starts(replace(wish, minutes=150), SPRING) == []
    assert starts(replace(wish, minutes=60), SPRING) == ["01:00", "01:30", "03:00"]


@pytest.mark.usefixtures("before_the_change")
def test_hours_within_the_missing_hour_do_not_exist_on_that_day():
    _, wish, _ = a_place(hours=(time(2), time(3)), **FAR)

    assert starts(wish, SPRING) == []
    assert starts(wish, SPRING + timedelta(days=1))[0] == "02:00"


@pytest.mark.usefixtures("before_the_change")
@pytest.mark.parametrize("day", [AUTUMN, SPRING, NEXT_AUTUMN])
def test_hours_by_day_are_on_the_wall_before_on_and_after_the_change(day):
    _, wish, _ = a_place(hours=(time(9), time(9, 30)), **FAR)

    for other in (day - timedelta(days=1), day, day + timedelta(days=1)):
        assert starts(wish, other) == ["09:00", "09:10"]


@pytest.mark.usefixtures("before_the_change")
def test_a_visit_across_the_change_takes_the_time_that_passes():
    _, wish, _ = a_place(minutes=60, hours=(time(1), time(4)), grid_minutes=30, **FAR)
    take(wish, 1, 30, day=AUTUMN)
    (row,) = queries.allocations_of("x")

    assert row.ends_at - row.starts_at == timedelta(hours=1)
    assert starts(wish, AUTUMN) == ["02:30", "03:00"]


@pytest.mark.parametrize(
    ("now", "day", "first"),
    [
        (datetime(2026, 10, 24, 10, 0, tzinfo=UTC), AUTUMN, "11:00"),  # 12:00 the day before
        (datetime(2027, 3, 27, 10, 0, tzinfo=UTC), SPRING, "12:00"),  # 11:00 the day before
        (datetime(2027, 10, 30, 10, 0, tzinfo=UTC), NEXT_AUTUMN, "11:00"),
    ],
)
def test_a_notice_of_a_day_is_one_of_twenty_four_hours(clock, now, day, first):
    clock.move_to(now)
    _, wish, _ = a_place(hours=town.ALL_DAY, notice_minutes=24 * 60)

    assert starts(wish, day)[0] == first


def test_the_horizon_counts_days_of_the_wall_across_the_change(clock):
    clock.move_to(datetime(2026, 10, 24, 21, 59, tzinfo=UTC))  # a minute before midnight
    _, wish, _ = a_place(horizon_days=2)

    assert starts(wish, date(2026, 10, 26))
    assert starts(wish, date(2026, 10, 27)) == []
    clock.shift(60)
    assert starts(wish, date(2026, 10, 27))


@pytest.mark.usefixtures("before_the_change")
def test_both_zones_change_at_the_same_instant():
    ours, theirs, clerk = a_pool("Atlantic/Canary", hours=(time(1), time(5)), **FAR)

    assert starts(theirs, SPRING)[:6] == ["00:00", "00:10", "00:20", "00:30", "00:40", "00:50"]
    assert starts(theirs, SPRING)[6] == "02:00"
    assert starts(theirs, SPRING)[-1] == "03:40"


def test_a_shift_up_to_midnight_is_worked_up_to_midnight():
    _, wish, _ = a_place(hours=(time(23), time(0)))

    assert starts(wish) == ["23:00", "23:10", "23:20", "23:30", "23:40"]


def test_a_visit_stands_across_midnight_when_the_next_shift_begins_there():
    _, wish, clerk = a_place(hours=(time(23), time(0)))
    a_shift(clerk, time(0), time(0, 30))

    assert starts(wish)[-3:] == ["23:30", "23:40", "23:50"]
    take(wish, 23, 50)
    assert starts(wish, TUESDAY)[0] == "00:10"
    assert starts(wish)[-1] == "23:30"


def test_hours_shorter_than_a_step_may_hold_no_start():
    _, wish, _ = a_place(minutes=10, hours=(time(9, 10), time(9, 50)), grid_minutes=60)
    assert starts(wish) == []
    wish.town.grid_minutes = 30

    assert starts(wish) == ["09:30"]


def test_hours_off_the_grid_offer_what_of_the_grid_fits_in_them():
    _, wish, _ = a_place(hours=(time(9, 5), time(9, 45)), grid_minutes=15)

    assert starts(wish) == ["09:15"]


def test_nothing_longer_than_the_hours_is_offered():
    _, wish, _ = a_place(minutes=60)

    assert starts(wish) == ["09:00"]
    assert starts(replace(wish, minutes=61)) == []


def test_the_grid_is_that_of_the_wall_whatever_is_taken():
    """Mixed lengths: what is taken first does not dictate where the rest may begin."""
    place, wish, clerk = a_place(hours=(time(9), time(11)), grid_minutes=15)
    take(wish, 9, 15)

    assert starts(wish) == ["09:45", "10:00", "10:15", "10:30"]
