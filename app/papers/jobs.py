"""What happens to papers by itself: looked into once a scanner is back, and cleared away."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from app.core.db import transaction
from app.core.jobs import every
from app.papers import errands, queries, services
from app.papers.models import Paper
from app.towns.tenant import every_town, town_of

GIVEN_UP = timedelta(days=1)


@every(15)
def look_into_what_waits() -> int:
    """A scanner was away, a disk was full, a process ended. Returns how many were looked into."""
    count = 0
    for paper in _everywhere(queries.to_be_checked):
        with town_of(paper.town_id):
            errands.look_into(paper)
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
        with town_of(paper.town_id), transaction():
            services.forget(paper)
    return len(left) + len(removed)


def _everywhere(question: Callable[[], Sequence[Paper]]) -> list[Paper]:
    with every_town():
        return list(question())
