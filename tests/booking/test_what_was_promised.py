"""What people were promised still holds after an unusual way: closing, lists, moves, transfers."""

from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.accounts import services as accounts
from app.booking import jobs, queries, services
from app.booking.errors import TooManyVisits, WayNotPossible
from app.booking.models import Status, WaitlistState
from app.core import clock
from app.core.db import db
from app.kiosks import services as kiosks
from app.kiosks.models import Kiosk
from app.messaging.models import Message, MessageState
from app.queue import services as queue
from app.schedule import queries as schedule
from app.schedule import services as rules
from app.schedule.models import ResourceKind
from app.towns.models import Channel
from tests import town

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
OTHER = "+34600777777"


@pytest.fixture(autouse=True)
def ten_o_clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def padron(place):
    return town.a_procedure()


def last_to(phone):
    question = sa.select(Message).where(Message.phone == phone).order_by(Message.id.desc())
    return db.session.scalars(question.limit(1)).one()


def walks_in(wish, token="walk-in"):
    held = services.hold_walk_in(
        wish, phone=town.PHONE, name="Pere", reads="ca", needs=[], form_token=token
    )
    return services.book(held)


def on_the_list(wish, phone=town.PHONE):
    entry = services.ask(
        wish.procedure,
        "video",
        phone=phone,
        name="Pere",
        reads="ca",
        needs=[],
        last_day=wish.last_day,
    )
    services.confirm(entry)
    db.session.flush()
    return entry


def offered(entry):
    services.offer_what_is_free()
    assert entry.state is WaitlistState.OFFERED
    return entry


def moved_by_the_office(wish):
    visit = town.a_visit(wish, town.tomorrow_at(10))
    later = town.tomorrow_at(12) + timedelta(days=2)
    services.move(visit, queries.wish_of(visit), later, by="office", reason="closed")
    return visit


def test_who_waited_for_hours_until_closing_is_told_too(place, padron, ten_o_clock):
    town.a_clerk(padron, hours=(time(9), time(13)))
    walks_in(town.a_wish(place, padron))
    ten_o_clock.shift(timedelta(hours=3, minutes=1))

    assert queue.end_the_day() == 1
    message = last_to(town.PHONE)
    assert place.phone in message.body
    assert message.not_after > clock.now()


def test_whom_the_office_forgot_to_ring_is_told_so(place, padron, ten_o_clock):
    town.a_clerk(padron)
    town.a_visit(town.a_wish(place, padron, "phone"), NOW + timedelta(hours=2))
    ten_o_clock.shift(timedelta(hours=7))

    assert queue.close_the_forgotten() == 1
    message = last_to(town.PHONE)
    assert place.phone in message.body
    assert message.not_after > clock.now()


def test_the_list_gives_nobody_more_visits_than_the_town_allows(place, padron):
    place.visits_per_phone = 1
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    entry = offered(on_the_list(wish))
    town.a_visit(wish, town.tomorrow_at(10))

    with pytest.raises(TooManyVisits):
        services.take_offer(entry)
    services.leave(entry)
    with pytest.raises(TooManyVisits):
        on_the_list(wish)


def test_why_the_office_moved_it_is_not_said_of_the_time_that_they_took(place, padron):
    town.a_clerk(padron)
    visit = moved_by_the_office(town.a_wish(place, padron))

    services.take_offer(offered(services.join(visit)))

    assert visit.office_reason == ""


def test_why_the_office_moved_it_is_not_said_of_the_way_that_they_chose(place, padron):
    town.a_clerk(padron)
    visit = moved_by_the_office(town.a_wish(place, padron))

    services.change_channel(visit, Channel.PHONE)

    assert visit.office_reason == ""


def test_offers_go_to_the_new_number_of_whoever_has_one(place, padron):
    town.a_clerk(padron)
    visit = town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10) + timedelta(days=2))
    entry = services.join(visit)

    accounts.give_phone(visit.citizen, OTHER)
    offered(entry)

    assert queries.link_of_offer(entry) in last_to(OTHER).body


def test_a_wish_without_a_visit_goes_with_its_person_to_the_new_number(place, padron):
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    person = accounts.know_citizen(town.PHONE, "ca")
    waiting, strangers = on_the_list(wish), on_the_list(wish, "+34600111111")

    accounts.give_phone(person, OTHER)

    assert (waiting.phone, strangers.phone) == (OTHER, "+34600111111")
    assert queries.link_of_offer(offered(waiting)) in last_to(OTHER).body


