"""Continue on my phone, bring my phone, and appointments found with digits alone."""

import re

import pytest

from app.accounts import services as accounts
from app.booking import services as booking
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.kiosks import queries, services
from app.kiosks.models import Kiosk
from tests import town
from tests.kiosks.device import a_device, open_browser

HOME = "http://vilaclara.localhost"


@pytest.fixture
def place():
    return town.a_town(early_minutes=24 * 60)


@pytest.fixture
def kiosk(place):
    return a_device(place)


@pytest.fixture
def visit(place) -> Visit:
    """Booked for today, at the first time there is."""
    town.a_clerk(town.a_procedure())
    made = town.a_visit(town.a_wish(place, town.the_procedure("padron")))
    made.starts_at = clock.now()
    db.session.commit()
    return made


def square_of(client) -> str:
    """What the square of the screen leads to: its words are told to the telephone alone."""
    stay = queries.open_stay_of(queries.kiosks()[0])
    token, _ = services.offer(stay)
    db.session.commit()
    return f"{HOME}/ca/bring/{token}"


def test_the_screen_shows_a_square_an_address_and_a_number(client, kiosk):
    open_browser(client, kiosk)

    page = client.get(f"{HOME}/ca/kiosk/phone").text

    assert "<svg" in page
    assert re.search(r"\b\d{4} \d{4}\b", page)
    assert "/ca/bring" in page


def test_the_telephone_takes_the_visit_away_and_the_screen_is_over(client, app, kiosk, visit):
    open_browser(client, kiosk)
    stay = queries.open_stay_of(kiosk)
    services.attach(stay, visit)
    phone, square = app.test_client(), square_of(client)

    answer = town.send(phone, square, way="take")

    assert answer.location.endswith(f"/ca/visits/{visit.code}/wait")
    assert visit.status is Status.WAITING
    db.session.refresh(stay)
    assert stay.why == "telephone"
    assert client.get(f"{HOME}/ca/kiosk/call").status_code == 409


def test_a_square_is_used_once_and_looking_uses_nothing_up(client, app, kiosk):
    open_browser(client, kiosk)
    square = square_of(client)
    phone, other = app.test_client(), app.test_client()
    assert phone.get(square).status_code == 200
    assert phone.get(square).status_code == 200

    town.send(phone, square, way="take")

    assert other.get(square).status_code == 410


def test_whoever_took_it_away_and_presses_again_is_led_to_it_and_nobody_else_is(
    client, app, kiosk, visit
):
    open_browser(client, kiosk)
    services.attach(queries.open_stay_of(kiosk), visit)
    phone, other, square = app.test_client(), app.test_client(), square_of(client)
    page = phone.get(square).text
    town.send(phone, square, way="take")

    again = phone.post(square, data={"csrf_token": town.token_in(page), "way": "take"})

    assert again.location.endswith(f"/ca/visits/{visit.code}/wait")
    assert visit.status is Status.WAITING
    refused = other.get(square)
    assert refused.status_code == 410
    assert visit.code not in refused.text


def test_a_new_square_makes_the_old_one_useless(client, app, kiosk):
    open_browser(client, kiosk)
    old = square_of(client)
    client.get(f"{HOME}/ca/kiosk/phone")

    assert app.test_client().get(old).status_code == 410


def test_a_square_of_somebody_who_left_opens_nothing(client, app, kiosk):
    open_browser(client, kiosk)
    square = square_of(client)
    services.end(queries.open_stay_of(kiosk), "ended")
    db.session.commit()

    assert app.test_client().get(square).status_code == 410


def test_the_number_is_typed_where_no_square_can_be_read(client, app, kiosk):
    open_browser(client, kiosk)
    shown = client.get(f"{HOME}/ca/kiosk/phone").text
    number = re.search(r"kiosk__number\">([\d ]+)<", shown)[1]
    phone = app.test_client()

    assert town.send(phone, f"{HOME}/ca/bring", number="0000 0000").status_code == 422
    answer = town.send(phone, f"{HOME}/ca/bring", number=number)

    assert phone.get(HOME + answer.location).status_code == 200


def test_the_telephone_shows_the_screen_who_its_owner_is(client, app, kiosk, visit):
    open_browser(client, kiosk)
    square, phone = square_of(client), app.test_client()
    asked = town.send(phone, square, way="show")
    assert "/me/sign-in" in asked.location
    town.enter(phone, accounts.know_citizen(visit.phone, "ca"))

    town.send(phone, square, way="show")

    page = client.get(f"{HOME}/ca/kiosk/mine").text
    assert f"visit-{visit.code}" in page
    town.send(client, f"{HOME}/ca/kiosk/mine", visit=visit.code)
    db.session.refresh(visit)
    assert visit.status is Status.WAITING


