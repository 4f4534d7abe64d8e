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
