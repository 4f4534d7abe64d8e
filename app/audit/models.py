"""The lines of a town's record, the stamps on its last line, and what checking it found."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base
from app.towns.models import OfTown

# How the digest of a line is made. Lines of the first weeks had neither town nor address in it.
SPELLING = 2


class AuditEntry(OfTown, Base):
    """Who did what, when. `digest` covers this line and the digest of the one before it.

    `visit_id` and `account_id` repeat what the facts say, so that lines are found quickly. They
    are no foreign keys: the line outlives what it tells of.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        sa.UniqueConstraint("town_id", "number"),
        sa.Index("ix_audit_entry_town_happened", "town_id", "happened_at"),
        sa.Index("ix_audit_entry_town_name", "town_id", "name"),
        sa.Index("ix_audit_entry_town_visit", "town_id", "visit_id"),
        sa.Index("ix_audit_entry_town_account", "town_id", "account_id"),
        sa.Index("ix_audit_entry_town_author", "town_id", "author"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]  # 1, 2, 3… in each town, without gaps
    spelling: Mapped[int] = mapped_column(default=SPELLING)
    happened_at: Mapped[datetime] = mapped_column(default=clock.now)
    author: Mapped[str] = mapped_column(sa.String(40))
    address: Mapped[str] = mapped_column(sa.String(32), default="")  # keyed digest, never itself
    name: Mapped[str] = mapped_column(sa.String(60))
    facts: Mapped[dict[str, Any]]
    visit_id: Mapped[int | None]
    account_id: Mapped[int | None]
    previous: Mapped[str] = mapped_column(sa.String(64))
    digest: Mapped[str] = mapped_column(sa.String(64))


class AuditAnchor(OfTown, Base):
    """The last line at one moment, with the time stamp that says so; without it, still asked for.

    A tail that is cut off leaves no trace in the chain itself: this is how it is seen.
    """

    __tablename__ = "audit_anchor"
    __table_args__ = (sa.UniqueConstraint("town_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    token: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    stamped_at: Mapped[datetime | None]
    authority: Mapped[str] = mapped_column(sa.String(80), default="")
    is_qualified: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    try_at: Mapped[datetime] = mapped_column(default=clock.now)
    problem: Mapped[str] = mapped_column(sa.String(300), default="")


class AuditCut(OfTown, Base):
    """Up to this line the record was destroyed, because its time was over; it begins after it."""

    __tablename__ = "audit_cut"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    cut_at: Mapped[datetime] = mapped_column(default=clock.now)


class AuditCheck(OfTown, Base):
    """What somebody, or the house by itself at night, found when checking the whole record."""

    __tablename__ = "audit_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    by: Mapped[str] = mapped_column(sa.String(40))
    lines: Mapped[int]
    stamps: Mapped[int]
    faults: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)

    @property
    def is_whole(self) -> bool:
        return not self.faults
