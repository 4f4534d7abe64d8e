"""What is told of the board and of other machines."""

from dataclasses import dataclass

from app.booking.events import VisitEvent
from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class LineTold(Event):
    """A supervisor told everybody who waits for something. `sentence` is one of ours, by name."""

    town_id: int
    sentence: str
    people: int


@dataclass(frozen=True, kw_only=True)
class VisitReassigned(VisitEvent):
    """Somebody who waits is kept for one clerk, or for whoever is next again (None)."""

    clerk_id: int | None


@dataclass(frozen=True, kw_only=True)
class KeyMade(Event):
    """Another machine may ask; `scopes` say what."""

    town_id: int
    key: str
    scopes: str


@dataclass(frozen=True, kw_only=True)
class KeyEnded(Event):
    town_id: int
    key: str


@dataclass(frozen=True, kw_only=True)
class WebhookMade(Event):
    """From now on that address is told what happens to visits."""

    town_id: int
    address: str


@dataclass(frozen=True, kw_only=True)
class WebhookEnded(Event):
    town_id: int
    address: str


@dataclass(frozen=True, kw_only=True)
class FiguresTaken(Event):
    """Somebody downloaded figures: which, and of what days."""

    town_id: int
    what: str
