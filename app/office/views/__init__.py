"""The screens of supervisors and administrators."""

from app.office.views import (
    closed,
    hours,
    people,
    promises,
    rules,
    setup,
    start,
    town_file,
    waits,
)
from app.office.views.door import bp
from app.office.views.setup import setup_bp

__all__ = [
    "bp",
    "closed",
    "hours",
    "people",
    "promises",
    "rules",
    "setup",
    "setup_bp",
    "start",
    "town_file",
    "waits",
]
