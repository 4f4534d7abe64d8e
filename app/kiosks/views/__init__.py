"""The doors of a kiosk: its screen, the device itself, the telephone of whoever is there."""

from app.kiosks.views import appointment, call, device, phone, start
from app.kiosks.views.door import bp, device_bp, door_bp, phone_bp

__all__ = [
    "appointment",
    "bp",
    "call",
    "device",
    "device_bp",
    "door_bp",
    "phone",
    "phone_bp",
    "start",
]
