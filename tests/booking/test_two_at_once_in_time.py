"""Two ask for one thing at once, on PostgreSQL: on SQLite whoever writes takes turns anyway."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app import create_app
from app.accounts import services as accounts
from app.accounts.models import Account
from app.booking import queries, services
from app.booking.models import Status, Visit, WaitlistEntry, WaitlistState
from app.calls import services as calls
from app.calls.models import Part
from app.core import clock
from app.core.db import db, transaction
from app.core.errors import Refusal
from app.desk import services as desk
from app.identity import services as identity
from app.kiosks import queries as kiosk_queries
from app.kiosks import services as kiosks
from app.kiosks.models import Kiosk, Stay
from app.messaging import services as messaging
from app.messaging.models import Message, MessageState
from app.papers import services as papers
from app.papers.models import Paper, PaperKind, PaperState, Side
from app.queue import services as queue
from app.queue.models import WaitEstimate
from app.schedule import services as schedule
from app.schedule.models import Allocation
from app.towns import services as towns
from app.towns.models import Channel, Town
from app.towns.tenant import speak_for, town_of
from tests import postgres, town

OTHER = "+34600999999"


class House:
    """An application on PostgreSQL with one town, whose turn can be kept from everybody."""

    def __init__(self, app) -> None:
        self.app = app
        with app.app_context():
            made = town.a_town()
            padron = town.a_procedure()
            town.a_clerk(padron)
            town.a_clerk(padron, name="Neus Serra")
            db.session.commit()
            self.number = made.id
            speak_for(None)

    def alone(self, errand: Callable) -> str:
        """What came of an errand in its own transaction."""
        try:
            with self.app.app_context(), town_of(self.number), transaction():
                return str(errand() or "done")
        except (Refusal, sa.exc.DBAPIError) as problem:
            return type(problem).__name__

    def at_once(self, *errands: Callable, kept: str = "%") -> list[str]:
        """What came of errands that had all read what they read before the first had its turn.

        `kept`: which towns nobody has a turn in meanwhile.
        """
        with (
            self.app.app_context(),
            db.engine.connect() as first,
            ThreadPoolExecutor() as pool,
        ):
            first.execute(
                sa.text("SELECT id FROM town WHERE slug LIKE :kept FOR UPDATE"), {"kept": kept}
            )
            told = []
            for count, errand in enumerate(errands, 1):
                told.append(pool.submit(self.alone, errand))
                _wait_for(first, count)
            first.rollback()
            return [one.result() for one in told]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Where registers are made: one server for all of these tests, or the chosen one."""
    if postgres.programs() is None:
        pytest.skip("POSTGRESQL IS NOT INSTALLED: two at once were NOT tried (apt-packages.txt)")
    if postgres.is_chosen():
        yield ""
        return
    with postgres.a_server() as address:
        postgres.migrate_once(address)
        yield address


@pytest.fixture
def house(server, tmp_path) -> Iterator[House]:
    app = create_app(
        TESTING=True,
        INSTANCE=str(tmp_path),
        DATABASE_URL=postgres.an_empty_register(server),
        SMS_PROVIDER="memory",
    )
    yield House(app)
    with app.app_context():
        db.engine.dispose()


