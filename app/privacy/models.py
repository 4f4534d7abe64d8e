"""Terms, requests, what is blocked and until when, who asked to keep it, and the figures left."""

import enum
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.core import clock
from app.core.db import Base, new_code, stored
from app.towns.models import OfTown


class Kept(enum.StrEnum):
    """Kinds of data that have a term of their own."""

    VISITS = "visits"
    BLOCKED = "blocked"
    UNCONFIRMED = "unconfirmed"
    WAITLIST = "waitlist"
    MESSAGES = "messages"
    CODES = "codes"
    WAITS = "waits"
    REQUESTS = "requests"
    AUDIT = "audit"
    STATISTICS = "statistics"


class RetentionRule(OfTown, Base):
    """For how many days this town keeps one kind of data, when it is not the usual term."""

    __tablename__ = "retention_rule"
    __table_args__ = (
        sa.UniqueConstraint("town_id", "kind"),
        sa.CheckConstraint("days > 0", name="days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kept] = mapped_column(stored(Kept))
    days: Mapped[int]


class RetentionRun(OfTown, Base):
    """What the daily errand ended: how many rows of each kind."""

    __tablename__ = "retention_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    report: Mapped[dict[str, Any]]


class RequestKind(enum.StrEnum):
    """What somebody may ask about their data (GDPR, articles 15 to 17)."""

    ACCESS = "access"
    CORRECTION = "correction"
    ERASURE = "erasure"


class RequestState(enum.StrEnum):
    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"


class DataRequest(OfTown, Base):
    """One request, with its legal term of a month. It says who asked only by their account."""

    __tablename__ = "data_request"
    __table_args__ = (sa.Index("ix_data_request_town_state_due", "town_id", "state", "due_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    kind: Mapped[RequestKind] = mapped_column(stored(RequestKind))
    state: Mapped[RequestState] = mapped_column(stored(RequestState), default=RequestState.OPEN)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id), index=True)
    is_from_office: Mapped[bool] = mapped_column(default=False)
    received_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_on: Mapped[date]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))

    account: Mapped[Account | None] = relationship(foreign_keys=account_id)

    @property
    def is_open(self) -> bool:
        return self.state is RequestState.OPEN


class BlockReason(enum.StrEnum):
    ASKED = "asked"  # the person asked for erasure
    TERM = "term"  # its time in use was over
    OFFICE = "office"  # the town hall decided it


class Blocking(OfTown, Base):
    """Somebody's data: blocked, until when, and at its end the proof that it was destroyed.

    `person` is the number of their account, no key to it: the row outlives the account.
    """

    __tablename__ = "blocking"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    person: Mapped[int] = mapped_column(index=True)
    reason: Mapped[BlockReason] = mapped_column(stored(BlockReason))
    blocked_at: Mapped[datetime] = mapped_column(default=clock.now)
    until: Mapped[date]
    rows: Mapped[int] = mapped_column(default=0)
    destroyed_at: Mapped[datetime | None]
    destroyed: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)  # how many rows of each kind
    proof: Mapped[str] = mapped_column(sa.String(64), default="")  # digest of the record's line

    @property
    def is_destroyed(self) -> bool:
        return self.destroyed_at is not None


class HoldReason(enum.StrEnum):
    """Who may need data that would otherwise be destroyed, or look at data that is blocked."""

    COURT = "court"
    PROSECUTOR = "prosecutor"
    AUTHORITY = "authority"
    CLAIM = "claim"


class LegalHold(OfTown, Base):
    """Somebody's data is not destroyed while this stands (RD 203/2021, article 54.2)."""

    __tablename__ = "legal_hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    person: Mapped[int] = mapped_column(index=True)
    reason: Mapped[HoldReason] = mapped_column(stored(HoldReason))
    reference: Mapped[str] = mapped_column(sa.String(40))
    placed_at: Mapped[datetime] = mapped_column(default=clock.now)
    placed_by_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id))
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))

    @property
    def stands(self) -> bool:
        return self.lifted_at is None


class DayFigure(OfTown, Base):
    """How many visits of one procedure ended one way on one day, their waits and their lengths.

    Counts only, no ids: nobody can be found in it, so it may outlive the visits.
    """

    __tablename__ = "day_figure"
    __table_args__ = (sa.UniqueConstraint("town_id", "day", "procedure", "channel", "status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    procedure: Mapped[str] = mapped_column(sa.String(60))  # its slug: a procedure may end too
    channel: Mapped[str] = mapped_column(sa.String(16))
    status: Mapped[str] = mapped_column(sa.String(16))
    visits: Mapped[int] = mapped_column(default=0)
    waits: Mapped[int] = mapped_column(default=0)
    wait_seconds: Mapped[int] = mapped_column(default=0)
    lengths: Mapped[int] = mapped_column(default=0)
    length_seconds: Mapped[int] = mapped_column(default=0)
