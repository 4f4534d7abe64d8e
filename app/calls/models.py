"""Who is in the room of a visit, and which of their messages were already taken."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.booking.models import Visit
from app.core import clock
from app.core.blocking import Personal
from app.core.db import Base, new_code, stored
from app.towns.models import OfTown


class Part(enum.StrEnum):
    """What somebody is in a call."""

    CITIZEN = "citizen"
    CLERK = "clerk"


class Participant(Personal, OfTown, Base):
    """Somebody with a seat in the room. A reload takes the seat again under a new incarnation."""

    __tablename__ = "participant"
    __table_args__ = (
        sa.UniqueConstraint("visit_id", "part"),
        sa.UniqueConstraint("visit_id", "seat"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    part: Mapped[Part] = mapped_column(stored(Part))
    seat: Mapped[int]  # in order of arrival; in each pair the lower one is impolite
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    incarnation: Mapped[int] = mapped_column(default=0)
    last_seq: Mapped[int] = mapped_column(default=0)
    has_camera: Mapped[bool] = mapped_column(default=True)
    has_microphone: Mapped[bool] = mapped_column(default=True)
    is_present: Mapped[bool] = mapped_column(default=False)
    joined_at: Mapped[datetime] = mapped_column(default=clock.now)
    left_at: Mapped[datetime | None]

    visit: Mapped[Visit] = relationship()


class Ending(enum.StrEnum):
    """How somebody's part in a call came to its end."""

    ONGOING = "ongoing"
    HUNG_UP = "hung_up"  # they pressed the button
    ENDED = "ended"  # the clerk ended it for everybody
    REPLACED = "replaced"  # another window took the seat
    CLOSED = "closed"  # the window went away: a reload, a lock, a crash of ours
    LOST = "lost"  # the line did not come back


class CallFigures(OfTown, Base):
    """How the call went for one window of one person, as that browser measured it. No content."""

    __tablename__ = "call_figures"
    __table_args__ = (
        sa.UniqueConstraint("participant_id", "incarnation"),
        sa.Index("ix_call_figures_began_at", "began_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(sa.ForeignKey(Participant.id))
    incarnation: Mapped[int]
    began_at: Mapped[datetime] = mapped_column(default=clock.now)
    seconds: Mapped[int] = mapped_column(default=0)  # with somebody to be seen or heard
    picture_ms: Mapped[int | None]  # from pressing the button to the first picture
    sent_kbits: Mapped[int | None]  # per second, over the whole call
    received_kbits: Mapped[int | None]
    loss: Mapped[float | None]  # per cent of what should have arrived
    round_trip_ms: Mapped[int | None]
    frames: Mapped[float | None]  # seen per second
    height: Mapped[int | None]  # of the picture seen, in lines
    mends: Mapped[int] = mapped_column(default=0)  # times a line had to be looked for again
    is_relayed: Mapped[bool | None]
    ending: Mapped[Ending] = mapped_column(stored(Ending), default=Ending.ONGOING)

    participant: Mapped[Participant] = relationship()
