"""A paper of a visit on its way from a device to whoever may read it, and what both look at now."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.booking.models import Visit
from app.core import clock
from app.core.blocking import Personal
from app.core.db import Base, new_code, stored
from app.towns.models import OfTown


class Side(enum.StrEnum):
    """On which side of the counter somebody is."""

    CITIZEN = "citizen"
    CLERK = "clerk"


class PaperKind(enum.StrEnum):
    """What a paper may be. Nothing else is opened here."""

    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"

    @property
    def media_type(self) -> str:
        return "application/pdf" if self is PaperKind.PDF else f"image/{self.value}"

    @property
    def ending(self) -> str:
        return "jpg" if self is PaperKind.JPEG else self.value


class PaperState(enum.StrEnum):
    """Where a paper is in its life. Only a ready one is opened by anybody."""

    RECEIVING = "receiving"
    CHECKING = "checking"  # all of it is here; nobody has looked into it yet
    READY = "ready"
    REFUSED = "refused"
    REMOVED = "removed"  # may still be brought back for a while


class Paper(Personal, OfTown, Base):
    """One file. `original` as it came, `clean` as it was written anew, `sheets` to be looked at."""

    __tablename__ = "paper"
    __table_args__ = (
        sa.UniqueConstraint("visit_id", "key"),
        sa.CheckConstraint("received >= 0 AND received <= size", name="received"),
        sa.CheckConstraint("state NOT IN ('ready') OR clean IS NOT NULL", name="checked"),
        sa.Index("ix_paper_town_id_state", "town_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    side: Mapped[Side] = mapped_column(stored(Side, name="paperside"))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))  # of the staff
    key: Mapped[str] = mapped_column(sa.String(64))  # the same file sent again is the same paper
    name: Mapped[str] = mapped_column(sa.String(80))
    kind: Mapped[PaperKind] = mapped_column(stored(PaperKind))
    size: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(sa.String(64), default="")  # SHA-256 of what came
    state: Mapped[PaperState] = mapped_column(stored(PaperState), default=PaperState.RECEIVING)
    reason: Mapped[str] = mapped_column(sa.String(16), default="")  # why it was refused
    waits_for: Mapped[str] = mapped_column(sa.String(16), default="")  # what the check waits for
    key_id: Mapped[str] = mapped_column(sa.String(16), default="")
    wrapped: Mapped[bytes | None] = mapped_column(sa.LargeBinary)  # the key while it is on its way
    taken_out: Mapped[list[str]] = mapped_column(default=list)
    contents: Mapped[dict[str, Any]] = mapped_column(default=dict)  # where each page is in `sheets`
    original: Mapped[str | None] = mapped_column(sa.String(16))
    clean: Mapped[str | None] = mapped_column(sa.String(16))
    sheets: Mapped[str | None] = mapped_column(sa.String(16))
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    moved_at: Mapped[datetime] = mapped_column(default=clock.now)  # the last piece, the last step
    ready_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    visit: Mapped[Visit] = relationship()

    @property
    def owner(self) -> str:
        """Whose key opens it."""
        return f"visit:{self.visit.code}"

    @property
    def pages(self) -> int:
        return len(self.contents.get("pages", ()))

    @property
    def is_ready(self) -> bool:
        return self.state is PaperState.READY

    @property
    def is_whole(self) -> bool:
        return self.received == self.size

    @property
    def is_on_its_way(self) -> bool:
        return self.state is PaperState.RECEIVING

    @property
    def is_removed(self) -> bool:
        return self.state is PaperState.REMOVED

    def go(self, state: PaperState) -> None:
        self.state, self.moved_at = state, clock.now()


class Look(OfTown, Base):
    """What both sides of a call have before them: the paper, its page, how near, and the marks."""

    __tablename__ = "paper_look"

    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), primary_key=True)
    paper_id: Mapped[int] = mapped_column(sa.ForeignKey(Paper.id), index=True)
    shown_by: Mapped[Side] = mapped_column(stored(Side, name="lookside"))
    page: Mapped[int] = mapped_column(default=1)
    zoom: Mapped[int] = mapped_column(default=100)  # per cent of the width of the screen
    left: Mapped[float] = mapped_column(default=0.5)  # the middle of what is seen, from 0 to 1
    top: Mapped[float] = mapped_column(default=0.0)
    marks: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # page and place of each
    said: Mapped[str] = mapped_column(sa.String(300), default="")  # what is shown, in words
    version: Mapped[int] = mapped_column(default=1)
    since: Mapped[datetime] = mapped_column(default=clock.now)

    paper: Mapped[Paper] = relationship()
