"""The screens of supervisors and administrators."""

from app.office.views import closed, hours, people, promises, rules, start, waits
from app.office.views.door import bp

__all__ = ["bp", "closed", "hours", "people", "promises", "rules", "start", "waits"]
