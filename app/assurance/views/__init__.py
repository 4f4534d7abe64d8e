"""The citizen's side: what is asked and why, to a provider and back, and the clerk's card."""

from app.assurance.views import card, provider, show
from app.assurance.views.door import back_bp, bp

__all__ = ["back_bp", "bp", "card", "provider", "show"]
