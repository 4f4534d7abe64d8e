"""Keys in a file and in a device; without either, a trial that says so."""

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from app.acts import sealing, services
from app.acts.sealing import NoKey, development, keys
from app.acts.services import making
from app.core import certificates, clock
from app.core.db import db

MODULE = next(iter(sorted(Path("/usr/lib").glob("**/libsofthsm2.so"))), Path("/no/such/library"))


def an_issuer(folder: Path, key) -> x509.Certificate:
    """Of the test alone, with its list; and the certificate of that key."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Issuer", "Town")
    ]
    ca = development.certificate(names[0], names[0], ca_key.public_key(), ca_key, is_ca=True)
    own = development.certificate(names[1], names[0], key.public_key(), ca_key, is_ca=False)
    (folder / "roots.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "issuer.crl").write_bytes(certificates.nothing_revoked(ca, ca_key))
    return own


@pytest.fixture
def house(app, tmp_path, monkeypatch):
    """An installation whose seal is issued by somebody else."""
    folder = Path(app.instance_path)
    made = []

    def seals_with(key) -> x509.Certificate:
        own = an_issuer(tmp_path, key)
        for name in ("roots.pem", "issuer.crl"):
            shutil.copy(tmp_path / name, folder / f"seal-{name}")
            made.append(folder / f"seal-{name}")
        monkeypatch.setitem(app.config, "SEAL_ROOTS", "seal-roots.pem")
        monkeypatch.setitem(app.config, "SEAL_LISTS", ["seal-issuer.crl"])
        return own

    yield seals_with
    for file in made:
        file.unlink()


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 3072), ec.generate_private_key(ec.SECP384R1())],
    ids=["RSA", "elliptic"],
)
def test_a_key_in_a_file_seals(app, served, house, monkeypatch, key):
    own = house(key)
    held = pkcs12.serialize_key_and_certificates(
        b"seal", key, own, None, serialization.BestAvailableEncryption(b"a password")
    )
    file = Path(app.instance_path) / "seal-key.p12"
    file.write_bytes(held)
    monkeypatch.setitem(app.config, "SEAL_FILE", "seal-key.p12")
    monkeypatch.setitem(app.config, "SEAL_PASSWORD", "a password")

    act = services.ask(served)
    db.session.commit()
    services.go_on(act)

    file.unlink()
    assert act.is_sealed, act.problem
    assert act.edition.sealed_by == "Town"
    assert not act.edition.is_for_development
    assert not act.edition.is_qualified
    assert sealing.check(making.read(act.edition), keys.roots()).sealed_by == "Town"


def test_a_wrong_password_is_a_problem_for_the_house_and_nothing_is_lost(
    app, served, house, monkeypatch
):
    key = ec.generate_private_key(ec.SECP256R1())
    own = house(key)
    held = pkcs12.serialize_key_and_certificates(
        b"seal", key, own, None, serialization.BestAvailableEncryption(b"a password")
    )
    file = Path(app.instance_path) / "seal-key.p12"
    file.write_bytes(held)
    monkeypatch.setitem(app.config, "SEAL_FILE", "seal-key.p12")
    act = services.ask(served)
    db.session.commit()

    services.go_on(act)

    file.unlink()
    assert not act.is_sealed
    assert "seal-key.p12" in act.problem
    monkeypatch.setitem(app.config, "SEAL_FILE", "")
    services.go_on(act)
    assert act.is_sealed


@pytest.mark.skipif(
    not MODULE.exists() or not shutil.which("softhsm2-util"),
    reason="SOFTHSM IS NOT INSTALLED: keys in a device were NOT tried (apt-packages.txt)",
)
def test_a_key_in_a_device_seals_and_never_leaves_it(app, served, house, monkeypatch, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.mkdir()
    (tmp_path / "softhsm.conf").write_text(f"directories.tokendir = {tokens}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm.conf"))
    key = rsa.generate_private_key(65537, 2048)
    own = house(key)
    into_the_device(tmp_path, key, own)
    device = {"module": str(MODULE), "token": "town", "label": "seal", "pin": "1234"}
    monkeypatch.setitem(app.config, "SEAL_DEVICE", device)

    act = services.ask(served)
    db.session.commit()
    services.go_on(act)

    assert act.is_sealed, act.problem
    assert act.edition.sealed_by == "Town"
    assert sealing.check(making.read(act.edition), keys.roots()).is_stamped
    monkeypatch.setitem(app.config, "SEAL_DEVICE", {**device, "pin": "9999"})
    with pytest.raises(NoKey), sealing.in_hand():
        pass


def into_the_device(folder: Path, key, own: x509.Certificate) -> None:
    import pkcs11
    from pkcs11.util.rsa import decode_rsa_private_key
    from pkcs11.util.x509 import decode_x509_certificate

    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "town", "--pin", "1234"]
        + ["--so-pin", "5678"],
        check=True,
        capture_output=True,
        env={**os.environ},
    )
    library = pkcs11.lib(str(MODULE))
    library.reinitialize()
    token = library.get_token(token_label="town")
    der = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    with token.open(rw=True, user_pin="1234") as session:
        shape = decode_rsa_private_key(der)
        session.create_object(
            {**shape, pkcs11.Attribute.LABEL: "seal", pkcs11.Attribute.TOKEN: True}
        )
        shape = decode_x509_certificate(own.public_bytes(serialization.Encoding.DER))
        session.create_object(
            {**shape, pkcs11.Attribute.LABEL: "seal", pkcs11.Attribute.TOKEN: True}
        )


def test_the_development_seal_says_what_it_is_worth_and_keeps_its_key_to_itself(app, act):
    folder = keys.development_folder()

    assert act.edition.is_for_development
    assert not act.edition.is_qualified
    assert (folder / "seal.p12").stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in folder.iterdir()) == ["ca.crl", "ca.pem", "seal.p12"]


def test_a_seal_that_its_issuer_took_back_seals_nothing(app, served, house, monkeypatch, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    ca_key = ec.generate_private_key(ec.SECP256R1())
    house(key)
    folder = Path(app.instance_path)
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Issuer", "Town")
    ]
    ca = development.certificate(names[0], names[0], ca_key.public_key(), ca_key, is_ca=True)
    own = development.certificate(names[1], names[0], key.public_key(), ca_key, is_ca=False)
    taken_back = (
        x509.RevokedCertificateBuilder()
        .serial_number(own.serial_number)
        .revocation_date(clock.now() - timedelta(hours=2))
        .build()
    )
    listed = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.subject)
        .last_update(clock.now() - timedelta(hours=1))
        .next_update(clock.now() + timedelta(days=9))
        .add_revoked_certificate(taken_back)
        .sign(ca_key, hashes.SHA256())
    )
    (folder / "seal-roots.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "seal-issuer.crl").write_bytes(listed.public_bytes(serialization.Encoding.DER))
    held = pkcs12.serialize_key_and_certificates(
        b"seal", key, own, None, serialization.NoEncryption()
    )
    (folder / "seal-key.p12").write_bytes(held)
    monkeypatch.setitem(app.config, "SEAL_FILE", "seal-key.p12")
    act = services.ask(served)
    db.session.commit()

    services.go_on(act)

    (folder / "seal-key.p12").unlink()
    assert not act.is_sealed
    assert "could not be validated" in act.problem
