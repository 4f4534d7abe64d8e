"""A development seal, made at first use: for trying, never for proving."""

from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from app.core import certificates

NAME = "Ventanilla development seal, NOT QUALIFIED"
certificate = partial(certificates.certificate, uses=("digital_signature", "content_commitment"))


def make(folder: Path) -> None:
    """An issuing certificate, whose key is thrown away, and the one that seals."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = certificates.named(f"{NAME}, issuer")
    ca = certificate(ca_name, ca_name, ca_key.public_key(), ca_key, is_ca=True)
    seal = certificate(certificates.named(NAME), ca_name, key.public_key(), ca_key, is_ca=False)
    held = pkcs12.serialize_key_and_certificates(
        b"seal", key, seal, [ca], serialization.NoEncryption()
    )
    certificates.keep(
        folder,
        {
            "ca.pem": ca.public_bytes(serialization.Encoding.PEM),
            "ca.crl": certificates.nothing_revoked(ca, ca_key),
            "seal.p12": held,
        },
    )
