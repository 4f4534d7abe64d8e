"""The doors of the call for the citizen, and for whoever comes by an invitation."""

from app.calls.views.invited import bp as invited_bp
from app.calls.views.room import bp as citizen_bp

__all__ = ["citizen_bp", "invited_bp"]
