"""What is told of identities."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class PhoneConfirmed(Event):
    town_id: int
    purpose: str


@dataclass(frozen=True, kw_only=True)
class PasskeyEnrolled(Event):
    town_id: int
    account_id: int
    passkey_id: int


@dataclass(frozen=True, kw_only=True)
class PasskeyRenamed(Event):
    town_id: int
    account_id: int
    passkey_id: int


@dataclass(frozen=True, kw_only=True)
class PasskeyRemoved(Event):
    town_id: int
    account_id: int
    passkey_id: int


@dataclass(frozen=True, kw_only=True)
class PasskeyTurnedAway(Event):
    """An answer that was not accepted. `door`: where it was given; `why`: for the house's eyes."""

    town_id: int
    account_id: int | None
    door: str
    why: str


@dataclass(frozen=True, kw_only=True)
class RecoveryAsked(Event):
    """Somebody of the staff has seen a citizen who lost their passkeys (seen: how)."""

    town_id: int
    account_id: int
    seen: str


@dataclass(frozen=True, kw_only=True)
class RecoveryDeclined(Event):
    """Taken back by whoever asked, or not confirmed by another."""

    town_id: int
    account_id: int
    asked_by_id: int


@dataclass(frozen=True, kw_only=True)
class SessionsClosed(Event):
    """By a change that ends them (why), by their owner, or by the clock."""

    town_id: int
    account_id: int | None
    why: str
    count: int


@dataclass(frozen=True, kw_only=True)
class SessionRefused(Event):
    """Somebody came with the name of a session that does not exist, or no longer."""

    town_id: int
    account_id: int | None
    kind: str
    why: str


@dataclass(frozen=True, kw_only=True)
class KioskOpened(Event):
    town_id: int
    kiosk: str


@dataclass(frozen=True, kw_only=True)
class SignedIn(Event):
    town_id: int
    account_id: int
    method: str


@dataclass(frozen=True, kw_only=True)
class SignedOut(Event):
    town_id: int
    account_id: int


@dataclass(frozen=True, kw_only=True)
class CodesLookedFraudulent(Event):
    """Codes to numbers that begin so are stopped for a while. No prefix: the whole town's."""

    town_id: int
    prefix: str
    numbers: int
    confirmed: int


@dataclass(frozen=True, kw_only=True)
class CodeGuessed(Event):
    """Somebody tried so many wrong codes for one telephone that it was no mistake."""

    town_id: int
    purpose: str
