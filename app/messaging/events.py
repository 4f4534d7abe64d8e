"""What is told of messages."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class MessageNotDelivered(Event):
    """It will not arrive, and nobody tries again."""

    town_id: int
    message_id: int
    about: str  # its key
    problem: str


@dataclass(frozen=True, kw_only=True)
class ReportRefused(Event):
    """Somebody who is not the provider told us what became of a message."""

    town_id: int
    kind: str
