"""The outbox: one row a message, written in the transaction of the fact that it tells."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.blocking import Personal
from app.core.db import Base, stored
from app.towns.models import OfTown


class MessageState(enum.StrEnum):
    """Where a message is on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"  # too late, or replaced by a newer one: never sent


class Message(Personal, OfTown, Base):
    """An SMS to one telephone. `key` names what it is about: the same key is never sent twice."""

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("town_id", "key"),
        sa.Index("ix_message_due", "state", "try_at"),
        sa.Index("ix_message_town_id_written_at", "town_id", "written_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(120))
    phone: Mapped[str] = mapped_column(sa.String(20), index=True)
    locale: Mapped[str] = mapped_column(sa.String(2))
    body: Mapped[str] = mapped_column(sa.Text)
    segments: Mapped[int] = mapped_column(default=1)  # what the network counts
    state: Mapped[MessageState] = mapped_column(stored(MessageState), default=MessageState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    written_at: Mapped[datetime] = mapped_column(default=clock.now)
    try_at: Mapped[datetime] = mapped_column(default=clock.now)
    not_after: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    provider_id: Mapped[str | None] = mapped_column(sa.String(64))
    problem: Mapped[str | None] = mapped_column(sa.String(200))
