"""What is told of people."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class StaffInvited(Event):
    town_id: int
    account_id: int
    role: str
