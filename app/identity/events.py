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
