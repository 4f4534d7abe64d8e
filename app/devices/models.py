"""What the test of a device found, one row a visit: the last test counts."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.booking.models import Visit
from app.core import clock
from app.core.db import Base, stored
from app.towns.models import OfTown

# From CALL rules: below these a picture is not worth its place on the line.
GOOD_KBITS, LEAST_KBITS = 600, 250
GOOD_ROUND_TRIP_MS, LONGEST_ROUND_TRIP_MS = 300, 800  # EN 301 549, 6.5: over 800 ms harms signing
GOOD_LOSS, MOST_LOSS = 2.0, 6.0  # per cent


class Sense(enum.StrEnum):
    """What became of a camera or a microphone."""

    WORKS = "works"
    SILENT = "silent"  # a microphone that is there and from which nothing comes
    REFUSED = "refused"
    BUSY = "busy"
    MISSING = "missing"
    UNSUPPORTED = "unsupported"
    INSECURE = "insecure"
    UNTESTED = "untested"


class Heard(enum.StrEnum):
    """What the person answered about the sound."""

    YES = "yes"
    NO = "no"
    UNTESTED = "untested"


class Way(enum.StrEnum):
    """How the line was measured."""

    RELAY = "relay"  # there and back through a relay, as the worst call would go
    SERVER = "server"  # to this house and back, where no relay is set
    NONE = "none"  # nothing came back


class Line(enum.StrEnum):
    """What the line is good for."""

    GOOD = "good"
    WEAK = "weak"
    POOR = "poor"
    UNKNOWN = "unknown"


class Verdict(enum.StrEnum):
    READY = "ready"
    SOUND_ONLY = "sound_only"
    NOT_READY = "not_ready"


class DeviceCheck(OfTown, Base):
    """The last test of the device with which somebody will come to their visit."""

    __tablename__ = "device_check"
    __table_args__ = (
        sa.CheckConstraint("round_trip_ms >= 0", name="round_trip_ms"),
        sa.CheckConstraint("kbits >= 0", name="kbits"),
        sa.CheckConstraint("loss >= 0 AND loss <= 100", name="loss"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), unique=True)
    camera: Mapped[Sense] = mapped_column(stored(Sense, name="camera"))
    microphone: Mapped[Sense] = mapped_column(stored(Sense, name="microphone"))
    loudspeaker: Mapped[Heard] = mapped_column(stored(Heard))
    way: Mapped[Way] = mapped_column(stored(Way))
    round_trip_ms: Mapped[int | None]
    loss: Mapped[float | None]  # per cent; unknown where only the server was asked
    kbits: Mapped[int | None]  # per second
    browser: Mapped[str] = mapped_column(sa.String(20), default="")
    checked_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def line(self) -> Line:
        """What the measured figures allow: a picture, a small one, or sound alone."""
        if self.way is Way.NONE or self.kbits is None or self.round_trip_ms is None:
            return Line.UNKNOWN
        loss = self.loss or 0.0
        is_poor = (
            self.kbits < LEAST_KBITS
            or self.round_trip_ms > LONGEST_ROUND_TRIP_MS
            or loss > MOST_LOSS
        )
        if is_poor:
            return Line.POOR
        is_good = (
            self.kbits >= GOOD_KBITS
            and self.round_trip_ms <= GOOD_ROUND_TRIP_MS
            and loss <= GOOD_LOSS
        )
        return Line.GOOD if is_good else Line.WEAK

    @property
    def verdict(self) -> Verdict:
        """Whoever cannot be heard, or cannot hear, is better called by telephone."""
        if self.microphone is not Sense.WORKS or self.loudspeaker is Heard.NO:
            return Verdict.NOT_READY
        if self.camera is not Sense.WORKS or self.line is Line.POOR:
            return Verdict.SOUND_ONLY
        return Verdict.READY
