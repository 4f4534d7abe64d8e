"""With which key acts are sealed: in a file (PKCS#12), or in a device that never gives it away.

`SEAL_FILE`, or `SEAL_DEVICE` with its module, token, label and PIN. Neither: a development key.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asn1crypto import pem
from asn1crypto import x509 as asn1
from asn1crypto.keys import PrivateKeyInfo
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from flask import current_app
from pyhanko.sign.signers import Signer, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from app.acts.sealing import development
from app.core import timestamps

DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class NoKey(Exception):
    """The key cannot be used. The words are for whoever looks after the house."""


@dataclass(frozen=True)
class Sealer:
    """A key in hand, and what its seal needs to be believed.

    `roots`, `others` and `revoked` are those of the seal and of the time stamps together.
    """

    signer: Signer
    roots: list[asn1.Certificate]
    others: list[asn1.Certificate]
    revoked: list[bytes]
    is_qualified: bool
    is_for_development: bool
    may_ask: bool  # whoever issued it, whether it was taken back

    @property
    def certificate(self) -> asn1.Certificate:
        found: asn1.Certificate = self.signer.signing_cert
        return found

    @property
    def name(self) -> str:
        return str(self.certificate.subject.native.get("common_name", ""))


@contextmanager
def in_hand() -> Iterator[Sealer]:
    """The key of this installation, for as long as it is needed."""
    config = current_app.config
    timestamps.prepare()
    if config["SEAL_DEVICE"]:
        with _in_device(config["SEAL_DEVICE"]) as signer:
            yield _sealer(signer, _certificates(config["SEAL_ROOTS"]), _lists())
    elif config["SEAL_FILE"]:
        path = Path(current_app.instance_path) / str(config["SEAL_FILE"])
        signer = _in_file(path, str(config["SEAL_PASSWORD"]))
        yield _sealer(signer, _certificates(config["SEAL_ROOTS"]), _lists())
    else:
        folder = development_folder()
        if not folder.is_dir():
            development.make(folder)
        signer = _in_file(folder / "seal.p12", "")
        yield _sealer(signer, [*_read(folder / "ca.pem")], [(folder / "ca.crl").read_bytes()])


def roots() -> list[asn1.Certificate]:
    """Whom this installation believes, for seals and for time stamps."""
    folder = development_folder()
    made_here = _read(folder / "ca.pem") if (folder / "ca.pem").exists() else []
    chosen = _certificates(current_app.config["SEAL_ROOTS"])
    return [*chosen, *made_here, *_roots_of_stamps()]


def roots_in_pem() -> bytes:
    return b"".join(pem.armor("CERTIFICATE", one.dump()) for one in roots())


def is_for_development() -> bool:
    """Whether what is sealed here proves nothing to anybody else."""
    config = current_app.config
    return not (config["SEAL_FILE"] or config["SEAL_DEVICE"]) or timestamps.is_for_development()


def development_folder() -> Path:
    return Path(current_app.instance_path) / "seal"


def _sealer(signer: Signer, known: list[asn1.Certificate], revoked: list[bytes]) -> Sealer:
    """`SEAL_IS_QUALIFIED` says what nobody can see in a key: in which list its issuer stands."""
    config = current_app.config
    lists = [one for authority in timestamps.chosen() for one in authority.revoked()]
    is_own = not (config["SEAL_FILE"] or config["SEAL_DEVICE"])
    return Sealer(
        signer=signer,
        roots=[*known, *_roots_of_stamps()],
        others=list(signer.cert_registry),
        revoked=[*revoked, *lists],
        is_qualified=bool(config["SEAL_IS_QUALIFIED"]) and not is_own,
        is_for_development=is_own,
        may_ask=not is_own and not config["SEAL_LISTS"],
    )


def _roots_of_stamps() -> list[asn1.Certificate]:
    found = []
    for authority in timestamps.chosen():
        for root in authority.roots():
            found.append(asn1.Certificate.load(root.public_bytes(serialization.Encoding.DER)))
    return found


def _in_file(path: Path, password: str) -> Signer:
    """Read once for each process, and again when the file is another."""
    kept: dict[Path, tuple[Any, Signer]] = current_app.extensions.setdefault("acts.keys", {})
    try:
        stamp = (path.stat().st_mtime_ns, password)
        if path in kept and kept[path][0] == stamp:
            return kept[path][1]
        signer = HeldKey.read(path.read_bytes(), password)
    except (OSError, ValueError) as error:
        raise NoKey(f"{path.name}: {error}") from error
    kept[path] = (stamp, signer)
    return signer


@contextmanager
def _in_device(device: dict[str, Any]) -> Iterator[Signer]:
    """A session of a PKCS#11 device. The PIN may be empty when the device has its own keypad."""
    from pkcs11.exceptions import PKCS11Error
    from pyhanko.config.pkcs11 import TokenCriteria
    from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session

    try:
        session = open_pkcs11_session(
            str(device["module"]),
            token_criteria=TokenCriteria(label=str(device["token"])),
            user_pin=str(device["pin"]) if device.get("pin") else None,
        )
    except (PKCS11Error, OSError, RuntimeError, KeyError) as error:
        raise NoKey(f"the device does not open: {type(error).__name__}") from error
    with session:
        yield PKCS11Signer(
            session,
            cert_label=str(device["label"]),
            key_label=str(device["label"]),
            ca_chain=_certificates(str(device.get("chain", ""))),
        )


def _lists() -> list[bytes]:
    folder = Path(current_app.instance_path)
    return [(folder / name).read_bytes() for name in current_app.config["SEAL_LISTS"]]


def _certificates(name: str) -> list[asn1.Certificate]:
    return _read(Path(current_app.instance_path) / name) if name else []


def _read(path: Path) -> list[asn1.Certificate]:
    return [
        asn1.Certificate.load(one.public_bytes(serialization.Encoding.DER))
        for one in x509.load_pem_x509_certificates(path.read_bytes())
    ]


class HeldKey(SimpleSigner):
    """A key that was read once: reading a long one costs more than signing with it."""

    held: Any = None

    @classmethod
    def read(cls, content: bytes, password: str) -> "HeldKey":
        key, own, more = pkcs12.load_key_and_certificates(content, password.encode() or None)
        if key is None or own is None:
            raise ValueError("it needs a key and its certificate")
        store = SimpleCertificateStore()
        store.register_multiple([_plain(one) for one in more])
        der = key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        signer = cls(_plain(own), PrivateKeyInfo.load(der), store)
        signer.held = key
        return signer

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        mechanism = self.get_signature_mechanism_for_digest(digest_algorithm).signature_algo
        digest = DIGESTS.get(digest_algorithm)
        if digest and mechanism == "ecdsa" and isinstance(self.held, ec.EllipticCurvePrivateKey):
            return self.held.sign(data, ec.ECDSA(digest))
        if digest and mechanism == "rsassa_pkcs1v15" and isinstance(self.held, rsa.RSAPrivateKey):
            return self.held.sign(data, padding.PKCS1v15(), digest)
        return bytes(super().sign_raw(data, digest_algorithm))


def _plain(certificate: x509.Certificate | Any) -> asn1.Certificate:
    one = getattr(certificate, "certificate", certificate)
    return asn1.Certificate.load(one.public_bytes(serialization.Encoding.DER))
