"""Resources, what they can do, when they are on duty, and the one table that says what is taken."""

import enum
from datetime import date, datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.core import clock
from app.core.db import Base, new_code, stored
from app.towns.models import Office, OfTown, Procedure


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


# Whose is what nobody has for a while, so that it cannot be traded: this, and whose it was.
RESTING = "rest:"

ACTIVE = (
    AllocationState.HELD,
    AllocationState.BOOKED,
    AllocationState.IN_SERVICE,
    AllocationState.BLOCKED,
)


class CounterState(enum.StrEnum):
    """What a clerk has said of their counter. Without a word, the shift speaks for them."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class SignLanguage(enum.StrEnum):
    """Sign languages recognised by Ley 27/2007."""

    LSE = "lse"
    LSC = "lsc"


class Resource(OfTown, Base):
    """Somebody or something that one visit at a time can have.

    A desk or a booth without shifts is there whenever somebody attends; clerks and interpreters
    without shifts never are. `buffer_minutes` is what it needs after each visit: a booth is
    cleaned. `signs` are the sign languages of an interpreter.
    """

    __tablename__ = "resource"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(
        sa.String(16), unique=True, index=True, default=new_code
    )
    kind: Mapped[ResourceKind] = mapped_column(stored(ResourceKind))
    name: Mapped[str] = mapped_column(sa.String(80))
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id), unique=True)
    office_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Office.id))
    signs: Mapped[list[str]] = mapped_column(default=list)
    buffer_minutes: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    counter: Mapped[CounterState | None] = mapped_column(stored(CounterState))
    counter_at: Mapped[datetime | None]  # when they said it
    desk_id: Mapped[int | None] = mapped_column(sa.ForeignKey("resource.id"))  # where they sit

    account: Mapped[Account | None] = relationship()
    desk: Mapped["Resource | None"] = relationship(remote_side=id)


class Skill(OfTown, Base):
    """A resource can attend a procedure of this town. The resource may be of a town of its pool."""

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

    @property
    def hours(self) -> tuple[time, time] | None:
        return self.starts, self.ends

    def covers(self, day: date) -> bool:
        """Whether this shift is worked on that day, closures apart."""
        return (
            self.weekday == day.weekday()
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
        )


class ShiftException(OfTown, Base):
    """One day on which a resource works otherwise: its rows stand for the whole weekly pattern.

    A row without hours is a day off; several rows with hours are the windows of that day.
    """

    __tablename__ = "shift_exception"
    __table_args__ = (
        sa.CheckConstraint("(starts IS NULL) = (ends IS NULL)", name="hours"),
        sa.Index("ix_shift_exception_resource_day", "resource_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(sa.ForeignKey(Resource.id))
    day: Mapped[date]
    starts: Mapped[time | None]
    ends: Mapped[time | None]
    channels: Mapped[list[str]] = mapped_column(default=list)
    is_public: Mapped[bool] = mapped_column(default=True)
    on_closed_days: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(sa.String(120), default="")

    @property
    def hours(self) -> tuple[time, time] | None:
        if self.starts is None or self.ends is None:
            return None
        return self.starts, self.ends


class Allocation(OfTown, Base):
    """A resource taken for a time, half-open: [starts_at, ends_at), buffers included.

    The register itself refuses two active rows of one resource that overlap: an exclusion
    constraint on PostgreSQL, triggers on SQLite (see the migration). `town_id` is the town of the
    visit, which a pooled clerk of another town may attend. `demand` says what it needs of its
    resource, and so who else could take it (see `demand.py`); it is empty for absences.
    """

    __tablename__ = "allocation"
    __table_args__ = (
        sa.CheckConstraint("starts_at < ends_at", name="order"),
        sa.CheckConstraint("state != 'held' OR expires_at IS NOT NULL", name="hold_expires"),
        sa.Index("ix_allocation_resource_times", "resource_id", "starts_at", "ends_at"),
        sa.Index("ix_allocation_ends_at", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(sa.ForeignKey(Resource.id))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[AllocationState] = mapped_column(stored(AllocationState), index=True)
    claim: Mapped[str] = mapped_column(sa.String(40), index=True)  # whose it is: a visit's code
    expires_at: Mapped[datetime | None]
    demand: Mapped[str] = mapped_column(sa.String(120), default="")
    reason: Mapped[str] = mapped_column(sa.String(120), default="")
    made_at: Mapped[datetime] = mapped_column(default=clock.now)

    resource: Mapped[Resource] = relationship()


class DelayMeasure(OfTown, Base):
    """How many days away the first free time of a procedure was, on one night.

    `days` is None when there was none up to the horizon: that is always an alarm.
    """

    __tablename__ = "delay_measure"
    __table_args__ = (sa.UniqueConstraint("procedure_id", "channel", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    procedure_id: Mapped[int] = mapped_column(sa.ForeignKey(Procedure.id))
    channel: Mapped[str] = mapped_column(sa.String(16))
    days: Mapped[int | None]
    limit_days: Mapped[int]
    measured_at: Mapped[datetime] = mapped_column(default=clock.now)

    procedure: Mapped[Procedure] = relationship()

    @property
    def is_alarm(self) -> bool:
        return self.days is None or self.days > self.limit_days
