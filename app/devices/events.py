"""What is told of devices."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class DeviceChecked(Event):
    town_id: int
    visit_id: int
    verdict: str
