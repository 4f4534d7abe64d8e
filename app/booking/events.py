"""What is told of visits."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class VisitEvent(Event):
    """Something about one visit."""

    town_id: int
    visit_id: int


@dataclass(frozen=True, kw_only=True)
class VisitHeld(VisitEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class VisitBooked(VisitEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class VisitCancelled(VisitEvent):
    by: str


@dataclass(frozen=True, kw_only=True)
class VisitExpired(VisitEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class VisitMoved(VisitEvent):
    """A step of its life after booking: waiting, called, in service, or its end."""

    status: str
