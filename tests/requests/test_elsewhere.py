"""To the town's gateway and back: signed both ways, once, for that amount and that text."""

import http.server
import threading
import urllib.error
import urllib.request
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import sqlalchemy as sa
import time_machine

from app.audit.models import AuditEntry
from app.core.db import db
from app.requests import queries, services
from app.requests.models import Kind, State, Way
from tests import town

SECRET = "only the gateway and we know"


class Gateway(http.server.BaseHTTPRequestHandler):
    """A stand-in: it looks at the signature, takes the money and sends people back, signed."""

    def do_GET(self):
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        signature = asked.pop("signature", "")
        if signature != queries.seal(SECRET, asked):
            self.send_error(403)
            return
        facts = {
            "reference": asked["reference"],
            "status": "signed" if asked["amount"] == "0" else "paid",
            "amount": asked["amount"],
            "digest": asked["digest"],
            "receipt": "R-2026-77",
        }
        facts["signature"] = queries.seal(SECRET, facts)
        self.send_response(303)
        self.send_header("Location", f"{asked['return']}?{urlencode(facts)}")
        self.end_headers()

    def log_message(self, *words):
        pass


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *words):
        return None


@pytest.fixture
def gateway(app, monkeypatch, place):
    server = http.server.HTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    entry = {"url": f"http://127.0.0.1:{server.server_port}/pay", "secret": SECRET}
    monkeypatch.setitem(app.config, "PAYMENT_GATEWAYS", {place.slug: entry})
    monkeypatch.setitem(app.config, "SIGNING_PAGES", {place.slug: entry})
    yield entry
    server.shutdown()
    server.server_close()


@pytest.fixture
def to_pay(gateway, ask):
    request = ask(Kind.PAY, "The fee", cents=1250)
    db.session.commit()
    return request


def go(visit, request):
    return f"{town.base(visit.town)}/ca/visits/{visit.code}/asked/{request.code}/go"


def through(citizen, visit, request):
    """As a browser follows: to the gateway, and the address it sends back to."""
    there = citizen.get(go(visit, request)).location
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.build_opener(Stay).open(there, timeout=5)
    answer.value.close()
    assert answer.value.code == 303
    return answer.value.headers["Location"]


def here(visit, address):
    """The same address on the host that the test's browser knows."""
    parts = urlsplit(address)
    return f"{town.base(visit.town)}{parts.path}?{parts.query}"


def test_what_was_paid_is_known_and_has_a_receipt(citizen, visit, to_pay):
    back = citizen.get(here(visit, through(citizen, visit, to_pay)))

    assert back.status_code == 200
    assert "R-2026-77" in back.text
    assert to_pay.state is State.DONE
    assert to_pay.answer == {"how": "elsewhere", "receipt": "R-2026-77"}


def test_the_same_return_twice_is_once(citizen, visit, to_pay):
    address = here(visit, through(citizen, visit, to_pay))
    first, again = citizen.get(address), citizen.get(address)

    assert (first.status_code, again.status_code) == (200, 200)
    name = sa.select(AuditEntry).where(AuditEntry.name == "RequestAnswered")
    assert len(db.session.scalars(name).all()) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "1"},
        {"reference": "bcdfghjkmnpq"},
        {"digest": "0" * 64},
        {"signature": "ñ" * 64},
        {"signature": ""},
        {"receipt": "R-1"},
    ],
)
def test_a_return_that_was_changed_is_turned_away_and_written_down(citizen, visit, to_pay, change):
    address = through(citizen, visit, to_pay)
    facts = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    path = urlsplit(address).path

    back = citizen.get(f"{town.base(visit.town)}{path}?{urlencode({**facts, **change})}")

    assert back.status_code == 400
    assert to_pay.is_open
    name = sa.select(AuditEntry).where(AuditEntry.name == "ReturnTurnedAway")
    assert len(db.session.scalars(name).all()) == 1


def test_a_return_with_another_amount_signed_by_the_gateway_is_not_enough(citizen, visit, to_pay):
    facts = {
        "reference": to_pay.code,
        "status": "paid",
        "amount": "1",
        "digest": to_pay.text_digest,
        "receipt": "R-1",
    }
    signature = queries.seal(SECRET, facts)
    path = go(visit, to_pay).removesuffix("go") + "back"

    back = citizen.get(f"{path}?{urlencode({**facts, 'signature': signature})}")

    assert back.status_code == 400
    assert to_pay.is_open


def test_who_gave_up_at_the_gateway_may_try_again(citizen, visit, to_pay):
    facts = {
        "reference": to_pay.code,
        "status": "cancelled",
        "amount": "1250",
        "digest": to_pay.text_digest,
        "receipt": "",
    }
    signature = queries.seal(SECRET, facts)
    path = go(visit, to_pay).removesuffix("go") + "back"

    back = citizen.get(f"{path}?{urlencode({**facts, 'signature': signature})}")

    assert back.status_code == 200
    assert to_pay.is_open
    assert citizen.get(go(visit, to_pay)).status_code == 303


def test_what_was_paid_after_it_was_withdrawn_is_known_all_the_same(citizen, visit, to_pay):
    address = here(visit, through(citizen, visit, to_pay))
    services.withdraw(to_pay)
    db.session.commit()

    assert citizen.get(address).status_code == 200

    assert to_pay.state is State.DONE
    assert to_pay.answer["is_late"] is True


def test_nobody_is_sent_away_for_what_is_not_asked_of_them_now(citizen, visit, ask, gateway):
    ask(title="First")
    waits = ask(Kind.PAY, "The fee", cents=1250)
    text = ask(title="A text")
    db.session.commit()

    assert citizen.get(go(visit, waits)).status_code == 409
    assert citizen.get(go(visit, text)).status_code == 409


def test_a_text_is_signed_on_the_page_of_the_town(citizen, visit, ask, gateway):
    request = ask(Kind.SIGN, "Sign your application", way=Way.LINK)
    db.session.commit()

    back = citizen.get(here(visit, through(citizen, visit, request)))

    assert back.status_code == 200
    assert request.state is State.DONE
    assert queries.signed_texts(visit)[0]["answer"]["receipt"] == "R-2026-77"


def test_without_a_gateway_nothing_can_be_paid(visit, client, clerk):
    town.enter(client, clerk)
    page = client.get(f"{town.base(visit.town)}/desk/visits/{visit.code}/requests/new").text

    assert 'value="paper"' in page
    assert 'value="pay"' not in page


def test_what_was_done_too_late_says_when_it_was_done_and_not_when_its_time_was_over(
    citizen, visit, to_pay
):
    address = through(citizen, visit, to_pay)
    services.withdraw(to_pay)
    db.session.commit()
    withdrawn_at = to_pay.answered_at

    with time_machine.travel(withdrawn_at + timedelta(minutes=20), tick=False):
        citizen.get(here(visit, address))

    assert to_pay.answer["is_late"]
    assert to_pay.answered_at == withdrawn_at + timedelta(minutes=20)
