"""The citizen's way to a visit: when, who, the code, done; and what can be changed afterwards."""

from app.booking.views import book, change, times, waitlist
from app.booking.views.door import bp

__all__ = ["book", "bp", "change", "times", "waitlist"]
