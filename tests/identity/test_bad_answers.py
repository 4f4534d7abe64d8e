"""Whatever a stranger answers: one sentence, one line of the audit, and nothing has changed."""

import hashlib
import json
import secrets
from datetime import timedelta

import cbor2
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webauthn.helpers import bytes_to_base64url

from app.accounts import services as accounts
from app.audit.models import AuditEntry
from app.core import clock
from app.core.db import db
from app.identity.models import OpenSession, Passkey
from tests import town
from tests.identity.authenticator import AT, BE, BS, UP, UV, Authenticator
from tests.identity.people import HOME, HOST, ME, a_citizen, a_device, a_key_of, post, sign_in

DESK = f"{HOME}/desk"


@pytest.fixture
def citizen():
    town.a_town()
    town.a_procedure()
    return a_citizen()


@pytest.fixture
def device(citizen):
    made = a_device()
    a_key_of(citizen, made)
    return made


def begin(client, door=ME):
    return post(client, f"{door}/sign-in/options").json


def finish(client, answer, door=ME):
    return post(client, f"{door}/sign-in/finish", answer)


def turned_away():
    question = sa.select(AuditEntry).where(AuditEntry.name == "PasskeyTurnedAway")
    return db.session.scalars(question.order_by(AuditEntry.number)).all()


def state():
    """What must not change: passkeys with their counters, and open sessions."""
    keys = db.session.execute(sa.select(Passkey.id, Passkey.sign_count, Passkey.is_backed_up))
    return keys.all(), db.session.scalars(sa.select(OpenSession.id)).all()


def is_turned_away(answer, before, why=None, status=403):
    """The same sentence for all, one line, and everything as it was."""
    assert answer.status_code == status
    assert set(answer.json) == {"error", "unknown"}
    assert "Set-Cookie" not in str([c for c in answer.headers if "citizen" in c[1]])
    lines = turned_away()
    assert len(lines) == 1
    assert why is None or lines[0].facts["why"] == why
    assert state() == before


@pytest.mark.parametrize(
    ("turn", "why"),
    [
        (lambda d: d.extra.update(crossOrigin=True), "in another site's frame"),
        (lambda d: d.extra.update(topOrigin="https://evil.example"), "in another site's frame"),
        (lambda d: setattr(d, "origin", "http://evil.example"), "does not fit"),
        (lambda d: setattr(d, "origin", "https://vilaclara.localhost"), "does not fit"),
        (lambda d: setattr(d, "host", "etxalde.localhost"), "does not fit"),
        (lambda d: setattr(d, "flags", UP), "does not fit"),
        (lambda d: setattr(d, "flags", UV), "does not fit"),
        (lambda d: setattr(d, "flags", UP | UV | BS), "does not fit"),
        (lambda d: setattr(d, "flags", UP | UV | BE), "backup eligibility changed"),
        (lambda d: setattr(d, "count", -1), "does not fit"),
        (lambda d: setattr(d, "handle", b"x" * 64), "another owner"),
        (lambda d: setattr(d, "handle", b""), "another owner"),
        (lambda d: setattr(d, "id", secrets.token_bytes(32)), "unknown"),
    ],
    ids=[
        *("frame", "top", "origin", "scheme", "site", "no-check", "no-touch", "backup"),
        *("copyable", "counter", "owner", "nobody", "unknown"),
    ],
)
def test_what_does_not_fit_is_turned_away(client, citizen, device, turn, why):
    sign_in(client, device)  # its counter is above nought
    post(client, f"{ME}/sign-out")
    before = state()
    options = begin(client)
    turn(device)

    answer = finish(client, device.get(options))

    is_turned_away(answer, before, why)
    assert client.get(ME).status_code == 303


def test_an_answer_is_good_once(client, citizen, device):
    options = begin(client)
    answer = device.get(options)
    assert finish(client, answer).status_code == 200
    before = state()

    is_turned_away(finish(client, answer), before, "no challenge")


def test_the_answer_of_another_browser_is_turned_away(app, client, citizen, device):
    """The session of this browser was given another challenge, or none."""
    answer = device.get(begin(app.test_client()))
    before = state()
    begin(client)

    is_turned_away(finish(client, answer), before, "no challenge")


@pytest.mark.parametrize("door", ["staff", "confirm"])
def test_the_answer_to_another_question_is_turned_away(client, citizen, device, door):
    if door == "staff":
        options = begin(client, DESK)
    else:
        town.enter(client, citizen)
        options = post(client, f"{ME}/passkeys/confirm/options").json
    before = state()

    is_turned_away(finish(client, device.get(options)), before, "no challenge")