def _wait_for(connection: sa.Connection, number: int) -> None:
    waiting = sa.text("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
    for _ in range(2_000):
        if (connection.scalar(waiting) or 0) >= number:
            return
        time.sleep(0.005)
    raise AssertionError("not all of them came as far as the town's turn")


def the_wish(channel="video"):
    place = db.session.scalars(sa.select(Town).order_by(Town.id)).first()
    return town.a_wish(place, town.the_procedure("padron"), channel)


def a_start():
    return town.tomorrow_at(10)


def hold(token, phone=town.PHONE, starts_at=None):
    wish = the_wish()
    return services.hold(
        wish,
        starts_at or a_start(),
        phone=phone,
        name="Pere",
        reads="ca",
        needs=[],
        form_token=token,
    ).code


def visit_booked(channel="video", phone=town.PHONE, starts_at=None):
    wish = the_wish(channel)
    held = services.hold(
        wish,
        starts_at or a_start(),
        phone=phone,
        name="Pere",
        reads="ca",
        needs=[],
        form_token=f"t-{phone}-{starts_at}",
    )
    return services.book(held)


def the_visit() -> Visit:
    return db.session.scalars(sa.select(Visit).order_by(Visit.id)).first()


def the_entry() -> WaitlistEntry:
    return db.session.scalars(sa.select(WaitlistEntry).order_by(WaitlistEntry.id)).first()


def by(name: str) -> Account:
    return db.session.scalars(sa.select(Account).where(Account.name == name)).one()


def test_one_form_sent_twice_at_once_is_one_hold(house):
    first, second = house.at_once(lambda: hold("one-form"), lambda: hold("one-form"))

    assert first == second
    assert house.alone(lambda: len(queries.live_holds(town.PHONE))) == "1"


def test_a_telephone_holds_no_more_by_asking_at_once(house):
    for number in range(5):
        house.alone(
            lambda number=number: hold(
                f"f{number}", starts_at=a_start() + number * timedelta(hours=1)
            )
        )

    told = house.at_once(
        lambda: hold("x", starts_at=a_start() + timedelta(hours=6)),
        lambda: hold("y", starts_at=a_start() + timedelta(hours=7)),
    )

    assert told[1] == "TooManyHolds"
    assert house.alone(lambda: len(queries.live_holds(town.PHONE))) == "6"


def walk_in(token):
    return services.walk_in_for(
        by("Ana Pi"),
        the_wish("in_person"),
        phone="",
        name="Pere",
        reads="ca",
        needs=[],
        form_token=token,
    ).code


def test_one_walk_in_form_sent_twice_at_once_is_one_place_in_the_line(house):
    first, second = house.at_once(lambda: walk_in("w"), lambda: walk_in("w"))

    assert first == second


def visit_held_now(token="now"):
    return services.hold_walk_in(
        the_wish(), phone=town.PHONE, name="Pere", reads="ca", needs=[], form_token=token
    )


def hold_now(token):
    return visit_held_now(token).code


def test_who_wants_to_talk_now_and_presses_twice_is_held_once(house):
    first, second = house.at_once(lambda: hold_now("n"), lambda: hold_now("n"))

    assert first == second


def book_for(token):
    return services.book_for(
        by("Ana Pi"),
        the_wish(),
        a_start(),
        phone=town.PHONE,
        name="Pere",
        reads="ca",
        needs=[],
        form_token=token,
    ).code


def test_a_clerk_who_presses_twice_books_once(house):
    first, second = house.at_once(lambda: book_for("b"), lambda: book_for("b"))

    assert first == second


def an_offer(phone=OTHER):
    """Somebody without a visit, to whom a time is offered."""
    place = db.session.scalars(sa.select(Town)).one()
    wish = the_wish()
    entry = services.ask(
        town.the_procedure("padron"),
        "video",
        phone=phone,
        name="Pere",
        reads="ca",
        needs=[],
        last_day=clock.today(place.time_zone) + timedelta(days=5),
    )
    services.confirm(entry)
    offered(entry, wish)


def offered(entry, wish, starts_at=None):
    starts_at = starts_at or a_start()
    until = clock.now() + timedelta(minutes=45)
    schedule.reserve(wish, starts_at, claim=entry.claim, expires_at=until)
    entry.state, entry.offers = WaitlistState.OFFERED, 1
    entry.offered_starts_at, entry.offer_until = starts_at, until


def test_yes_said_twice_at_once_is_one_visit(house):
    house.alone(an_offer)

    def yes():
        return services.take_offer(the_entry()).code

    first, second = house.at_once(yes, yes)

    assert first == second


def test_two_who_say_yes_at_once_both_get_their_time(house):
    house.alone(an_offer)
    house.alone(lambda: an_offer("+34600999998"))

    def yes(phone):
        entry = db.session.scalars(
            sa.select(WaitlistEntry).where(WaitlistEntry.phone == phone)
        ).one()
        services.take_offer(entry)

    assert house.at_once(lambda: yes(OTHER), lambda: yes("+34600999998")) == ["done", "done"]


def test_yes_and_no_at_once_leave_what_was_said_first(house):
    house.alone(an_offer)

    def yes():
        services.take_offer(the_entry())

    house.at_once(yes, lambda: services.pass_over(the_entry()))

    assert house.alone(lambda: the_entry().state.value) == "taken"


def test_whoever_is_called_at_that_moment_is_not_moved_by_a_yes(house):
    def prepare():
        visit = visit_booked("phone", starts_at=a_start() + timedelta(days=1))
        entry = services.join(visit)
        offered(entry, queries.wish_of(visit))
        db.session.flush()
        db.session.execute(
            sa.update(Visit).values(
                starts_at=clock.now() - timedelta(minutes=1),
                ends_at=clock.now() + timedelta(minutes=19),
            )
        )

    house.alone(prepare)
    told = house.at_once(
        lambda: queue.call(by("Ana Pi"), the_visit()).code,
        lambda: services.take_offer(the_entry()).code,
    )

    assert told[1] == "OfferOver"


def test_asking_twice_at_once_for_an_earlier_time_is_one_wish(house):
    house.alone(lambda: visit_booked())

    told = house.at_once(
        lambda: services.join(the_visit()).code, lambda: services.join(the_visit()).code
    )

    assert told[1] == "AlreadyOnTheList"
    assert house.alone(lambda: len(db.session.scalars(sa.select(WaitlistEntry)).all())) == "1"


def test_one_telephone_is_on_the_list_once_even_if_confirmed_twice_at_once(house):
    def ask():
        place = db.session.scalars(sa.select(Town)).one()
        services.ask(
            town.the_procedure("padron"),
            "video",
            phone=OTHER,
            name="",
            reads="ca",
            needs=[],
            last_day=clock.today(place.time_zone) + timedelta(days=5),
        )

    house.alone(ask)
    house.alone(ask)

    def confirm(number):
        services.confirm(db.session.scalars(sa.select(WaitlistEntry)).all()[number])

    assert house.at_once(lambda: confirm(0), lambda: confirm(1)) == ["done", "AlreadyOnTheList"]


def test_a_clerk_who_calls_twice_at_once_has_one_person_before_them(house):
    house.alone(lambda: walk_in("one"))
    house.alone(lambda: walk_in("two"))

    told = house.at_once(
        lambda: queue.call_next(by("Ana Pi")).code, lambda: queue.call_next(by("Ana Pi")).code
    )

    assert told[1] == "AlreadyAttending"


def test_a_hold_that_runs_out_while_somebody_books_stops_nobody(house):
    def prepare():
        hold("old")
        db.session.flush()
        past = clock.now() - timedelta(minutes=1)
        db.session.execute(sa.update(Allocation).values(expires_at=past))
        db.session.execute(sa.update(Visit).values(hold_until=past))

    house.alone(prepare)
    told = house.at_once(lambda: hold("new", phone=OTHER), lambda: schedule.expire_holds())

    assert "OperationalError" not in told


def test_who_comes_late_and_cancels_at_once_is_answered_both_times(house):
    def prepare():
        visit_booked()
        db.session.flush()
        db.session.execute(
            sa.update(Visit).values(
                starts_at=clock.now() - timedelta(minutes=16),
                ends_at=clock.now() + timedelta(minutes=4),
            )
        )

    house.alone(prepare)
    told = house.at_once(
        lambda: services.cancel(the_visit(), "citizen"), lambda: queue.arrive(the_visit())
    )

    assert told == ["done", "VisitMissing"]


def test_what_is_withdrawn_while_the_postman_takes_it_never_leaves_later(house):
    def write():
        messaging.send_later(town.PHONE, "old", key="visit:a:0:booked", locale="ca")

    house.alone(write)
    with house.app.app_context(), db.engine.connect() as postman, ThreadPoolExecutor() as pool:
        postman.execute(sa.text("UPDATE message SET state = 'sending', attempts = 1"))
        told = pool.submit(house.alone, lambda: messaging.withdraw("visit:a:"))
        _wait_for(postman, 1)
        postman.commit()
        assert told.result() == "done"

    def look():
        message = db.session.scalars(sa.select(Message)).one()
        return message.state is MessageState.DROPPED or bool(message.not_after)

    assert house.alone(look) == "True"
    assert (
        house.alone(lambda: db.session.scalars(sa.select(Message)).one().state.value) == "sending"
    )


def a_kiosk():
    db.session.add(Kiosk(name="Library", key_digest=b"k" * 32))


def the_kiosk() -> Kiosk:
    return db.session.scalars(sa.select(Kiosk)).one()


def the_stay() -> Stay:
    return db.session.scalars(sa.select(Stay).where(Stay.ended_at.is_(None))).one()


def test_a_device_that_asks_twice_at_once_for_a_clean_start_is_answered_twice(house):
    house.alone(a_kiosk)

    def opened():
        kiosks.open_stay(the_kiosk())

    assert house.at_once(opened, opened) == ["done", "done"]


def test_a_telephone_takes_nothing_away_from_a_stay_that_ends_at_that_moment(house):
    house.alone(a_kiosk)

    def come():
        stay, _ticket = kiosks.open_stay(the_kiosk())
        stay.visit = services.book(visit_held_now())
        return kiosks.offer(stay)[0]

    token = house.alone(come)

    def take():
        return kiosks.take_away(kiosk_queries.hand_off(token)).status.value

    assert house.at_once(lambda: kiosks.end(the_stay(), "silent"), take) == ["done", "HandOffOver"]


def test_whoever_comes_into_a_call_that_is_being_closed_stops_nobody(house):
    def prepare():
        services.book(visit_held_now())
        queue.call_next(by("Ana Pi"))

    def come_in():
        calls.join(the_visit(), Part.CITIZEN, "Pere", camera=True, microphone=True)

    def close():
        desk.close(the_visit(), Status.SERVED, desk.Words("Registered."))

    house.alone(prepare)

    assert house.at_once(close, come_in) == ["done", "NotCalledYet"]


@pytest.mark.parametrize(
    ("first", "told"), [("show", ["done", "done"]), ("remove", ["done", "NotReadable"])]
)
def test_a_paper_is_shown_and_taken_off_the_list_at_once(house, first, told):
    def prepare():
        visit = services.book(visit_held_now())
        queue.call_next(by("Ana Pi"))
        facts = {"name": "a.pdf", "kind": PaperKind.PDF, "size": 1, "clean": "x", "key": "k"}
        db.session.add(Paper(visit_id=visit.id, side=Side.CITIZEN, state=PaperState.READY, **facts))

    def the_paper():
        return db.session.scalars(sa.select(Paper)).one()

    def show():
        papers.show(the_visit(), the_paper(), Side.CLERK)

    def remove():
        papers.remove(the_paper(), Side.CITIZEN)

    house.alone(prepare)

    assert house.at_once(*((show, remove) if first == "show" else (remove, show))) == told


def test_whoever_signs_in_while_somebody_books_for_them_stops_nobody(house):
    house.alone(lambda: accounts.know_citizen(OTHER, "ca"))

    def books():
        towns.take_turns()
        accounts.know_citizen(OTHER, "ca", "Pere")

    def signs_in():
        identity.open_session(accounts.confirm_citizen(OTHER, "ca"), "phone")

    assert house.at_once(books, signs_in) == ["done", "done"]


def test_two_who_type_the_code_of_one_device_at_once_let_one_kiosk_in(house):
    def prepare():
        return kiosks.ask({})[1]

    shown = house.alone(prepare)

    def approve():
        kiosks.approve(shown, by("Ana Pi"), name="Library")

    assert house.at_once(approve, approve) == ["done", "CodeOver"]


def test_two_who_write_a_line_before_their_turn_do_not_stop_one_another(house):
    def write(key):
        messaging.send_later(OTHER, "x", key=key, locale="ca")
        db.session.flush()
        towns.take_turns()

    assert house.at_once(lambda: write("one"), lambda: write("two")) == ["done", "done"]


def test_what_was_changed_before_a_turn_is_written_in_it(house):
    house.alone(a_kiosk)

    def in_turn():
        towns.take_turns()
        the_kiosk().volume = 10
        db.session.flush()

    def before():
        the_kiosk().name = "Reading room"
        towns.take_turns()

    assert house.at_once(in_turn, before) == ["done", "done"]


def test_how_it_ended_and_another_way_at_once_do_not_stop_one_another(house):
    def prepare():
        services.book(visit_held_now())
        queue.call_next(by("Ana Pi"))

    house.alone(prepare)
    told = house.at_once(
        lambda: services.change_channel(the_visit(), Channel.PHONE),
        lambda: desk.close(the_visit(), Status.SERVED, desk.Words("Registered.")),
    )

    assert told == ["done", "done"]


def test_who_tells_the_waits_of_a_pool_stands_in_nobodys_way(house):
    def prepare():
        db.session.scalars(sa.select(Town)).one().pool = "valley"
        town.a_town("sobreira", pool="valley")
        town.a_clerk(town.a_procedure("taxes"))
        wish = town.a_wish(the_other(), town.the_procedure("taxes"))
        waiting = services.hold_walk_in(
            wish, phone=town.PHONE, name="Pere", reads="ca", needs=[], form_token="now"
        )
        services.book(waiting).wants_sms = True
        db.session.flush()
        db.session.execute(sa.delete(WaitEstimate))

    def tell():
        with town_of(the_other().id):
            queue.tell_waits(the_other())

    house.alone(prepare)
    told = house.at_once(lambda: bool(hold("one")), tell, kept="vilaclara")

    assert told == ["True", "done"]


def the_other() -> Town:
    return db.session.scalars(sa.select(Town).where(Town.slug == "sobreira")).one()
