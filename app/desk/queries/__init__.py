"""The clerk's side: the day, the week, whoever is looked for, and what was there before."""

from app.desk.queries.agenda import Piece, Week, pieces_of, week_of
from app.desk.queries.day import Day, Filters, Row, today, towns_of_the_pool, waited_minutes
from app.desk.queries.feed import account_of_feed, agenda_of, feed_of
from app.desk.queries.people import (
    Presence,
    colleagues_for,
    earlier_visits,
    first_time_for,
    follow_ups,
    found,
    presence,
    visits_in_the_way,
)

__all__ = [
    "Day",
    "Filters",
    "Piece",
    "Presence",
    "Row",
    "Week",
    "account_of_feed",
    "agenda_of",
    "colleagues_for",
    "earlier_visits",
    "feed_of",
    "first_time_for",
    "follow_ups",
    "found",
    "pieces_of",
    "presence",
    "today",
    "towns_of_the_pool",
    "visits_in_the_way",
    "waited_minutes",
    "week_of",
]
