"""A session is a row that can be closed, with two limits; its cookie is only a random name."""

import re
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Response, g

from app.accounts import services as accounts
from app.accounts.models import Role
from app.audit.models import AuditEntry
from app.core import clock, stream
from app.core.db import db
from app.identity import services
from app.identity.devices import device_in_words
from app.identity.models import KeptAnswers, OpenSession
from tests import town
from tests.identity.people import (
    HOME,
    HOST,
    ME,
    a_citizen,
    a_device,
    a_key_of,
    post,
    sign_in,
    sign_in_by_code,
)

DESK = f"{HOME}/desk"
FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"


@pytest.fixture
def clerk():
    town.a_town()
    person = town.a_clerk(name="Ana Pi")
    db.session.commit()
    return person


@pytest.fixture
def later(monkeypatch):
    """Set the clock that many minutes forward from now on."""
    begun = clock.now()

    def set_it(minutes):
        monkeypatch.setattr(clock, "now", lambda: begun + timedelta(minutes=minutes))

    return set_it


def name_of(client, kind="staff"):
    cookie = client.get_cookie(f"ventanilla-{kind}", HOST)
    return cookie.value if cookie else None


def audit(name):
    question = sa.select(AuditEntry).where(AuditEntry.name == name)
    return db.session.scalars(question.order_by(AuditEntry.number)).all()


def all_sessions():
    return db.session.scalars(sa.select(OpenSession).order_by(OpenSession.id)).all()


def test_the_register_keeps_no_name_that_opens_anything(client, clerk):
    town.enter(client, clerk)
    row = all_sessions()[0]

    assert name_of(client).encode() not in row.digest
    assert client.get(f"{DESK}/").status_code == 200
    client.set_cookie("ventanilla-staff", row.digest.hex(), domain=HOST)
    assert client.get(f"{DESK}/").status_code == 303


def test_visitors_leave_no_session_behind(client, clerk):
    for path in ("/ca/", "/ca/help", "/desk/sign-in", "/ca/me/sign-in"):
        client.get(f"{HOME}{path}")

    assert all_sessions() == []


def test_it_ends_after_a_while_without_anybody(client, clerk, later):
    town.enter(client, clerk)
    later(59)
    assert client.get(f"{DESK}/").status_code == 200
    later(59 + 59)
    assert client.get(f"{DESK}/").status_code == 200

    later(59 + 59 + 61)
    answer = client.get(f"{DESK}/")

    assert answer.status_code == 303
    assert "over=1" in answer.location
    assert name_of(client) is None
    assert audit("SessionsClosed")[-1].facts["why"] == "time"


def test_it_ends_at_last_whoever_is_there(client, clerk, later):
    town.enter(client, clerk)
    for minutes in range(0, 12 * 60, 50):
        later(minutes)
        assert client.get(f"{DESK}/").status_code == 200

    later(12 * 60 + 1)

    assert client.get(f"{DESK}/").status_code == 303


def test_a_page_that_refreshes_itself_shows_nobody(client, clerk, later):
    town.enter(client, clerk)
    for minutes in (20, 40, 55):
        later(minutes)
        assert client.get(f"{DESK}/", headers={"HX-Request": "true"}).status_code == 200

    later(61)

    assert client.get(f"{DESK}/", headers={"HX-Request": "true"}).status_code == 401


def test_each_kind_has_limits_of_its_own(client, clerk, later):
    town.enter(client, a_citizen())
    town.enter(client, clerk)

    later(21)

    assert client.get(ME).status_code == 303
    assert client.get(f"{DESK}/").status_code == 200


def test_kinds_are_never_mixed(client, clerk):
    town.enter(client, clerk)
    staff = name_of(client)
    assert client.get(ME).status_code == 303
    client.delete_cookie("ventanilla-staff", domain=HOST)
    client.set_cookie("ventanilla-citizen", staff, domain=HOST)

    assert client.get(ME).status_code == 303
    assert client.get(f"{DESK}/").status_code == 303


def test_a_signed_request_costs_one_small_question(client, clerk, statements):
    town.enter(client, clerk)
    client.get(f"{HOME}/ca/help")
    statements.clear()
    client.get(f"{HOME}/ca/help")
    signed = [one for one in statements if "open_session" in one]
    client.delete_cookie("ventanilla-staff", domain=HOST)
    client.get(f"{HOME}/ca/help")
    without = len(statements)
    statements.clear()
    client.get(f"{HOME}/ca/help")

    assert len(signed) == 1
    assert without - len(statements) <= len(statements) + 1
    assert not any("open_session" in one for one in statements)


