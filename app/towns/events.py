"""What is told of the rules of a town."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class RuleChanged(Event):
    """Somebody changed what the town offers: `rule` in one word, `about` whom or what."""

    town_id: int
    rule: str
    about: str
