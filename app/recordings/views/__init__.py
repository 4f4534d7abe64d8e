"""The doors of recordings for the citizen, and for whoever comes to the call by an invitation."""

from app.recordings.views.card import bp, invited_bp
from app.recordings.views.copies import bp as copies_bp

__all__ = ["bp", "copies_bp", "invited_bp"]
