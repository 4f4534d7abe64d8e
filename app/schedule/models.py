"""Resources, what they can do, when they are on duty, and the one table that says what is taken."""

import enum
from datetime import date, datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.core import clock
from app.core.db import Base, stored
from app.towns.models import OfTown, Procedure


class ResourceKind(enum.StrEnum):
    """What can be taken for a time."""

    CLERK = "clerk"
    BOOTH = "booth"
    DESK = "desk"
    INTERPRETER = "interpreter"


class AllocationState(enum.StrEnum):
    """Why a resource is taken. `freed` rows stay as history and take nothing."""

    HELD = "held"
    BOOKED = "booked"
    IN_SERVICE = "in_service"
    BLOCKED = "blocked"
    FREED = "freed"


ACTIVE = (
    AllocationState.HELD,
    AllocationState.BOOKED,
    AllocationState.IN_SERVICE,
    AllocationState.BLOCKED,
)


class Resource(OfTown, Base):
    """Somebody or something that one visit at a time can have."""

    __tablename__ = "resource"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ResourceKind] = mapped_column(stored(ResourceKind))
    name: Mapped[str] = mapped_column(sa.String(80))
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)

    account: Mapped[Account | None] = relationship()


class Skill(OfTown, Base):
    """A resource can attend a procedure."""

    __tablename__ = "skill"

    resource_id: Mapped[int] = mapped_column(sa.ForeignKey(Resource.id), primary_key=True)
    procedure_id: Mapped[int] = mapped_column(
        sa.ForeignKey(Procedure.id), primary_key=True, index=True
    )


class Shift(OfTown, Base):
    """Hours of duty of a resource on one day of the week, on the wall of its town.

    `ends` 00:00 means midnight at the end of the day.
    """

    __tablename__ = "shift"
    __table_args__ = (sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(sa.ForeignKey(Resource.id), index=True)
    weekday: Mapped[int]  # 0 is Monday
    starts: Mapped[time]
    ends: Mapped[time]
    channels: Mapped[list[str]]
    is_public: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    on_closed_days: Mapped[bool] = mapped_column(default=False)

    def covers(self, day: date) -> bool:
        """Whether this shift is worked on that day, closures apart."""
        return (
            self.weekday == day.weekday()
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
        )


class Allocation(OfTown, Base):
    """A resource taken for a time, half-open: [starts_at, ends_at).

    The register itself refuses two active rows of one resource that overlap: an exclusion
    constraint on PostgreSQL, triggers on SQLite (see the migration).
    """

    __tablename__ = "allocation"
    __table_args__ = (
        sa.CheckConstraint("starts_at < ends_at", name="order"),
        sa.CheckConstraint("state != 'held' OR expires_at IS NOT NULL", name="hold_expires"),
        sa.Index("ix_allocation_resource_times", "resource_id", "starts_at", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(sa.ForeignKey(Resource.id))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[AllocationState] = mapped_column(stored(AllocationState), index=True)
    claim: Mapped[str] = mapped_column(sa.String(40), index=True)  # whose it is: a visit's code
    expires_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.String(120), default="")
    made_at: Mapped[datetime] = mapped_column(default=clock.now)

    resource: Mapped[Resource] = relationship()
