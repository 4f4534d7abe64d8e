"""Keys, signatures and news: what another machine may ask, once, and what it is told."""

import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import schemathesis
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode

from app.accounts.models import Role
from app.booking import services as booking
from app.core import clock
from app.core.db import db
from app.insight import services
from app.insight.errors import AddressUnfit
from app.insight.interface import description
from app.insight.models import ApiKey, ApiNonce, Posted, Scope, WebhookPost
from app.insight.services.webhooks import CannotReach, refuse_unfit, resolved
from tests import town
from tests.insight.machine import a_key, a_listener, ask, headers_for

VISITS = "/api/v1/visits?day=2026-12-01"


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def padron(place):
    padron = town.a_procedure()
    town.a_clerk(padron)
    return padron


@pytest.fixture
def lax(app, monkeypatch):
    monkeypatch.setitem(app.config, "WEBHOOKS_TO_THIS_MACHINE", True)


def test_a_signed_request_is_answered_and_the_same_again_is_not(client, place, padron):
    key, path = a_key(), "/api/v1/catalogue"
    headers = headers_for(key, path)

    first = client.get(f"{town.base(place)}{path}", headers=headers)
    again = client.get(f"{town.base(place)}{path}", headers=headers)

    assert first.status_code == 200
    assert first.json["procedures"][0]["slug"] == "padron"
    assert again.status_code == 409
    assert again.json["status"] == 409


@pytest.mark.parametrize(
    "change",
    [
        {"Ventanilla-Signature": "0" * 64},
        {"Ventanilla-Signature": "á"},
        {"Ventanilla-Time": "1"},
        {"Ventanilla-Time": "٣" * 6},
        {"Ventanilla-Time": "9" * 30},
        {"Ventanilla-Nonce": "short"},
        {"Ventanilla-Nonce": "x" * 65},
        {"Ventanilla-Key": "bcdfghjkmnpq"},
        {"Ventanilla-Key": ""},
    ],
)
def test_what_is_not_signed_well_is_refused_and_leaves_no_trace(client, place, change):
    key = a_key()
    headers = {**headers_for(key, VISITS), **change}

    answer = client.get(f"{town.base(place)}{VISITS}", headers=headers)

    assert answer.status_code == 401
    assert db.session.query(ApiNonce).count() == 0


def test_a_signature_for_another_address_is_none(client, place):
    headers = headers_for(a_key(), VISITS)

    answer = client.get(f"{town.base(place)}/api/v1/visits?day=2026-12-02", headers=headers)

    assert answer.status_code == 401


def test_a_request_from_an_hour_ago_is_refused(client, place):
    long_ago = int((clock.now() - timedelta(hours=1)).timestamp())

    assert ask(client, town.base(place), a_key(), VISITS, at=long_ago).status_code == 401


def test_a_key_opens_only_what_it_was_made_for(client, place):
    key = a_key(Scope.FIGURES)

    assert ask(client, town.base(place), key, VISITS).status_code == 403
    assert ask(client, town.base(place), key, "/api/v1/figures").status_code == 200


def test_a_key_that_ended_opens_nothing(client, place):
    key = a_key()
    services.end_key(key)
    db.session.commit()

    assert ask(client, town.base(place), key, VISITS).status_code == 401


def test_the_key_of_one_town_opens_nothing_of_another(client, place):
    key = a_key()
    other = town.a_town("etxalde")
    town.a_clerk(town.a_procedure())
    db.session.commit()

    assert ask(client, town.base(other), key, VISITS).status_code == 401


def test_visits_are_told_without_names_telephones_or_links(client, place, padron):
    visit = town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))
    day = visit.starts_at.astimezone(place.zone).date().isoformat()

    answer = ask(client, town.base(place), a_key(), f"/api/v1/visits?day={day}")

    (told,) = answer.json["visits"]
    assert told["procedure"] == "padron"
    assert told["status"] == "booked"
    for secret in (visit.code, visit.phone, visit.name, f'"{visit.id}"'):
        assert secret not in answer.text


@pytest.mark.parametrize("query", ["", "?day=x", "?day=2026-02-30", "?day=2026-1-1", "?day=%00"])
def test_a_day_that_is_none_is_said(client, place, query):
    answer = ask(client, town.base(place), a_key(), f"/api/v1/visits{query}")

    assert answer.status_code == 400
    assert answer.json["title"]


def test_the_description_is_made_from_what_answers(app, client, place):
    told = client.get(f"{town.base(place)}/api/openapi.json").json

    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    assert set(told["paths"]) == rules


