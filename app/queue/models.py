"""What people in the waiting room were told about their wait, and how long attentions take."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.booking.models import Visit
from app.core import clock
from app.core.db import Base
from app.towns.models import Office, OfTown, Procedure


class WaitEstimate(OfTown, Base):
    """A range of minutes told to one person. Both ends None: nobody was at the counter.

    `reason` is the slug of why it grew by more than one step; empty when it did not.
    """

    __tablename__ = "wait_estimate"
    __table_args__ = (sa.Index("ix_wait_estimate_visit_made", "visit_id", "made_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    ahead: Mapped[int]
    clerks: Mapped[int]
    shortest: Mapped[int | None]
    longest: Mapped[int | None]
    reason: Mapped[str] = mapped_column(sa.String(20), default="")


class UsualLength(OfTown, Base):
    """How attentions of one procedure on one channel compare with the minutes kept for them.

    `factor`: 1.2 when they take a fifth longer. `spread`: the standard deviation of the logarithm.
    Measured every night.
    """

    __tablename__ = "usual_length"

    procedure_id: Mapped[int] = mapped_column(sa.ForeignKey(Procedure.id), primary_key=True)
    channel: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    factor: Mapped[float]
    spread: Mapped[float]
    count: Mapped[int]
    measured_at: Mapped[datetime] = mapped_column(default=clock.now)


LAST_TICKET = 999  # after it comes 1 again


class Ticket(OfTown, Base):
    """The number of somebody in the hall: from 1 every day in every office.

    `position` counts on where the numbers begin again, so that the register refuses two alike.
    """

    __tablename__ = "ticket"
    __table_args__ = (sa.UniqueConstraint("office_id", "day", "position"),)

    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), primary_key=True)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey(Office.id))
    day: Mapped[date]
    position: Mapped[int]
    given_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def number(self) -> int:
        return (self.position - 1) % LAST_TICKET + 1
