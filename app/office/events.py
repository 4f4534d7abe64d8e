"""What is told of decisions of the back office."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class PromiseLeft(Event):
    """Somebody saw that the rules break this visit and kept it all the same."""

    town_id: int
    visit_id: int
    why: str
