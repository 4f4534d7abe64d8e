"""Questions about codes and passkeys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from app.core import clock
from app.core.db import db, first_or_none
from app.identity.models import Passkey, PhoneCode


def live_codes(phone: str, purpose: str) -> Sequence[PhoneCode]:
    """Codes sent to that telephone for that purpose, newest first, used and expired ones too."""
    question = (
        sa.select(PhoneCode)
        .where(PhoneCode.phone == phone, PhoneCode.purpose == purpose)
        .order_by(PhoneCode.id.desc())
        .limit(5)
    )
    return db.session.scalars(question).all()


def was_confirmed(phone: str, purpose: str) -> bool:
    """Whether a code for that purpose came back from that telephone."""
    return any(code.used_at is not None for code in live_codes(phone, purpose))


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


def passkeys_of(account_id: int) -> Sequence[Passkey]:
    return db.session.scalars(sa.select(Passkey).where(Passkey.account_id == account_id)).all()
