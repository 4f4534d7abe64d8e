"""Who is called, in which order, exactly once."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.booking.models import Status
from app.queue import queries, services
from app.queue.errors import AlreadyAttending, NobodyWaiting, NotByVideo, TooEarly, TooLate
from tests import town

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ten_o_clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def place():
    return town.a_town()


def waiting(wish, minutes=0, phone=town.PHONE):
    visit = town.a_visit(wish, NOW + timedelta(minutes=minutes), phone=phone)
    services.arrive(visit)
    return visit


def test_next_is_the_appointment_that_is_due(place, ten_o_clock):
    padron = town.a_procedure(minutes=10)
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    later = waiting(wish, 20)
    sooner = waiting(wish, 10, "+34600999999")
    ten_o_clock.shift(timedelta(minutes=12))

    assert services.call_next(clerk) is sooner
    assert sooner.status is Status.CALLED
    assert later.status is Status.WAITING


def test_a_clerk_with_somebody_at_the_counter_calls_nobody_else(place):
    padron = town.a_procedure()
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    waiting(wish, 10)
    waiting(wish, 30, "+34600999999")
    services.call_next(clerk)

    with pytest.raises(AlreadyAttending):
        services.call_next(clerk)


def test_a_clerk_is_given_only_what_they_know_and_speak(place):
    padron, taxes = town.a_procedure("padron"), town.a_procedure("taxes")
    town.a_clerk(padron, languages=("ca",))
    of_taxes = town.a_clerk(taxes, name="Taxes")
    in_spanish = town.a_clerk(padron, name="Spanish", languages=("es",))
    waiting(town.a_wish(place, padron, reads="ca"), 10)

    for clerk in (of_taxes, in_spanish):
        with pytest.raises(NobodyWaiting):
            services.call_next(clerk)


def test_two_clerks_never_get_the_same_person(place):
    padron = town.a_procedure()
    one, two = town.a_clerk(padron, name="One"), town.a_clerk(padron, name="Two")
    waiting(town.a_wish(place, padron), 10)

    services.call_next(one)

    with pytest.raises(NobodyWaiting):
        services.call_next(two)


def test_whoever_does_not_answer_is_called_again_after_the_others(place):
    place.calls_before_no_show = 2
    padron = town.a_procedure()
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    first = waiting(wish, 10)
    second = waiting(wish, 30, "+34600999999")
    services.call_next(clerk)
    came_at = first.waiting_at

    services.call_again(first)

    assert first.waiting_at == came_at
    assert services.call_next(clerk) is second
    services.call_again(second)
    assert services.call_next(clerk) is first


def test_after_the_towns_number_of_calls_it_is_a_no_show(place):
    place.calls_before_no_show = 2
    padron = town.a_procedure()
    clerk = town.a_clerk(padron)
    visit = waiting(town.a_wish(place, padron), 10)

    for status in (Status.WAITING, Status.NO_SHOW):
        services.call_next(clerk)
        services.call_again(visit)
        assert visit.status is status
    with pytest.raises(NobodyWaiting):
        services.call_next(clerk)


def test_the_waiting_room_opens_before_the_time_and_not_earlier(place):
    padron = town.a_procedure()
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)

    with pytest.raises(TooEarly):
        waiting(wish, 60)
    assert waiting(wish, 30, "+34600999999").status is Status.WAITING


def test_coming_in_twice_is_coming_in_once(place):
    padron = town.a_procedure()
    town.a_clerk(padron)
    visit = waiting(town.a_wish(place, padron), 10)

    services.arrive(visit)

    assert visit.status is Status.WAITING


def test_stepping_out_keeps_the_appointment(place):
    padron = town.a_procedure()
    town.a_clerk(padron)
    visit = waiting(town.a_wish(place, padron), 10)

    services.step_out(visit)

    assert visit.status is Status.BOOKED


def test_a_telephone_visit_is_called_when_its_time_comes(place, ten_o_clock):
    padron = town.a_procedure()
    clerk = town.a_clerk(padron)
    visit = town.a_visit(town.a_wish(place, padron, "phone"), NOW + timedelta(minutes=10))
    with pytest.raises(NotByVideo):
        services.arrive(visit)
    with pytest.raises(NobodyWaiting):
        services.call_next(clerk)
    ten_o_clock.shift(timedelta(minutes=10))

    assert services.call_next(clerk) is visit


def test_the_wait_is_a_range_that_grows_with_those_ahead(place):
    padron = town.a_procedure()
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    first = waiting(wish, 10)
    second = waiting(wish, 30, "+34600999999")

    ahead, behind = queries.place_of(first), queries.place_of(second)
    assert (ahead.ahead, ahead.shortest, ahead.longest) == (0, 0, 5)
    assert behind.ahead == 1
    assert 15 <= behind.shortest <= 25 <= behind.longest <= 40


def test_nothing_is_promised_when_nobody_is_on_duty(place):
    padron = town.a_procedure()
    clerk = town.a_clerk(padron)
    visit = waiting(town.a_wish(place, padron), 10)
    assert queries.place_of(visit).longest is not None
    clerk.is_active = False

    services.tell_waits(place)

    assert queries.place_of(visit).longest is None


def test_late_is_said_to_be_late(place, ten_o_clock):
    padron = town.a_procedure()
    town.a_clerk(padron)
    visit = waiting(town.a_wish(place, padron), 10)
    ten_o_clock.shift(timedelta(minutes=20))

    assert queries.place_of(visit).is_late


def test_the_waiting_room_closes_some_time_after_the_end(place, ten_o_clock):
    padron = town.a_procedure()
    town.a_clerk(padron)
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=10))
    ten_o_clock.shift(timedelta(minutes=46))

    with pytest.raises(TooLate):
        services.arrive(visit)


def test_nobody_is_called_by_somebody_who_cannot_attend_them(place):
    padron, taxes = town.a_procedure("padron"), town.a_procedure("taxes")
    town.a_clerk(padron)
    stranger = town.a_clerk(taxes, name="Taxes")
    visit = waiting(town.a_wish(place, padron), 10)

    with pytest.raises(NobodyWaiting):
        services.call(stranger, visit)


def test_what_nobody_ended_ends_by_itself(place, ten_o_clock):
    padron = town.a_procedure(minutes=10)
    clerk = town.a_clerk(padron)
    video, phone = town.a_wish(place, padron), town.a_wish(place, padron, "phone")
    left = waiting(video, 10)
    never_came = town.a_visit(video, NOW + timedelta(minutes=20), phone="+34600000001")
    never_called = town.a_visit(phone, NOW + timedelta(minutes=30), phone="+34600000002")
    place.early_minutes = 60
    attended = waiting(video, 40, "+34600000003")
    services.call(clerk, attended)
    ten_o_clock.shift(timedelta(hours=6))

    assert services.close_the_forgotten() == 3
    assert left.status is Status.LEFT
    assert never_came.status is Status.NO_SHOW
    assert (never_called.status, never_called.ended_by) == (Status.CANCELLED, "office")
    assert attended.status is Status.CALLED
    assert services.close_the_forgotten() == 0
