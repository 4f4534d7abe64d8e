"""A segment of a meeting that is recorded: who agreed, its pieces, its gaps, its file, its ledger.

Times inside a segment are milliseconds from its first piece; the file of a segment keeps them, so
that what the clock in the picture says and where the player stands are one and the same.
"""

import enum
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.booking.models import Visit
from app.calls.models import Participant
from app.core import clock
from app.core.blocking import Personal
from app.core.db import Base, new_code, stored
from app.towns.models import OfTown, Procedure


class State(enum.StrEnum):
    """Where a segment is in its life."""

    ASKED = "asked"  # everybody is being asked; nothing is recorded
    REFUSED = "refused"  # somebody said no, and the visit goes on without it
    CALLED_OFF = "called_off"  # the clerk no longer asks
    RECORDING = "recording"
    PAUSED = "paused"
    CLOSING = "closing"  # it has ended; last pieces may still be on their way
    KEPT = "kept"  # one file that plays, and the originals
    LOST = "lost"  # nothing of it arrived, or nothing that can be read


OPEN = (State.ASKED, State.RECORDING, State.PAUSED)
RUNNING = (State.RECORDING, State.PAUSED)
ENDED = (State.CLOSING, State.KEPT, State.LOST)


class End(enum.StrEnum):
    """Why a segment ended."""

    CLERK = "clerk"
    WITHDRAWN = "withdrawn"  # somebody no longer agrees
    CALL_OVER = "call_over"
    TOO_LONG = "too_long"
    SILENT = "silent"  # the browser that recorded never came back


class Way(enum.StrEnum):
    """How somebody said it."""

    CLICKED = "clicked"
    SPOKEN = "spoken"


class Reason(enum.StrEnum):
    """Why a stretch of time is not in the recording."""

    IDENTITY_CARD = "identity_card"
    ASKED = "asked"  # the clerk paused it for another reason
    NEWCOMER = "newcomer"  # somebody came in who has not been asked
    WITHDRAWN = "withdrawn"
    RELOAD = "reload"  # the page that records was loaded again, or its browser stopped
    LOST = "lost"  # pieces that never arrived


PAUSES = (Reason.IDENTITY_CARD, Reason.ASKED)


class Medium(enum.StrEnum):
    """What a take is of."""

    ALL = ""  # everybody in one picture and one sound, as the browser of the clerk puts it together
    SOUND = "sound"  # of one person; these three are written by a media server
    PICTURE = "picture"
    SCREEN = "screen"
    TEXT = "text"  # what was written, while a media server records


class PieceKind(enum.StrEnum):
    """What a piece carries."""

    MEDIA = "media"
    TEXT = "text"  # lines of real-time text, as JSON


class Meeting(OfTown, Base):
    """The ledger of one visit: under which public name, and where its chain ends now."""

    __tablename__ = "meeting"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), unique=True)
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    number: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(sa.String(64))

    visit: Mapped[Visit] = relationship()


