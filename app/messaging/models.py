"""The outbox: one row a message, written in the transaction of the fact that it tells."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.blocking import Personal
from app.core.db import Base, new_code, stored
from app.towns.models import OfTown


class MessageState(enum.StrEnum):
    """Where a message is on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"  # too late, or replaced by a newer one: never sent


class Way(enum.StrEnum):
    """How a message travels: written, or read aloud by a voice."""

    SMS = "sms"
    CALL = "call"


class Delivery(enum.StrEnum):
    """What the provider tells of a message that it took, in the order in which it can happen."""

    ACCEPTED = "accepted"
    ON_ITS_WAY = "on_its_way"
    HANDED_OVER = "handed_over"  # to the network; or the call was answered
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"

    @property
    def step(self) -> int:
        """The two ends are one step: what has ended one way does not end the other."""
        return min(list(Delivery).index(self), 3)


class Message(Personal, OfTown, Base):
    """An SMS or a call to one telephone. `key` names what it is about: no key is sent twice."""

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("town_id", "key"),
        sa.Index("ix_message_due", "state", "try_at"),
        sa.Index("ix_message_town_id_written_at", "town_id", "written_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # What the provider is told to call it by. None: written before there were reports.
    code: Mapped[str | None] = mapped_column(sa.String(16), unique=True, default=new_code)
    way: Mapped[Way] = mapped_column(stored(Way), default=Way.SMS)
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
    delivery: Mapped[Delivery | None] = mapped_column(stored(Delivery))
    delivery_at: Mapped[datetime | None]
