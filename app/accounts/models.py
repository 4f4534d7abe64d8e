"""A person of one town, and the one-time link by which staff get in for the first time."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.blocking import Personal
from app.core.db import Base, new_code, stored
from app.towns.models import OfTown


class Role(enum.StrEnum):
    """What a person is here for; a kiosk is a device with an account of its own."""

    CITIZEN = "citizen"
    CLERK = "clerk"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    INTERPRETER = "interpreter"
    KIOSK = "kiosk"

    @property
    def is_staff(self) -> bool:
        return self not in (Role.CITIZEN, Role.KIOSK)


class Power(enum.StrEnum):
    """What may be done at a counter. A visit's own link opens that visit to whoever holds it."""

    OWN_DATA = "own_data"  # see, correct and erase what we hold about oneself
    ATTEND = "attend"  # the next person, the call, its outcome: it takes a counter of one's own
    INTERPRET = "interpret"  # the calls to which one is invited, and nothing else of them
    PLAN = "plan"  # shifts, closed days, skills, and the figures about them
    READ_AUDIT = "read_audit"  # every line of what happened, and whether one was changed
    KEEP_DATA = "keep_data"  # for how long, requests of citizens, what is blocked
    AUTHORISE = "authorise"  # who may identify people, and what procedures ask of them
    SHOW_KIOSK = "show_kiosk"  # the screens of a public device


# Duties are apart (RD 311/2022, op.acc.3): who keeps the record does not attend, and the reverse.
MAY: dict[Role, frozenset[Power]] = {
    Role.CITIZEN: frozenset({Power.OWN_DATA}),
    Role.CLERK: frozenset({Power.ATTEND}),
    Role.SUPERVISOR: frozenset({Power.ATTEND, Power.PLAN}),
    Role.ADMINISTRATOR: frozenset({Power.PLAN, Power.READ_AUDIT, Power.KEEP_DATA, Power.AUTHORISE}),
    Role.INTERPRETER: frozenset({Power.INTERPRET}),
    Role.KIOSK: frozenset({Power.SHOW_KIOSK}),
}


def who_may(power: Power) -> tuple[Role, ...]:
    """The roles that have it: what `requires(...)` takes."""
    return tuple(role for role in Role if power in MAY[role])


class Account(Personal, OfTown, Base):
    """Somebody. A citizen is known by a telephone, staff by the passkeys they enrolled."""

    __tablename__ = "account"
    __table_args__ = (
        sa.Index(
            "uq_account_citizen_phone",
            "town_id",
            "phone",
            unique=True,
            sqlite_where=sa.text("role = 'citizen' AND blocked_at IS NULL"),
            postgresql_where=sa.text("role = 'citizen' AND blocked_at IS NULL"),
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

    def may(self, power: "Power | str") -> bool:
        """Whether their role lets them: `current_account.may("plan")` on a screen."""
        return Power(power) in MAY[self.role]

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
    given_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))  # of the staff

    account: Mapped[Account] = relationship(foreign_keys=account_id)

    @property
    def is_open(self) -> bool:
        return self.used_at is None and clock.now() < self.expires_at
