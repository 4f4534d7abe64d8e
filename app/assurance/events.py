"""What is told of identifications. Never a number, a name or a reason: those stay in the rows."""

from dataclasses import dataclass

from app.booking.events import VisitEvent
from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class PersonIdentified(VisitEvent):
    assurance_id: int
    method: str
    level: str


@dataclass(frozen=True, kw_only=True)
class IdentificationUndone(VisitEvent):
    assurance_id: int
    method: str
    level: str  # which the visit has from now on


@dataclass(frozen=True, kw_only=True)
class LeftToTheClerk(VisitEvent):
    """The citizen cannot, or does not want to, identify themselves."""

    moment: str


@dataclass(frozen=True, kw_only=True)
class ActDone(VisitEvent):
    """What must not be done for just anybody was done, for somebody known so surely."""

    level: str
    assurance_id: int | None


@dataclass(frozen=True, kw_only=True)
class CheckBegun(VisitEvent):
    check_id: int
    account_id: int
    text_version: str


@dataclass(frozen=True, kw_only=True)
class CheckAnswered(VisitEvent):
    """The citizen agreed to be identified by a clerk, or did not. `way`: clicked or spoken."""

    check_id: int
    agreed: bool
    way: str


@dataclass(frozen=True, kw_only=True)
class CheckStopped(VisitEvent):
    check_id: int


@dataclass(frozen=True, kw_only=True)
class EidBegun(VisitEvent):
    attempt_id: int
    provider: str


@dataclass(frozen=True, kw_only=True)
class EidEnded(VisitEvent):
    attempt_id: int
    provider: str
    ending: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class EidRefused(Event):
    """An answer that belongs to no attempt of that browser. `reason` in one word."""

    town_id: int
    provider: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ClerkAuthorised(Event):
    town_id: int
    account_id: int
    first_day: str
    last_day: str


@dataclass(frozen=True, kw_only=True)
class AuthorisationEnded(Event):
    town_id: int
    account_id: int


@dataclass(frozen=True, kw_only=True)
class DocumentsMasked(Event):
    """Full numbers whose days are over, and are masked now."""

    town_id: int
    count: int


@dataclass(frozen=True, kw_only=True)
class DocumentRuleChanged(Event):
    town_id: int
    rule: str
    days: int
