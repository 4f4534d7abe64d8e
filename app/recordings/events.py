"""What is told of recordings. All of it stands in the meeting's ledger, digests included."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class MeetingEvent(Event):
    """Something about one meeting that its ledger keeps as it is: ids, digests, plain values."""

    town_id: int
    visit_id: int


@dataclass(frozen=True, kw_only=True)
class SegmentEvent(MeetingEvent):
    segment: int  # its number in the meeting


@dataclass(frozen=True, kw_only=True)
class RecordingAsked(SegmentEvent):
    """The clerk asks everybody. `rule` and `reason`: what the procedure says, and why."""

    by_id: int
    rule: str
    reason: str
    is_spoken: bool


@dataclass(frozen=True, kw_only=True)
class ConsentShown(SegmentEvent):
    """Somebody is shown that text."""

    part: str
    seat: int
    language: str
    version: int
    text_sha256: str


@dataclass(frozen=True, kw_only=True)
class ConsentAnswered(SegmentEvent):
    """`answer`: given, refused or withdrawn. `way`: clicked or spoken."""

    part: str
    seat: int
    answer: str
    way: str
    language: str
    version: int
    text_sha256: str


@dataclass(frozen=True, kw_only=True)
class ConsentSpoken(SegmentEvent):
    """They said it aloud in the recording, as the clerk heard."""

    part: str
    seat: int
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class RecordingCalledOff(SegmentEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class RecordingStarted(SegmentEvent):
    """`consents`: how many agreed; without them nothing is taken."""

    by_id: int
    consents: int
    build: str


@dataclass(frozen=True, kw_only=True)
class TakeBegun(SegmentEvent):
    """A browser begins to send. `first`: what the chain of its pieces begins with."""

    take: int
    at_ms: int
    media_type: str
    clock_offset_ms: int
    first: str


@dataclass(frozen=True, kw_only=True)
class GapBegun(SegmentEvent):
    reason: str
    from_ms: int


@dataclass(frozen=True, kw_only=True)
class GapEnded(SegmentEvent):
    reason: str
    from_ms: int
    until_ms: int


@dataclass(frozen=True, kw_only=True)
class PiecesReceived(SegmentEvent):
    """The end of the chain of pieces now, so that the next stamp covers them."""

    take: int
    pieces: int
    head: str


@dataclass(frozen=True, kw_only=True)
class RecordingUnsafe(SegmentEvent):
    """Nothing has arrived for some seconds."""

    take: int
    pieces: int


@dataclass(frozen=True, kw_only=True)
class RecordingSafe(SegmentEvent):
    """It arrives again."""

    take: int
    pieces: int


@dataclass(frozen=True, kw_only=True)
class RecordingEnded(SegmentEvent):
    why: str
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class OriginalKept(SegmentEvent):
    """All media of one take, as captured."""

    take: int
    pieces: int
    head: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class RecordingKept(SegmentEvent):
    """The file that plays, and how it was made of the originals.

    `pieces` in so many `takes` arrived; `missing_ms` in so many `gaps` are not in it.
    """

    takes: int
    pieces: int
    gaps: int
    missing_ms: int
    size: int
    sha256: str
    media_type: str
    duration_ms: int
    tool: str
    parameters: str
    is_untouched: bool | None  # None: it was drawn anew of what a media server wrote


@dataclass(frozen=True, kw_only=True)
class RecordingLost(SegmentEvent):
    """Nothing of it can be kept."""


@dataclass(frozen=True, kw_only=True)
class RecordingSeen(SegmentEvent):
    """Somebody of the staff looked at it, and why."""

    by_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RecordingTaken(SegmentEvent):
    """The citizen took a copy."""
