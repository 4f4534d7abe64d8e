"""A citizen sees what we hold about them, takes it away, corrects it, and has it erased."""

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.accounts import queries as accounts
from app.accounts.models import Account
from app.audit.models import AuditEntry
from app.booking.models import Status, Visit
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db
from app.identity.models import PhoneCode
from app.messaging.models import Message
from app.privacy.models import Blocking, DataRequest, RequestState
from app.towns.models import Town
from tests import town


@pytest.fixture
def place() -> Town:
    made = town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron)
    town.a_visit(town.a_wish(made, padron), town.tomorrow_at(10), name="Remei Sala")
    return made


def the_visit() -> Visit:
    return db.session.scalars(sa.select(Visit)).one()


def home(place: Town, path: str = "") -> str:
    return f"{town.base(place)}/ca/data{path}"


def come_in(client, place: Town, phone: str = town.PHONE) -> str:
    """Ask for a code, type it, and return the page with everything."""
    answer = town.send(client, home(place), phone=phone)
    assert answer.headers["Location"] == "/ca/data/code"
    digits = town.digits_sent(town.sent_to(phone)[-1])
    answer = town.send(client, home(place, "/code"), code=digits)
    assert answer.headers["Location"] == "/ca/data/mine", answer.text
    return client.get(home(place, "/mine")).text


def test_whoever_shows_their_telephone_sees_everything(client, place):
    page = come_in(client, place)

    for fact in ("600 12 34 56", "Remei Sala", "Register ca", "Reservada"):
        assert fact in page, fact
    assert "el vostre codi" not in page.lower()
    asked = db.session.scalars(sa.select(DataRequest)).one()
    assert asked.state is RequestState.DONE
    names = list(db.session.scalars(sa.select(AuditEntry.name)))
    assert names.count("DataSeen") == 1


def test_from_the_link_of_a_visit_the_number_need_not_be_typed_nor_is_it_told(client, place):
    url = f"{home(place)}?visit={the_visit().code}"
    page = client.get(url).text
    assert "456" in page
    assert "600123456" not in page.replace(" ", "")

    answer = town.send(client, url)

    assert answer.status_code == 303
    cookies = str([cookie.value for cookie in client._cookies.values()])
    assert "600123456" not in cookies
    with client.session_transaction(base_url=town.base(place)) as session:
        assert town.PHONE not in str(dict(session))


def test_the_code_of_a_booking_opens_nothing_here(client, place):
    from app.identity import services as identity

    town.send(client, home(place), phone=town.PHONE)
    identity.send_code(town.PHONE, the_visit().purpose, identity.Asker("", "x"))
    db.session.commit()
    digits = town.digits_sent(town.sent_to(town.PHONE)[-1])

    answer = town.send(client, home(place, "/code"), code=digits)

    assert answer.status_code == 422
    assert client.get(home(place, "/mine")).status_code == 410


def test_a_code_that_another_browser_asked_for_opens_nothing(app, client, place):
    town.send(client, home(place), phone=town.PHONE)
    digits = town.digits_sent(town.sent_to(town.PHONE)[-1])
    other = app.test_client()
    town.send(other, home(place), phone=town.PHONE)

    assert town.send(other, home(place, "/code"), code=digits).status_code == 422


def test_an_unknown_number_is_asked_for_its_code_all_the_same(client, place):
    page = come_in(client, place, "+34611222333")

    assert "No tenim dades d" in page
    assert client.get(home(place, "/mine/erase")).status_code == 410


@pytest.mark.parametrize("typed", ["", "12", "600", "+44 7911 123456", "x" * 500])
def test_what_is_no_mobile_is_said(client, place, typed):
    assert town.send(client, home(place), phone=typed).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PhoneCode)) == 0


@pytest.mark.parametrize(
    "path", ["/code", "/mine", "/mine/download", "/mine/correct", "/mine/erase"]
)
def test_nothing_is_seen_without_a_code(client, place, path):
    assert client.get(home(place, path)).status_code == 410


def test_the_page_closes_after_a_quarter_of_an_hour(client, place):
    come_in(client, place)

    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert client.get(home(place, "/mine")).status_code == 410


def test_closing_it_shuts_it_for_whoever_comes_next(client, place):
    come_in(client, place)

    town.send(client, home(place, "/mine/close"), home(place, "/mine"))

    assert client.get(home(place, "/mine")).status_code == 410


def test_it_can_be_taken_away_as_a_file_and_as_a_page(client, place):
    come_in(client, place)

    file = client.get(home(place, "/mine/download?as=json"))
    page = client.get(home(place, "/mine/download"))

    told = json.loads(file.text)
    assert told["held"]["person"][0]["phone"] == town.PHONE
    assert told["held"]["visits"][0]["name"] == "Remei Sala"
    assert told["held"]["visits"][0]["procedure"] == "padron"
    assert "attachment" in file.headers["Content-Disposition"]
    assert "Remei Sala" in page.text
    assert "<script" not in page.text
    assert 'lang="ca"' in page.text


