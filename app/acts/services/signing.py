"""Somebody signs what an act says: the clerk, or who holds the public faith.

They sign `manifest.json` with their own certificate and their own program (AutoFirma, or openssl),
detached. Their signature goes into another act, of the grade that their post gives and no other.
"""

import asyncio
from datetime import date
from io import BytesIO

from asn1crypto import cms, pem
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Account
from app.acts import queries, sealing
from app.acts.errors import (
    AlreadyEntered,
    Damaged,
    NothingNew,
    NotSealedYet,
    UnknownSigner,
    WrongSignature,
)
from app.acts.events import ActSigned, SignerEnded, SignerEntered
from app.acts.manifest import digest_of
from app.acts.models import Grade, SealedAct, Signature, Signer
from app.acts.services.asking import replace
from app.acts.services.making import read
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.towns.tenant import current_town_id

MOST_BYTES = 64 * 1024


def what_to_sign(act: SealedAct) -> bytes:
    """The very bytes of the manifest, out of the sealed file."""
    if act.edition is None:
        raise NotSealedYet
    try:
        return sealing.manifest_in(read(act.edition))
    except sealing.Altered as error:
        raise Damaged from error


def sign(act: SealedAct, content: bytes, by: Account) -> SealedAct:
    """A signature came. The act that is made for it has the signer's grade; this one stays."""
    if len(content) > MOST_BYTES:
        raise WrongSignature
    signed = what_to_sign(act)
    token, own = _token(content)
    signer = _signer(own, act)
    if not _holds(token, own, signed):
        raise WrongSignature
    made = replace(act, by, reason="signed", grade=signer.grade)
    armoured = pem.armor("PKCS7", token.dump()).decode()
    db.session.add(
        Signature(
            act_id=act.id,
            made_id=made.id,
            signer_id=signer.id,
            given_at=clock.now(),
            content=armoured,
            digest=digest_of(armoured.encode()),
        )
    )
    try:
        db.session.flush()
    except IntegrityError as error:
        raise NothingNew from error
    publish(
        ActSigned(
            town_id=act.town_id,
            visit_id=act.visit_id,
            act_id=act.id,
            grade=signer.grade.value,
            account_id=signer.account_id,
        )
    )
    return made


def enter_signer(
    account: Account,
    certificate: bytes,
    grade: Grade,
    first_day: date,
    last_day: date | None,
    *,
    post: str,
    reference: str,
    by: Account | None,
) -> Signer:
    """From that day on this certificate counts for that grade."""
    read_one = _certificate(certificate)
    fingerprint = read_one.fingerprint(hashes.SHA256()).hex()
    if any(one.covers(first_day) for one in queries.signers_with(fingerprint)):
        raise AlreadyEntered
    signer = Signer(
        account_id=account.id,
        grade=grade,
        post=post.strip(),
        reference=reference.strip(),
        certificate=read_one.public_bytes(serialization.Encoding.PEM).decode(),
        fingerprint=fingerprint,
        first_day=first_day,
        last_day=last_day,
        made_at=clock.now(),
        by_id=by.id if by else None,
    )
    try:
        with db.session.begin_nested():
            db.session.add(signer)
    except IntegrityError as error:
        raise AlreadyEntered from error
    publish(
        SignerEntered(town_id=current_town_id(), account_id=account.id, grade=signer.grade.value)
    )
    return signer


def end_signer(signer: Signer) -> None:
    """From now on it counts no more. What was signed until now stays good."""
    if signer.ended_at is not None:
        return
    signer.ended_at = clock.now()
    db.session.flush()
    publish(SignerEnded(town_id=current_town_id(), account_id=signer.account_id))


def _certificate(content: bytes) -> x509.Certificate:
    try:
        if pem.detect(content):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except ValueError as error:
        raise WrongSignature from error


def _token(content: bytes) -> tuple[cms.ContentInfo, asn1.Certificate]:
    """What was sent, as a signature of one person, and their certificate in it."""
    try:
        if pem.detect(content):
            _, _, content = pem.unarmor(content)
        token = cms.ContentInfo.load(content, strict=True)
        (info,) = token["content"]["signer_infos"]
        sid = info["sid"].chosen
        own = next(
            one.chosen
            for one in token["content"]["certificates"]
            if one.chosen.serial_number == sid["serial_number"].native
            and one.chosen.issuer == sid["issuer"]
        )
    except Exception as error:  # strangers' bytes: whatever a reader stumbles on means this
        raise WrongSignature from error
    return token, own


def _signer(own: asn1.Certificate, act: SealedAct) -> Signer:
    """Who it is by the register, today, for a grade above the one that the act has."""
    day = clock.today(act.town.time_zone)
    found = [one for one in queries.signers_with(own.sha256.hex()) if one.covers(day)]
    if not found:
        raise UnknownSigner
    best = max(found, key=lambda one: one.grade.rank)
    if best.grade.rank <= act.grade.rank:
        raise NothingNew
    return best


def _holds(token: cms.ContentInfo, own: asn1.Certificate, signed: bytes) -> bool:
    """Whether that key signed those bytes. The register stands for the certificate itself."""
    try:
        status = asyncio.run(
            async_validate_detached_cms(
                BytesIO(signed),
                token["content"],
                signer_validation_context=ValidationContext(trust_roots=[own]),
                key_usage_settings=KeyUsageConstraints(key_usage=set()),
            )
        )
    except Exception:
        return False
    return bool(status.bottom_line)
