"""What is told of acts. Never what they say: that stays in the file."""

from dataclasses import dataclass

from app.booking.events import VisitEvent
from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ActAsked(VisitEvent):
    act_id: int
    version: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ActTriedAgain(VisitEvent):
    """Somebody pressed. `anew`: what it says is written down again, for it had been changed."""

    act_id: int
    account_id: int
    anew: bool


@dataclass(frozen=True, kw_only=True)
class ActSealed(VisitEvent):
    """It has its seal. `is_stamped`: and its time stamps."""

    act_id: int
    version: int
    grade: str
    is_stamped: bool
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ActStamped(VisitEvent):
    """One stamp more: the one that was missing, or the next before the last ends."""

    act_id: int
    edition: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ActSigned(VisitEvent):
    """Somebody signed what an act says."""

    act_id: int
    grade: str
    account_id: int


@dataclass(frozen=True, kw_only=True)
class ActTaken(VisitEvent):
    """Somebody of the staff downloaded it, or the package for a court."""

    act_id: int
    what: str


@dataclass(frozen=True, kw_only=True)
class StatementBegun(VisitEvent):
    statement_id: int
    account_id: int


@dataclass(frozen=True, kw_only=True)
class StatementRead(VisitEvent):
    """It was read back. `corrections`: how often it was put right before."""

    statement_id: int
    corrections: int


@dataclass(frozen=True, kw_only=True)
class StatementAnswered(VisitEvent):
    statement_id: int
    agreed: bool
    way: str


@dataclass(frozen=True, kw_only=True)
class StatementSigned(VisitEvent):
    """An authorised clerk signed for a citizen without means (Ley 39/2015, art. 12.2)."""

    statement_id: int
    account_id: int


@dataclass(frozen=True, kw_only=True)
class StatementStopped(VisitEvent):
    statement_id: int


@dataclass(frozen=True, kw_only=True)
class SignerEntered(Event):
    town_id: int
    account_id: int
    grade: str


@dataclass(frozen=True, kw_only=True)
class SignerEnded(Event):
    town_id: int
    account_id: int
