"""What the waiting room does by itself: tell how long it takes, close in the evening, clear up."""

import sqlalchemy as sa

from app.booking.models import Status, Visit
from app.core.db import db, transaction
from app.core.jobs import every
from app.queue import queries, services
from app.towns import queries as towns
from app.towns.models import Town
from app.towns.tenant import every_town, town_of


@every(15)
def tell_waits() -> int:
    """Town by town, where somebody waits. Returns how many people are told something new."""
    count = 0
    for town in _with_people_waiting():
        with town_of(town.id), transaction():
            count += services.tell_waits(town)
    return count


@every(120)
def end_the_day() -> int:
    """Closing time, town by town. Returns how many people were told."""
    count = 0
    for town in _with_people_waiting():
        with town_of(town.id):
            waiting = [visit for visit in queries.waiting() if not queries.is_anybody_coming(visit)]
            if waiting:
                with transaction():
                    count += services.end_the_day()
    return count


@every(300)
def close_the_forgotten() -> int:
    """Town by town. Returns how many visits were closed."""
    count = 0
    for town in towns.all_towns():
        with town_of(town.id), transaction():
            count += services.close_the_forgotten()
    return count


@every(6 * 3600)
def measure_lengths() -> int:
    """How long attentions take, town by town. Returns how many kinds were measured."""
    count = 0
    for town in towns.all_towns():
        with town_of(town.id), transaction():
            count += services.measure_lengths()
    return count


def _with_people_waiting() -> list[Town]:
    with every_town():
        waiting = set(
            db.session.scalars(
                sa.select(Visit.town_id).where(Visit.status == Status.WAITING).distinct()
            )
        )
        db.session.rollback()
    return [town for town in towns.all_towns() if town.id in waiting]