def test_a_name_is_corrected_where_it_matters(client, place):
    come_in(client, place)

    answer = town.send(client, home(place, "/mine/correct"), name="  Remei\r\nSalas ", locale="es")

    assert answer.status_code == 303
    person = accounts.citizen_of(town.PHONE)
    assert (person.name, person.locale) == ("Remei Salas", "es")
    assert (the_visit().name, the_visit().reads) == ("Remei Salas", "es")
    written = str(list(db.session.scalars(sa.select(AuditEntry.facts))))
    assert "Salas" not in written


@pytest.mark.parametrize(
    "fields", [{"name": "x" * 81, "locale": "ca"}, {"name": "x", "locale": "xx"}]
)
def test_a_correction_that_cannot_be_is_said(client, place, fields):
    come_in(client, place)

    assert town.send(client, home(place, "/mine/correct"), **fields).status_code == 422
    assert accounts.citizen_of(town.PHONE).name == "Remei Sala"


def test_erasing_asks_first_and_then_blocks_at_once(client, place):
    come_in(client, place)
    page = client.get(home(place, "/mine/erase")).text
    assert "Register ca" in page, "the visit that would be cancelled"
    assert town.send(client, home(place, "/mine/erase")).status_code == 422
    assert the_visit().status is Status.BOOKED
    code = the_visit().code

    answer = town.send(client, home(place, "/mine/erase"), is_sure="y")

    blocked = db.session.scalars(sa.select(Blocking)).one()
    assert answer.headers["Location"] == f"/ca/data/erased/{blocked.code}"
    page = client.get(town.base(place) + answer.headers["Location"]).text
    assert blocked.code in page
    assert "Remei" not in page
    assert client.get(f"{town.base(place)}/ca/visits/{code}").status_code == 404
    assert client.get(home(place, "/mine")).status_code == 410
    assert accounts.citizen_of(town.PHONE) is None
    assert db.session.scalars(sa.select(Visit)).all() == []
    with sees_blocked():
        assert db.session.scalars(sa.select(Visit)).one().status is Status.CANCELLED


def test_the_message_that_it_is_cancelled_still_leaves(app, client, place):
    from app.messaging import services as messaging

    come_in(client, place)
    town.send(client, home(place, "/mine/erase"), is_sure="y")

    messaging.deliver_due()

    assert "anul" in app.extensions["sms"].sent[-1].body


def test_nobody_erases_while_they_are_being_attended(client, place):
    come_in(client, place)
    visit = the_visit()
    visit.status = Status.IN_SERVICE
    db.session.commit()

    answer = town.send(client, home(place, "/mine/erase"), is_sure="y")

    assert answer.status_code == 409
    assert db.session.scalars(sa.select(Blocking)).all() == []


def test_somebody_erased_may_come_again_as_somebody_new(client, place):
    come_in(client, place)
    town.send(client, home(place, "/mine/erase"), is_sure="y")
    wish = town.a_wish(place, town.the_procedure("padron"))

    visit = town.a_visit(wish, town.tomorrow_at(12), name="Remei Sala")

    assert visit.citizen.name == "Remei Sala"
    page = come_in(client, place)
    assert len(re.findall("Register ca", page)) == 1


def test_two_people_never_see_each_other(client, place):
    wish = town.a_wish(place, town.the_procedure("padron"))
    town.a_visit(wish, town.tomorrow_at(12), phone="+34600777888", name="Quim Vidal")

    page = come_in(client, place)

    assert "Quim" not in page
    assert "600 77" not in page


def test_another_town_holds_its_own(client, place):
    come_in(client, place)
    other = town.a_town("etxalde")
    db.session.commit()

    assert client.get(f"{town.base(other)}/ca/data/mine").status_code == 410


def test_the_privacy_page_says_how_long(client, place):
    page = client.get(f"{town.base(place)}/ca/privacy").text

    assert "1095 dies" in page
    assert 'href="/ca/data"' in page


def test_the_province_has_nobodys_data(client, place):
    assert client.get("http://localhost/ca/data").status_code == 404
    assert client.get("http://localhost/ca/privacy").status_code == 200


def test_every_message_is_shown_without_its_text(client, place):
    page = come_in(client, place)

    bodies = list(db.session.scalars(sa.select(Message.body)))
    assert bodies
    for body in bodies:
        assert body[:20] not in page


def test_what_is_held_is_told_of_a_citizen_and_of_nobody_of_the_staff(place):
    person = db.session.scalars(sa.select(Account).where(Account.role == "clerk")).one()

    assert accounts.citizen_of(person.phone or "") is None


def test_whoever_is_signed_in_needs_no_code_for_their_own_and_has_no_way_to_others(client, place):
    person = accounts.citizen_of(town.PHONE)
    wish = town.a_wish(place, town.the_procedure("padron"))
    other = town.a_visit(wish, town.tomorrow_at(12), phone="+34600777888", name="Quim Vidal")
    own = the_visit_of(person)
    town.enter(client, person)

    assert client.get(home(place)).headers["Location"] == "/ca/data/mine"
    assert client.get(f"{home(place)}?visit={own}").headers["Location"] == "/ca/data/mine"
    assert "888" in client.get(f"{home(place)}?visit={other.code}").text
    assert "Remei Sala" in client.get(home(place, "/mine")).text


def the_visit_of(person: Account) -> str:
    return db.session.scalars(sa.select(Visit.code).where(Visit.citizen_id == person.id)).one()
