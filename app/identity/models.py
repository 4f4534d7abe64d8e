"""Codes sent by SMS, their alarms, passkeys, and the challenges that both parties have seen."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.core import clock
from app.core.db import Base, new_code
from app.towns.models import OfTown

MAX_TRIES = 5


class PhoneCode(OfTown, Base):
    """Six digits sent to a telephone for one purpose. Only a keyed digest of them is kept."""

    __tablename__ = "phone_code"
    __table_args__ = (
        sa.Index("ix_phone_code_phone_sent", "phone", "sent_at"),
        sa.Index("ix_phone_code_address_sent", "address_digest", "sent_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(sa.String(20))
    purpose: Mapped[str] = mapped_column(sa.String(80), index=True)
    digest: Mapped[str] = mapped_column(sa.String(64))
    address_digest: Mapped[str] = mapped_column(sa.String(64))
    sent_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)

    @property
    def is_expired(self) -> bool:
        return clock.now() >= self.expires_at

    @property
    def is_spent(self) -> bool:
        return self.tries >= MAX_TRIES


class CodeAlarm(OfTown, Base):
    """Codes that too few people typed: none leave for numbers that begin so, for a while.

    Without a prefix it is about the whole town. Only figures: nobody's telephone is in it.
    """

    __tablename__ = "code_alarm"
    __table_args__ = (sa.Index("ix_code_alarm_until", "until", "prefix"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(sa.String(20), default="")
    numbers: Mapped[int]
    confirmed: Mapped[int]
    raised_at: Mapped[datetime] = mapped_column(default=clock.now)
    until: Mapped[datetime]

    @property
    def is_live(self) -> bool:
        return clock.now() < self.until


class Passkey(OfTown, Base):
    """A WebAuthn credential of one person."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id), index=True)
    credential_id: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    user_handle: Mapped[bytes] = mapped_column(sa.LargeBinary(64))
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    is_backup_eligible: Mapped[bool] = mapped_column(default=False)
    is_backed_up: Mapped[bool] = mapped_column(default=False)
    transports: Mapped[list[str]] = mapped_column(default=list)
    aaguid: Mapped[str] = mapped_column(sa.String(36), default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class Challenge(OfTown, Base):
    """A random value for one ceremony, kept here and used once."""

    __tablename__ = "challenge"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    purpose: Mapped[str] = mapped_column(sa.String(40))
    value: Mapped[bytes] = mapped_column(sa.LargeBinary(64))
    user_handle: Mapped[bytes | None] = mapped_column(sa.LargeBinary(64))
    expires_at: Mapped[datetime] = mapped_column(index=True)
