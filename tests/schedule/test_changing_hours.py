"""Supervisors change shifts, single days, absences, skills and things; what makes no sense stays
out, and what is changed is written down.
"""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.audit.models import AuditEntry
from app.core.db import db
from app.schedule import queries, services
from app.schedule.errors import (
    AbsenceBackwards,
    AbsenceEmpty,
    AbsenceFull,
    AbsencePast,
    AbsenceTwice,
    ChannelsMissing,
    DayPast,
    HoursBackwards,
    HoursEmpty,
    HoursOverlap,
    ValidityBackwards,
)
from app.schedule.models import Allocation, AllocationState, ResourceKind, Shift, ShiftException
from app.schedule.queries import Why
from app.schedule.services import Hours
from tests import town

MONDAY = date(2026, 11, 30)
TUESDAY = MONDAY + timedelta(days=1)
VIDEO = ("video",)


@pytest.fixture(autouse=True)
def clock():
    """Eight o'clock of a Monday morning on the peninsula."""
    with time_machine.travel(datetime(2026, 11, 30, 7, 0, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def padron(place):
    return town.a_procedure()


@pytest.fixture
def clerk(padron):
    return town.counter_of(town.a_clerk(padron, hours=(time(9), time(14))))


@pytest.fixture
def idle(padron):
    """Somebody without hours yet."""
    person = town.counter_of(town.a_clerk(padron, name="Joan Serra"))
    db.session.execute(sa.delete(Shift).where(Shift.resource_id == person.id))
    return person


def hours(first, last, channels=VIDEO, **more):
    return Hours(time(first), time(last % 24), channels, **more)


def at(hour, minute=0, day=TUESDAY, place=None):
    return datetime.combine(day, time(hour, minute), town.Town(time_zone="Europe/Madrid").zone)


def told(rule=None):
    """What the audit remembers of rules."""
    question = sa.select(AuditEntry).where(AuditEntry.name == "RuleChanged").order_by(AuditEntry.id)
    rules = [row.facts["rule"] for row in db.session.scalars(question)]
    return [one for one in rules if rule in (None, one)]


def shifts(person):
    return [(one.weekday, one.starts.hour, one.ends.hour) for one in queries.shifts_of(person.id)]


def written(kind=Allocation):
    return db.session.scalar(sa.select(sa.func.count(kind.id)))


def test_the_same_hours_are_added_to_several_days_at_once(idle):
    services.add_shifts(idle, [2, 0, 0], hours(9, 14))

    assert shifts(idle) == [(0, 9, 14), (2, 9, 14)]
    assert told() == ["shift_added"] * 2


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (Hours(time(9), time(9), VIDEO), HoursEmpty),
        (Hours(time(14), time(9), VIDEO), HoursBackwards),
        (Hours(time(9), time(14), ()), ChannelsMissing),
        (
            Hours(time(9), time(14), VIDEO, valid_from=TUESDAY, valid_to=MONDAY),
            ValidityBackwards,
        ),
    ],
)
def test_hours_that_say_nothing_are_refused(idle, wrong, refusal):
    with pytest.raises(refusal) as refused:
        services.add_shifts(idle, [0], wrong)

    assert refused.value.status == 422
    assert refused.value.field
    assert shifts(idle) == []
    assert told() == []


def test_midnight_is_an_end(idle):
    services.add_shifts(idle, [0], Hours(time(0), time(0), VIDEO))
    services.add_shifts(idle, [1], Hours(time(22), time(0), VIDEO))

    assert shifts(idle) == [(0, 0, 0), (1, 22, 0)]


@pytest.mark.parametrize(
    ("second", "overlaps"),
    [
        (hours(13, 16), True),
        (hours(8, 10), True),
        (hours(10, 11), True),
        (hours(8, 24), True),
        (hours(14, 16), False),  # they touch
        (hours(13, 16, ("phone",)), False),  # another way of attending
        (hours(13, 16, valid_from=MONDAY + timedelta(days=60)), False),
        (hours(13, 16, valid_to=MONDAY + timedelta(days=30)), True),
    ],
)
def test_two_shifts_stand_beside_each_other_and_never_on_one_another(idle, second, overlaps):
    last = MONDAY + timedelta(days=30)
    services.add_shifts(idle, [0], hours(9, 14, valid_to=last))

    if overlaps:
        with pytest.raises(HoursOverlap, match="09:00–14:00"):
            services.add_shifts(idle, [0], second)
        assert len(shifts(idle)) == 1
    else:
        services.add_shifts(idle, [0], second)
        assert len(shifts(idle)) == 2


def test_of_several_days_one_that_overlaps_refuses_them_all(idle):
    services.add_shifts(idle, [2], hours(9, 14))

    with pytest.raises(HoursOverlap), db.session.begin_nested():
        services.add_shifts(idle, [1, 2, 3], hours(13, 15))

    assert shifts(idle) == [(2, 9, 14)]


