"""Questions about codes and passkeys."""

from collections.abc import Sequence
from datetime import datetime, timedelta

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


def codes_sent(*, phone: str | None = None, address_digest: str | None = None) -> int:
    """How many codes went out in the last hour to that telephone, or at that address's request."""
    question = sa.select(sa.func.count()).select_from(PhoneCode)
    question = question.where(PhoneCode.sent_at > _an_hour_ago())
    if phone is not None:
        question = question.where(PhoneCode.phone == phone)
    if address_digest is not None:
        question = question.where(PhoneCode.address_digest == address_digest)
    return int(db.session.scalar(question) or 0)


def passkey(credential_id: bytes) -> Passkey | None:
    found: Passkey | None = first_or_none(
        sa.select(Passkey).where(Passkey.credential_id == credential_id)
    )
    return found


def passkeys_of(account_id: int) -> Sequence[Passkey]:
    return db.session.scalars(sa.select(Passkey).where(Passkey.account_id == account_id)).all()


def _an_hour_ago() -> datetime:
    return clock.now() - timedelta(hours=1)
