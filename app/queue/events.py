"""What is told of the counters and of who is passed on."""

from dataclasses import dataclass

from app.booking.events import VisitEvent
from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class CounterChanged(Event):
    """A clerk opened, paused or closed their counter."""

    town_id: int
    resource_id: int
    state: str


@dataclass(frozen=True, kw_only=True)
class VisitTransferred(VisitEvent):
    """Back to the waiting room for another procedure, or for a clerk of their own."""

    procedure_id: int
    clerk_id: int | None


@dataclass(frozen=True, kw_only=True)
class PriorityChanged(VisitEvent):
    priority: int
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class NearlyTheirTurn(VisitEvent):
    """Somebody who went away should come back."""
