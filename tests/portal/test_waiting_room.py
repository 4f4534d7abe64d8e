"""The waiting room: the place, the wait and why it grows; going away, coming back, leaving."""

import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from app.queue import services as queue
from app.schedule.models import CounterState
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
    return town.a_procedure()


@pytest.fixture
def clerk(padron):
    return town.a_clerk(padron)


def walks_in(place, padron, phone=town.PHONE, channel="video"):
    wish = town.a_wish(place, padron, channel)
    fields = {"name": "Pere", "reads": "en", "needs": [], "form_token": secrets.token_urlsafe(24)}
    visit = booking.book(queue.walk_in(wish, phone=phone, **fields))
    db.session.commit()
    return visit


def comes_in(visit):
    queue.arrive(visit)
    db.session.commit()
    return visit


def page_of(visit, path=""):
    return f"{town.base(visit.town)}/en/visits/{visit.code}{path}"


def room(client, visit):
    return client.get(page_of(visit, "/wait")).text


def test_who_walked_in_sees_a_place_and_no_hour(client, place, padron, clerk):
    walks_in(place, padron, "+34600000001")
    walks_in(place, padron, "+34600000002")
    visit = walks_in(place, padron)

    page = room(client, visit)

    assert "There are 2 people before you" in page
    assert "Between" in page
    assert "Your visit is at" not in page
    assert "Your visit is at" not in client.get(page_of(visit)).text


def test_who_walked_in_and_finds_nobody_keeps_the_place(client, place, padron, clerk):
    visit = walks_in(place, padron)
    queue.set_counter(clerk, CounterState.CLOSED)
    queue.tell_waits(place)
    db.session.commit()

    page = room(client, visit)

    assert "You keep your place" in page
    assert "Your visit is at" not in page


def test_a_clerk_who_leaves_is_why_it_takes_longer(client, place, padron, clerk, ten_o_clock):
    second = town.a_clerk(padron, name="Bet Mas")
    for number in range(4):
        walks_in(place, padron, f"+3460000000{number}")
    visit = walks_in(place, padron)
    ten_o_clock.shift(timedelta(seconds=30))
    queue.set_counter(second, CounterState.CLOSED)
    queue.tell_waits(place)
    db.session.commit()

    assert "A clerk has had to leave, so it takes longer" in room(client, visit)


def test_somebody_who_goes_first_is_why_it_takes_longer(client, place, padron, clerk):
    walks_in(place, padron, "+34600000001")
    visit = walks_in(place, padron)
    last = walks_in(place, padron, "+34600000002")
    queue.give_priority(last, 5)
    queue.tell_waits(place)
    db.session.commit()

    assert "Somebody who needs it more goes first" in room(client, visit)


def test_who_comes_late_is_told_how_they_wait(client, place, padron, clerk, ten_o_clock):
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(hours=1))
    ten_o_clock.move_to(visit.starts_at + timedelta(minutes=25))
    comes_in(visit)

    page = room(client, visit)

    assert "You came after your time" in page
    assert "Your visit is at" not in page
    assert "We are running late" not in page


def test_who_comes_in_time_is_no_late_comer(client, place, padron, clerk, ten_o_clock):
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(hours=1))
    ten_o_clock.move_to(visit.starts_at)
    comes_in(visit)
    ten_o_clock.shift(timedelta(minutes=6))

    page = room(client, visit)

    assert "You came after your time" not in page
    assert "We are running late" in page


def test_one_may_go_away_and_be_told_by_message(client, place, padron, clerk, ten_o_clock):
    walks_in(place, padron, "+34600000001")
    walks_in(place, padron, "+34600000002")
    visit = walks_in(place, padron)

    answer = town.send(client, page_of(visit, "/away"), page_of(visit, "/wait"))

    assert answer.location == f"/en/visits/{visit.code}"
    assert visit.wants_sms
    page = client.get(page_of(visit)).text
    assert "You may do something else meanwhile" in page
    assert "There are 2 people before you" in page
    assert "wait-away" not in room(client, visit)
    assert "We send you a message when it is nearly your turn" in room(client, visit)
    before = len(town.sent_to(town.PHONE))
    queue.call_next(clerk)
    queue.tell_waits(place)
    assert len(town.sent_to(town.PHONE)) == before + 1


def test_going_away_twice_is_going_away_once(client, place, padron, clerk):
    visit = walks_in(place, padron)

    answers = [
        town.send(client, page_of(visit, "/away"), page_of(visit, "/wait")) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert visit.status is Status.WAITING


def test_who_is_called_while_they_go_away_is_sent_to_the_call(client, place, padron, clerk):
    visit = walks_in(place, padron)
    token = town.token_in(client.get(page_of(visit, "/wait")).text)
    queue.call_next(clerk)
    db.session.commit()

    answer = client.post(page_of(visit, "/away"), data={"csrf_token": token})

    assert answer.location == f"/en/visits/{visit.code}/wait"
    assert not visit.wants_sms


def test_who_is_not_in_the_line_cannot_go_away(client, place, padron, clerk):
    visit = town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))
    token = town.token_in(client.get(page_of(visit, "/cancel")).text)

    assert client.post(page_of(visit, "/away"), data={"csrf_token": token}).status_code == 409
    assert not visit.wants_sms


