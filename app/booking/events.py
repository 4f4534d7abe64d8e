"""What is told of visits."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class VisitEvent(Event):
    """Something about one visit."""

    town_id: int
    visit_id: int


@dataclass(frozen=True, kw_only=True)
class VisitHeld(VisitEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class CitizenRecognised(VisitEvent):
    """Whoever books is somebody whom a passkey has shown."""

    account_id: int


@dataclass(frozen=True, kw_only=True)
class VisitBooked(VisitEvent):
    """`shown_by`: how the citizen showed who they are: a code, a passkey, or staff who book."""

    shown_by: str = "code"


@dataclass(frozen=True, kw_only=True)
class VisitCancelled(VisitEvent):
    by: str


@dataclass(frozen=True, kw_only=True)
class VisitExpired(VisitEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class VisitMoved(VisitEvent):
    """A step of its life after booking: waiting, called, in service, or its end."""

    status: str


@dataclass(frozen=True, kw_only=True)
class VisitTimeChanged(VisitEvent):
    """Another time or another way. `by` is `citizen` or `office`."""

    by: str


@dataclass(frozen=True, kw_only=True)
class VisitGiven(VisitEvent):
    """Another clerk attends it, at the same time: the rules asked for it."""

    clerk_id: int | None
    before_id: int | None


@dataclass(frozen=True, kw_only=True)
class VisitChannelChanged(VisitEvent):
    """Another way while it waits or is attended."""

    before: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class WalkedIn(VisitEvent):
    """Somebody without an appointment is in the line; `shown_by` as when a visit is booked."""

    shown_by: str = "code"


@dataclass(frozen=True, kw_only=True)
class WaitlistEvent(Event):
    """Something about somebody who wants an earlier time."""

    town_id: int
    entry_id: int


@dataclass(frozen=True, kw_only=True)
class WaitlistJoined(WaitlistEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class WaitlistOffered(WaitlistEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class WaitlistTaken(WaitlistEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class WaitlistClosed(WaitlistEvent):
    pass
