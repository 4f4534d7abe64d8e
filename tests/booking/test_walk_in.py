"""Somebody wants to talk now: the range they are told, the code, and their place in the line."""

import secrets
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.booking import services
from app.booking.models import Status, Visit
from app.core.db import db
from app.identity import services as identity
from app.identity.services import Asker
from app.queue import services as queue
from app.schedule import queries as schedule
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
    person = town.a_clerk(padron)
    db.session.commit()
    return person


def at(place, path):
    return f"{town.base(place)}/en/{path}"


def now_page(place, channel="video"):
    return at(place, f"visits/now?procedure=padron&channel={channel}")


def send_phone(client, place, phone="600 12 34 56", channel="video", page=None):
    url = now_page(place, channel)
    page = page or client.get(url).text
    data = {
        "csrf_token": town.token_in(page),
        "token": town.field_in(page, "token"),
        "phone": phone,
        "name": "Pere",
    }
    return client.post(url, data=data)


def send_code(client, place, answer, typed=None):
    typed = typed or town.digits_sent(town.sent_to(town.PHONE)[-1])
    return town.send(client, f"{town.base(place)}{answer.location}", code=typed)


def visits():
    return list(db.session.scalars(sa.select(Visit).order_by(Visit.id)))


def somebody_waits(place, padron, phone):
    wish = town.a_wish(place, padron)
    fields = {"name": "", "reads": "ca", "needs": [], "form_token": secrets.token_urlsafe(24)}
    visit = services.book(queue.walk_in(wish, phone=phone, **fields))
    db.session.commit()
    return visit


def test_the_procedure_says_how_long_it_takes_to_talk_to_somebody_now(client, place, clerk):
    page = client.get(at(place, "procedures/padron")).text

    assert "Talk to somebody now" in page
    assert "Up to 5 minutes" in page
    assert "visits/now?procedure=padron&amp;channel=video" in page
    assert "visits/now?procedure=padron&amp;channel=phone" in page
    assert "channel=in_person" not in page[page.index("now-title") : page.index('id="ways"')]


def test_without_anybody_on_duty_nothing_is_promised(client, place, padron):
    town.a_clerk(padron, hours=(time(16), time(18)))
    db.session.commit()

    assert "Talk to somebody now" not in client.get(at(place, "procedures/padron")).text


def test_by_video_one_goes_from_the_code_straight_to_the_waiting_room(client, place, clerk):
    answer = send_phone(client, place)
    assert answer.location.startswith("/en/visits/new?hold=")
    code_page = client.get(f"{town.base(place)}{answer.location}").text
    assert "Get in the line" in code_page
    assert "/en/visits/now?procedure=padron&amp;channel=video" in code_page

    done = send_code(client, place, answer)

    visit = visits()[0]
    assert done.location == f"/en/visits/{visit.code}/wait"
    assert (visit.status, visit.is_walk_in) == (Status.WAITING, True)
    room = client.get(f"{town.base(place)}{done.location}").text
    assert 'id="place-words" data-tells><strong>You are the next one' in room
    assert "Your visit is at" not in room
    assert visit.code in town.sent_to(town.PHONE)[-1]
    assert queue.call_next(clerk) is visit


def test_by_telephone_one_is_in_the_line_and_is_called(client, place, clerk):
    done = send_code(client, place, send_phone(client, place, channel="phone"))

    visit = visits()[0]
    assert done.location == f"/en/visits/{visit.code}?done=1"
    page = client.get(f"{town.base(place)}{done.location}").text
    assert "You are in the line" in page
    assert "You are the next one" in page
    assert "when it is your turn" in page
    assert "ticket__time" not in page
    assert queue.call_next(clerk) is visit
    assert "is calling you" in client.get(at(place, f"visits/{visit.code}")).text


@pytest.mark.parametrize("when", ["before the form", "after the form"])
def test_a_line_that_has_closed_leads_to_the_times(client, place, clerk, when):
    page = client.get(now_page(place)).text
    queue.set_counter(clerk, CounterState.CLOSED)
    db.session.commit()

    answer = client.get(now_page(place)) if when[0] == "b" else send_phone(client, place, page=page)

    assert answer.status_code == 409
    assert "procedures/padron/times?channel=video" in answer.text
    assert visits() == []
    assert town.sent_to(town.PHONE) == []


