"""Walking in, being passed on, waiting elsewhere, and what people are told of their wait."""

import secrets
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.booking import services as booking
from app.booking.jobs import expire_walk_ins
from app.booking.models import Status
from app.core.db import db
from app.messaging.models import Message
from app.queue import queries, services
from app.queue.errors import AppointmentSoon, LineClosed, NobodyWaiting
from app.queue.models import UsualLength, WaitEstimate
from app.schedule import queries as schedule
from app.schedule.models import AllocationState, CounterState, Resource, Skill
from app.towns.models import Channel
from app.towns.tenant import town_of
from tests import town

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ten_o_clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def padron(place):
    return town.a_procedure(minutes=20)


def walks_in(wish, phone=town.PHONE, **fields):
    visit = services.walk_in(
        wish,
        phone=phone,
        name="Pere",
        reads="ca",
        needs=[],
        form_token=secrets.token_urlsafe(24),
        **fields,
    )
    return booking.book(visit)


def sent_to(phone):
    question = sa.select(Message.body).where(Message.phone == phone).order_by(Message.id)
    return list(db.session.scalars(question))


def minutes(count):
    return NOW + timedelta(minutes=count)


def test_who_walks_in_waits_at_once_and_is_called(place, padron):
    clerk = town.a_clerk(padron)

    visit = walks_in(town.a_wish(place, padron))

    assert visit.status is Status.WAITING
    assert visit.is_walk_in
    assert services.call_next(clerk) is visit


def test_the_link_of_a_walk_in_is_in_the_message(place, padron):
    town.a_clerk(padron)

    visit = walks_in(town.a_wish(place, padron))

    assert visit.code in sent_to(visit.phone)[-1]


def test_a_walk_in_who_never_confirms_takes_nobodys_time_and_ends(place, padron, ten_o_clock):
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    before = schedule.free_times(wish, NOW.date(), NOW.date())
    held = services.walk_in(
        wish, phone=town.PHONE, name="", reads="ca", needs=[], form_token=secrets.token_urlsafe(24)
    )

    assert schedule.free_times(wish, NOW.date(), NOW.date()) == before
    assert held.status is Status.HELD
    ten_o_clock.shift(timedelta(minutes=11))
    db.session.commit()
    assert expire_walk_ins() == 1
    assert held.status is Status.EXPIRED


def test_the_same_form_sent_twice_is_one_place(place, padron):
    town.a_clerk(padron)
    wish, token = town.a_wish(place, padron), secrets.token_urlsafe(24)
    fields = {"phone": town.PHONE, "name": "", "reads": "ca", "needs": [], "form_token": token}

    first, second = services.walk_in(wish, **fields), services.walk_in(wish, **fields)

    assert first is second


def test_nobody_walks_in_when_nobody_is_at_the_counter(place, padron):
    town.a_clerk(padron, hours=(time(16), time(18)))

    with pytest.raises(LineClosed):
        walks_in(town.a_wish(place, padron))


def test_nobody_walks_in_who_could_not_be_attended_before_closing(place, padron):
    # Duty ends at 11:00 on the wall, an hour from now: three attentions of twenty minutes.
    clerk = town.a_clerk(padron, hours=(time(9), time(11)))
    wish = town.a_wish(place, padron)
    for number in range(4):
        walks_in(wish, f"+3460000000{number}")
    services.call_next(clerk)

    with pytest.raises(LineClosed):
        walks_in(wish, "+34600000009")


def test_a_procedure_may_take_no_walk_ins(place, padron):
    town.a_clerk(padron)
    padron.takes_walk_ins = False

    with pytest.raises(LineClosed):
        walks_in(town.a_wish(place, padron))


def test_an_appointment_that_is_due_goes_before_who_came_without_one(place, padron, ten_o_clock):
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    due = town.a_visit(wish, minutes(10))
    first_come = walks_in(wish, "+34600000001")
    services.arrive(due)
    ten_o_clock.shift(timedelta(minutes=10))

    assert services.call_next(clerk) is due
    booking.move_on(due, Status.SERVED)
    assert services.call_next(clerk) is first_come