def test_whoever_was_shown_is_forgotten_at_the_end(client, app, kiosk, visit):
    open_browser(client, kiosk)
    stay = queries.open_stay_of(kiosk)
    stay.citizen_id = accounts.know_citizen(visit.phone, "ca").id
    db.session.commit()

    services.end(stay, "ended")

    assert (stay.citizen_id, stay.visit_id) == (None, None)


def test_a_kiosk_is_no_telephone(client, kiosk):
    open_browser(client, kiosk)

    assert client.get(square_of(client)).status_code == 404


def test_the_printed_number_finds_the_visit_of_today(client, kiosk, visit):
    open_browser(client, kiosk)
    number = queries.number_of(visit)

    answer = town.send(client, f"{HOME}/ca/kiosk/appointment/number", number=number)

    assert answer.location.endswith("/ca/kiosk/call")
    assert queries.stay_of_visit(visit).kiosk_id == kiosk.id


@pytest.mark.parametrize("number", ["1234 5678", "", "12", "abcdefgh", "9" * 40, "-1"])
def test_a_number_that_is_none_changes_nothing(client, kiosk, visit, number):
    open_browser(client, kiosk)

    answer = town.send(client, f"{HOME}/ca/kiosk/appointment/number", number=number)

    assert answer.status_code in (409, 422)
    assert queries.open_stay_of(kiosk).visit_id is None


def test_a_number_of_another_day_or_of_a_visit_that_is_over_is_none(client, kiosk, visit):
    open_browser(client, kiosk)
    number = queries.number_of(visit)
    booking.cancel(visit, "citizen")
    db.session.commit()

    answer = town.send(client, f"{HOME}/ca/kiosk/appointment/number", number=number)

    assert answer.status_code == 409


def test_a_telephone_and_its_code_find_the_visit(client, kiosk, visit):
    open_browser(client, kiosk)
    answer = town.send(client, f"{HOME}/ca/kiosk/appointment/phone", phone="600 123 456")
    assert answer.location.endswith("/code")
    code = town.digits_sent(town.sent_to(town.PHONE)[-1])
    wrong = town.send(client, f"{HOME}/ca/kiosk/appointment/code", code="000000")
    assert wrong.status_code == 422

    answer = town.send(client, f"{HOME}/ca/kiosk/appointment/code", code=code)

    assert answer.location.endswith("/kiosk/mine")
    assert f"visit-{visit.code}" in client.get(f"{HOME}/ca/kiosk/mine").text


def test_an_unknown_telephone_gets_the_same_answer(client, kiosk, visit):
    open_browser(client, kiosk)

    answer = town.send(client, f"{HOME}/ca/kiosk/appointment/phone", phone="699 999 999")

    assert answer.location.endswith("/code")


def test_a_number_half_typed_by_the_last_person_is_nothing_to_the_next(client, kiosk, visit):
    open_browser(client, kiosk)
    town.send(client, f"{HOME}/ca/kiosk/appointment/phone", phone="600 123 456")

    open_browser(client, kiosk)

    assert client.get(f"{HOME}/ca/kiosk/appointment/code").location.endswith("/phone")
    assert client.get(f"{HOME}/ca/kiosk/mine").location.endswith("/appointment")


def test_one_appointment_is_at_one_screen(client, app, place, kiosk, visit):
    """Two people with the same paper, or one who goes to the screen beside: the last one has it."""
    other = Kiosk(name="Llar", key_digest=b"l" * 32)
    db.session.add(other)
    db.session.commit()
    beside = app.test_client()
    open_browser(client, kiosk)
    open_browser(beside, other)
    number = queries.number_of(visit)

    for browser in (client, beside):
        sent = town.send(browser, f"{HOME}/ca/kiosk/appointment/number", number=number)
        assert sent.location.endswith("/kiosk/call")

    assert queries.stay_of_visit(visit).kiosk_id == other.id
    assert client.get(f"{HOME}/ca/kiosk/call").location.endswith("/ca/kiosk/")
    assert beside.get(f"{HOME}/ca/kiosk/call").status_code == 200


def test_somebody_elses_visit_is_not_on_the_list(client, kiosk, visit):
    open_browser(client, kiosk)
    town.send(client, f"{HOME}/ca/kiosk/appointment/phone", phone="699 999 999")
    code = town.digits_sent(town.sent_to("+34699999999")[-1])
    town.send(client, f"{HOME}/ca/kiosk/appointment/code", code=code)

    town.send(client, f"{HOME}/ca/kiosk/mine", visit=visit.code)

    assert visit.status is Status.BOOKED
    assert queries.open_stay_of(kiosk).visit_id is None
