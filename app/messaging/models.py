"""The outbox: one row a message, written in the transaction of the fact that it tells."""

import enum
from dataclasses import dataclass
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


BETWEEN_PARTS = "\n\n"


@dataclass(frozen=True)
class Spoken:
    """What a call says: `asks` for a key, `tells` what it is for, `otherwise` when no key comes.

    A person presses the key. An answering machine does not, and never keeps what is not for it.
    Each part is read line by line; together they are the body of one message.
    """

    asks: str
    tells: str
    otherwise: str

    def __str__(self) -> str:
        return BETWEEN_PARTS.join((self.asks, self.tells, self.otherwise))

    @classmethod
    def read(cls, body: str) -> "Spoken | None":
        """None for what does not say which part is for everybody: nobody hears any of it."""
        parts = body.split(BETWEEN_PARTS)
        return cls(*parts) if len(parts) == 3 else None


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

    @property
    def as_received(self) -> str:
        """What the person reads, or hears who presses the key."""
        spoken = Spoken.read(self.body) if self.way is Way.CALL else None
        return BETWEEN_PARTS.join((spoken.asks, spoken.tells)) if spoken else self.body

    @property
    def waits_for_a_key(self) -> bool:
        """A call that may be going on: what it tells is kept until it is over or no longer true."""
        is_over = self.delivery is not None and self.delivery.step == Delivery.DELIVERED.step
        is_true = self.not_after is not None and clock.now() < self.not_after
        return self.way is Way.CALL and is_true and not is_over
