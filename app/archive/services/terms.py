"""For how long: what a town decides about files of each purpose."""

from app.archive import queries
from app.archive.events import FileTermChanged
from app.archive.models import FileTerm
from app.archive.terms import MOST_BLOCKED, TERMS
from app.core.db import db
from app.core.events import publish
from app.towns.tenant import current_town_id


def change_term(purpose: str, days: int, blocked_days: int) -> None:
    """This town keeps files of that purpose in use and blocked for so many days."""
    term = TERMS[purpose]
    if not (term.least <= days <= term.most and 1 <= blocked_days <= MOST_BLOCKED):
        raise ValueError(f"{purpose} is in use from {term.least} to {term.most} days")
    if queries.terms()[purpose] == (days, blocked_days):
        return
    chosen = queries.term(purpose) or FileTerm(purpose=purpose)
    chosen.days, chosen.blocked_days = days, blocked_days
    db.session.add(chosen)
    db.session.flush()
    publish(
        FileTermChanged(
            town_id=current_town_id(), purpose=purpose, days=days, blocked_days=blocked_days
        )
    )
