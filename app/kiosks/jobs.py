"""By the clock: stays that nobody answers for, kiosks of which nobody hears, and what is old."""

from collections.abc import Callable

from app.core.db import db, transaction
from app.core.jobs import every
from app.kiosks import prompts, queries, services
from app.towns import queries as towns
from app.towns.tenant import every_town, town_of


@every(5)
def end_what_is_over() -> int:
    """The server ends a stay even if the device does not."""
    return _where(queries.towns_with_somebody, services.end_what_is_over)


@every(10)
def raise_alarms() -> int:
    return _where(queries.towns_with_silence, services.raise_alarms)


@every(3600)
def forget_old() -> None:
    for town in towns.all_towns():
        with town_of(town.id), transaction():
            services.forget_old()


@every(3600)
def speak_what_is_new() -> int:
    """A procedure that has a new name is heard by it, where somebody has made a kiosk speak."""
    made = prompts.render() if prompts.folder().is_dir() else {}
    db.session.rollback()
    return len(made)


def _where(look: Callable[[], set[int]], errand: Callable[[], int]) -> int:
    """Only in towns where there is something to do: whoever writes keeps others waiting."""
    with every_town():
        found = look()
        db.session.rollback()
    count = 0
    for town_id in sorted(found):
        with town_of(town_id), transaction():
            count += errand()
    return count
