"""What is told of somebody's data: ids, choices and counts, never the data."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class DataEvent(Event):
    """Something about the data of one person. Without an account we hold nothing about them."""

    town_id: int
    account_id: int | None


@dataclass(frozen=True, kw_only=True)
class DataSeen(DataEvent):
    """`by`: the person themself, or the staff. `reason`: why somebody looked at blocked data."""

    by: str
    reason: str = ""
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class DataDownloaded(DataEvent):
    form: str


@dataclass(frozen=True, kw_only=True)
class PersonCorrected(DataEvent):
    fields: str


@dataclass(frozen=True, kw_only=True)
class RequestReceived(DataEvent):
    request: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class RequestClosed(DataEvent):
    request: str
    state: str


@dataclass(frozen=True, kw_only=True)
class PersonBlocked(DataEvent):
    reason: str
    until: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class PersonDestroyed(DataEvent):
    """The line that the record keeps of this is the proof. Whoever keeps keys destroys them now."""

    blocking: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class VisitsDestroyed(Event):
    """Visits whose time was over. Whoever keeps something of theirs, or a key to it, ends it."""

    town_id: int
    visits: int
    last: int


@dataclass(frozen=True, kw_only=True)
class HoldPlaced(DataEvent):
    reason: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class HoldLifted(DataEvent):
    reference: str


@dataclass(frozen=True, kw_only=True)
class RetentionChanged(Event):
    town_id: int
    kind: str
    days: int
    before: int


@dataclass(frozen=True, kw_only=True)
class RetentionApplied(Event):
    town_id: int
    rows: int