def test_a_shift_is_changed_also_into_its_own_old_hours(idle):
    (shift,) = services.add_shifts(idle, [0], hours(9, 14))

    services.change_shift(shift, 3, hours(10, 15, is_public=False))

    assert shifts(idle) == [(3, 10, 15)]
    assert not shift.is_public
    assert told()[-1] == "shift_changed"
    last = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last.facts["about"] == "Joan Serra 1 09:00-14:00 → Joan Serra 4 10:00-15:00"


def test_a_shift_is_not_changed_onto_another(idle):
    services.add_shifts(idle, [0], hours(9, 14))
    (shift,) = services.add_shifts(idle, [1], hours(9, 14))

    with pytest.raises(HoursOverlap):
        services.change_shift(shift, 0, hours(12, 13))

    assert (shift.weekday, shift.starts) == (1, time(9))


def test_a_shift_is_removed(idle):
    (shift,) = services.add_shifts(idle, [0], hours(9, 14))

    services.forget_shift(shift)

    assert shifts(idle) == []
    assert told()[-1] == "shift_removed"


def test_one_day_has_other_hours_and_then_others_still(clerk):
    services.set_day(clerk, TUESDAY, [hours(9, 10), hours(16, 18)], "Fira", today=MONDAY)
    services.set_day(clerk, TUESDAY, [hours(11, 12)], "", today=MONDAY)

    (row,) = queries.exceptions_of(clerk.id, TUESDAY)
    assert (row.starts, row.ends) == (time(11), time(12))
    assert told() == ["day_changed", "day_changed"]


def test_a_day_off_is_one_row_without_hours(clerk):
    services.set_day(clerk, TUESDAY, [], "Trasllat", today=MONDAY)

    (row,) = queries.exceptions_of(clerk.id, TUESDAY)
    assert (row.starts, row.reason) == (None, "Trasllat")


@pytest.mark.parametrize(
    ("day", "windows", "refusal"),
    [
        (MONDAY - timedelta(days=1), [], DayPast),
        (TUESDAY, [hours(9, 12), hours(11, 13)], HoursOverlap),
        (TUESDAY, [hours(9, 9)], HoursEmpty),
        (TUESDAY, [hours(12, 9)], HoursBackwards),
        (TUESDAY, [hours(9, 12, ())], ChannelsMissing),
    ],
)
def test_a_day_that_makes_no_sense_is_refused_and_the_one_before_stays(
    clerk, day, windows, refusal
):
    services.set_day(clerk, TUESDAY, [hours(8, 9)], "", today=MONDAY)

    with pytest.raises(refusal):
        services.set_day(clerk, day, windows, "", today=MONDAY)

    assert [row.starts for row in queries.exceptions_of(clerk.id, TUESDAY)] == [time(8)]


def test_a_day_is_as_usual_again(clerk):
    services.set_day(clerk, TUESDAY, [], "", today=MONDAY)

    services.forget_day(clerk, TUESDAY)

    assert written(ShiftException) == 0
    assert told()[-1] == "day_as_usual"


def test_an_absence_takes_the_time_and_ends(place, padron, clerk):
    services.absent(clerk, at(10), at(12), "Metge")

    (absence,) = queries.absences_of(clerk.id)
    assert (absence.starts_at, absence.ends_at, absence.reason) == (at(10), at(12), "Metge")
    assert services.back_again(clerk, absence.claim) == 1
    assert queries.absences_of(clerk.id) == []
    assert services.back_again(clerk, absence.claim) == 0
    assert told() == ["absence_added", "absence_removed"]


def test_an_absence_is_written_around_the_visits_that_stand_in_it(place, padron, clerk):
    visit = town.a_visit(town.a_wish(place, padron), at(11))

    pieces = services.absent(clerk, at(10), at(13), "")

    assert pieces == 2
    (absence,) = queries.absences_of(clerk.id)
    assert (absence.starts_at, absence.ends_at) == (at(10), at(13))
    (broken,) = queries.broken_promises(place)
    assert (broken.claim, broken.why) == (visit.code, Why.AWAY)


@pytest.mark.parametrize(
    ("begin", "end", "refusal"),
    [
        (at(10), at(10), AbsenceEmpty),
        (at(12), at(10), AbsenceBackwards),
        (at(7, day=MONDAY), at(10), AbsencePast),
    ],
)
def test_an_absence_that_makes_no_sense_is_refused(clerk, begin, end, refusal):
    with pytest.raises(refusal):
        services.absent(clerk, begin, end, "")

    assert queries.absences_of(clerk.id) == []
    assert told() == []


def test_two_absences_do_not_share_a_minute(clerk):
    services.absent(clerk, at(10), at(12), "")

    with pytest.raises(AbsenceTwice):
        services.absent(clerk, at(11), at(13), "")
    services.absent(clerk, at(12), at(13), "")

    assert len(queries.absences_of(clerk.id)) == 2


