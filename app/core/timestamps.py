"""Time stamps (RFC 3161): somebody else's word that these bytes existed at that moment.

    stamp = timestamps.stamp(message)  # asks the authorities in order; NoStamp when none answers
    found = timestamps.check(stamp.token, message)  # when, by whom; WrongStamp if it does not fit

`token` is a whole TimeStampResp in DER, which `openssl ts -verify -in` reads too. The authorities
are those of `TIMESTAMP_AUTHORITIES`. Without any, a development authority is made in the instance
folder: it shows that everything works, and nobody has to believe it. `chosen()` gives them to
whoever needs to speak to them directly, as a library that seals documents does.
"""

import fcntl
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from flask import current_app
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from app.core import certificates, clock

MOST_BYTES = 64 * 1024  # no honest answer is longer
CLOCKS_APART = timedelta(minutes=10)  # an authority further from us than this is not believed
DEVELOPMENT = "development"
DEVELOPMENT_NAME = "Ventanilla development time stamps, NOT QUALIFIED"


class Unanswered(Exception):
    """An authority said nothing of use. The words are for whoever looks after the house."""


class NoStamp(Exception):
    """No authority gave a stamp. `problems`: what each of them said instead."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in problems) or "no authority")
        self.problems = problems


class WrongStamp(Exception):
    """These bytes are no stamp of that message by an authority that we know."""


@dataclass(frozen=True)
class Stamp:
    """A stamp that was checked. `is_qualified`: whether the installation says that it is."""

    token: bytes
    at: datetime
    authority: str
    is_qualified: bool


class Authority(Protocol):
    """Who stamps. `reply` takes a TimeStampReq and gives a TimeStampResp, both in DER."""

    name: str
    is_qualified: bool

    def roots(self) -> list[x509.Certificate]: ...

    def revoked(self) -> list[bytes]: ...

    def reply(self, query: bytes) -> bytes: ...


@dataclass
class Online:
    """An authority somewhere else, spoken to by HTTP as RFC 3161, 3.4 says."""

    name: str
    url: str
    roots_file: Path
    is_qualified: bool
    seconds: float
    user: str = ""
    password: str = ""

    def roots(self) -> list[x509.Certificate]:
        return x509.load_pem_x509_certificates(self.roots_file.read_bytes())

    def revoked(self) -> list[bytes]:
        """Its lists are where its certificates say."""
        return []

    def reply(self, query: bytes) -> bytes:
        if not self.url:
            raise Unanswered("it is only known in order to check old stamps")
        try:
            with requests.post(
                self.url,
                data=query,
                headers={"Content-Type": "application/timestamp-query"},
                auth=(self.user, self.password) if self.user else None,
                timeout=self.seconds,
                stream=True,
                allow_redirects=False,
            ) as answer:
                return self._read(answer)
        except requests.RequestException as error:
            raise Unanswered(type(error).__name__) from error

    def _read(self, answer: requests.Response) -> bytes:
        """A slow answer ends when its time is over, however many small pieces it comes in."""
        if answer.status_code != 200:
            raise Unanswered(f"status {answer.status_code}")
        kind = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if kind != "application/timestamp-reply":
            raise Unanswered(f"it sent {kind[:40] or 'nothing that it names'}, not a time stamp")
        deadline, body = time.monotonic() + self.seconds, b""
        while piece := answer.raw.read1(4096):
            body += piece
            if len(body) > MOST_BYTES:
                raise Unanswered("its answer has no end")
            if time.monotonic() > deadline:
                raise Unanswered("its answer is too slow")
        return body


@dataclass
class Development:
    """An authority of our own, made at first use: for trying, never for proving."""

    folder: Path
    seconds: float
    name: str = DEVELOPMENT
    is_qualified: bool = False

    def roots(self) -> list[x509.Certificate]:
        file = self.folder / "ca.pem"
        return x509.load_pem_x509_certificates(file.read_bytes()) if file.exists() else []

    def revoked(self) -> list[bytes]:
        """The list of what was taken back, in DER: nothing ever is."""
        file = self.folder / "ca.crl"
        return [file.read_bytes()] if file.exists() else []

    def reply(self, query: bytes) -> bytes:
        if not self.folder.is_dir():
            make_development(self.folder)
        with TemporaryDirectory() as place, (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the serial number is a file
            asked, answered = Path(place) / "query.tsq", Path(place) / "reply.tsr"
            asked.write_bytes(query)
            command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa"]
            try:
                subprocess.run(
                    [*command, "-queryfile", str(asked), "-out", str(answered)],
                    cwd=self.folder,
                    check=True,
                    capture_output=True,
                    timeout=self.seconds,
                )
            except FileNotFoundError as error:
                raise Unanswered("openssl is not installed") from error
            except subprocess.SubprocessError as error:
                raise Unanswered("openssl did not manage") from error
            return answered.read_bytes()


def chosen() -> list[Authority]:
    """The authorities of this installation in order; the development one when there is none."""
    config = current_app.config
    found: list[Authority] = [_online(item) for item in config["TIMESTAMP_AUTHORITIES"]]
    return found or [_development()]


def prepare() -> None:
    """Before the first stamp is asked for: its certificates are needed to seal with it."""
    for authority in chosen():
        if isinstance(authority, Development) and not authority.folder.is_dir():
            make_development(authority.folder)


def is_for_development() -> bool:
    """Whether the stamps made here prove nothing to anybody else."""
    return not current_app.config["TIMESTAMP_AUTHORITIES"]


def stamp(message: bytes) -> Stamp:
    """Ask in order until one gives a stamp that fits. The register must be left alone meanwhile."""
    query = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()
    digest = query.message_imprint.message
    return stamp_query(query.as_bytes(), digest, query.nonce)


def stamp_query(query: bytes, digest: bytes, nonce: int | None) -> Stamp:
    """The same for a TimeStampReq in DER that somebody else wrote, about that digest."""
    problems: list[tuple[str, str]] = []
    for authority in chosen():
        try:
            found = _fitting(authority.reply(query), authority, nonce, digest=digest)
            if abs(found.at - clock.now()) > CLOCKS_APART:
                raise WrongStamp("its clock is not ours")
        except (Unanswered, WrongStamp) as error:
            problems.append((authority.name, str(error)))
        except OSError as error:  # its roots cannot be read
            problems.append((authority.name, error.strerror or type(error).__name__))
        else:
            return found
    raise NoStamp(problems)


def check(token: bytes, message: bytes) -> Stamp:
    """Whose stamp of this message it is, and of when. An authority's old stamps need its roots."""
    why = "no authority is known"
    for authority in [*chosen(), *([] if is_for_development() else [_development()])]:
        try:
            return _fitting(token, authority, None, message=message)
        except WrongStamp as error:
            why = str(error)
        except OSError as error:
            why = error.strerror or type(error).__name__
    raise WrongStamp(why)


