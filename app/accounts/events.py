"""What is told of people."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class StaffInvited(Event):
    town_id: int
    account_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class RecoveryOffered(Event):
    """A new one-time link for somebody who lost their passkeys. `reason` is what the giver saw."""

    town_id: int
    account_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class StaffDeactivated(Event):
    town_id: int
    account_id: int


@dataclass(frozen=True, kw_only=True)
class StaffReactivated(Event):
    town_id: int
    account_id: int


@dataclass(frozen=True, kw_only=True)
class PhoneChanged(Event):
    """A citizen has another number now, and has shown it. `before`: the old one, if any.

    The record writes no telephone down.
    """

    town_id: int
    account_id: int
    before: str


@dataclass(frozen=True, kw_only=True)
class PhoneReleased(Event):
    """A number no longer leads to this person. `why`: silent, given up, or moved."""

    town_id: int
    account_id: int
    why: str