def test_an_absence_without_a_free_minute_is_refused(place, padron, clerk):
    town.a_visit(town.a_wish(place, padron), at(11))

    with pytest.raises(AbsenceFull):
        services.absent(clerk, at(11), at(11, 20), "")


def test_an_absence_does_not_wait_for_a_hold_that_is_over(place, padron, clerk, clock):
    town.a_hold(town.a_wish(place, padron), at(11))
    clock.shift(timedelta(hours=1))

    assert services.absent(clerk, at(10), at(12), "") == 1


def test_skills_are_these_and_no_others_and_only_a_change_is_told(clerk, padron):
    taxes = town.a_procedure("taxes")

    services.set_skills(clerk, [taxes.id])
    services.set_skills(clerk, [taxes.id])

    assert queries.skills_of(clerk.id) == {taxes.id}
    assert told() == ["skills_changed"]


def test_a_skill_for_another_town_of_the_pool_is_not_ours_to_take(place, padron, clerk):
    place.pool = "alba"
    other = town.a_town("etxalde", pool="alba")
    theirs = town.a_procedure("taxes")
    services.set_skills(clerk, [theirs.id])
    town.speak_for(place.id)

    services.set_skills(clerk, [])

    assert queries.skills_of(clerk.id) == {theirs.id}
    assert other.id != place.id


def test_a_booth_is_added_renamed_and_put_away(place):
    booth = services.add_resource(ResourceKind.BOOTH, "Cabina 1", buffer_minutes=5)

    services.change_resource(booth, name="Cabina de la biblioteca", is_active=False)
    services.change_resource(booth, name="Cabina de la biblioteca", is_active=False)

    assert (booth.name, booth.is_active) == ("Cabina de la biblioteca", False)
    assert told() == ["resource_added", "resource_changed"]


def test_a_look_at_a_change_leaves_no_trace(place, padron, clerk):
    town.a_visit(town.a_wish(place, padron), at(11))
    rows, rules = written(), told()

    effect = services.preview(place, lambda: services.absent(clerk, at(10), at(13), ""))

    assert [one.why for one in effect.broken] == [Why.AWAY]
    assert effect.minutes == -180
    assert (written(), told()) == (rows, rules)
    assert queries.broken_promises(place) == []


def test_a_look_counts_the_minutes_that_a_change_adds(place, clerk):
    effect = services.preview(
        place, lambda: services.set_day(clerk, TUESDAY, [hours(9, 16)], "", today=MONDAY)
    )

    assert (effect.minutes, list(effect.broken)) == (120, [])


def test_a_look_at_a_refused_change_is_refused_too(place, clerk):
    with pytest.raises(AbsenceBackwards):
        services.preview(place, lambda: services.absent(clerk, at(13), at(10), ""))

    assert queries.absences_of(clerk.id) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda clerk: services.absent(clerk, at(10), at(13), ""), Why.AWAY),
        (lambda clerk: services.set_skills(clerk, []), Why.SKILL),
        (lambda clerk: services.change_resource(clerk, is_active=False), Why.INACTIVE),
        (lambda clerk: services.set_day(clerk, TUESDAY, [], "", today=MONDAY), Why.DUTY),
        (
            lambda clerk: services.forget_shift(queries.shifts_of(clerk.id)[1]),
            Why.DUTY,
        ),
        (
            lambda clerk: services.change_shift(queries.shifts_of(clerk.id)[1], 1, hours(12, 14)),
            Why.DUTY,
        ),
    ],
)
def test_every_change_of_a_person_says_which_visit_it_breaks_and_why(
    place, padron, clerk, change, why
):
    visit = town.a_visit(town.a_wish(place, padron), at(11))

    change(clerk)

    (broken,) = queries.broken_promises(place)
    assert (broken.claim, broken.why, broken.resource_id) == (visit.code, why, clerk.id)


def test_what_is_over_is_no_broken_promise(place, padron, clerk, clock):
    town.a_visit(town.a_wish(place, padron), at(11))
    services.set_skills(clerk, [])

    clock.shift(timedelta(days=2))

    assert queries.broken_promises(place) == []


def test_a_cancelled_visit_is_no_broken_promise(place, padron, clerk):
    visit = town.a_visit(town.a_wish(place, padron), at(11))
    services.set_skills(clerk, [])

    town.booking.cancel(visit, "citizen")

    assert queries.broken_promises(place) == []


def test_minutes_are_those_of_the_public_without_absences(place, clerk):
    before = queries.open_minutes(place)

    services.absent(clerk, at(9), at(14), "")

    assert before == 14 * 5 * 60
    assert queries.open_minutes(place) == before - 5 * 60
    assert all(
        row.state is AllocationState.BLOCKED for row in db.session.scalars(sa.select(Allocation))
    )