def test_priority_goes_before_arrival_among_walk_ins(place, padron, ten_o_clock):
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    first = walks_in(wish, "+34600000001")
    ten_o_clock.shift(timedelta(minutes=1))
    pressing = walks_in(wish, "+34600000002")

    services.give_priority(pressing, 1)

    assert services.call_next(clerk) is pressing
    assert queries.place_of(first).ahead <= 1


def test_who_would_make_an_appointment_late_is_passed_over_but_may_be_called(place, padron):
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    town.a_visit(wish, minutes(10))
    long = walks_in(wish, "+34600000001")

    with pytest.raises(AppointmentSoon):
        services.call_next(clerk)
    assert services.call(clerk, long) is long


def test_the_gap_of_who_did_not_come_goes_to_who_walked_in(place, padron, ten_o_clock):
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    town.a_visit(wish, minutes(10))
    walked_in = walks_in(wish, "+34600000001")
    ten_o_clock.shift(timedelta(minutes=15, seconds=1))

    assert services.call_next(clerk) is walked_in


def test_a_clerk_takes_their_own_appointment_before_a_colleagues(place, padron, ten_o_clock):
    taxes = town.a_procedure("taxes", 20)
    only_padron = town.a_clerk(padron, name="Only padron")
    both = town.a_clerk(padron, taxes, name="Both")
    one = town.a_visit(town.a_wish(place, padron), minutes(10))
    two = town.a_visit(town.a_wish(place, taxes), minutes(10), phone="+34600000001")
    for visit in (one, two):
        services.arrive(visit)
    ten_o_clock.shift(timedelta(minutes=10))

    assert services.call_next(both) is two
    assert services.call_next(only_padron) is one


def test_being_called_takes_the_clerks_time_and_ending_gives_it_back(place, padron):
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    visit = walks_in(wish)
    services.call_next(clerk)

    (taken,) = schedule.allocations_of(visit.code)
    assert (taken.state, taken.starts_at) == (AllocationState.IN_SERVICE, NOW)
    assert not schedule.free_at(wish, minutes(10))
    booking.move_on(visit, Status.SERVED)
    assert schedule.free_at(wish, minutes(10))


def test_a_colleague_who_takes_an_appointment_frees_whose_it_was(place, padron, ten_o_clock):
    town.a_clerk(padron, name="One")
    town.a_clerk(padron, name="Two")
    wish = town.a_wish(place, padron)
    visit = town.a_visit(wish, minutes(10))
    assigned = visit.clerk_id
    services.arrive(visit)
    ten_o_clock.shift(timedelta(minutes=10))
    other = next(person for person in (schedule.staff_of(padron).people) if person.id != assigned)
    account = db.session.get_one(Resource, other.id).account
    services.call(account, visit)

    (taken,) = schedule.allocations_of(visit.code)
    assert taken.resource_id == other.id


def test_who_comes_late_keeps_the_visit_but_waits_by_arrival(place, padron, ten_o_clock):
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    visit = town.a_visit(wish, minutes(10))
    ten_o_clock.shift(timedelta(minutes=20))
    on_time = walks_in(wish, "+34600000001")
    ten_o_clock.shift(timedelta(minutes=6))

    services.arrive(visit)

    assert visit.is_walk_in
    assert services.call_next(clerk) is on_time


def test_transfer_puts_them_first_in_the_line_of_the_other_procedure(place, padron, ten_o_clock):
    taxes = town.a_procedure("taxes", 20)
    of_padron, of_taxes = town.a_clerk(padron), town.a_clerk(taxes, name="Taxes")
    visit = walks_in(town.a_wish(place, padron))
    services.call_next(of_padron)
    ten_o_clock.shift(timedelta(minutes=5))
    earlier = walks_in(town.a_wish(place, taxes), "+34600000001")

    services.transfer(visit, procedure=taxes)

    assert (visit.status, visit.procedure) == (Status.WAITING, taxes)
    assert schedule.allocations_of(visit.code) == []
    with pytest.raises(NobodyWaiting):
        services.call_next(of_padron)
    assert services.call_next(of_taxes) is visit
    assert earlier.status is Status.WAITING


def test_transfer_to_one_colleague_is_seen_by_nobody_else(place, padron):
    one, two, three = (town.a_clerk(padron, name=name) for name in ("One", "Two", "Three"))
    visit = walks_in(town.a_wish(place, padron))
    services.call_next(one)

    services.transfer(visit, to=town.counter_of(two))

    with pytest.raises(NobodyWaiting):
        services.call_next(three)
    assert services.call_next(two) is visit


