"""The doors of the call: for the citizen, for who comes by an invitation, for the provider."""

from app.calls.views.invited import bp as invited_bp
from app.calls.views.provider import bp as provider_bp
from app.calls.views.room import bp as citizen_bp

__all__ = ["citizen_bp", "invited_bp", "provider_bp"]
