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
