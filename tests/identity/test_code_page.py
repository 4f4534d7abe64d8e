"""The page of the code: what it offers, to whom, and that it tells a stranger nothing."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.booking.forms import written_start
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.messaging.models import Message, MessageState, Way
from tests import town

OTHER = "+34600999999"
LANDLINE = "972 20 20 20"


@pytest.fixture
def wish():
    place = town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron)
    return town.a_wish(place, padron)


@pytest.fixture
def wait(time_machine):
    time_machine.move_to(clock.now())
    return lambda seconds: time_machine.shift(timedelta(seconds=seconds))


def ask(client, wish, phone="600 12 34 56", hour=10, lang="en"):
    """The form with the telephone, sent; the address of the page of the code."""
    starts = written_start(town.tomorrow_at(hour))
    url = f"{town.base(wish.town)}/{lang}/visits/new?procedure=padron&channel=video&starts={starts}"
    page = client.get(url).text
    token = town.field_in(page, "token")
    data = {"csrf_token": town.token_in(page), "token": token, "phone": phone, "name": ""}
    answer = client.post(url, data=data)
    assert answer.status_code == 303, answer.text
    return f"{town.base(wish.town)}{answer.location}"


def ways_sent():
    return list(db.session.scalars(sa.select(Message.way).order_by(Message.id)))


def test_there_is_one_field_that_the_telephone_can_fill(client, wish):
    answer = client.get(ask(client, wish))

    (field,) = re.findall(r'<input[^>]*id="code"[^>]*>', answer.text)
    assert 'autocomplete="one-time-code"' in field
    assert 'inputmode="numeric"' in field
    assert 'type="text"' in field
    assert "otp-credentials=(self)" in answer.headers["Permissions-Policy"]


def test_a_call_is_offered_once_a_message_may_have_been_lost(client, wish, wait):
    here = ask(client, wish)

    assert "Call me and read it aloud" not in client.get(here).text
    wait(31)
    again = town.send(client, here.replace("/new?", "/new/code?"), here, way="sms")
    page = client.get(f"{town.base(wish.town)}{again.location}").text

    assert "We have sent you another message" in page
    assert "Call me and read it aloud" in page


def test_a_call_is_offered_to_who_writes_a_wrong_code(client, wish):
    here = ask(client, wish)
    right = town.digits_sent(town.sent_to(town.PHONE)[-1])

    refused = town.send(client, here, code=f"{(int(right) + 1) % 1_000_000:06d}")

    assert refused.status_code == 422
    assert "Call me and read it aloud" in refused.text


def test_the_code_of_the_call_books_the_visit(client, wish, wait):
    here = ask(client, wish)
    wait(31)
    again = town.send(client, here.replace("/new?", "/new/code?"), here, way="call")
    body = town.sent_to(town.PHONE)[-1]
    digits = "".join(re.findall(r"\d", "".join(re.findall(r"^\d, \d$", body, re.M)[:3])))

    done = town.send(client, here, code=digits)

    assert "again=call" in again.location
    assert ways_sent()[:2] == [Way.SMS, Way.CALL]
    assert done.status_code == 303
    assert db.session.scalars(sa.select(Visit)).one().status is Status.BOOKED


def test_a_landline_hears_the_code_and_is_told_to_keep_the_page(client, wish):
    here = ask(client, wish, LANDLINE)
    page = client.get(here).text
    body = town.sent_to("+34972202020")[-1]
    digits = "".join(re.findall(r"\d", "".join(re.findall(r"^\d, \d$", body, re.M)[:3])))

    done = town.send(client, here, code=digits)
    visit = client.get(f"{town.base(wish.town)}{done.location}").text

    assert "A voice reads the code twice. Press 1 when it asks you to." in re.sub(r"\s+", " ", page)
    assert "Call me again" in page
    assert "Send another code" not in page
    assert ways_sent()[0] is Way.CALL
    assert "print it or write down its address" in visit


def test_where_nobody_can_call_a_landline_is_refused(client, app, wish, monkeypatch):
    monkeypatch.setattr(app.extensions["sms"], "can_call", False)
    starts = written_start(town.tomorrow_at(10))
    url = f"{town.base(wish.town)}/en/visits/new?procedure=padron&channel=video&starts={starts}"

    answer = town.send(client, url, phone=LANDLINE, token="t" * 32)

    assert answer.status_code == 422
    assert "This is a landline" in answer.text
    assert ways_sent() == []


@pytest.mark.parametrize(
    ("lang", "says"), [("oc", "catalan"), ("ca", None), ("eu", None), ("va", None)]
)
def test_who_will_hear_another_language_is_told_before(client, wish, wait, lang, says):
    here = ask(client, wish, lang=lang)
    wait(31)
    again = town.send(client, here.replace("/new?", "/new/code?"), here, way="sms")

    page = client.get(f"{town.base(wish.town)}{again.location}").text

    offer = page.split('id="code-call"')[1].split("</form>")[0]
    assert ("catal" in offer) is (says is not None)


def test_the_answer_is_the_same_for_a_number_we_know_and_one_we_do_not(client, wish, statements):
    """The same page, and the same questions to the register, which is what takes the time."""
    town.a_visit(wish, town.tomorrow_at(9), phone=town.PHONE)
    seen = []
    for phone, hour in (("600 99 99 99", 12), ("600 12 34 56", 11)):
        browser = client.application.test_client()
        ask(browser, wish, phone, hour=hour + 4)  # whatever is learnt once is known
        statements.clear()
        here = ask(browser, wish, phone, hour=hour)
        asked = [one for one in statements if "SAVEPOINT" not in one]
        page = re.sub(r'(value|content|action|hx-post)="[^"]*"', "", browser.get(here).text)
        page = re.sub(r"hold=\w+|T1[0-9]00Z", "", page).replace("999", "___").replace("456", "___")
        seen.append((asked, page))

    assert seen[0][0] == seen[1][0]
    for unknown, known in zip(seen[0][1].splitlines(), seen[1][1].splitlines(), strict=True):
        assert unknown == known


def test_another_browser_can_neither_try_nor_send_a_code(client, app, wish):
    here = ask(client, wish)
    stranger = app.test_client()
    right = town.digits_sent(town.sent_to(town.PHONE)[-1])
    token = town.token_in(stranger.get(f"{town.base(wish.town)}/en/visits/{'x' * 12}").text)

    tried = stranger.post(here, data={"csrf_token": token, "code": right})
    sent = stranger.post(here.replace("/new?", "/new/code?"), data={"csrf_token": token})

    assert (tried.status_code, sent.status_code) == (404, 404)
    assert db.session.scalars(sa.select(Visit)).one().status is Status.HELD
    assert len(ways_sent()) == 1


def test_a_browser_that_confirmed_before_is_known_and_says_nothing_to_others(client, app, wish):
    here = ask(client, wish)
    town.send(client, here, code=town.digits_sent(town.sent_to(town.PHONE)[-1]))

    with client.session_transaction(base_url=town.base(wish.town)) as session:
        known = session["phones"]
    assert len(known) == 1
    assert town.PHONE[1:] not in str(known)


@pytest.mark.parametrize("known", ["x", {"a": 1}, [1, None], 7])
def test_an_odd_session_is_nobody_known(client, wish, known):
    with client.session_transaction(base_url=town.base(wish.town)) as session:
        session["phones"] = known

    here = ask(client, wish)
    done = town.send(client, here, code=town.digits_sent(town.sent_to(town.PHONE)[-1]))

    assert done.status_code == 303


def test_who_asks_for_codes_without_end_is_told_how_long_to_wait(client, app, wish, monkeypatch):
    monkeypatch.setitem(app.config, "CODE_REQUESTS_PER_MINUTE", 3)
    here = ask(client, wish)
    for _ in range(2):
        town.send(client, here, code="1")

    refused = town.send(client, here, code="1")

    assert refused.status_code == 429
    assert "Please wait" in refused.text
    assert int(refused.headers["Retry-After"]) in range(1, 62)
    assert wish.town.phone.replace(" ", "\u00a0") in refused.text
    assert client.get(here).status_code == 200


def test_who_waits_for_a_message_that_was_lost_is_told_and_offered_a_call(client, wish):
    here = ask(client, wish)
    message = db.session.scalars(sa.select(Message)).one()
    message.state = MessageState.FAILED
    db.session.commit()

    page = client.get(here).text
    again = town.send(client, here.replace("/new?", "/new/code?"), here, way="call")

    assert "did not arrive" in page
    assert "Call me and read it aloud" in page
    assert 'data-seconds="0"' in page
    assert "again=call" in again.location


@pytest.mark.parametrize(
    "host", ["VILACLARA.localhost", "vilaclara.localhost.", "vilaclara.localhost:80"]
)
def test_the_message_names_the_host_as_the_town_writes_it(client, wish, host):
    here = ask(client, wish).replace("http://vilaclara.localhost", "")
    page = client.get(here, headers={"Host": host})

    if page.status_code == 200:
        client.post(
            here.replace("/new?", "/new/code?"),
            data={"csrf_token": town.token_in(page.text)},
            headers={"Host": host},
        )

    for body in town.sent_to(town.PHONE):
        assert re.search(r"\n@vilaclara\.localhost #\d{6}$", body)
