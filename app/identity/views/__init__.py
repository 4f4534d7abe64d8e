"""How people get in: staff by a passkey, citizens by a passkey or a code, a kiosk by its link."""

from app.identity.views import citizen, kiosk, own, staff
from app.identity.views.doors import bp, kiosk_bp, me_bp

__all__ = ["bp", "citizen", "kiosk", "kiosk_bp", "me_bp", "own", "staff"]
