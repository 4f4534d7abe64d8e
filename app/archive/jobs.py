"""What ended leaves the store at once; what nobody knows is swept away every night."""

from app.archive.services import ending
from app.core.db import transaction
from app.core.jobs import every


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
    return ending.sweep_strangers()