def test_being_there_is_noted_once_a_minute(client, clerk, statements, later):
    town.enter(client, clerk)
    statements.clear()
    for seconds in range(0, 120, 10):
        later(seconds / 60)
        client.get(f"{HOME}/ca/help")

    assert len([one for one in statements if one.startswith("UPDATE open_session")]) == 1


def test_every_change_of_level_gives_a_new_name(client, clerk):
    citizen, device = a_citizen(), a_device()
    a_key_of(citizen, device)
    client.set_cookie("ventanilla-citizen", "a name that somebody else chose", domain=HOST)
    names = [name_of(client, "citizen")]

    sign_in_by_code(client)
    names.append(name_of(client, "citizen"))
    sign_in(client, device)
    names.append(name_of(client, "citizen"))
    options = post(client, f"{ME}/passkeys/confirm/options").json
    post(client, f"{ME}/passkeys/confirm/finish", device.get(options))
    names.append(name_of(client, "citizen"))

    assert len(set(names)) == 4
    assert [row.closed_at is None for row in all_sessions()] == [False, False, True]


def test_a_closed_session_that_is_shown_again_is_written_down_once(app, client, clerk):
    town.enter(client, clerk)
    stolen = name_of(client)
    post(client, f"{DESK}/sign-out")
    thief = app.test_client()

    for _ in range(3):
        thief.set_cookie("ventanilla-staff", stolen, domain=HOST)
        answer = thief.post(f"{DESK}/next", headers={"X-CSRFToken": csrf(thief)})
        assert answer.status_code == 401

    lines = audit("SessionRefused")
    assert [line.facts["why"] for line in lines] == ["closed"]
    assert lines[0].facts["account_id"] == clerk.id


def csrf(client):
    return town.token_in(client.get(f"{HOME}/ca/help").text)


@pytest.mark.parametrize("name", ["x", "é" * 50, "0" * 4000, "a=b;c", "../../etc"])
def test_an_invented_name_is_nobody_and_is_forgotten(client, clerk, name):
    client.set_cookie("ventanilla-staff", name, domain=HOST)

    answer = client.post(f"{DESK}/next", headers={"X-CSRFToken": csrf(client)})

    assert answer.status_code == 401
    assert name_of(client) is None
    assert [line.facts["why"] for line in audit("SessionRefused")] == ["unknown"]


def test_many_invented_names_do_not_fill_the_audit(app, client, clerk):
    seen = app.extensions["identity.strangers"]
    seen.extend([time.monotonic()] * seen.maxlen)
    client.set_cookie("ventanilla-staff", "invented", domain=HOST)

    answer = client.post(f"{DESK}/next", headers={"X-CSRFToken": csrf(client)})

    assert answer.status_code == 401
    assert name_of(client) is None
    assert audit("SessionRefused") == []


def test_a_session_of_another_town_opens_nothing(client, clerk):
    other = town.a_town("etxalde")
    stranger = town.a_clerk(name="Miren")
    db.session.commit()
    town.enter(client, stranger)
    name = client.get_cookie("ventanilla-staff", other.host).value
    client.set_cookie("ventanilla-staff", name, domain=HOST)

    assert client.get(f"http://{other.host}/desk/").status_code == 200
    assert client.get(f"{DESK}/").status_code == 303


def test_one_sees_where_one_is_signed_in_and_closes_what_is_not_there_any_more(app, client, clerk):
    town.enter(client, clerk)
    elsewhere = app.test_client()
    town.enter(elsewhere, clerk)
    elsewhere.get(f"{DESK}/")
    page = client.get(f"{DESK}/sessions").text
    codes = re.findall(r"/desk/sessions/(\w+)/close", page)
    assert len(codes) == 1

    answer = town.send(client, f"{DESK}/sessions/{codes[0]}/close", page=f"{DESK}/sessions")

    assert answer.status_code == 303
    assert elsewhere.get(f"{DESK}/").status_code == 303
    assert client.get(f"{DESK}/").status_code == 200


