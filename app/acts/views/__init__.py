"""The citizen's side, and everybody's: checking an act, and one's own."""

from app.acts.views import check, own
from app.acts.views.door import bp

__all__ = ["bp", "check", "own"]