def test_what_is_being_offered_is_told_to_the_new_number_too(place, padron):
    town.a_clerk(padron)
    person = accounts.know_citizen(town.PHONE, "ca")
    entry = offered(on_the_list(town.a_wish(place, padron)))

    for phone in (OTHER, town.PHONE, OTHER):
        accounts.give_phone(person, phone)

    assert last_to(OTHER).state is MessageState.QUEUED
    assert last_to(OTHER).body == last_to(town.PHONE).body
    assert last_to(town.PHONE).state is MessageState.DROPPED
    assert (entry.phone, entry.offers) == (OTHER, 1)


def test_a_time_that_was_moved_away_from_rests_as_a_cancelled_one_does(place, padron, ten_o_clock):
    place.trade_minutes = 30
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    old = town.tomorrow_at(10)
    visit = town.a_visit(wish, old)

    services.move(visit, queries.wish_of(visit), town.tomorrow_at(15))

    assert schedule.free_at(wish, old) is None
    ten_o_clock.shift(timedelta(minutes=31))
    assert schedule.free_at(wish, old)


def test_a_time_moved_by_a_little_and_one_moved_by_the_office_do_not_rest(place, padron):
    place.trade_minutes = 30
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    old = town.tomorrow_at(10)
    visit = town.a_visit(wish, old)

    services.move(visit, queries.wish_of(visit), old + timedelta(minutes=10))
    services.move(visit, queries.wish_of(visit), town.tomorrow_at(15), by="office")

    assert schedule.free_at(wish, old)


def test_an_older_time_given_back_for_an_offer_rests_too(place, padron):
    place.trade_minutes = 30
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    old = town.tomorrow_at(10)
    visit = town.a_visit(wish, old)

    services.take_offer(offered(services.join(visit)))

    assert visit.starts_at < old
    assert schedule.free_at(wish, old) is None


@pytest.fixture
def resting(place, padron):
    """Forty minutes of tomorrow that rest for three hours: all that there is that day."""
    place.trade_minutes = 180
    works = town.a_procedure("works", 40)
    town.a_clerk(padron, works, hours=(time(10), time(10, 40)))
    wish = town.a_wish(place, padron)
    services.cancel(town.a_visit(town.a_wish(place, works), town.tomorrow_at(10)), "citizen")
    assert schedule.free_at(wish, town.tomorrow_at(10)) is None
    return wish


def for_tomorrow(wish, phone=town.PHONE):
    entry = on_the_list(wish, phone)
    entry.last_day = town.tomorrow_at(10).date()
    return entry


def free_tomorrow(wish):
    starts = (town.tomorrow_at(10), town.tomorrow_at(10, 20))
    return [schedule.free_at(wish, one) is not None for one in starts]


def says_no(entry, clock):
    services.pass_over(entry)


def gets_off_the_list(entry, clock):
    services.leave(entry)


def says_nothing(entry, clock):
    db.session.commit()
    clock.shift(timedelta(minutes=46))
    jobs.expire_holds()


@pytest.mark.parametrize("answer", [says_no, gets_off_the_list, says_nothing])
def test_what_rests_and_is_not_wanted_rests_on_and_goes_to_the_next(resting, ten_o_clock, answer):
    first = offered(for_tomorrow(resting))
    assert free_tomorrow(resting) == [False, False]

    answer(first, ten_o_clock)

    assert first.state is not WaitlistState.OFFERED
    assert free_tomorrow(resting) == [False, False]
    services.leave(first)
    second = offered(for_tomorrow(resting, OTHER))
    assert second.offered_starts_at == town.tomorrow_at(10)
    services.take_offer(second)
    ten_o_clock.move_to(NOW + timedelta(minutes=181))
    assert free_tomorrow(resting) == [False, True]


def test_what_nobody_on_the_list_wants_is_free_when_it_has_rested_as_long(resting, ten_o_clock):
    entry = offered(for_tomorrow(resting))
    ten_o_clock.shift(timedelta(minutes=30))
    services.pass_over(entry)

    ten_o_clock.move_to(NOW + timedelta(minutes=179))
    assert free_tomorrow(resting) == [False, False]
    ten_o_clock.move_to(NOW + timedelta(minutes=181))
    assert free_tomorrow(resting) == [True, True]


def test_an_offer_that_outlasts_the_rest_is_free_when_it_is_over(resting, ten_o_clock):
    ten_o_clock.shift(timedelta(minutes=170))
    entry = offered(for_tomorrow(resting))

    ten_o_clock.move_to(NOW + timedelta(minutes=181))
    assert free_tomorrow(resting) == [False, True]
    services.pass_over(entry)

    assert free_tomorrow(resting) == [True, True]


