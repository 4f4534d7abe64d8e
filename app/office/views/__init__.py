"""The screens of supervisors and administrators."""

from app.office.views import closed, editing, hours, people, promises, rules, start, waits
from app.office.views.door import bp

__all__ = ["bp", "closed", "editing", "hours", "people", "promises", "rules", "start", "waits"]