def test_the_page_of_who_is_away_looks_again_and_calls_them_in(client, place, padron, clerk):
    visit = walks_in(place, padron)
    hears = {"HX-Request": "true"}

    waiting = client.get(page_of(visit), headers=hears)
    queue.call_next(clerk)
    db.session.commit()
    called = client.get(page_of(visit), headers=hears)
    booking.move_on(visit, Status.SERVED)
    db.session.commit()
    over = client.get(page_of(visit), headers=hears)

    assert waiting.text.lstrip().startswith('<div id="place"')
    assert called.headers["HX-Redirect"] == f"/en/visits/{visit.code}/wait"
    assert over.headers["HX-Redirect"] == f"/en/visits/{visit.code}"


def test_leaving_the_line_is_asked_twice_because_the_place_is_lost(client, place, padron, clerk):
    visit = walks_in(place, padron)
    assert f'href="/en/visits/{visit.code}/leave"' in room(client, visit)
    sure = client.get(page_of(visit, "/leave")).text
    assert "You lose your place" in sure
    assert visit.status is Status.WAITING

    answer = town.send(client, page_of(visit, "/leave"))

    assert answer.location == f"/en/visits/{visit.code}"
    assert visit.status is Status.LEFT
    assert "You have left the line" in client.get(page_of(visit)).text


def test_leaving_with_an_appointment_keeps_it(client, place, padron, clerk):
    visit = comes_in(town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=10)))
    assert "Your visit stands" in client.get(page_of(visit, "/leave")).text

    town.send(client, page_of(visit, "/leave"), page_of(visit, "/wait"))

    assert visit.status is Status.BOOKED


def test_leaving_twice_is_leaving_once(client, place, padron, clerk):
    visit = walks_in(place, padron)
    token = town.token_in(client.get(page_of(visit, "/leave")).text)

    for _ in range(2):
        answer = client.post(page_of(visit, "/leave"), data={"csrf_token": token})
        assert answer.status_code == 303
    assert visit.status is Status.LEFT
    assert client.get(page_of(visit, "/leave")).location == f"/en/visits/{visit.code}"


@pytest.mark.parametrize("path", ["", "/wait", "/leave", "/channel", "/move", "/cancel"])
def test_somebody_elses_visit_and_an_invented_one_do_not_exist(client, place, padron, clerk, path):
    visit = walks_in(place, padron)
    elsewhere = town.a_town("sobreira")
    db.session.commit()

    for code in (visit.code, "bcdfghjkmnpq"):
        answer = client.get(f"{town.base(elsewhere)}/en/visits/{code}{path}")
        assert answer.status_code == 404


@pytest.mark.parametrize("path", ["away", "leave", "earlier", "move", "channel"])
def test_nothing_is_pressed_in_somebody_elses_visit(client, place, padron, clerk, path):
    visit = walks_in(place, padron)
    elsewhere = town.a_town("sobreira")
    town.a_clerk(there := town.a_procedure())
    own = town.a_visit(town.a_wish(elsewhere, there), town.tomorrow_at(10))
    token = town.token_in(client.get(page_of(own, "/cancel")).text)

    answer = client.post(
        f"{town.base(elsewhere)}/en/visits/{visit.code}/{path}", data={"csrf_token": token}
    )

    assert answer.status_code == 404
    assert (visit.status, visit.wants_sms) == (Status.WAITING, False)


def heading(client, visit):
    """What the page asks for when something has changed."""
    answer = client.get(page_of(visit, "/wait?part=heading"), headers={"HX-Request": "true"})
    return answer.status_code, re.findall(r"<h1[^>]*>([^<]*)</h1>", answer.text)


def test_the_page_is_called_after_whom_they_are_talking_with(client, place, padron, clerk):
    visit = comes_in(town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=10)))
    assert heading(client, visit) == (200, ["Waiting room"])
    queue.call(clerk, visit)
    assert heading(client, visit) == (200, ["Waiting room"])
    queue.begin(visit)
    db.session.commit()

    page = room(client, visit)

    assert heading(client, visit) == (200, ["You are talking with Ana Pi"])
    assert "<title>You are talking with Ana Pi · Vilaclara</title>" in page
    assert 'data-title="You are talking with Ana Pi · Vilaclara"' in page


def test_whose_call_has_ended_is_left_where_it_says_so(client, place, padron, clerk):
    visit = comes_in(town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=10)))
    queue.call(clerk, visit)
    queue.begin(visit)
    booking.move_on(visit, Status.SERVED)
    db.session.commit()

    assert heading(client, visit) == (204, [])
