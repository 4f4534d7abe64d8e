"""To a real provider and back: what fits is shown and confirmed, what does not changes nothing."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
import time_machine

from app import create_app
from app.assurance import jobs, queries, services
from app.assurance.models import AttemptState, EidAttempt, Method
from app.audit.models import AuditEntry
from app.booking import services as booking
from app.core import clock
from app.core.db import db
from app.identity import eid
from app.towns.models import DocumentRule, Level
from tests import town
from tests.counter import a_free_port
from tests.identity.provider import walk

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def providers(app, provider, place):
    """Two real ones, chosen by the town."""
    for settings in (provider.oidc, provider.valid):
        eid.offer(app, settings)
    place.eid_providers = ["real", "valid"]
    db.session.commit()
    yield
    app.extensions["eid"].clear()


def page(visit, path=""):
    return f"{town.base(visit.town)}/en/visits/{visit.code}/identify{path}"


def leave_for(browser, visit, name="real"):
    """Press the button of that provider; where the script then leads."""
    token = town.token_in(browser.get(page(visit)).text)
    answer = browser.post(page(visit, f"/with/{name}"), data={"csrf_token": token}, headers=HTMX)
    assert answer.status_code == 204, answer.text
    return answer.headers["HX-Redirect"]


def come_back(browser, address, town_base="http://vilaclara.localhost"):
    """To the path that the provider said, on the host of the tests."""
    there = urlsplit(address)
    return browser.get(f"{town_base}{there.path}?{there.query}")


def refused():
    found = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.name == "EidRefused"))
    return [entry.facts["reason"] for entry in found]


def state():
    """Everything that an identification could change."""
    rows = sa.text("SELECT count(*), max(level) FROM assurance WHERE method = 'eid'")
    return tuple(db.session.execute(rows).one())


# --- the way --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["real", "valid"])
def test_the_whole_way(client, visit, name):
    visit.name = ""
    back = walk(leave_for(client, visit, name), "miren")

    answer = come_back(client, back)

    assert answer.location.endswith(f"/visits/{visit.code}/identify")
    shown = client.get(page(visit)).text
    assert "Miren Agirre Etxeberria" in shown
    assert "***0000**" in shown
    assert "00000000T" not in shown
    assert queries.level_of(visit) is Level.PHONE
    town.send(client, page(visit, "/me"), page(visit), answer="yes")
    row = queries.standing(visit).best
    assert (row.method, row.level, row.name) == (Method.EID, Level.EID, "Miren Agirre Etxeberria")
    assert (row.document, row.document_rule) == ("***0000**", DocumentRule.MASKED)
    assert row.evidence["provider"] == name
    assert row.evidence["level"] == "substantial"
    assert any(str(text).startswith("sha-256:") for text in row.evidence.values())
    assert visit.name == "Miren Agirre Etxeberria"


def test_without_a_script_a_link_leads_there(client, visit):
    answer = town.send(client, page(visit, "/with/real"), page(visit))

    assert answer.status_code == 200
    assert 'id="eid-go"' in answer.text
    assert "code_challenge=" in answer.text


def test_who_is_another_says_so_and_nothing_is_kept(client, visit):
    come_back(client, walk(leave_for(client, visit), "miren"))

    town.send(client, page(visit, "/me"), page(visit), answer="no")

    assert state() == (0, None)
    attempt = db.session.scalars(sa.select(EidAttempt)).one()
    assert attempt.claims == {}
    assert 'id="eid-real"' in client.get(page(visit)).text


@pytest.mark.parametrize(
    ("rule", "left"),
    [(DocumentRule.NOTHING, ""), (DocumentRule.FULL, "00000000T")],
)
def test_the_number_is_kept_as_the_town_says_from_the_first_moment(
    client, visit, place, rule, left
):
    place.document_rule = rule
    db.session.commit()
    come_back(client, walk(leave_for(client, visit), "miren"))
    claims = db.session.scalars(sa.select(EidAttempt)).one().claims
    assert ("00000000T" in str(claims)) is (rule is DocumentRule.FULL)

    town.send(client, page(visit, "/me"), page(visit), answer="yes")

    row = queries.standing(visit).best
    assert row.document == left
    assert (row.document_until is not None) is (rule is DocumentRule.FULL)


def test_a_low_level_is_written_down_and_is_not_enough(client, visit, padron):
    padron.assurance = {"enter": "eid"}
    come_back(client, walk(leave_for(client, visit), "aina"))
    town.send(client, page(visit, "/me"), page(visit), answer="yes")

    assert queries.level_of(visit) is Level.PHONE
    assert [row.method for row in queries.rows_of(visit)] == [Method.EID, Method.SMS_CODE]
    assert 'id="eid-real"' in client.get(page(visit)).text


@pytest.mark.parametrize("who", ["odd", "nobody"])
def test_an_unknown_level_or_nobody_at_all_is_no_identification(client, visit, who):
    answer = come_back(client, walk(leave_for(client, visit), who))

    if who == "nobody":
        assert "said=failed" in answer.location
    town.send(client, page(visit, "/me"), page(visit), answer="yes")
    assert state() == (0, None)


@pytest.mark.parametrize("name", ["real", "valid"])
def test_who_turns_back_reads_that_nothing_has_changed(client, visit, name):
    answer = come_back(client, walk(leave_for(client, visit, name), ""))

    assert answer.location.endswith("identify?said=cancelled")
    shown = client.get(f"{page(visit)}?said=cancelled").text
    assert "Nothing has changed" in shown
    assert 'id="identify-clerk"' in shown
    assert state() == (0, None)


def test_the_desk_sees_it_by_itself(client, citizen, attended, clerk):
    town.enter(client, clerk)
    panel = f"{town.base(attended.town)}/desk/visits/{attended.code}/identity/"
    seen = client.get(panel, headers=HTMX).text.split("?seen=")[1].split('"')[0]

    come_back(citizen, walk(leave_for(citizen, attended), "xoan"))
    town.send(citizen, page(attended, "/me"), page(attended), answer="yes")

    fresh = client.get(f"{panel}?seen={seen}", headers=HTMX)
    assert fresh.status_code == 200
    assert 'data-level="eid"' in fresh.text
    assert "Xoán Rei Castro" in fresh.text
    assert "Real ID" in fresh.text


# --- what must not be -----------------------------------------------------------------------


def test_a_return_is_good_once(client, visit):
    back = walk(leave_for(client, visit), "miren")
    come_back(client, back)
    before = state()

    answer = come_back(client, back)

    assert answer.status_code == 400
    assert refused() == ["used"]
    assert state() == before


def test_a_return_in_another_browser_is_nobodys(client, citizen, visit):
    back = walk(leave_for(client, visit), "miren")
    citizen.get(page(visit))

    assert come_back(citizen, back).status_code == 400
    assert refused() == ["browser"]
    assert come_back(client, back).status_code == 303


def test_a_return_that_nobody_left_for_is_nobodys(client, visit):
    leave_for(client, visit)
    for query in ("", "?state=x&code=y", "?state=" + "x" * 5000, "?state=%00&code[]=1"):
        answer = client.get(f"{town.base(visit.town)}/eid/real/back{query}")
        assert answer.status_code == 400
    assert set(refused()) == {"unknown"}


def test_a_return_to_another_provider_is_nobodys(client, visit):
    back = walk(leave_for(client, visit), "miren")

    answer = come_back(client, back.replace("/eid/real/", "/eid/valid/"))

    assert answer.status_code == 400
    assert refused() == ["provider"]
    assert db.session.scalars(sa.select(EidAttempt)).one().state is AttemptState.BEGUN


def test_a_return_that_names_another_issuer_identifies_nobody(client, visit):
    back = walk(leave_for(client, visit), "miren")

    answer = come_back(client, back.replace("iss=http", "iss=ftp"))

    assert "said=failed" in answer.location
    assert state() == (0, None)


def test_a_return_to_another_town_is_nobodys(client, visit):
    back = walk(leave_for(client, visit), "miren")
    other = town.a_town("etxalde", eid_providers=["real"])
    db.session.commit()

    assert come_back(client, back, town.base(other)).status_code == 400
    assert state() == (0, None)


def test_a_return_that_comes_too_late_is_nobodys(client, visit):
    back = walk(leave_for(client, visit), "miren")

    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        assert come_back(client, back).status_code == 400
    assert refused() == ["late"]


def test_a_nonce_of_another_attempt_identifies_nobody(client, visit):
    back = walk(leave_for(client, visit), "miren")
    attempt = db.session.scalars(sa.select(EidAttempt)).one()
    attempt.kept = {**attempt.kept, "nonce": "n" * 20}
    db.session.commit()

    assert "said=failed" in come_back(client, back).location
    assert state() == (0, None)


def test_the_answer_for_one_visit_confirms_no_other(client, visit, place, padron):
    other = town.a_visit(town.a_wish(place, padron), phone="+34600111222")
    come_back(client, walk(leave_for(client, visit), "miren"))

    answer = town.send(client, page(other, "/me"), page(other), answer="yes")

    assert answer.status_code == 400
    assert state() == (0, None)


def test_another_browser_cannot_confirm_for_them(client, citizen, visit):
    come_back(client, walk(leave_for(client, visit), "miren"))

    answer = town.send(citizen, page(visit, "/me"), page(visit), answer="yes")

    assert answer.status_code == 400
    assert "Miren" not in citizen.get(page(visit)).text
    assert state() == (0, None)


def test_a_visit_that_is_over_meanwhile_is_not_identified(client, visit):
    come_back(client, walk(leave_for(client, visit), "miren"))
    token = town.token_in(client.get(page(visit)).text)
    booking.cancel(visit, "citizen")
    db.session.commit()
    form = {"csrf_token": token, "answer": "yes"}

    assert client.post(page(visit, "/me"), data=form).status_code == 409
    assert client.post(page(visit, "/with/real"), data=form).status_code == 409
    assert state() == (0, None)


@pytest.mark.parametrize("answer", ["", "maybe"])
def test_the_confirmation_is_yes_or_no(client, visit, answer):
    come_back(client, walk(leave_for(client, visit), "miren"))

    assert town.send(client, page(visit, "/me"), page(visit), answer=answer).status_code == 400
    assert state() == (0, None)


def test_a_name_confirmed_twice_is_written_once(client, visit):
    come_back(client, walk(leave_for(client, visit), "miren"))
    token = town.token_in(client.get(page(visit)).text)
    for _ in range(2):
        client.post(page(visit, "/me"), data={"csrf_token": token, "answer": "yes"})

    assert state() == (1, "eid")


def test_a_name_waits_for_no_longer_than_the_attempt(client, visit):
    come_back(client, walk(leave_for(client, visit), "miren"))

    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        jobs.forget_attempts()
        assert town.send(client, page(visit, "/me"), page(visit), answer="yes").status_code == 400

    assert db.session.scalars(sa.select(EidAttempt)).one().claims == {}
    assert state() == (0, None)


def test_too_many_attempts_are_refused(client, visit):
    for _ in range(services.eid.ATTEMPTS_PER_HOUR):
        leave_for(client, visit)
    token = town.token_in(client.get(page(visit)).text)

    answer = client.post(page(visit, "/with/real"), data={"csrf_token": token})

    assert answer.status_code == 429


# --- down, and not configured ---------------------------------------------------------------


def test_a_provider_that_is_down_is_said_and_another_way_is_there(app, client, visit, place):
    port = a_free_port()
    gone = {"kind": "oidc", "name": "gone", "label": "Gone", "issuer": f"http://127.0.0.1:{port}"}
    eid.offer(app, {**gone, "client_id": "x", "client_secret": "y"})
    place.eid_providers = ["gone", "real"]
    db.session.commit()

    answer = town.send(client, page(visit, "/with/gone"), page(visit))

    assert answer.status_code == 503
    assert "does not answer now" in answer.text
    for way in ("eid-real", "identify-clerk"):
        assert f'id="{way}"' in answer.text


def test_a_script_is_led_back_to_the_same_words(app, client, visit, place):
    port = a_free_port()
    gone = {"kind": "oidc", "name": "gone", "label": "Gone", "issuer": f"http://127.0.0.1:{port}"}
    eid.offer(app, {**gone, "client_id": "x", "client_secret": "y"})
    place.eid_providers = ["gone"]
    db.session.commit()

    address = leave_for(client, visit, "gone")

    assert address.endswith("identify?said=down")
    assert "does not answer now" in client.get(f"{page(visit)}?said=down").text


def test_what_is_not_configured_or_not_chosen_does_not_exist(app, client, visit, place):
    place.eid_providers = ["valid", "unheard-of"]
    db.session.commit()

    shown = client.get(page(visit)).text

    assert 'id="eid-valid"' in shown
    for name in ("real", "unheard-of"):
        assert f'id="eid-{name}"' not in shown
        assert town.send(client, page(visit, f"/with/{name}"), page(visit)).status_code == 404
        assert client.get(f"{town.base(place)}/eid/{name}/back?state=x").status_code == 404


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": "saml"}, "kind is one of"),
        ({"client_secret": ""}, "needs client_secret"),
        ({"issuer": ""}, "needs issuer"),
        ({"levels": {"low": "king"}}, "levels are"),
    ],
    ids=str,
)
def test_half_a_provider_does_not_start(tmp_path, provider, change, why):
    with pytest.raises(SystemExit, match=why):
        create_app(
            TESTING=True, INSTANCE=str(tmp_path), EID_PROVIDERS=[{**provider.oidc, **change}]
        )


def test_in_production_a_provider_without_tls_does_not_start(tmp_path, provider):
    with pytest.raises(SystemExit, match="https"):
        create_app(
            TESTING=True,
            INSTANCE=str(tmp_path),
            SECRET_KEY="k" * 32,
            PRODUCTION=True,
            PUBLIC_SCHEME="https",
            SMS_PROVIDER="twilio",
            TWILIO_ACCOUNT_SID="AC" + "0" * 32,
            TWILIO_AUTH_TOKEN="t",
            SMS_SENDER="AytoMadrid",
            EID_PROVIDERS=[provider.oidc],
        )


def test_providers_are_read_from_the_environment(tmp_path, monkeypatch, provider):
    import json

    monkeypatch.setenv("VENTANILLA_EID_PROVIDERS", json.dumps([provider.valid]))

    made = create_app(TESTING=True, INSTANCE=str(tmp_path))

    assert list(made.extensions["eid"]) == ["valid"]
