"""What is told of files: which, whose, how large and why. Never their names nor what is in them."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class FileEvent(Event):
    """`owner`: what the file belongs to, as in `visit:<code>`."""

    town_id: int
    file: str
    owner: str


@dataclass(frozen=True, kw_only=True)
class FileKept(FileEvent):
    """A sign of its digest stands in the record, for whoever doubts the table."""

    purpose: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class PieceKept(FileKept):
    """A piece of what comes as a whole later. Whoever joins them tells of all of them at once."""

    is_remembered = False


@dataclass(frozen=True, kw_only=True)
class FileRead(FileEvent):
    """`reader`: who, as in `account:12`; empty when it was somebody with the link of a visit."""

    reader: str
    why: str


@dataclass(frozen=True, kw_only=True)
class FileDestroyed(FileEvent):
    purpose: str
    why: str


@dataclass(frozen=True, kw_only=True)
class PieceDestroyed(FileDestroyed):
    """It stands in the whole now."""

    is_remembered = False


@dataclass(frozen=True, kw_only=True)
class FileFoundDamaged(FileEvent):
    problem: str


@dataclass(frozen=True, kw_only=True)
class OwnerEvent(Event):
    town_id: int
    owner: str


@dataclass(frozen=True, kw_only=True)
class FilesShredded(OwnerEvent):
    """The key was destroyed: nobody opens these files again, wherever copies of them are."""

    files: int


@dataclass(frozen=True, kw_only=True)
class FilesHeld(OwnerEvent):
    reason: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class FilesReleased(OwnerEvent):
    reference: str


@dataclass(frozen=True, kw_only=True)
class KeysRotated(Event):
    """Envelopes were closed again by the newest key; no file was touched."""

    town_id: int
    envelopes: int


@dataclass(frozen=True, kw_only=True)
class EnvelopesShredded(Event):
    """Keys of owners whose last file had ended."""

    town_id: int
    envelopes: int


@dataclass(frozen=True, kw_only=True)
class FileTermChanged(Event):
    """For how many days files of one purpose are in use, and then blocked."""

    town_id: int
    purpose: str
    days: int
    blocked_days: int