def test_nobody_closes_the_session_of_somebody_else(app, client, clerk):
    other = town.a_clerk(name="Berta")
    theirs = app.test_client()
    town.enter(theirs, other)
    town.enter(client, clerk)
    code = all_sessions()[0].code

    town.send(client, f"{DESK}/sessions/{code}/close", page=f"{DESK}/sessions")

    assert theirs.get(f"{DESK}/").status_code == 200


def test_signing_out_everywhere(app, client, clerk):
    browsers = [app.test_client() for _ in range(3)]
    for browser in (client, *browsers):
        town.enter(browser, clerk)

    town.send(client, f"{DESK}/sessions/close-others", page=f"{DESK}/sessions")
    assert [one.get(f"{DESK}/").status_code for one in (client, *browsers)] == [200, 303, 303, 303]
    town.send(client, f"{DESK}/sign-out-everywhere", page=f"{DESK}/sessions")

    assert client.get(f"{DESK}/").status_code == 303


def test_the_last_access_is_shown_to_staff_and_citizens(client, clerk, later):
    citizen = a_citizen()
    for person, page in ((clerk, f"{DESK}/sessions"), (citizen, f"{ME}/sessions")):
        services.open_session(person, "passkey", device=device_in_words(FIREFOX))
        town.enter(client, person)
        text = client.get(page).text

        assert "Firefox · Android" in text
        assert re.search(r"\d{1,2}:\d{2}", text)


def test_a_device_is_called_by_its_own_names():
    assert device_in_words(FIREFOX) == "Firefox · Android"
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1"
    assert device_in_words(iphone) == "Safari · iPhone"
    edge = "Mozilla/5.0 (Windows NT 10.0) Chrome/150.0.0.0 Safari/537.36 Edg/150.0"
    assert device_in_words(edge) == "Edge · Windows"
    assert device_in_words("") == ""


def test_whoever_no_longer_works_here_is_out_at_once(client, clerk):
    town.enter(client, clerk)

    accounts.deactivate(clerk)
    db.session.commit()

    assert client.get(f"{DESK}/").status_code == 303
    assert all_sessions()[0].closed_at is not None


def test_asking_how_long_is_left_does_not_make_it_longer(client, clerk, later):
    town.enter(client, clerk)
    later(58)
    asked = client.get(f"{DESK}/session", headers={"HX-Request": "true"})
    assert asked.headers["X-Session-Seconds"] == "120"
    later(59)
    asked = client.get(f"{DESK}/session", headers={"HX-Request": "true"})
    assert asked.headers["X-Session-Seconds"] == "60"

    more = post(client, f"{DESK}/session")

    assert more.headers["X-Session-Seconds"] == str(60 * 60)


def test_it_can_be_made_longer_more_than_ten_times(client, clerk, later):
    town.enter(client, clerk)
    for turn in range(1, 12):
        later(58 * turn)
        assert post(client, f"{DESK}/session").status_code == 204


def test_every_page_of_the_desk_and_of_a_citizen_warns_in_time(client, clerk):
    town.enter(client, clerk)
    town.enter(client, a_citizen())

    for page in (f"{DESK}/", f"{DESK}/passkeys", ME, f"{ME}/sessions"):
        text = client.get(page).text
        assert 'data-module="timeout-dialog"' in text
        assert 'data-warn-before="120"' in text


def test_what_was_written_when_the_session_ended_is_sent_afterwards(client, clerk, later):
    """Without any script: the page that explains it, the sign-in, and the answers once more."""
    device = a_device()
    a_key_of(clerk, device)
    town.enter(client, clerk)
    token = csrf(client)
    later(61)

    answer = client.post(
        f"{DESK}/visits/abc/outcome?x=1",
        data={"csrf_token": token, "outcome": "A long answer", "ended": "served"},
    )
    assert answer.status_code == 401
    kept = db.session.scalars(sa.select(KeptAnswers)).one()
    assert "token" not in str(kept.answers)
    assert client.get(f"{DESK}/kept/{kept.code}").status_code == 303
    sign_in(client, device, door=DESK)
    page = client.get(f"{DESK}/kept/{kept.code}").text

    assert 'action="/desk/visits/abc/outcome?x=1"' in page
    assert town.field_in(page, "outcome") == "A long answer"
    assert answer.text.count(f"kept%2F{kept.code}") + answer.text.count(f"kept/{kept.code}") == 1