def test_whatever_the_description_allows_is_answered_as_it_says(app, client, place, padron):
    """Schemathesis: requests that are right and wrong, and answers that must be as described."""
    town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))
    key, base = a_key(), town.base(place)
    schema = schemathesis.openapi.from_dict(description(base))
    asked = set()

    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=12,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=one_of(*map(operation.as_strategy, GenerationMode)))
        def answers_as_described(case):
            query = urlencode(case.query or {}, doseq=True)
            path = case.path + (f"?{query}" if query else "")
            answer = ask(client, base, key, path)
            asked.add((case.path, answer.status_code))
            assert answer.status_code != 401, "it was signed"
            case.operation.validate_response(answer)

        answers_as_described()

    assert {path for path, status in asked if status == 200} == {
        "/api/v1/catalogue",
        "/api/v1/figures",
        "/api/v1/visits",
    }


def test_a_stolen_register_signs_nothing(place):
    key = a_key()
    row = db.session.query(ApiKey).one()

    assert services.secret_of(key) not in repr(vars(row))


def test_news_leave_once_signed_and_without_a_name(client, place, padron, lax):
    with a_listener() as listener:
        webhook = services.make_webhook(listener.address)
        db.session.commit()
        visit = town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))

        assert services.deliver_due() == 1
        assert services.deliver_due() == 0

    ((headers, body, path),) = listener.heard
    text = b".".join((headers["Ventanilla-Time"].encode(), headers["Ventanilla-Id"].encode(), body))
    secret = services.webhook_secret(webhook).encode()
    assert hmac.new(secret, text, hashlib.sha256).hexdigest() == headers["Ventanilla-Signature"]
    assert path == "/news?town=1"
    told = json.loads(body)
    assert told["name"] == "VisitBooked"
    assert told["facts"]["procedure"] == "padron"
    assert visit.code not in body.decode()
    assert visit.phone not in body.decode()


def test_what_does_not_arrive_is_tried_again_with_longer_pauses(place, padron, lax):
    with a_listener() as listener:
        listener.answers = [500, 302, 204]
        services.make_webhook(listener.address)
        town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))
        now = clock.now()
        for minutes in (0, 2, 10):
            with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
                services.deliver_due()
                services.deliver_due()

    post = db.session.query(WebhookPost).one()
    assert (post.state, post.attempts, len(listener.heard)) == (Posted.SENT, 3, 3)
    assert len({headers["Ventanilla-Id"] for headers, _body, _path in listener.heard}) == 1


def test_nothing_is_told_of_what_was_undone(place, padron, lax):
    services.make_webhook("http://127.0.0.1:9/")
    db.session.commit()
    hold = town.a_hold(town.a_wish(place, padron), town.tomorrow_at(10))
    booking.book(hold)

    db.session.rollback()

    assert db.session.query(WebhookPost).count() == 0


def test_an_address_that_ended_is_told_nothing_more(place, padron, lax):
    with a_listener() as listener:
        webhook = services.make_webhook(listener.address)
        town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))
        services.end_webhook(webhook)
        db.session.commit()
        services.deliver_due()

    assert listener.heard == []
    assert db.session.query(WebhookPost).one().state is Posted.DROPPED


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://2130706433/",
        "https://intranet/",
        "https://printer.local/",
        "https://user:word@example.org/",
        "https://example.org:8443/",
        "https://example.org/#x",
        "https:///nowhere",
        "https://exam ple.org/",
        "https://example.org/\u202e",
        "ftp://example.org/",
        "https://example.org:99999/",
        "javascript:alert(1)",
        "https://" + "x" * 400,
    ],
)
def test_an_address_of_our_own_network_is_refused(place, address):
    with pytest.raises(AddressUnfit):
        services.make_webhook(address)


def test_a_name_that_leads_into_our_network_is_not_connected_to(app, place, monkeypatch):
    import socket

    def leads_home(*args, **kwargs):
        public, own = ("93.184.216.34", 443), ("10.0.0.1", 443)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in (public, own)]

    monkeypatch.setattr(socket, "getaddrinfo", leads_home)

    with pytest.raises(CannotReach):
        resolved(refuse_unfit("https://news.example.org/"))


def test_a_secret_is_shown_once(client, place):
    town.enter(client, town.a_supervisor("Ona", Role.ADMINISTRATOR))
    page = f"{town.base(place)}/office/machines"

    made = town.send(client, f"{page}/keys", page, name="Padrón", scopes="figures")
    later = client.get(page)

    key = db.session.query(ApiKey).one()
    assert services.secret_of(key) in made.text
    assert services.secret_of(key) not in later.text
    assert key.code in later.text


@pytest.mark.parametrize("fields", [{}, {"name": "x"}, {"name": "x", "scopes": "everything"}])
def test_a_key_without_a_name_or_a_purpose_is_not_made(client, place, fields):
    town.enter(client, town.a_supervisor("Ona", Role.ADMINISTRATOR))
    page = f"{town.base(place)}/office/machines"

    assert town.send(client, f"{page}/keys", page, **fields).status_code == 422
    assert db.session.query(ApiKey).count() == 0


def test_who_only_plans_makes_no_keys(client, place):
    town.enter(client, town.a_supervisor())

    assert client.get(f"{town.base(place)}/office/machines").status_code == 403
