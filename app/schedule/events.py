"""What is told of time taken, freed and passed from one hand to another."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class HoldExpired(Event):
    town_id: int
    claim: str


@dataclass(frozen=True, kw_only=True)
class AllocationMoved(Event):
    """A time of that claim was given to another resource, to make room for somebody else."""

    town_id: int
    claim: str
    resource_id: int
    to_resource_id: int