def test_an_enrolment_is_no_sign_in_and_a_sign_in_no_enrolment(client, citizen, device):
    sign_in(client, device)
    second = a_device()
    creating = post(client, f"{ME}/passkeys/new/options").json
    before = state()

    answer = finish(client, device.get(creating))
    is_turned_away(answer, before, "no challenge")
    entering = begin(client)
    creating["challenge"] = entering["challenge"]
    answer = post(client, f"{ME}/passkeys/new/finish", second.create(creating))

    assert answer.status_code == 422
    assert state() == before


def test_a_passkey_of_a_citizen_opens_no_desk_and_one_of_the_staff_no_visits(client, citizen):
    mine, theirs = a_device(), a_device()
    a_key_of(citizen, mine)
    a_key_of(town.a_clerk(name="Ana Pi"), theirs)

    for device, door in ((mine, DESK), (theirs, ME)):
        assert finish(client, device.get(begin(client, door)), door).status_code == 403
    assert [line.facts["why"] for line in turned_away()] == ["another door"] * 2


def test_somebody_else_cannot_show_it_for_me(client, citizen, device):
    other = a_device()
    a_key_of(a_citizen("+34611999888"), other)
    town.enter(client, citizen)
    options = post(client, f"{ME}/passkeys/confirm/options").json
    before = state()

    answer = post(client, f"{ME}/passkeys/confirm/finish", other.get(options))

    is_turned_away(answer, before, "somebody else", 422)


def test_an_enrolment_that_was_begun_for_another_person_is_turned_away(client, citizen, device):
    town.enter(client, citizen)
    options = post(client, f"{ME}/passkeys/new/options").json
    other = a_citizen("+34611999888")
    town.enter(client, other)
    before = state()

    answer = post(client, f"{ME}/passkeys/new/finish", a_device().create(options))

    is_turned_away(answer, before, "no challenge", 422)


def test_a_passkey_of_another_town_is_unknown_here(client, citizen):
    other = town.a_town("etxalde")
    town.a_procedure()
    device = a_device(other.host)
    a_key_of(a_citizen(), device)
    device.host, device.origin = HOST, HOME

    before = state_of_everybody()
    answer = finish(client, device.get(begin(client)))

    assert answer.status_code == 403
    assert answer.json["unknown"] is True
    assert state_of_everybody() == before


def state_of_everybody():
    from app.towns.tenant import every_town

    with every_town():
        return state()


def test_an_answer_carried_to_another_town_is_turned_away(client, citizen, device):
    other = town.a_town("etxalde")
    town.a_procedure()
    db.session.commit()
    answer = device.get(begin(client))
    home = f"http://{other.host}"

    carried = post(client, f"{home}/eu/me/sign-in/finish", answer, home=home)

    assert carried.status_code == 403


def test_a_credential_that_somebody_has_already_is_not_enrolled_twice(client, citizen, device):
    """Also when it is of another town: the device chooses the name of a credential."""
    town.a_town("etxalde")
    town.a_procedure()
    thief = a_citizen()
    copy = Authenticator("etxalde.localhost", "http://etxalde.localhost")
    copy.id = device.id
    home = "http://etxalde.localhost"
    town.enter(client, thief)
    options = post(client, f"{home}/eu/me/passkeys/new/options", home=home).json

    answer = post(client, f"{home}/eu/me/passkeys/new/finish", copy.create(options), home=home)

    assert answer.status_code == 422
    assert [line.facts["why"] for line in turned_away()] == ["credential id of somebody else"]


def test_a_late_answer_is_turned_away(client, citizen, device, monkeypatch):
    options = begin(client)
    before = state()
    later = clock.now() + timedelta(minutes=5, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)

    is_turned_away(finish(client, device.get(options)), before, "late")


def test_whoever_was_deactivated_is_turned_away_with_the_same_sentence(client, citizen):
    device = a_device()
    clerk = town.a_clerk(name="Ana Pi")
    a_key_of(clerk, device)
    accounts.deactivate(clerk)
    db.session.commit()
    before = state()

    answer = finish(client, device.get(begin(client, DESK)), DESK)

    is_turned_away(answer, before, "no longer here")


DEEP = b"\x81" * 20_000 + b"\x01"
HUGE = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": b"x" * 1_000_000})


