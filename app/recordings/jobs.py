"""What recordings need by the clock: somebody who watches, stamps, and files made of pieces."""

from collections.abc import Callable

import structlog

from app.core.db import db, transaction
from app.core.jobs import every
from app.recordings import queries, services
from app.recordings.models import State
from app.towns.tenant import every_town, town_of

log = structlog.get_logger()
AT_ONCE = 50
UNFINISHED = (State.RECORDING, State.PAUSED, State.CLOSING)


@every(2)
def watch() -> int:
    """Does it arrive, is it too long, is it stamped. Returns in how many towns one runs."""
    towns = _towns_with(State.RECORDING, State.PAUSED)
    for town_id in towns:
        with town_of(town_id), transaction():
            services.watch()
    return len(towns)


@every(2)
def fetch() -> int:
    """What a media server writes is taken in. Returns of how many segments."""
    count = 0
    for town_id in _towns_with(*UNFINISHED):
        with town_of(town_id):
            for segment_id in queries.ids_by_server(*UNFINISHED):
                count += _is_done(services.fetch, segment_id)
            for segment_id in queries.ids_left_by_server():
                _is_done(services.rest, segment_id)
    return count


def _is_done(errand: Callable[[int], None], segment_id: int) -> bool:
    try:
        errand(segment_id)
    except Exception:
        db.session.rollback()
        log.exception("what the media server wrote was not taken", segment=segment_id)
        return False
    return True


@every(3600)
def sweep() -> int:
    """Returns how many files of a media server nobody wanted any more."""
    return services.sweep()


@every(2)
def stamp_ledgers() -> int:
    """Returns how many lines were stamped."""
    return services.stamp_due()


@every(3)
def make_files() -> int:
    """Returns how many were made."""
    count = 0
    for town_id in _towns_with(State.CLOSING):
        with town_of(town_id):
            for _ in range(AT_ONCE):
                with transaction():
                    due = services.claim_due(most=1)  # what waits for its turn is nobody's yet
                if not due:
                    break
                count += services.finish(due[0])
    return count


def _towns_with(*states: State) -> set[int]:
    with every_town():
        return {segment.town_id for segment in queries.in_state(*states)}