def _fitting(
    answer: bytes,
    authority: Authority,
    nonce: int | None,
    *,
    message: bytes = b"",
    digest: bytes = b"",
) -> Stamp:
    """The stamp in that answer, when it is one of this message or digest, by this authority."""
    roots = authority.roots()
    if not roots:
        raise WrongStamp("its certificates are not here")
    try:
        answer = in_order(answer)
        response = decode_timestamp_response(answer)
        verifier = VerifierBuilder(roots=roots, nonce=nonce).build()
        if digest:
            verifier.verify(response, digest)
        else:
            verifier.verify_message(response, message)
        at = response.tst_info.gen_time
    except VerificationError as error:
        raise WrongStamp(str(error)[:120]) from error
    except Exception as error:  # strangers' bytes: whatever its readers stumble on means this
        raise WrongStamp("it is not a time stamp") from error
    return Stamp(answer, at, authority.name, authority.is_qualified)


def in_order(answer: bytes) -> bytes:
    """The same answer with the certificates it brings in the order that DER asks for.

    Authorities that run openssl send them as they are in a file, and our reader is strict. The
    set is not part of what is signed, and an order changes no length.
    """
    whole = _parts(answer, 0, len(answer))[0]
    token = _parts(answer, *whole[1:])[1]
    signed = _parts(answer, *_parts(answer, *_parts(answer, *token[1:])[1][1:])[0][1:])
    found = next((part for part in signed if part[0] == 0xA0), None)
    if found is None:
        return answer
    _, begin, end = found
    places = [begin, *(part[2] for part in _parts(answer, begin, end))]
    pieces = [answer[one:next_] for one, next_ in pairwise(places)]
    return answer[:begin] + b"".join(sorted(pieces)) + answer[end:]


def _parts(der: bytes, begin: int, end: int) -> list[tuple[int, int, int]]:
    """What stands between two places, one after the other: tag, begin and end of its content."""
    found = []
    while begin < end:
        tag, length, begin = der[begin], der[begin + 1], begin + 2
        if length & 0x80:
            size = length & 0x7F
            length, begin = int.from_bytes(der[begin : begin + size], "big"), begin + size
        if begin + length > end:
            raise ValueError("a part is longer than the whole")
        found.append((tag, begin, begin + length))
        begin += length
    return found


def _online(item: dict[str, Any]) -> Online:
    folder = Path(current_app.instance_path)
    return Online(
        name=str(item.get("name") or item.get("url") or "")[:80],
        url=str(item.get("url", "")),
        roots_file=folder / str(item["roots"]),
        is_qualified=bool(item.get("is_qualified", False)),
        seconds=float(current_app.config["TIMESTAMP_TIMEOUT_SECONDS"]),
        user=str(item.get("user", "")),
        password=str(item.get("password", "")),
    )


def _development() -> Development:
    folder = Path(current_app.instance_path) / "timestamps"
    return Development(folder, float(current_app.config["TIMESTAMP_TIMEOUT_SECONDS"]))


# --- the development authority -------------------------------------------------------------------

OPENSSL = """\
[tsa]
dir = .
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def make_development(folder: Path) -> None:
    """An issuing certificate, whose key is thrown away, and the one that stamps."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = certificates.named(f"{DEVELOPMENT_NAME}, issuer")
    ca = certificates.certificate(ca_name, ca_name, ca_key.public_key(), ca_key, is_ca=True)
    tsa = certificates.certificate(
        certificates.named(DEVELOPMENT_NAME),
        ca_name,
        key.public_key(),
        ca_key,
        is_ca=False,
        uses=("digital_signature",),
        only_for=ExtendedKeyUsageOID.TIME_STAMPING,  # RFC 3161, 2.3: this alone, and critical
    )
    certificates.keep(
        folder,
        {
            "ca.pem": ca.public_bytes(serialization.Encoding.PEM),
            "tsa.pem": tsa.public_bytes(serialization.Encoding.PEM),
            "tsa.key": key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            "ca.crl": certificates.nothing_revoked(ca, ca_key),
            "tsa.cnf": OPENSSL.encode(),
            "serial": b"01\n",
        },
    )