def test_a_paused_counter_promises_nothing_and_an_open_one_does(place, padron):
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    visit = walks_in(wish)

    services.set_counter(clerk, CounterState.PAUSED)
    services.tell_waits(place)
    assert queries.place_of(visit).longest is None
    assert not queries.intake(schedule.afresh(wish)).is_open

    services.set_counter(clerk, CounterState.OPEN)
    services.tell_waits(place)
    assert queries.place_of(visit).longest == 5


def test_a_pause_of_yesterday_says_nothing_of_today(place, padron, ten_o_clock):
    clerk = town.a_clerk(padron)
    services.set_counter(clerk, CounterState.CLOSED)
    ten_o_clock.shift(timedelta(days=1))

    assert queries.intake(town.a_wish(place, padron)).is_open


def test_when_the_last_clerk_goes_nobody_is_promised_anything_until_one_is_back(place, padron):
    clerk = town.a_clerk(padron)
    visit = walks_in(town.a_wish(place, padron))
    assert queries.standings(place)[visit.id].forecast.longest is not None

    services.set_counter(clerk, CounterState.CLOSED)
    db.session.flush()
    assert queries.standings(place)[visit.id].forecast.longest is None
    assert visit.status is Status.WAITING

    services.set_counter(clerk, CounterState.OPEN)
    db.session.flush()
    assert queries.standings(place)[visit.id].forecast.longest is not None
    assert services.call_next(clerk) is visit


def test_at_closing_time_who_still_waits_is_told_so(place, padron, ten_o_clock):
    town.a_clerk(padron, hours=(time(9), time(11)))
    visit = walks_in(town.a_wish(place, padron))
    assert services.end_the_day() == 0
    ten_o_clock.shift(timedelta(hours=1, minutes=1))

    assert services.end_the_day() == 1
    assert (visit.status, visit.ended_by) == (Status.CANCELLED, "closing")
    assert place.phone in sent_to(visit.phone)[-1]


def test_somebody_due_in_the_afternoon_keeps_people_waiting(place, padron, ten_o_clock):
    town.a_clerk(padron, hours=(time(9), time(11)))
    town.a_clerk(padron, name="Afternoon", hours=(time(16), time(18)))
    visit = walks_in(town.a_wish(place, padron))
    ten_o_clock.shift(timedelta(hours=1, minutes=1))

    assert services.end_the_day() == 0
    assert visit.status is Status.WAITING


def test_who_waits_elsewhere_is_told_when_it_is_nearly_their_turn(place, padron):
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    people = [walks_in(wish, f"+3460000000{number}") for number in range(4)]
    last = people[-1]
    services.wait_elsewhere(last)
    services.tell_waits(place)
    assert last.warned_at is None

    for _ in range(3):
        booking.move_on(services.call_next(clerk), Status.SERVED)
    services.tell_waits(place)
    services.tell_waits(place)

    told = [body for body in sent_to(last.phone) if last.code in body]
    assert len(told) == 2  # when they came in, and now; once
    services.call_next(clerk)
    assert len([body for body in sent_to(last.phone) if last.code in body]) == 3


def test_a_call_that_fails_goes_on_by_telephone_in_the_same_visit(place, padron):
    clerk = town.a_clerk(padron)
    visit = walks_in(town.a_wish(place, padron))
    services.call_next(clerk)
    booking.move_on(visit, Status.IN_SERVICE)
    came_in, code = visit.waiting_at, visit.code

    booking.change_channel(visit, Channel.PHONE, by="office")

    assert (visit.status, visit.channel) == (Status.IN_SERVICE, Channel.PHONE)
    assert (visit.waiting_at, visit.code) == (came_in, code)


