"""Questions about codes, passkeys and sessions."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from app.core import clock
from app.core.db import db, first_or_none
from app.identity.models import KeptAnswers, OpenSession, Passkey, PhoneCode, SessionKind
from app.towns.tenant import every_town


def live_codes(phone: str, purpose: str) -> Sequence[PhoneCode]:
    """Codes sent to that telephone for that purpose, newest first, used and expired ones too."""
    question = (
        sa.select(PhoneCode)
        .where(PhoneCode.phone == phone, PhoneCode.purpose == purpose)
        .order_by(PhoneCode.id.desc())
        .limit(5)
    )
    return db.session.scalars(question).all()


@dataclass(frozen=True)
class CodesSent:
    """How many codes went out in the last hour."""

    to_this_by_this_asker: int
    by_this_asker: int
    to_this: int


def codes_sent(phone: str, address_digest: str) -> CodesSent:
    """To that telephone, at that asker's request, and both."""
    to_this, by_asker = PhoneCode.phone == phone, PhoneCode.address_digest == address_digest
    counts = [
        sa.func.count(sa.case((condition, 1)))
        for condition in (sa.and_(to_this, by_asker), by_asker, to_this)
    ]
    question = sa.select(*counts).where(
        PhoneCode.sent_at > clock.now() - timedelta(hours=1), sa.or_(to_this, by_asker)
    )
    row = db.session.execute(question).one()
    return CodesSent(row[0], row[1], row[2])


def passkey(credential_id: bytes) -> Passkey | None:
    found: Passkey | None = first_or_none(
        sa.select(Passkey).where(Passkey.credential_id == credential_id)
    )
    return found


def is_known_anywhere(credential_id: bytes) -> bool:
    """In any town: the table keeps each credential once, whoever enrolled it."""
    with every_town():
        return passkey(credential_id) is not None


def passkeys_of(account_id: int) -> Sequence[Passkey]:
    question = sa.select(Passkey).where(Passkey.account_id == account_id)
    return db.session.scalars(question.order_by(Passkey.id)).all()


def passkey_of(account_id: int, code: str) -> Passkey | None:
    """Somebody's own passkey, by its public name."""
    found: Passkey | None = first_or_none(
        sa.select(Passkey).where(Passkey.account_id == account_id, Passkey.code == code)
    )
    return found


def passkeys_by_account() -> dict[int, int]:
    """How many passkeys each person of this town has."""
    question = sa.select(Passkey.account_id, sa.func.count()).group_by(Passkey.account_id)
    return {row[0]: row[1] for row in db.session.execute(question)}


def session_of(name: str, kind: SessionKind) -> OpenSession | None:
    """The session with that name, closed ones too, together with its person: one question."""
    found: OpenSession | None = first_or_none(
        sa.select(OpenSession)
        .where(OpenSession.digest == digest_of(name), OpenSession.kind == kind)
        .options(joinedload(OpenSession.account))
    )
    return found


def sessions_of(account_id: int) -> Sequence[OpenSession]:
    """The open ones of that person, the last seen first."""
    question = sa.select(OpenSession).where(
        OpenSession.account_id == account_id,
        OpenSession.closed_at.is_(None),
        OpenSession.ends_at > clock.now(),
    )
    return db.session.scalars(question.order_by(OpenSession.seen_at.desc())).all()


def sessions_by_passkey(passkey_id: int) -> Sequence[OpenSession]:
    question = sa.select(OpenSession).where(
        OpenSession.passkey_id == passkey_id, OpenSession.closed_at.is_(None)
    )
    return db.session.scalars(question).all()


def kiosks() -> Sequence[OpenSession]:
    question = sa.select(OpenSession).where(
        OpenSession.kind == SessionKind.KIOSK,
        OpenSession.closed_at.is_(None),
        OpenSession.ends_at > clock.now(),
    )
    return db.session.scalars(question.order_by(OpenSession.label)).all()


def kept_answers(code: str) -> KeptAnswers | None:
    found: KeptAnswers | None = first_or_none(
        sa.select(KeptAnswers).where(KeptAnswers.code == code)
    )
    return found


def digest_of(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