@pytest.mark.parametrize(
    "attestation",
    [
        HUGE,
        DEEP,
        b"",
        b"\xff",
        b"\x9b" + b"\xff" * 8,  # a list that says it has 2^64 - 1 members
        b"\x5b\x7f" + b"\xff" * 7,  # bytes that say they are 2^63 long
        cbor2.dumps({"fmt": "packed", "attStmt": {}, "authData": b"x" * 37}),
        cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": b"x" * 37}),
        cbor2.dumps({"fmt": ["none"], "attStmt": {}, "authData": {}}),
        cbor2.dumps([1, 2, 3]),
    ],
    ids=["megabyte", "deep", "empty", "end", "long", "bytes", "packed", "short", "list", "array"],
)
def test_nonsense_in_cbor_is_turned_away(client, citizen, attestation):
    town.enter(client, citizen)
    options = post(client, f"{ME}/passkeys/new/options").json
    answer = a_device().create(options)
    answer["response"]["attestationObject"] = bytes_to_base64url(attestation)
    before = state()

    is_turned_away(post(client, f"{ME}/passkeys/new/finish", answer), before, status=422)


@pytest.mark.parametrize(
    ("statement", "length"), [("none", 2000), ("packed", 32), ("android-key", 32), ("tpm", 32)]
)
def test_strange_statements_and_endless_names_are_turned_away(client, citizen, statement, length):
    town.enter(client, citizen)
    options = post(client, f"{ME}/passkeys/new/options").json
    device = a_device()
    device.id = b"i" * length
    made = device.create(options)
    site = hashlib.sha256(HOST.encode()).digest()
    point = device.key.public_key().public_numbers()
    x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
    public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
    data = site + bytes([UP | UV | AT]) + bytes(4) + bytes(16)
    data += length.to_bytes(2, "big") + device.id + public
    words = {
        "x5c": [b"x" * 40],
        "sig": b"x",
        "alg": -7,
        "ver": "2.0",
        "certInfo": b"",
        "pubArea": b"",
    }
    made["response"]["attestationObject"] = bytes_to_base64url(
        cbor2.dumps(
            {
                "fmt": statement,
                "attStmt": {} if statement == "none" else words,
                "authData": data,
            }
        )
    )
    before = state()

    is_turned_away(post(client, f"{ME}/passkeys/new/finish", made), before, status=422)


@pytest.mark.parametrize(
    "body",
    [None, [], "x", 3, {}, {"response": []}, {"rawId": "é", "response": {}}, {"rawId": 3}]
    + [{"response": {"clientDataJSON": text}} for text in ("", "é", "e30", "W10", "bnVsbA", 7)]
    + [{"response": {"clientDataJSON": "x" * 100_000}}],
)
def test_nonsense_in_json_is_turned_away(client, citizen, body):
    begin(client)
    before = state()

    is_turned_away(finish(client, body), before)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
PARTS = ("clientDataJSON", "authenticatorData", "signature", "userHandle")


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_an_answer_changed_anywhere_is_turned_away(app, client, citizen, device, data):
    """One part of a good answer is something else: never in, never a mistake of ours."""
    app.extensions["limits"].reset()
    good = device.get(begin(client))
    part = data.draw(st.sampled_from(PARTS))
    good["response"][part] = data.draw(JSON)

    answer = finish(client, good)

    assert answer.status_code == 403, json.dumps(good)[:300]
    assert client.get(ME).status_code == 303


def test_the_innocent_mistake_costs_the_same_work_as_the_attack(
    client, citizen, device, statements
):
    """An unknown passkey is checked against nobody's key, and the questions are the same."""
    stranger = a_device()
    stranger.handle = device.handle
    device.handle = b"x" * 64
    asked = []
    for somebody in (stranger, device):
        answer = somebody.get(begin(client))
        token = town.token_in(client.get(f"{HOME}/ca/help").text)
        statements.clear()
        url = f"{ME}/sign-in/finish"
        assert client.post(url, json=answer, headers={"X-CSRFToken": token}).status_code == 403
        asked.append(len(statements))
    assert abs(asked[0] - asked[1]) <= 1  # the owner of the known one is read


def test_a_kiosk_cookie_that_was_invented_does_not_make_a_kiosk(client, citizen, device):
    client.set_cookie("ventanilla-kiosk", "x" * 40, domain=HOST)

    assert begin(client)["challenge"]
