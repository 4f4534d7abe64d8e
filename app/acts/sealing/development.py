"""A development seal, made at first use: for trying, never for proving."""

import os
import shutil
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from app.core import clock

NAME = "Ventanilla development seal, NOT QUALIFIED"
YEARS = 10
USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def make(folder: Path) -> None:
    """An issuing certificate, whose key is thrown away, and the one that seals."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(dir=folder.parent, prefix=".seal-"))
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = _named(f"{NAME}, issuer")
    ca = certificate(ca_name, ca_name, ca_key.public_key(), ca_key, is_ca=True)
    seal = certificate(_named(NAME), ca_name, key.public_key(), ca_key, is_ca=False)
    held = pkcs12.serialize_key_and_certificates(
        b"seal", key, seal, [ca], serialization.NoEncryption()
    )
    for name, content in {
        "ca.pem": ca.public_bytes(serialization.Encoding.PEM),
        "ca.crl": nothing_revoked(ca, ca_key),
        "seal.p12": held,
    }.items():
        (draft / name).touch(mode=0o600)
        (draft / name).write_bytes(content)
    try:
        os.replace(draft, folder)
    except OSError:  # another process was quicker
        shutil.rmtree(draft)


def certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    is_ca: bool,
) -> x509.Certificate:
    begins = clock.now() - timedelta(days=1)
    uses = ("key_cert_sign", "crl_sign") if is_ca else ("digital_signature", "content_commitment")
    usage = {use: use in uses for use in USES}
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )


def nothing_revoked(ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey) -> bytes:
    """The only list of that issuer, good as long as it is itself."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.subject)
        .last_update(ca.not_valid_before_utc)
        .next_update(ca.not_valid_after_utc)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .add_extension(x509.CRLNumber(1), critical=False)
    )
    return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
