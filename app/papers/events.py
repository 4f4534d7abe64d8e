"""What is told of papers. Never what is in them, nor how they are called."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class PaperEvent(Event):
    """`side`: who handed it in."""

    town_id: int
    visit_id: int
    paper_id: int
    side: str


@dataclass(frozen=True, kw_only=True)
class PaperReceived(PaperEvent):
    """It was checked and can be read."""

    kind: str
    pages: int


@dataclass(frozen=True, kw_only=True)
class PaperRefused(PaperEvent):
    reason: str


@dataclass(frozen=True, kw_only=True)
class PaperRemoved(PaperEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class PaperRestored(PaperEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class PaperShown(PaperEvent):
    """Somebody opened it for both sides. `by`: which of the two."""

    by: str