class LedgerEntry(OfTown, Base):
    """One event of a meeting. `digest` covers its text, in which the digest before it stands."""

    __tablename__ = "ledger_entry"
    __table_args__ = (sa.UniqueConstraint("meeting_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(sa.ForeignKey(Meeting.id, ondelete="CASCADE"))
    number: Mapped[int]  # 1, 2, 3… in each meeting, without gaps
    text: Mapped[str] = mapped_column(sa.Text)  # canonical JSON (RFC 8785)
    previous: Mapped[str] = mapped_column(sa.String(64))
    digest: Mapped[str] = mapped_column(sa.String(64))


class StampReason(enum.StrEnum):
    """Why the end of a ledger is stamped."""

    START = "start"
    INTERVAL = "interval"
    END = "end"


class LedgerStamp(OfTown, Base):
    """The end of a ledger at one moment, with the time stamp; without it, still asked for."""

    __tablename__ = "ledger_stamp"
    __table_args__ = (
        sa.UniqueConstraint("meeting_id", "number"),
        sa.Index("ix_ledger_stamp_stamped_at_try_at", "stamped_at", "try_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(sa.ForeignKey(Meeting.id, ondelete="CASCADE"))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    reason: Mapped[StampReason] = mapped_column(stored(StampReason))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    token: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    stamped_at: Mapped[datetime | None]
    authority: Mapped[str] = mapped_column(sa.String(80), default="")
    is_qualified: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    try_at: Mapped[datetime] = mapped_column(default=clock.now)
    problem: Mapped[str] = mapped_column(sa.String(300), default="")

    meeting: Mapped[Meeting] = relationship()


class ConsentText(OfTown, Base):
    """What is read before one agrees, word by word. Another word is another version."""

    __tablename__ = "consent_text"
    __table_args__ = (sa.UniqueConstraint("procedure_id", "language", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    procedure_id: Mapped[int] = mapped_column(sa.ForeignKey(Procedure.id))
    language: Mapped[str] = mapped_column(sa.String(2))
    version: Mapped[int]
    sentences: Mapped[list[str]]
    digest: Mapped[str] = mapped_column(sa.String(64))  # SHA-256 of the sentences, one a line
    made_at: Mapped[datetime] = mapped_column(default=clock.now)


class Segment(Personal, OfTown, Base):
    """A part of a meeting that is recorded, from the question on. One at a time in a meeting."""

    __tablename__ = "segment"
    __table_args__ = (
        sa.UniqueConstraint("visit_id", "number"),
        sa.Index(
            "uq_segment_open",
            "visit_id",
            unique=True,
            sqlite_where=sa.text("state IN ('asked', 'recording', 'paused')"),
            postgresql_where=sa.text("state IN ('asked', 'recording', 'paused')"),
        ),
        sa.Index("ix_segment_town_state", "town_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    number: Mapped[int]  # in its meeting
    state: Mapped[State] = mapped_column(stored(State, name="segmentstate"))
    is_spoken: Mapped[bool] = mapped_column(default=False)  # each says it aloud at the beginning
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[End | None] = mapped_column(stored(End, name="segmentend"))
    build: Mapped[str] = mapped_column(sa.String(40), default="")  # of the software
    browser: Mapped[str] = mapped_column(sa.String(40), default="")  # that recorded
    by_server: Mapped[bool] = mapped_column(default=False)  # a media server records, no browser
    heard_at: Mapped[datetime | None]  # the last piece
    is_alarmed: Mapped[bool] = mapped_column(default=False)  # nothing arrives: everybody was told
    claimed_until: Mapped[datetime | None]  # somebody is making its file
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(sa.String(300), default="")
    kept_at: Mapped[datetime | None]
    file: Mapped[str | None] = mapped_column(sa.String(16))  # code of the stored file that plays
    media_type: Mapped[str] = mapped_column(sa.String(60), default="")
    size: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    duration_ms: Mapped[int] = mapped_column(default=0)
    streams: Mapped[list[str]] = mapped_column(default=list)  # "video vp8", "audio opus"…
    tool: Mapped[str] = mapped_column(sa.String(80), default="")  # that made the file, and how
    parameters: Mapped[str] = mapped_column(sa.String(300), default="")
    is_untouched: Mapped[bool | None]  # packets of file and originals have the same digests
    packets: Mapped[dict[str, Any]] = mapped_column(default=dict)  # those digests, by stream

    visit: Mapped[Visit] = relationship()
    asked_by: Mapped[Account] = relationship()
    consents: Mapped[list["Consent"]] = relationship(
        back_populates="segment", order_by="Consent.id", passive_deletes=True
    )
    takes: Mapped[list["Take"]] = relationship(
        back_populates="segment", order_by="Take.number", passive_deletes=True
    )
    gaps: Mapped[list["Gap"]] = relationship(
        back_populates="segment", order_by="Gap.id", passive_deletes=True
    )

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def is_unfinished(self) -> bool:
        """Whether pieces of it may still arrive."""
        return self.state in (*RUNNING, State.CLOSING)

    @property
    def is_kept(self) -> bool:
        return self.state is State.KEPT

    @property
    def has_started(self) -> bool:
        return self.started_at is not None

    @property
    def open_gap(self) -> "Gap | None":
        return next((gap for gap in reversed(self.gaps) if gap.ended_at is None), None)

    def at(self, instant: datetime) -> int:
        """That instant in milliseconds of the segment."""
        if self.started_at is None:
            return 0
        return max(0, round((instant - self.started_at).total_seconds() * 1000))


class Consent(Personal, OfTown, Base):
    """One person, one segment: which text they were shown, and what they said to it."""

    __tablename__ = "consent"
    __table_args__ = (sa.UniqueConstraint("segment_id", "participant_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    segment_id: Mapped[int] = mapped_column(
        sa.ForeignKey(Segment.id, ondelete="CASCADE"), index=True
    )
    participant_id: Mapped[int] = mapped_column(sa.ForeignKey(Participant.id), index=True)
    text_id: Mapped[int] = mapped_column(sa.ForeignKey(ConsentText.id))
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    is_given: Mapped[bool | None]  # None: not answered yet
    answered_at: Mapped[datetime | None]
    way: Mapped[Way | None] = mapped_column(stored(Way, name="consentspoken"))
    spoken_at: Mapped[datetime | None]  # said aloud in the recording, as the clerk heard it
    withdrawn_at: Mapped[datetime | None]

    segment: Mapped[Segment] = relationship(back_populates="consents")
    participant: Mapped[Participant] = relationship()
    text: Mapped[ConsentText] = relationship()

    @property
    def is_valid(self) -> bool:
        return bool(self.is_given) and self.withdrawn_at is None


class Take(OfTown, Base):
    """What was recorded without stopping: one original file.

    By one browser window, of everybody; or by a media server, of one voice or picture.
    """

    __tablename__ = "take"
    __table_args__ = (sa.UniqueConstraint("segment_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    segment_id: Mapped[int] = mapped_column(
        sa.ForeignKey(Segment.id, ondelete="CASCADE"), index=True
    )
    number: Mapped[int]
    media_type: Mapped[str] = mapped_column(sa.String(60))
    medium: Mapped[str] = mapped_column(sa.String(10), default=Medium.ALL)
    who: Mapped[str] = mapped_column(sa.String(16), default="")  # code of the one whose it is
    file_name: Mapped[str] = mapped_column(sa.String(160), default="")  # at the media server
    read_bytes: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # of that file
    started_at: Mapped[datetime] = mapped_column(default=clock.now)  # by our clock
    clock_offset_ms: Mapped[int]  # of the browser's clock against ours
    end_clock_offset_ms: Mapped[int | None]
    pieces: Mapped[int] = mapped_column(default=0)  # received
    expected: Mapped[int | None]  # said at its end; None: nobody has said so
    head: Mapped[str] = mapped_column(sa.String(64))  # of the chain of its pieces
    length_ms: Mapped[int] = mapped_column(default=0)
    original: Mapped[str | None] = mapped_column(sa.String(16))  # code of the stored file
    size: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")  # of all media, as captured

    segment: Mapped[Segment] = relationship(back_populates="takes")

    @property
    def is_by_server(self) -> bool:
        return bool(self.file_name)

    @property
    def is_whole(self) -> bool:
        return self.expected is not None and self.pieces >= self.expected

    @property
    def ends_at(self) -> datetime:
        return self.started_at + timedelta(milliseconds=self.length_ms)


class Piece(OfTown, Base):
    """Some seconds of a take, as they arrived: numbered from 1, hashed and chained."""

    __tablename__ = "piece"
    __table_args__ = (sa.UniqueConstraint("take_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    take_id: Mapped[int] = mapped_column(sa.ForeignKey(Take.id, ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[PieceKind] = mapped_column(stored(PieceKind))
    starts_ms: Mapped[int]  # in its take
    length_ms: Mapped[int]
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    head: Mapped[str] = mapped_column(sa.String(64))
    received_at: Mapped[datetime] = mapped_column(default=clock.now)
    file: Mapped[str | None] = mapped_column(sa.String(16))  # until it stands in the original


class Gap(OfTown, Base):
    """A stretch of the segment that is not recorded, and why. In its file a board stands there."""

    __tablename__ = "gap"

    id: Mapped[int] = mapped_column(primary_key=True)
    segment_id: Mapped[int] = mapped_column(
        sa.ForeignKey(Segment.id, ondelete="CASCADE"), index=True
    )
    reason: Mapped[Reason] = mapped_column(stored(Reason, name="gapreason"))
    began_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]
    from_ms: Mapped[int]
    until_ms: Mapped[int | None]  # None: it goes on, or to the end of the segment

    segment: Mapped[Segment] = relationship(back_populates="gaps")


class Viewing(OfTown, Base):
    """Somebody of the staff said why they look at a recording, and may do so for a while."""

    __tablename__ = "viewing"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    segment_id: Mapped[int] = mapped_column(
        sa.ForeignKey(Segment.id, ondelete="CASCADE"), index=True
    )
    account_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id))
    reason: Mapped[str] = mapped_column(sa.String(300))
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]

    segment: Mapped[Segment] = relationship()
    account: Mapped[Account] = relationship()

    @property
    def is_open(self) -> bool:
        return clock.now() < self.expires_at
