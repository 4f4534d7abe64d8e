"""What is told of kiosks."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class KioskEvent(Event):
    town_id: int
    kiosk_id: int


@dataclass(frozen=True, kw_only=True)
class KioskApproved(KioskEvent):
    by_id: int


@dataclass(frozen=True, kw_only=True)
class KioskChanged(KioskEvent):
    """Its name, what it is for, or whether it serves."""

    by_id: int
    serves: bool


@dataclass(frozen=True, kw_only=True)
class KioskRemoved(KioskEvent):
    by_id: int


@dataclass(frozen=True, kw_only=True)
class KioskSilent(KioskEvent):
    """Three heartbeats in a row did not arrive."""


@dataclass(frozen=True, kw_only=True)
class KioskHeardAgain(KioskEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class StayBegun(KioskEvent):
    """Somebody touched the screen."""


@dataclass(frozen=True, kw_only=True)
class StayEnded(KioskEvent):
    why: str


@dataclass(frozen=True, kw_only=True)
class KioskWiped(KioskEvent):
    """The device has shown that nothing of the last person is left in it."""

    is_proved: bool


@dataclass(frozen=True, kw_only=True)
class KioskOrdered(KioskEvent):
    """Somebody of the staff asked the device to do something."""

    by_id: int
    order: str


@dataclass(frozen=True, kw_only=True)
class LibrarianCalled(KioskEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class VisitHandedOver(KioskEvent):
    """A telephone took the visit away, or showed a kiosk who its owner is."""

    visit_id: int | None
    way: str
