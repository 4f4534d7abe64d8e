"""What is told of the record itself."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class AuditEvent(Event):
    """Somebody did something with the record."""

    town_id: int
    account_id: int


@dataclass(frozen=True, kw_only=True)
class AuditRead(AuditEvent):
    """`about`: what they looked for, without what would say it again."""

    about: str


@dataclass(frozen=True, kw_only=True)
class AuditDownloaded(AuditEvent):
    about: str
    lines: int


@dataclass(frozen=True, kw_only=True)
class AuditVerified(AuditEvent):
    lines: int
    faults: int


@dataclass(frozen=True, kw_only=True)
class AuditShortened(Event):
    """The oldest lines were destroyed, because their time to be kept was over."""

    town_id: int
    lines: int
    last: int


@dataclass(frozen=True, kw_only=True)
class EntryRefused(Event):
    """Somebody was stopped at a door that is not theirs."""

    town_id: int
    refusal: str
    door: str
