"""The staff get in with a passkey, enrolled once through an invitation."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.accounts import services as accounts
from app.audit.models import AuditEntry
from app.core import clock
from app.core.db import db
from app.identity.models import Challenge, Passkey
from tests import town
from tests.identity.authenticator import BE, BS, UP, UV, Authenticator

HOME = "http://vilaclara.localhost"


@pytest.fixture
def clerk():
    town.a_town()
    person = town.a_clerk(name="Ana Pi")
    db.session.commit()
    return person


@pytest.fixture
def device():
    return Authenticator("vilaclara.localhost", HOME)


def invitation(clerk):
    token = accounts.invite(clerk)
    db.session.commit()
    return f"{HOME}/desk/enrol/{token}"


def post(client, url, body=None):
    page = client.get(f"{HOME}/desk/sign-in").text
    token = page.split('name="csrf-token" content="')[1].split('"')[0]
    return client.post(url, json=body, headers={"X-CSRFToken": token})


def enrol(client, link, device):
    options = post(client, f"{link}/options").json
    return post(client, f"{link}/finish", device.create(options))


def sign_in(client, device, target=""):
    options = post(client, f"{HOME}/desk/sign-in/options").json
    return post(client, f"{HOME}/desk/sign-in/finish{target}", device.get(options))


def test_an_invitation_lets_somebody_in_once(client, clerk, device):
    link = invitation(clerk)

    assert client.get(link).status_code == 200
    assert enrol(client, link, device).json == {"next": "/desk/"}
    assert client.get(f"{HOME}/desk/").status_code == 200
    assert client.get(link).status_code == 410
    assert post(client, f"{link}/options").status_code == 410


def test_the_same_passkey_opens_the_desk_again(client, clerk, device):
    enrol(client, invitation(clerk), device)
    post(client, f"{HOME}/desk/sign-out")
    assert client.get(f"{HOME}/desk/").status_code == 303

    assert sign_in(client, device).json == {"next": "/desk/"}
    assert client.get(f"{HOME}/desk/").status_code == 200


def test_an_invitation_runs_out(client, clerk, monkeypatch):
    link = invitation(clerk)
    later = clock.now() + timedelta(hours=49)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert client.get(link).status_code == 410


def test_a_guessed_invitation_looks_like_a_used_one(client, clerk):
    assert client.get(f"{HOME}/desk/enrol/{'x' * 32}").status_code == 410


def test_options_ask_for_a_resident_key_and_verification_and_name_nobody(client, clerk):
    options = post(client, f"{invitation(clerk)}/options").json
    entering = post(client, f"{HOME}/desk/sign-in/options").json

    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["rp"]["id"] == "vilaclara.localhost"
    assert entering["userVerification"] == "required"
    assert entering.get("allowCredentials", []) == []


@pytest.mark.parametrize(
    "turn",
    [
        lambda device: device.extra.update(crossOrigin=True),
        lambda device: device.extra.update(topOrigin="https://evil.example"),
        lambda device: setattr(device, "origin", "http://evil.example"),
        lambda device: setattr(device, "origin", "https://vilaclara.localhost"),
        lambda device: setattr(device, "host", "localhost"),
        lambda device: setattr(device, "flags", UP),
        lambda device: setattr(device, "flags", UV),
        lambda device: setattr(device, "flags", UP | UV | BS),
    ],
    ids=["frame", "top", "origin", "scheme", "site", "no-check", "no-touch", "backup"],
)
def test_a_ceremony_that_is_not_ours_is_refused_at_both_doors(client, clerk, device, turn):
    link = invitation(clerk)
    enrol(client, link, device)
    post(client, f"{HOME}/desk/sign-out")
    second = Authenticator(device.host, device.origin)
    turn(second)
    turn(device)

    assert enrol(client, invitation(clerk), second).status_code == 403
    assert sign_in(client, device).status_code == 403
    assert client.get(f"{HOME}/desk/").status_code == 303


def test_a_key_whose_counter_goes_back_is_refused(client, clerk, device):
    enrol(client, invitation(clerk), device)
    sign_in(client, device)
    device.count = 0

    assert sign_in(client, device).status_code == 403


def test_a_key_that_becomes_copyable_is_refused(client, clerk, device):
    enrol(client, invitation(clerk), device)
    device.flags |= BE

    assert sign_in(client, device).status_code == 403


def test_an_unknown_key_and_a_strange_owner_are_refused(client, clerk, device):
    enrol(client, invitation(clerk), device)
    stranger = Authenticator(device.host, device.origin)
    stranger.handle = device.handle

    assert sign_in(client, stranger).status_code == 403
    device.handle = b"x" * 64
    assert sign_in(client, device).status_code == 403


def test_a_challenge_answers_once(client, clerk, device):
    enrol(client, invitation(clerk), device)
    options = post(client, f"{HOME}/desk/sign-in/options").json
    answer = device.get(options)

    assert post(client, f"{HOME}/desk/sign-in/finish", answer).status_code == 200
    assert post(client, f"{HOME}/desk/sign-in/finish", answer).status_code == 403
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Challenge)) == 0


def test_a_late_answer_is_refused(client, clerk, device, monkeypatch):
    enrol(client, invitation(clerk), device)
    options = post(client, f"{HOME}/desk/sign-in/options").json
    later = clock.now() + timedelta(minutes=6)
    monkeypatch.setattr(clock, "now", lambda: later)

    answer = post(client, f"{HOME}/desk/sign-in/finish", device.get(options))

    assert answer.status_code == 403


@pytest.mark.parametrize("body", [None, [], "x", {}, {"rawId": "é", "response": {}}, {"rawId": 3}])
def test_nonsense_is_refused_kindly(client, clerk, body):
    post(client, f"{HOME}/desk/sign-in/options")

    assert post(client, f"{HOME}/desk/sign-in/finish", body).status_code == 403


def test_whoever_left_the_town_hall_gets_in_no_more(client, clerk, device):
    enrol(client, invitation(clerk), device)
    clerk.is_active = False
    db.session.commit()

    assert client.get(f"{HOME}/desk/").status_code == 303
    assert sign_in(client, device).status_code == 403


def test_one_ends_where_one_wanted_to_go_but_never_elsewhere(client, clerk, device):
    enrol(client, invitation(clerk), device)

    assert sign_in(client, device, "?next=/desk/visits/x").json == {"next": "/desk/visits/x"}
    for evil in ("https://evil.example", "//evil.example", "/ca/", "/desk//evil.example"):
        assert sign_in(client, device, f"?next={evil}").json == {"next": "/desk/"}


def test_a_second_passkey_belongs_to_the_same_person(client, clerk, device):
    enrol(client, invitation(clerk), device)
    enrol(client, invitation(clerk), Authenticator(device.host, device.origin))

    keys = db.session.scalars(sa.select(Passkey)).all()
    assert len({key.credential_id for key in keys}) == 2
    assert len({key.user_handle for key in keys}) == 1


def test_coming_and_going_is_written_down(client, clerk, device):
    enrol(client, invitation(clerk), device)
    sign_in(client, device)
    post(client, f"{HOME}/desk/sign-out")

    names = list(db.session.scalars(sa.select(AuditEntry.name).order_by(AuditEntry.number)))
    assert names[-6:] == [
        *("PasskeyEnrolled", "SignedIn"),
        *("SessionsClosed", "SignedIn"),
        *("SessionsClosed", "SignedOut"),
    ]


def test_a_copied_cookie_ends_with_the_session(app, client, clerk, device):
    enrol(client, invitation(clerk), device)
    copy = app.test_client()
    copy.set_cookie(
        "ventanilla-staff",
        client.get_cookie("ventanilla-staff", "vilaclara.localhost").value,
        domain="vilaclara.localhost",
    )
    assert copy.get(f"{HOME}/desk/").status_code == 200

    post(client, f"{HOME}/desk/sign-out")

    assert copy.get(f"{HOME}/desk/").status_code == 303


def test_a_wrong_answer_spends_the_challenge(client, clerk, device):
    enrol(client, invitation(clerk), device)
    options = post(client, f"{HOME}/desk/sign-in/options").json
    device.flags = UP
    post(client, f"{HOME}/desk/sign-in/finish", device.get(options))

    assert db.session.scalar(sa.select(sa.func.count()).select_from(Challenge)) == 0


@pytest.mark.parametrize("door", ["desk", "ca/me"])
def test_a_page_that_asks_for_options_by_itself_undoes_nothing(client, clerk, door):
    asked = post(client, f"{HOME}/{door}/sign-in/options")

    told = asked.headers.getlist("Set-Cookie")
    assert not any(one.startswith("ventanilla=") for one in told)
    (given,) = (one for one in told if one.startswith("ventanilla-asked-"))
    assert given.endswith("; HttpOnly; Path=/; SameSite=Lax")


def test_a_browser_is_given_a_few_challenges_and_answers_each_of_them(client, clerk, device):
    enrol(client, invitation(clerk), device)
    given = [post(client, f"{HOME}/desk/sign-in/options").json for _ in range(7)]

    def names():
        return [name for *_, name in client._cookies if name.startswith("ventanilla-asked-")]

    assert len(names()) == 4
    late = post(client, f"{HOME}/desk/sign-in/finish", device.get(given[0]))
    assert late.status_code == 403
    for options in given[-1:-4:-1]:
        answer = post(client, f"{HOME}/desk/sign-in/finish", device.get(options))
        assert answer.status_code == 200


def test_nobody_answers_what_another_browser_was_given(app, client, clerk, device):
    enrol(client, invitation(clerk), device)
    options = post(app.test_client(), f"{HOME}/desk/sign-in/options").json

    assert post(client, f"{HOME}/desk/sign-in/finish", device.get(options)).status_code == 403
