"""A person of one town, and the one-time link by which staff get in for the first time."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Base, new_code, stored
from app.towns.models import OfTown


class Role(enum.StrEnum):
    """What a person is here for."""

    CITIZEN = "citizen"
    CLERK = "clerk"
    SUPERVISOR = "supervisor"

    @property
    def is_staff(self) -> bool:
        return self is not Role.CITIZEN


class Account(OfTown, Base):
    """Somebody. A citizen is known by a telephone, staff by the passkeys they enrolled."""

    __tablename__ = "account"
    __table_args__ = (
        sa.Index(
            "uq_account_citizen_phone",
            "town_id",
            "phone",
            unique=True,
            sqlite_where=sa.text("role = 'citizen'"),
            postgresql_where=sa.text("role = 'citizen'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    role: Mapped[Role] = mapped_column(stored(Role))
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    phone: Mapped[str | None] = mapped_column(sa.String(20))
    locale: Mapped[str] = mapped_column(sa.String(2), default="es")
    languages: Mapped[list[str]] = mapped_column(default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime | None]
    phone_confirmed_at: Mapped[datetime | None]  # when the telephone last showed it is theirs
    last_access_at: Mapped[datetime | None]
    last_access_device: Mapped[str] = mapped_column(sa.String(40), default="")

    @property
    def is_staff(self) -> bool:
        return self.role.is_staff

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0]


class Invitation(OfTown, Base):
    """A one-time link to enrol a passkey. Only its digest is kept.

    With `is_recovery` it replaces every passkey that the person had.
    """

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id), index=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    is_recovery: Mapped[bool] = mapped_column(default=False)

    account: Mapped[Account] = relationship()

    @property
    def is_open(self) -> bool:
        return self.used_at is None and clock.now() < self.expires_at
