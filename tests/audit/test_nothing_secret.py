"""The record keeps ids and digests: no telephone, no code, nothing that opens a door."""

import json
import re
import secrets

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import services as accounts
from app.accounts.models import Role
from app.audit import services
from app.audit.models import AuditEntry
from app.audit.neutral import neutral, neutral_text, sign_of
from app.core.db import db, new_code
from app.desk import services as desk
from tests import town


def all_of_it() -> str:
    rows = db.session.execute(sa.select(AuditEntry.author, AuditEntry.name, AuditEntry.facts))
    return "\n".join(str(tuple(row)) for row in rows)


def test_a_whole_booking_over_the_counter_leaves_no_secret(client):
    place = town.a_town()
    padron = town.a_procedure()
    clerk = town.a_clerk(padron)
    home = f"{town.base(place)}/ca"
    times = client.get(f"{home}/procedures/padron/times?channel=video").text
    slot = re.search(r'href="([^"]+visits/new[^"]+)"', times)[1].replace("&amp;", "&")
    form = client.get(town.base(place) + slot).text
    answer = client.post(
        town.base(place) + slot,
        data={
            "csrf_token": town.token_in(form),
            "token": town.field_in(form, "token"),
            "phone": "612 34 56 78",
            "name": "Remei Sala",
        },
    )
    page = answer.headers["Location"]
    digits = town.digits_sent(town.sent_to("+34612345678")[-1])
    wrong = f"{(int(digits) + 1) % 10**6:06d}"
    for typed in (wrong, digits):
        answer = town.send(client, town.base(place) + page, code=typed)
    code = re.search(r"/visits/(\w{12})", answer.headers["Location"])[1]
    for path in ("move", "channel", "cancel"):
        client.get(f"{home}/visits/{code}/{path}")
    town.send(client, f"{home}/visits/{code}/cancel")
    invitation = accounts.invite(accounts.employ("Nil Roca", Role.CLERK, ["ca"]))
    feed = desk.open_feed(clerk)
    db.session.flush()

    written = all_of_it()
    assert written.count("\n") >= 4
    for secret in (code, digits, wrong, invitation, feed, "612345678", "612 34 56 78", "Remei"):
        assert secret not in written, secret
    assert f"visit:{sign_of(code)}" in written
    assert services.verify().is_whole


@pytest.mark.parametrize(
    "secret",
    [
        "+34612345678",
        "0034 612 34 56 78",
        "612345678",
        "612-34-56-78",
        "123456",
        secrets.token_urlsafe(24),
        secrets.token_hex(32),
    ],
    ids=["e164", "long", "plain", "dashed", "code", "token", "digest"],  # alike in every process
)
@pytest.mark.parametrize("around", ["{}", "purpose:{}", "to {} now", "[{}]"])
def test_what_opens_or_calls_is_not_written(app, secret, around):
    assert secret not in neutral_text(around.format(secret))


@given(st.integers())
def test_a_new_code_is_never_written_whoever_puts_it_into_a_sentence(number):
    code = new_code()

    told = neutral({"claim": f"offer:{code}", "deep": [{"in": (code,)}], code: number})

    assert code not in str(told)


@pytest.mark.parametrize(
    "text",
    [
        "procedure_changed",
        "comunicacion-de-obras-menores-y-mayores",
        "2026-11-26T10:00:00+00:00",
        "2026-08-01 2026-08-31",
        "padron: minutes, notice_minutes",
        "Ainhoa Zubeldia Iriarte",
        "in_person",
    ],
)
def test_ordinary_words_stay_as_they_are(app, text):
    assert neutral_text(text) == text


def test_a_line_cannot_be_broken_nor_turned_around(app):
    told = neutral_text("one\r\nVisitBooked 2\x1b[31m\u202e\u2028\x00\x85end")

    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u202e]", told)
    assert "\\u000d\\u000a" in told


@given(st.recursive(st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_whatever_is_told_can_be_written_and_read_again(told):
    written = json.dumps(neutral({"told": told}))

    assert json.loads(written)
    assert len(neutral_text(str(told))) <= 300 * 7  # a control character becomes six signs


def test_the_address_is_a_digest_and_one_network_is_one_asker(client):
    place = town.a_town()
    clerk = town.a_clerk(town.a_procedure())
    town.enter(client, clerk)
    for address in ("2001:db8::1", "2001:db8::2", "192.0.2.7"):
        client.get(f"{town.base(place)}/office/audit", environ_overrides={"REMOTE_ADDR": address})

    rows = db.session.execute(
        sa.select(AuditEntry.address, AuditEntry.facts).where(AuditEntry.name == "EntryRefused")
    ).all()
    assert len({row.address for row in rows}) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", row.address) for row in rows)
    assert "192.0.2.7" not in str(rows)
    assert {row.facts["refusal"] for row in rows} == {"NotForYou"}


def test_whoever_rattles_at_a_door_does_not_fill_the_record(client):
    place = town.a_town()
    town.enter(client, town.a_clerk(town.a_procedure()))
    for _ in range(40):
        assert client.get(f"{town.base(place)}/office/audit").status_code == 403

    refused = sa.select(sa.func.count()).where(AuditEntry.name == "EntryRefused")
    count = db.session.scalar(refused)
    assert 10 <= count <= 20
