"""The clerk's screens: the day, the counter, one visit and what becomes of it, the hall."""

from app.desk.views import book, change, counter, day, hall, passing, visit
from app.desk.views.door import bp, feed_bp, hall_bp

__all__ = [
    "book",
    "bp",
    "change",
    "counter",
    "day",
    "feed_bp",
    "hall",
    "hall_bp",
    "passing",
    "visit",
]
