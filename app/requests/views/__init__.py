"""What the citizen sees of requests."""

from app.requests.views import asked, elsewhere
from app.requests.views.door import bp

__all__ = ["asked", "bp", "elsewhere"]
