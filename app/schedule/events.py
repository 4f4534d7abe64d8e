"""What is told of time taken and freed."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class HoldExpired(Event):
    town_id: int
    claim: str