def test_the_form_sent_twice_is_one_place_and_one_code(client, place, clerk):
    page = client.get(now_page(place)).text

    first, second = (send_phone(client, place, page=page) for _ in range(2))

    assert first.location == second.location
    assert len(visits()) == 1
    assert len(town.sent_to(town.PHONE)) == 1


def test_the_code_typed_twice_is_one_place(client, place, clerk):
    answer = send_phone(client, place)
    hold = answer.location.split("=")[1]
    typed = town.digits_sent(town.sent_to(town.PHONE)[-1])
    url = f"{town.base(place)}{answer.location}"
    token = town.token_in(client.get(url).text)
    places = []
    for _ in range(2):
        with client.session_transaction(base_url=town.base(place)) as session:
            session["hold"] = hold
        places.append(client.post(url, data={"csrf_token": token, "code": typed}).location)

    assert places[0] == places[1] == f"/en/visits/{hold}/wait"
    assert len(visits()) == 1


@pytest.mark.parametrize("typed", ["", "123", "806 12 34 56"])
def test_a_number_that_is_none_takes_no_place(client, place, clerk, typed):
    answer = send_phone(client, place, typed)

    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert visits() == []


def test_a_wrong_code_takes_no_place(client, place, clerk):
    answer = send_phone(client, place)
    right = town.digits_sent(town.sent_to(town.PHONE)[-1])

    refused = send_code(client, place, answer, f"{(int(right) + 1) % 1_000_000:06d}")

    assert refused.status_code == 422
    assert visits()[0].status is Status.HELD
    assert client.get(at(place, f"visits/{visits()[0].code}")).status_code == 404


def test_the_code_typed_too_late_takes_no_place(client, place, clerk, ten_o_clock):
    answer = send_phone(client, place)
    services.expire(visits()[0])
    db.session.commit()

    assert send_code(client, place, answer).status_code == 409
    assert visits()[0].status is Status.EXPIRED


def test_only_the_browser_that_asked_may_confirm(app, client, place, clerk):
    answer = send_phone(client, place)

    assert app.test_client().get(f"{town.base(place)}{answer.location}").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "",
        "procedure=padron",
        "procedure=padron&channel=smoke",
        "procedure=padron&channel=in_person",
        "procedure=nothing&channel=video",
    ],
)
def test_a_broken_address_does_not_exist(client, place, clerk, query):
    assert client.get(at(place, f"visits/now?{query}")).status_code == 404


def test_who_talks_now_gives_back_the_time_they_were_holding(client, place, padron, clerk):
    wish = town.a_wish(place, padron)
    held = town.a_hold(wish, town.tomorrow_at(10), phone="+34600000001")
    with client.session_transaction(base_url=town.base(place)) as session:
        session["hold"] = held.code

    send_phone(client, place)

    assert schedule.free_at(wish, held.starts_at)
    assert held.status is Status.EXPIRED


def test_who_has_as_many_visits_as_the_town_allows_gets_no_place(client, place, padron, clerk):
    place.visits_per_phone = 1
    town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))

    answer = send_code(client, place, send_phone(client, place))

    assert answer.status_code == 409
    assert "several visits booked" in answer.text
    assert visits()[1].status is Status.HELD


def test_more_time_for_the_code_is_given_in_the_line_too(client, place, clerk, ten_o_clock):
    answer = send_phone(client, place)
    url = f"{town.base(place)}{answer.location}"
    token = town.token_in(client.get(url).text)
    ten_o_clock.shift(timedelta(minutes=9))

    more = client.post(url.replace("/new?", "/new/extend?"), headers={"X-CSRFToken": token})

    assert more.status_code == 204
    assert int(more.headers["X-Session-Seconds"]) == 600


def test_codes_are_not_sent_without_end(client, place, clerk):
    for _ in range(3):
        identity.send_code(town.PHONE, "other", Asker("127.0.0.1", place.host))
    db.session.commit()

    answer = send_phone(client, place)

    assert answer.status_code == 429
    assert visits() == []


def test_the_page_of_a_procedure_costs_the_same_however_long_the_line(
    client, place, padron, clerk, statements
):
    url = at(place, "procedures/padron")
    client.get(url)
    counts = []
    for days, people in ((1, 1), (30, 3)):
        place.horizon_days = days
        for number in range(people):
            somebody_waits(place, padron, f"+3460000{days:02d}0{number}")
        statements.clear()
        assert "Talk to somebody now" in client.get(url).text
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 12
