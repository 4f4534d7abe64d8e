"""A kiosk, how it was let in, who stands at it, and what it is asked to do."""

import enum
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.booking.models import Visit
from app.core import clock
from app.core.db import Base, new_code, stored
from app.schedule.models import Resource
from app.towns.models import OfTown, Procedure


class Kiosk(OfTown, Base):
    """A device of this town. Only the digest of its key is kept; without a key it is removed.

    `facts` is what it last said of itself: version, devices, printer, how long it has been on.
    """

    __tablename__ = "kiosk"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    name: Mapped[str] = mapped_column(sa.String(60))
    key_digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), unique=True)
    booth_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Resource.id), unique=True)
    procedure_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Procedure.id))
    librarian_phone: Mapped[str] = mapped_column(sa.String(20), default="")
    approved_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))
    enrolled_at: Mapped[datetime] = mapped_column(default=clock.now)
    removed_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    tested_at: Mapped[datetime | None]
    test: Mapped[dict[str, Any]] = mapped_column(default=dict)
    silent_at: Mapped[datetime | None]  # since when nobody has heard of it, once that is an alarm
    out_of_service: Mapped[str] = mapped_column(sa.String(120), default="")  # why; empty: it serves
    help_at: Mapped[datetime | None]  # when somebody at it called the librarian
    volume: Mapped[int] = mapped_column(default=70)  # with which each person begins

    booth: Mapped[Resource | None] = relationship()
    procedure: Mapped[Procedure | None] = relationship()

    @property
    def is_removed(self) -> bool:
        return self.key_digest is None

    @property
    def serves(self) -> bool:
        return not self.is_removed and not self.out_of_service

    def is_heard(self, every: int) -> bool:
        """Whether one of its last three heartbeats arrived."""
        return self.seen_at is not None and clock.now() - self.seen_at < timedelta(
            seconds=3 * every
        )


class Enrolment(OfTown, Base):
    """A device that asks to be let in: it shows a code, and somebody of the town types it."""

    __tablename__ = "kiosk_enrolment"

    id: Mapped[int] = mapped_column(primary_key=True)
    device_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    code_digest: Mapped[str] = mapped_column(sa.String(64), index=True)
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    kiosk_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Kiosk.id))
    taken_at: Mapped[datetime | None]

    kiosk: Mapped[Kiosk | None] = relationship()

    @property
    def is_open(self) -> bool:
        return self.taken_at is None and clock.now() < self.expires_at


class Stay(OfTown, Base):
    """One person's time at a kiosk, from a clean start to the proof that nothing was left.

    While it lasts it knows the visit, and the citizen whom a telephone has shown; its end forgets
    both. `session_code` names the browser's session: another browser is another stay.
    """

    __tablename__ = "kiosk_stay"
    __table_args__ = (
        sa.Index(
            "uq_kiosk_stay_open",
            "kiosk_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    kiosk_id: Mapped[int] = mapped_column(sa.ForeignKey(Kiosk.id), index=True)
    session_code: Mapped[str] = mapped_column(sa.String(16), default="", index=True)
    ticket_digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), unique=True)
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    begun_at: Mapped[datetime | None]  # when somebody first touched the screen
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    leaving_at: Mapped[datetime | None]  # when they were asked about their papers
    ended_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(sa.String(16), default="")
    visit_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    citizen_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))
    has_contrast: Mapped[bool] = mapped_column(default=False)
    is_low: Mapped[bool] = mapped_column(default=False)
    is_private: Mapped[bool] = mapped_column(default=False)  # by the handset, not the loudspeaker
    volume: Mapped[int] = mapped_column(default=70)
    papers: Mapped[int] = mapped_column(default=0)  # how often it scanned or printed
    wiped_at: Mapped[datetime | None]
    proof: Mapped[dict[str, Any]] = mapped_column(default=dict)

    kiosk: Mapped[Kiosk] = relationship()
    visit: Mapped[Visit | None] = relationship()
    citizen: Mapped[Account | None] = relationship()

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def is_in_line(self) -> bool:
        return self.visit is not None and self.visit.is_waiting


class OrderKind(enum.StrEnum):
    """What a device can be asked to do."""

    WIPE = "wipe"
    SCAN = "scan"
    PRINT = "print"
    SOUND = "sound"
    CHIME = "chime"
    TEST = "test"
    RESTART = "restart"  # the browser
    REBOOT = "reboot"


class Order(OfTown, Base):
    """One errand for a device. It says how it went; asked twice it is done once."""

    __tablename__ = "kiosk_order"
    __table_args__ = (sa.Index("ix_kiosk_order_open", "kiosk_id", "done_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    kiosk_id: Mapped[int] = mapped_column(sa.ForeignKey(Kiosk.id))
    stay_code: Mapped[str] = mapped_column(sa.String(16), default="")
    kind: Mapped[OrderKind] = mapped_column(stored(OrderKind))
    words: Mapped[dict[str, Any]] = mapped_column(default=dict)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(sa.String(20), default="")  # empty while it is not done

    kiosk: Mapped[Kiosk] = relationship()

    @property
    def is_open(self) -> bool:
        return self.done_at is None and clock.now() < self.expires_at


class HandOff(OfTown, Base):
    """A square code on the screen of a kiosk, for one telephone, once; and its number to type."""

    __tablename__ = "kiosk_hand_off"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    number_digest: Mapped[str] = mapped_column(sa.String(64), index=True)
    stay_code: Mapped[str] = mapped_column(sa.String(16), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        return self.used_at is None and clock.now() < self.expires_at