def test_a_lent_clerk_calls_people_of_both_towns_and_of_no_other(padron, place):
    clerk = town.a_clerk(padron, name="Lent")
    place.pool = "comarca"
    own = walks_in(town.a_wish(place, padron), "+34600000001")
    other = town.a_town("etxalde", pool="comarca")
    there = town.a_procedure("padron-there", 10)
    counter = town.counter_of(clerk)
    db.session.add(Skill(resource_id=counter.id, procedure_id=there.id))
    db.session.flush()
    guest = walks_in(town.a_wish(other, there), "+34600000002")
    stranger = town.a_town("lejos")
    elsewhere = town.a_procedure("padron-far", 10)
    town.a_clerk(elsewhere, name="Far")
    far = walks_in(town.a_wish(stranger, elsewhere), "+34600000003")

    with town_of(place.id):
        assert services.call_next(clerk) is own
        booking.move_on(own, Status.SERVED)
        assert services.call_next(clerk) is guest
        assert queries.visit_for(counter, guest.code) is guest
        assert queries.visit_for(counter, far.code) is None
        assert queries.attended_by(counter) is guest
    assert guest.town_id == other.id


def test_who_came_to_a_hall_is_not_called_from_another_town(padron, place):
    clerk = town.a_clerk(padron, name="Lent")
    place.pool = "comarca"
    other = town.a_town("etxalde", pool="comarca")
    there = town.a_procedure("padron-there", 10)
    there.minutes = {"video": 10, "in_person": 10}
    counter = town.counter_of(clerk)
    db.session.add(Skill(resource_id=counter.id, procedure_id=there.id))
    db.session.flush()
    guest = walks_in(town.a_wish(other, there), "+34600000002")
    guest.channel = Channel.IN_PERSON
    db.session.flush()

    with town_of(place.id):
        assert list(queries.ready_for(counter)) == []
    guest.channel = Channel.VIDEO
    db.session.flush()
    with town_of(place.id):
        assert list(queries.ready_for(counter)) == [guest]


def test_a_wait_grows_by_a_step_unless_there_is_a_reason_to_show(place, padron, ten_o_clock):
    one = town.a_clerk(padron, name="One")
    town.a_clerk(padron, name="Two")
    wish = town.a_wish(place, padron)
    people = [walks_in(wish, f"+3460000000{number}") for number in range(6)]
    last = people[-1]
    services.tell_waits(place)
    before = queries.place_of(last)

    services.set_counter(one, CounterState.PAUSED)
    services.tell_waits(place)

    after = queries.place_of(last)
    assert after.longest > before.longest + 10
    assert after.reason == "clerk_left"


def test_what_was_told_is_kept_and_compared_with_what_happened(place, padron, ten_o_clock):
    clerk = town.a_clerk(padron)
    visit = walks_in(town.a_wish(place, padron))
    ten_o_clock.shift(timedelta(minutes=3))
    services.call_next(clerk)

    (outcome,) = queries.outcomes(NOW - timedelta(days=1))

    assert outcome == (0, 5, 3.0)
    rows = db.session.scalars(sa.select(WaitEstimate).where(WaitEstimate.visit_id == visit.id))
    assert [(row.ahead, row.clerks) for row in rows] == [(0, 1)]


def test_the_calibration_report_says_how_many_were_told_the_truth(app, place, padron, ten_o_clock):
    clerk = town.a_clerk(padron)
    for number, wait in enumerate((2, 9)):
        walks_in(town.a_wish(place, padron), f"+3460000000{number}")
        ten_o_clock.shift(timedelta(minutes=wait))
        booking.move_on(services.call_next(clerk), Status.SERVED)
    db.session.commit()

    report = app.test_cli_runner().invoke(args=["queue", "calibration"])

    line = next(line for line in report.output.splitlines() if line.startswith("Vilaclara"))
    assert line.split()[1:3] == ["2", "50%"]


def test_attentions_that_last_longer_than_planned_lengthen_the_wait(place, padron, ten_o_clock):
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    for number in range(25):
        visit = walks_in(wish, f"+346000001{number:02d}")
        services.call_next(clerk)
        booking.move_on(visit, Status.IN_SERVICE)
        ten_o_clock.shift(timedelta(minutes=40))
        booking.move_on(visit, Status.SERVED)

    assert services.measure_lengths() == 1

    row = db.session.scalars(sa.select(UsualLength)).one()
    assert row.factor == pytest.approx(2.0, abs=0.1)
    first = walks_in(wish, "+34600000201")
    second = walks_in(wish, "+34600000202")
    assert queries.place_of(first).longest == 5
    assert queries.place_of(second).longest >= 40