def test_nobody_else_sees_what_was_kept(client, clerk, later):
    kept = services.keep_answers(clerk.id, "/desk/next", [("outcome", "secret")])
    other = town.a_clerk(name="Berta")
    db.session.commit()
    town.enter(client, other)

    assert client.get(f"{DESK}/kept/{kept.code}").status_code == 404

    town.enter(client, clerk)
    assert client.get(f"{DESK}/kept/{kept.code}").status_code == 200
    later(31)
    assert client.get(f"{DESK}/kept/{kept.code}").status_code == 404


def test_nothing_is_kept_of_a_session_that_somebody_closed(client, clerk):
    town.enter(client, clerk)
    token = csrf(client)
    services.close_sessions(clerk.id, "everywhere")
    db.session.commit()

    answer = client.post(f"{DESK}/next", data={"csrf_token": token, "note": "x"})

    assert answer.status_code == 401
    assert db.session.scalars(sa.select(KeptAnswers)).all() == []


def test_a_page_hands_over_what_was_written_a_moment_before_the_end(client, clerk):
    town.enter(client, clerk)

    def hand_over(target):
        return client.post(
            f"{DESK}/kept",
            query_string={"for": target},
            data={"csrf_token": csrf(client), "outcome": "Half an answer"},
        )

    assert "/desk/kept/" in hand_over("/desk/visits/abc/outcome").json["next"]
    for target in ("https://evil.example/", "//evil.example", "/desk//evil", "\\evil", ""):
        assert hand_over(target).status_code == 422


def test_old_rows_are_forgotten(client, clerk, later):
    town.enter(client, clerk)
    services.keep_answers(clerk.id, "/desk/next", [("outcome", "x")])
    db.session.commit()
    later(12 * 60 + 6 * 24 * 60)
    services.forget_sessions()
    assert len(all_sessions()) == 1

    later(12 * 60 + 8 * 24 * 60)
    services.forget_sessions()

    assert all_sessions() == []
    assert db.session.scalars(sa.select(KeptAnswers)).all() == []


def test_the_cookies_are_closed_to_scripts_and_to_other_sites(client, clerk):
    device, theirs = a_device(), a_device()
    a_key_of(clerk, device)
    a_key_of(a_citizen(), theirs)

    staff = sign_in(client, device, door=DESK).headers.getlist("Set-Cookie")
    citizen = sign_in(client, theirs).headers.getlist("Set-Cookie")

    (line,) = [one for one in staff if one.startswith("ventanilla-staff=")]
    assert "HttpOnly" in line
    assert "SameSite=Strict" in line
    (line,) = [one for one in citizen if one.startswith("ventanilla-citizen=")]
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line
    assert "Expires" not in line


def test_forms_of_before_signing_in_are_over(client, clerk):
    device = a_device()
    a_key_of(clerk, device)
    before = csrf(client)
    sign_in(client, device, door=DESK)

    assert client.post(f"{DESK}/next", headers={"X-CSRFToken": before}).status_code == 400
    assert client.post(f"{DESK}/next", headers={"X-CSRFToken": csrf(client)}).status_code != 400


def test_a_role_of_the_staff_is_not_a_citizen(client, clerk):
    assert clerk.role is Role.CLERK
    town.enter(client, clerk)

    assert client.get(f"{ME}/passkeys").status_code == 303


@pytest.fixture
def leave(client, clerk, monkeypatch):
    """By whose leave the live page of the desk listens."""
    kept = []

    def listen(*_channels):
        kept.append(g.leave_to_listen)
        return Response("")

    town.enter(client, clerk)
    monkeypatch.setattr(stream, "listen", listen)
    assert client.get(f"{DESK}/stream").status_code == 200
    assert kept[0].holds()
    return kept[0]


def test_news_ends_at_once_with_a_session_that_is_closed_elsewhere(leave, clerk):
    services.close_sessions(clerk.id, "everywhere")

    assert stream.told(leave.channel) == [{}]
    assert not leave.holds()


def test_news_ends_for_whoever_no_longer_gets_in(leave, clerk):
    clerk.is_active = False

    assert not leave.holds()


def test_news_ends_when_the_time_of_a_session_does(leave, later):
    later(61)

    assert not leave.holds()
