"""What is told of calls."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ParticipantJoined(Event):
    town_id: int
    visit_id: int
    part: str
    incarnation: int


@dataclass(frozen=True, kw_only=True)
class ParticipantLeft(Event):
    town_id: int
    visit_id: int
    part: str


@dataclass(frozen=True, kw_only=True)
class CallEnded(Event):
    town_id: int
    visit_id: int
