"""Three grades, by who signs; none is promised before somebody has signed."""

import json
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from app.acts import queries, sealing, services
from app.acts.errors import AlreadyEntered, NothingNew, UnknownSigner, WrongSignature
from app.acts.models import Grade
from app.acts.sealing import development
from app.acts.services import making
from app.booking import services as booking
from app.booking.models import Status
from app.core import clock
from app.core.db import db
from tests import town


@pytest.fixture(scope="module")
def hand():
    """A key and its certificate, as a card has them."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ANA PI - DNI 12345678Z")])
    return key, development.certificate(name, name, key.public_key(), key, is_ca=False)


def signed(hand, content: bytes) -> bytes:
    key, certificate = hand
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(certificate, key, hashes.SHA256())
    return builder.sign(serialization.Encoding.DER, options)


def entered(hand, account, grade: Grade = Grade.CLERK):
    content = hand[1].public_bytes(serialization.Encoding.PEM)
    today = clock.today("Europe/Madrid")
    names = {"post": "Secretària", "reference": "9/2026", "by": None}
    return services.enter_signer(account, content, grade, today, None, **names)


@pytest.mark.parametrize("grade", [Grade.CLERK, Grade.SECRETARY])
def test_a_signature_makes_another_act_of_the_grade_of_who_signs(act, clerk, hand, grade):
    entered(hand, clerk, grade)

    made = services.sign(act, signed(hand, services.what_to_sign(act)), clerk)
    db.session.commit()
    services.go_on(made)

    assert act.grade is Grade.AUTOMATIC
    assert made.grade is grade
    assert made.replaces is act
    inside = sealing.attachments_in(making.read(made.edition))
    said = json.loads(inside["manifest.json"])
    assert said["act"]["grade"] == grade.value
    assert said["signatures"][0]["manifest_sha256"] == act.digest
    assert inside["signed-manifest.json"] == services.what_to_sign(act)
    assert b"BEGIN PKCS7" in inside["signature.pem"]


def test_openssl_finds_the_signature_good_without_us(act, clerk, hand, tmp_path):
    entered(hand, clerk)
    made = services.sign(act, signed(hand, services.what_to_sign(act)), clerk)
    db.session.commit()
    services.go_on(made)
    for name, content in sealing.attachments_in(making.read(made.edition)).items():
        (tmp_path / name).write_bytes(content)
    own = hand[1].public_bytes(serialization.Encoding.PEM)
    (tmp_path / "own.pem").write_bytes(own)

    done = subprocess.run(
        [
            "openssl",
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "PEM",
            "-in",
            "signature.pem",
            "-content",
            "signed-manifest.json",
            "-CAfile",
            "own.pem",
            "-partial_chain",
            "-purpose",
            "any",
            "-out",
            "/dev/null",
        ],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_stranger_a_wrong_text_and_no_signature_at_all_are_refused(act, clerk, hand):
    good = signed(hand, services.what_to_sign(act))
    with pytest.raises(UnknownSigner):
        services.sign(act, good, clerk)
    entered(hand, clerk)
    for content in (signed(hand, b"{}"), b"", b"<html>", good[:-9], b"0" * 100_000):
        with pytest.raises(WrongSignature):
            services.sign(act, content, clerk)

    assert len(queries.acts_of(act.visit)) == 1


def test_who_was_taken_from_the_register_signs_no_more(act, clerk, hand):
    signer = entered(hand, clerk)
    with pytest.raises(AlreadyEntered):
        entered(hand, clerk)
    services.end_signer(signer)

    with pytest.raises(UnknownSigner):
        services.sign(act, signed(hand, services.what_to_sign(act)), clerk)


def test_a_lower_grade_does_not_come_after_a_higher_one(act, clerk, hand):
    entered(hand, clerk)
    made = services.sign(act, signed(hand, services.what_to_sign(act)), clerk)
    db.session.commit()
    services.go_on(made)

    with pytest.raises(NothingNew):
        services.sign(made, signed(hand, services.what_to_sign(made)), clerk)


def test_what_came_after_an_act_that_was_signed_during_the_visit_gets_one_too(
    identified, act_in_mid_visit, clerk, hand
):
    entered(hand, clerk)
    signed_one = services.sign(
        act_in_mid_visit, signed(hand, services.what_to_sign(act_in_mid_visit)), clerk
    )
    db.session.commit()
    services.go_on(signed_one)
    identified.outcome = "Ja és al padró."
    booking.move_on(identified, Status.SERVED)
    db.session.commit()

    newer, older, _ = queries.acts_of(identified)

    assert (older, newer.reason, newer.grade) == (signed_one, "continued", Grade.AUTOMATIC)
    services.go_on(newer)
    said = json.loads(sealing.manifest_in(making.read(newer.edition)))
    assert said["meeting"]["outcome"] == "Ja és al padró."
    assert said["signatures"] == []


def test_the_page_of_the_automatic_one_promises_nothing_more(client, place, act):
    from app.acts import csv

    page = client.get(f"{town.base(place)}/ca/check/{csv.shown(act.csv)}").text

    assert "Ningú no n’ha certificat" in page
    assert "Certificació" not in page


def test_the_register_is_kept_in_the_office(client, place, clerk, hand):
    import io

    from app.accounts.models import Role

    boss = town.a_supervisor(role=Role.ADMINISTRATOR)
    town.enter(client, boss)
    here = f"{town.base(place)}/office/acts/signers"
    page = client.get(here).text
    fields = {
        "csrf_token": town.token_in(page),
        "account": clerk.code,
        "grade": "secretary",
        "first_day": clock.today(place.time_zone).isoformat(),
        "post": "Secretary",
    }
    wrong = {**fields, "certificate": (io.BytesIO(b"hello"), "a.cer")}
    assert client.post(here, data=wrong).status_code == 422
    own = hand[1].public_bytes(serialization.Encoding.DER)
    right = {**fields, "certificate": (io.BytesIO(own), "a.cer")}
    assert client.post(here, data=right).status_code == 303

    (signer,) = queries.signers()
    assert signer.grade is Grade.SECRETARY
    assert town.send(client, f"{here}/{signer.code}/end", here).status_code == 303
    assert not signer.covers(clock.today(place.time_zone))
