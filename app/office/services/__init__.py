"""Errands of the back office: changes of rules, and what is written of procedures."""

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
from app.office.services.editing import (
    add,
    archive,
    change,
    go_back,
    keep_up,
    offer,
    remove,
    take_back,
)

__all__ = [
    "MOST_OFFERS",
    "Answer",
    "MustDecide",
    "add",
    "archive",
    "change",
    "go_back",
    "keep_up",
    "look",
    "look_at_broken",
    "make",
    "mend",
    "offer",
    "outcome",
    "remove",
    "take_back",
]
