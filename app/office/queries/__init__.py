"""Questions of the back office: what the rules say, and what a change of them would break."""

from app.office.queries.promises import (
    Action,
    Look,
    Offer,
    Promise,
    broken_now,
    nearest_time,
    promises_of,
    times_next_week,
    unattended,
    wish_to_keep,
)
from app.office.queries.week import (
    DAY,
    DayOfWork,
    MarkedDay,
    bounds,
    closed_between,
    monday_of,
    week_of,
    weeks_of_all,
    year_of,
)

__all__ = [
    "DAY",
    "Action",
    "DayOfWork",
    "Look",
    "MarkedDay",
    "Offer",
    "Promise",
    "bounds",
    "broken_now",
    "closed_between",
    "monday_of",
    "nearest_time",
    "promises_of",
    "times_next_week",
    "unattended",
    "week_of",
    "weeks_of_all",
    "wish_to_keep",
    "year_of",
]
