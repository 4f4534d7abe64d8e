"""Earlier if somebody cancels: on the list, an offer, yes, no, and off the list."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.booking import queries, services
from app.booking.models import Status, Visit, WaitlistEntry, WaitlistState
from app.core import clock
from app.core.db import db
from app.messaging.models import Message
from app.schedule import queries as schedule
from tests import town

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
OTHER = "+34600999999"
TYPED = "600 99 99 99"


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


@pytest.fixture
def wish(place, padron):
    town.a_clerk(padron)
    return town.a_wish(place, padron)


@pytest.fixture
def visit(wish):
    """A visit in three days; nearer times are free."""
    return town.a_visit(wish, town.tomorrow_at(10) + timedelta(days=2))


def at(place, path):
    return f"{town.base(place)}/en/{path}"


def page_of(visit, path=""):
    return at(visit.town, f"visits/{visit.code}{path}")


def entries():
    return list(db.session.scalars(sa.select(WaitlistEntry).order_by(WaitlistEntry.id)))


def ask_page(place, **more):
    words = "".join(f"&{name}={value}" for name, value in more.items())
    return at(place, f"waitlist/new?procedure=padron&channel=video{words}")


def send_phone(client, place, phone=TYPED, url=None):
    url = url or ask_page(place)
    page = client.get(url).text
    data = {
        "csrf_token": town.token_in(page),
        "token": town.field_in(page, "token"),
        "phone": phone,
        "name": "Pere",
    }
    return client.post(url, data=data)


def send_code(client, place, answer, typed=None):
    typed = typed or town.digits_sent(town.sent_to(OTHER)[-1])
    return town.send(client, f"{town.base(place)}{answer.location}", code=typed)


def on_the_list(client, place):
    """Somebody without a visit, whose telephone is confirmed."""
    send_code(client, place, send_phone(client, place))
    return entries()[-1]


def press(client, entry, what):
    """A button of the page of the list."""
    url = at(entry.town, f"waitlist/{entry.code}")
    token = town.token_in(client.get(at(entry.town, "waitlist/new?procedure=padron")).text)
    return client.post(f"{url}/{what}", data={"csrf_token": token})


def offered(entry):
    services.offer_what_is_free()
    db.session.commit()
    assert entry.state is WaitlistState.OFFERED
    return entry


# With a visit


def test_whoever_has_a_visit_asks_for_an_earlier_time_with_one_press(client, visit):
    answer = town.send(client, page_of(visit, "/earlier"), page_of(visit))

    page = client.get(page_of(visit)).text
    assert answer.status_code == 303
    assert queries.entry_of(visit).state is WaitlistState.OPEN
    assert "You are on the list for an earlier time" in page
    assert "visit-not-earlier" in page
    assert "visit-earlier-ask" not in page


def test_pressing_twice_is_one_wish(client, visit):
    first = town.send(client, page_of(visit, "/earlier"), page_of(visit))
    second = town.send(client, page_of(visit, "/earlier"), page_of(visit))

    assert first.status_code == second.status_code == 303
    assert len(entries()) == 1


def test_a_visit_of_tomorrow_is_not_asked_about(client, wish):
    near = town.a_visit(wish, NOW + timedelta(hours=20))

    assert "visit-earlier-ask" not in client.get(page_of(near)).text


def test_who_no_longer_wants_it_gets_off_the_list_and_keeps_the_visit(client, visit):
    entry = services.join(visit)
    db.session.commit()

    answer = town.send(client, at(visit.town, f"waitlist/{entry.code}/leave"), page_of(visit))

    assert answer.location == f"/en/visits/{visit.code}"
    assert entry.state is WaitlistState.CLOSED
    assert visit.status is Status.BOOKED
    assert "visit-earlier-ask" in client.get(page_of(visit)).text


def test_yes_moves_the_visit_and_gives_the_old_time_back(client, wish, visit):
    entry = services.join(visit)
    db.session.commit()
    old = visit.starts_at
    new = offered(entry).offered_starts_at
    assert "An earlier time is free" in client.get(page_of(visit)).text

    answer = press(client, entry, "take")

    assert answer.location == f"/en/visits/{visit.code}?moved=1"
    assert visit.starts_at == new < old
    assert schedule.free_at(wish, old)
    assert not schedule.free_at(wish, new)
    assert visit.version == 2
    moved = sa.select(Message).where(Message.key == f"visit:{visit.code}:2:moved")
    assert db.session.scalars(moved).one().state == "queued"


def test_no_keeps_the_visit_and_the_place_on_the_list(client, visit):
    entry = services.join(visit)
    db.session.commit()
    old = visit.starts_at
    offered(entry)

    answer = press(client, entry, "pass")

    page = client.get(f"{town.base(visit.town)}{answer.location}").text
    assert "You are on the list" in page
    assert entry.state is WaitlistState.OPEN
    assert visit.starts_at == old


def test_a_cancelled_visit_waits_for_nothing(client, visit):
    token = town.token_in(client.get(page_of(visit)).text)
    services.cancel(visit, "citizen")
    db.session.commit()

    answer = client.post(page_of(visit, "/earlier"), data={"csrf_token": token})

    assert answer.status_code == 409
    assert entries() == []


# Without a visit


def test_a_page_without_times_offers_to_tell_when_there_is_one(client, place, padron):
    town.a_clerk(padron, channels=("video",))
    place.notice_minutes = 60 * 24 * 60
    db.session.commit()

    page = client.get(at(place, "procedures/padron/times?channel=video")).text

    assert "There are no free times for now" in page
    assert 'id="slots-ask"' in page


def test_below_the_times_there_is_the_same_way(client, place, wish):
    page = client.get(at(place, "procedures/padron/times?channel=video&needs=more_time")).text

    assert "waitlist/new?procedure=padron&amp;channel=video&amp;needs=more_time" in page


def test_a_telephone_and_a_code_put_somebody_on_the_list(client, place, wish):
    answer = send_phone(client, place, url=ask_page(place, needs="more_time"))
    assert entries()[0].state is WaitlistState.UNCONFIRMED

    done = send_code(client, place, answer)

    entry = entries()[0]
    assert done.location == f"/en/waitlist/{entry.code}"
    assert (entry.state, entry.phone, entry.needs) == (WaitlistState.OPEN, OTHER, ["more_time"])
    assert entry.last_day == wish.last_day
    page = client.get(at(place, f"waitlist/{entry.code}")).text
    assert "You are on the list" in page
    assert "ending in 999" in page


def test_the_button_pressed_twice_is_one_wish_and_one_code(client, place, wish):
    first, second = send_phone(client, place), send_phone(client, place)

    assert first.location == second.location
    assert len(entries()) == 1
    assert len(town.sent_to(OTHER)) == 1


def test_another_number_is_another_wish(client, place, wish):
    send_phone(client, place)
    send_phone(client, place, "600 99 99 98")

    assert [entry.phone for entry in entries()] == [OTHER, "+34600999998"]


@pytest.mark.parametrize("typed", ["", "123", "972 20 20 20"])
def test_a_number_that_is_none_puts_nobody_on_the_list(client, place, wish, typed):
    answer = send_phone(client, place, typed)

    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert entries() == []


def test_a_wrong_code_confirms_nothing(client, place, wish):
    answer = send_phone(client, place)
    right = town.digits_sent(town.sent_to(OTHER)[-1])

    refused = send_code(client, place, answer, f"{(int(right) + 1) % 1_000_000:06d}")

    assert refused.status_code == 422
    assert entries()[0].state is WaitlistState.UNCONFIRMED


def test_another_code_may_be_asked_for(client, place, wish, time_machine):
    time_machine.move_to(clock.now())
    answer = send_phone(client, place)
    time_machine.shift(31)
    here = f"{town.base(place)}{answer.location}"

    again = town.send(client, here.replace("/new?", "/new/code?"), here)

    assert again.status_code == 303
    assert len(town.sent_to(OTHER)) == 2
    assert send_code(client, place, answer).status_code == 303


def test_only_the_browser_that_asked_may_confirm(app, client, place, wish):
    answer = send_phone(client, place)

    seen = app.test_client().get(f"{town.base(place)}{answer.location}")

    assert seen.status_code == 404


def test_what_is_not_confirmed_does_not_exist(client, place, wish):
    send_phone(client, place)
    entry = entries()[0]

    assert client.get(at(place, f"waitlist/{entry.code}")).status_code == 404
    for what in ("take", "pass", "leave"):
        assert press(client, entry, what).status_code == 404
    assert entry.state is WaitlistState.UNCONFIRMED


def test_who_is_on_the_list_already_is_shown_the_place_they_have(app, client, place, wish):
    first = on_the_list(client, place)
    other = app.test_client()

    done = send_code(other, place, send_phone(other, place))

    assert done.location == f"/en/waitlist/{first.code}"
    assert [entry.state for entry in entries()] == [WaitlistState.OPEN, WaitlistState.UNCONFIRMED]


@pytest.mark.parametrize(
    "query", ["", "procedure=nothing", "procedure=padron&channel=smoke", "entry=bcdfghjkmnpq"]
)
def test_a_broken_address_does_not_exist(client, place, wish, query):
    assert client.get(at(place, f"waitlist/new?{query}")).status_code == 404


def test_an_offer_is_written_and_yes_books_it(client, place, wish):
    entry = on_the_list(client, place)
    starts_at = offered(entry).offered_starts_at
    assert f"/en/waitlist/{entry.code}" in town.sent_to(OTHER)[-1]
    page = client.get(at(place, f"waitlist/{entry.code}")).text
    assert "A time is free for you" in page
    assert "It is yours until 10:45" in page
    assert not schedule.free_at(wish, starts_at)

    answer = press(client, entry, "take")

    visit = db.session.scalars(sa.select(Visit)).one()
    assert answer.location == f"/en/visits/{visit.code}?done=1"
    assert (visit.status, visit.starts_at, visit.phone) == (Status.BOOKED, starts_at, OTHER)
    waiting = town.sent_to(OTHER, state="queued")
    assert any(f"/en/visits/{visit.code}" in body for body in waiting)
    assert not any("/en/waitlist/" in body for body in waiting)
    assert not schedule.free_at(wish, starts_at)


def test_yes_twice_is_one_visit(client, place, wish):
    entry = on_the_list(client, place)
    offered(entry)

    first, second = press(client, entry, "take"), press(client, entry, "take")

    assert first.location.split("?")[0] == second.location.split("?")[0]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Visit)) == 1
    seen = client.get(at(place, f"waitlist/{entry.code}"))
    assert seen.location == first.location.split("?")[0]


def test_yes_after_the_offer_is_said_kindly_and_changes_nothing(client, place, wish, ten_o_clock):
    entry = on_the_list(client, place)
    starts_at = offered(entry).offered_starts_at
    ten_o_clock.shift(timedelta(minutes=46))

    answer = press(client, entry, "take")

    assert answer.status_code == 409
    assert "This time has gone to somebody else" in answer.text
    assert schedule.free_at(wish, starts_at)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Visit)) == 0


def test_after_three_times_no_there_are_no_more_messages(client, place, wish):
    entry = on_the_list(client, place)
    for _ in range(3):
        offered(entry)
        answer = press(client, entry, "pass")

    page = client.get(f"{town.base(place)}{answer.location}").text
    assert entry.state is WaitlistState.CLOSED
    assert "You are no longer on the list" in page


def test_getting_off_the_list_frees_the_time_that_was_kept(client, place, wish):
    entry = on_the_list(client, place)
    starts_at = offered(entry).offered_starts_at

    answer = press(client, entry, "leave")

    assert answer.location == f"/en/waitlist/{entry.code}"
    assert schedule.free_at(wish, starts_at)
    assert "You are no longer on the list" in client.get(at(place, f"waitlist/{entry.code}")).text
    assert press(client, entry, "leave").status_code == 303


def test_a_wish_of_another_town_and_an_invented_one_do_not_exist(client, place, wish):
    entry = on_the_list(client, place)
    elsewhere = town.a_town("sobreira")
    db.session.commit()

    for code in (entry.code, "bcdfghjkmnpq"):
        assert client.get(at(elsewhere, f"waitlist/{code}")).status_code == 404
    assert entry.state is WaitlistState.OPEN
