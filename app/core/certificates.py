"""Certificates of our own, made at first use: they show that it works, and prove nothing."""

import os
import shutil
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.core import clock

YEARS = 10
ISSUES = ("key_cert_sign", "crl_sign")
USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    is_ca: bool,
    uses: Collection[str] = (),
    only_for: x509.ObjectIdentifier | None = None,
) -> x509.Certificate:
    """`uses`: those of a certificate that issues none. `only_for`: one extended use, critical."""
    begins = clock.now() - timedelta(days=1)
    usage = {use: use in (ISSUES if is_ca else uses) for use in USES}
    builder = (
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
    )
    if only_for is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([only_for]), critical=True)
    return builder.sign(signer, hashes.SHA256())


def nothing_revoked(ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey) -> bytes:
    """The only list of that issuer, in DER, good as long as it is itself."""
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


def keep(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write these files for this user alone. All appear together, and the quicker process wins."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    for name, content in files.items():
        (draft / name).touch(mode=0o600)
        (draft / name).write_bytes(content)
    try:
        os.replace(draft, folder)
    except OSError:  # another process was quicker
        shutil.rmtree(draft)