def test_who_was_called_early_and_went_out_again_has_their_time(place, padron, ten_o_clock):
    clerk = town.a_clerk(padron)
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(hours=2))
    ten_o_clock.shift(timedelta(hours=1, minutes=50))
    queue.arrive(visit)
    queue.call(clerk, visit)
    queue.call_again(visit)

    queue.step_out(visit)

    assert visit.status is Status.BOOKED
    kept = schedule.allocations_of(visit.code)
    assert [one.starts_at for one in kept] == [visit.starts_at]


def test_nobody_is_passed_on_to_a_clerk_who_could_never_call_them(place, padron):
    clerk = town.a_clerk(padron)
    other = town.a_clerk(padron, name="Other", languages=("es",))
    visit = walks_in(town.a_wish(place, padron))
    queue.call_next(clerk)

    with pytest.raises(WayNotPossible):
        queue.transfer(visit, to=town.counter_of(other))


def test_nobody_is_passed_on_to_whoever_cannot_do_all_that_they_came_for(place, padron):
    taxes = town.a_procedure("taxes")
    clerk = town.a_clerk(padron, taxes)
    other = town.a_clerk(padron, name="Other")
    wish = queries.wish_for(place, padron, "video", "ca", also=[taxes])
    visit = walks_in(wish)
    queue.call_next(clerk)

    with pytest.raises(WayNotPossible):
        queue.transfer(visit, to=town.counter_of(other))


def test_however_many_wait_in_vain_the_look_for_them_is_one(place, padron, statements):
    clerk = town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    now = clock.now()
    rules.absent(town.counter_of(clerk), now, now + timedelta(days=200), "away")

    def asked(people):
        for number in range(people):
            on_the_list(wish, f"+346001{people:02}{number:03}")
        db.session.commit()
        statements.clear()
        assert services.whom_to_answer() == []
        return len(statements)

    assert asked(2) == asked(12)


def test_the_round_offers_what_is_free_to_whoever_asked_first(place, padron):
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    first, second = on_the_list(wish, OTHER), on_the_list(wish)
    db.session.commit()

    assert services.whom_to_answer() == [first.id, second.id]
    assert jobs.offer_what_is_free() == 2
    assert first.offered_starts_at < second.offered_starts_at
    assert jobs.offer_what_is_free() == 0


def a_booth():
    booth = rules.add_resource(ResourceKind.BOOTH, "Library")
    db.session.flush()
    return booth


def test_who_changes_to_the_telephone_or_moves_to_it_leaves_the_screen_to_others(place, padron):
    town.a_clerk(padron)
    booth = a_booth()
    wish = queries.wish_for(place, padron, "video", "ca", booth_id=booth.id)
    changed = town.a_visit(wish, town.tomorrow_at(10))
    moved = town.a_visit(wish, town.tomorrow_at(12))

    services.change_channel(changed, Channel.PHONE)
    services.move(moved, queries.wish_of(moved, channel="phone"), town.tomorrow_at(13))

    for visit in (changed, moved):
        assert visit.booth_id is None
        assert booth.id not in {one.resource_id for one in schedule.allocations_of(visit.code)}


def test_whoever_has_waited_long_has_one_place_in_the_line_all_the_same(place, padron, ten_o_clock):
    place.visits_per_phone = 1
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    walks_in(wish)
    ten_o_clock.shift(timedelta(minutes=25))

    with pytest.raises(TooManyVisits):
        walks_in(wish, "another")


def test_a_form_that_bears_the_name_of_an_offer_does_not_stop_it(place, padron):
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    entry = offered(on_the_list(wish))
    town.a_hold(wish, town.tomorrow_at(10), form_token=f"waitlist:{entry.code}")

    assert services.take_offer(entry).status is Status.BOOKED


def test_whoever_shows_their_appointment_after_all_does_not_wait_in_the_line_too(place, padron):
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)
    kiosk = Kiosk(name="Library", key_digest=b"k" * 32)
    db.session.add(kiosk)
    db.session.flush()
    stay, _ticket = kiosks.open_stay(kiosk)
    place.early_minutes = 90
    in_line = stay.visit = walks_in(wish)
    booked = town.a_visit(wish, NOW + timedelta(hours=1))

    kiosks.attach(stay, booked)

    assert in_line.status is Status.LEFT
    assert (stay.visit, booked.status) == (booked, Status.WAITING)
