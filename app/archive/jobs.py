"""What ended leaves the store at once; what was kept long enough ends; strangers are noted."""

from datetime import timedelta

from app.archive.services import ending, strangers
from app.core import clock
from app.core.db import transaction
from app.core.jobs import every
from app.towns import queries as towns
from app.towns.tenant import town_of

LOOKS_KEPT = timedelta(days=1825)


@every(20)
def take_away_what_ended() -> int:
    """Returns how many files left the store. Nobody waits while it is asked."""
    gone = ending.sweep_destroyed(ending.destroyed_places())
    if gone:
        with transaction():
            ending.note_gone(gone)
    return len(gone)


@every(6 * 3600)
def sweep_strangers() -> int:
    """Returns how many were destroyed, long after they were noted."""
    return strangers.sweep_strangers()


@every(3600)
def keep_to_the_terms() -> int:
    """Town by town; each step in a transaction of its own. Returns how many files ended."""
    count = 0
    for town in towns.all_towns():
        with town_of(town.id):
            now = clock.now()
            with transaction():
                ending.block_due(now)
            with transaction():
                count += ending.destroy_due(now)
            with transaction():
                ending.shred_empty(now)
                ending.forget_looks(now - LOOKS_KEPT)
    return count
