"""Codes sent by SMS, their alarms, passkeys and how they come back, challenges, and sessions."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account, Role
from app.core import clock
from app.core.db import Base, new_code, stored
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
    code: Mapped[str] = mapped_column(sa.String(16), index=True, unique=True, default=new_code)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id), index=True)
    name: Mapped[str] = mapped_column(sa.String(40), default="")
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


class RecoveryCheck(OfTown, Base):
    """A citizen who lost their passkeys was seen by one of the staff; another has to confirm it.

    It is deleted when it is answered: what happened stands in the audit.
    """

    __tablename__ = "recovery_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id), unique=True)
    seen: Mapped[str] = mapped_column(sa.String(20))  # in_person, video
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id), index=True)
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    ends_at: Mapped[datetime] = mapped_column(index=True)

    account: Mapped[Account] = relationship(foreign_keys=account_id)
    asked_by: Mapped[Account] = relationship(foreign_keys=asked_by_id)


class SessionKind(enum.StrEnum):
    """Whose session it is. Each has a cookie of its own, and opens no door of another."""

    CITIZEN = "citizen"
    STAFF = "staff"
    KIOSK = "kiosk"

    @classmethod
    def of(cls, role: Role) -> "SessionKind":
        """The kind of whoever has that role: a citizen's or a kiosk's own, else the staff's."""
        return cls.STAFF if role.is_staff else cls(role.value)


class OpenSession(OfTown, Base):
    """A browser that was let in. Its cookie holds a random name; only the digest is kept here."""

    __tablename__ = "open_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), default=new_code)  # names it, opens nothing
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    kind: Mapped[SessionKind] = mapped_column(stored(SessionKind))
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id), index=True)
    passkey_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Passkey.id))
    method: Mapped[str] = mapped_column(sa.String(16))  # phone, passkey, device, door
    label: Mapped[str] = mapped_column(sa.String(60), default="")  # of a kiosk
    device: Mapped[str] = mapped_column(sa.String(40), default="")
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    confirmed_at: Mapped[datetime] = mapped_column(default=clock.now)  # when it was last shown who
    ends_at: Mapped[datetime] = mapped_column(index=True)  # whatever happens
    previous_at: Mapped[datetime | None]  # the last access before this one
    previous_device: Mapped[str] = mapped_column(sa.String(40), default="")
    closed_at: Mapped[datetime | None]
    was_refused: Mapped[bool] = mapped_column(default=False)  # somebody came with it once closed

    account: Mapped[Account | None] = relationship()


class KeptAnswers(OfTown, Base):
    """What somebody had written when their session ended, until they come back to send it."""

    __tablename__ = "kept_answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id), index=True)
    path: Mapped[str] = mapped_column(sa.String(400))
    answers: Mapped[dict[str, Any]]  # {"fields": [[name, value], …]}
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Challenge(OfTown, Base):
    """A random value for one ceremony, kept here and used once."""

    __tablename__ = "challenge"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    purpose: Mapped[str] = mapped_column(sa.String(40))
    value: Mapped[bytes] = mapped_column(sa.LargeBinary(64))
    user_handle: Mapped[bytes | None] = mapped_column(sa.LargeBinary(64))
    expires_at: Mapped[datetime] = mapped_column(index=True)
