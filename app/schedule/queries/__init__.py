"""Questions about time: who works when, what is taken, what is free and who could take it."""

from app.schedule.demand import clerk_demand
from app.schedule.queries.broken import Broken, Why, broken_promises, open_minutes
from app.schedule.queries.outlook import Outlook, outlook_for
from app.schedule.queries.people import allocations_of, resource_of, skills_of
from app.schedule.queries.roster import Person, Roster, one_look, roster_of
from app.schedule.queries.times import (
    DayTimes,
    FreeTime,
    Plan,
    Staff,
    Taking,
    Wish,
    afresh,
    by_day,
    first_free,
    free_at,
    free_times,
    language_for,
    nearest,
    on_duty,
    plan_at,
    staff_of,
)

__all__ = [
    "Broken",
    "DayTimes",
    "FreeTime",
    "Outlook",
    "Person",
    "Plan",
    "Roster",
    "Staff",
    "Taking",
    "Why",
    "Wish",
    "afresh",
    "allocations_of",
    "broken_promises",
    "by_day",
    "clerk_demand",
    "first_free",
    "free_at",
    "free_times",
    "language_for",
    "nearest",
    "on_duty",
    "one_look",
    "open_minutes",
    "outlook_for",
    "plan_at",
    "resource_of",
    "roster_of",
    "skills_of",
    "staff_of",
]
