"""Errands of the back office: changing rules without losing visits, and setting a town up."""

from app.office.services.changes import (
    MOST_OFFERS,
    Answer,
    MustDecide,
    look,
    look_at_broken,
    make,
    mend,
    outcome,
)
from app.office.services.people import copy_week, employ_clerk, let_go
from app.office.services.setup import (
    begin,
    book_test_visit,
    make_link,
    offer_from_catalogue,
    open_link,
    work_hours_for_all,
)
from app.office.services.town_file import NotApplied, load, look_at_file, town_named

__all__ = [
    "MOST_OFFERS",
    "Answer",
    "MustDecide",
    "NotApplied",
    "begin",
    "book_test_visit",
    "copy_week",
    "employ_clerk",
    "let_go",
    "load",
    "look",
    "look_at_broken",
    "look_at_file",
    "make",
    "make_link",
    "mend",
    "offer_from_catalogue",
    "open_link",
    "outcome",
    "town_named",
    "work_hours_for_all",
]
