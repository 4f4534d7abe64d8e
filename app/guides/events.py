"""What is told of guides."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class GuideAdded(Event):
    town_id: int
    guide: str
    by_id: int


@dataclass(frozen=True, kw_only=True)
class GuideRemoved(Event):
    town_id: int
    guide: str
    by_id: int
