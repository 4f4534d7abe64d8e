"""What happens to papers by itself: looked into once a scanner is back, and cleared away."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog
from flask import current_app

from app.archive.errors import FileHeld, KeptUntil
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db, transaction
from app.core.jobs import every
from app.papers import errands, incoming, queries, services
from app.papers.models import Paper
from app.towns.tenant import every_town, town_of

log = structlog.get_logger()

GIVEN_UP = timedelta(days=1)


@every(15)
def look_into_what_waits() -> int:
    """A scanner was away, a disk was full, a process ended. Returns how many were looked into."""
    count = 0
    for paper in _everywhere(queries.to_be_checked):
        with town_of(paper.town_id):
            try:
                errands.look_into(paper)
            except Exception:  # one that cannot be settled must not stop the others
                db.session.rollback()
                log.exception("a paper was not looked into", paper=paper.id)
                continue
        count += 1
        if paper.waits_for:
            break  # the others would wait for the same, and other errands for us
    return count


@every(600)
def clear_away() -> int:
    """What nobody went on sending, and what was removed and not brought back. Returns how many."""
    left = _everywhere(lambda: queries.given_up(GIVEN_UP))
    for paper in left:
        with town_of(paper.town_id), transaction():
            services.cancel(paper)
    removed = _everywhere(queries.gone_for_good)
    for paper in removed:
        # Held or promised meanwhile: its day will come, and the others need not wait for it.
        with town_of(paper.town_id), suppress(FileHeld, KeptUntil), transaction():
            services.forget(paper)
    return len(left) + len(removed) + _sweep()


def _sweep() -> int:
    """After an older register was brought back they may be known again, as in the archive."""
    before = clock.now() - timedelta(days=float(current_app.config["ARCHIVE_STRANGERS_DAYS"]))
    with every_town(), sees_blocked():
        known = queries.codes_on_their_way()
    db.session.rollback()
    return incoming.sweep(known, before.timestamp())


def _everywhere(question: Callable[[], Sequence[Paper]]) -> list[Paper]:
    with every_town():
        return list(question())
