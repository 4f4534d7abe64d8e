"""Times that nobody confirmed go back to everybody, and first to whoever waits for one."""

import sqlalchemy as sa

from app.booking import queries, services
from app.booking.models import WaitlistEntry, WaitlistState
from app.core import clock
from app.core.db import db, transaction
from app.core.jobs import every
from app.schedule import services as schedule
from app.schedule.models import Allocation, AllocationState
from app.towns import queries as towns
from app.towns.tenant import every_town, town_of

# When the night's cancellations are in and nobody books yet, by the town's clock.
MEASURED_FROM_HOUR = 3


@every(15)
def expire_holds() -> int:
    """Free the holds whose time is over, town by town. Returns how many."""
    with every_town():
        over = sa.select(Allocation.town_id).where(
            Allocation.state == AllocationState.HELD, Allocation.expires_at <= clock.now()
        )
        waiting = set(db.session.scalars(over))
        db.session.rollback()
    count = 0
    for town in [town for town in towns.all_towns() if town.id in waiting]:
        with town_of(town.id), transaction():
            count += schedule.expire_holds()
    return count


@every(30)
def expire_walk_ins() -> int:
    """Whoever wanted to talk now and never typed their code is not waited for."""
    count = 0
    for town in towns.all_towns():
        with town_of(town.id):
            if not queries.forgotten_walk_ins():
                continue
            with transaction():
                for visit in queries.forgotten_walk_ins():
                    services.expire(visit)
                    count += 1
    return count


@every(20)
def offer_what_is_free() -> int:
    """Free times for those who wait for one, town by town. Returns how many were offered."""
    with every_town():
        wanted = sa.select(WaitlistEntry.town_id).where(WaitlistEntry.state == WaitlistState.OPEN)
        waiting = set(db.session.scalars(wanted))
        db.session.rollback()
    count = 0
    for town in [town for town in towns.all_towns() if town.id in waiting]:
        with town_of(town.id):
            due = services.whom_to_answer()
            db.session.rollback()
            if due:
                with transaction():
                    count += services.offer_what_is_free(due)
    return count


@every(1800)
def measure_delays() -> int:
    """Once a night, how far away first free times are, town by town. Returns how many."""
    count = 0
    for town in towns.all_towns():
        with town_of(town.id):
            is_night_over = clock.now().astimezone(town.zone).hour >= MEASURED_FROM_HOUR
            if not is_night_over or queries.are_delays_measured(town):
                continue
            with transaction():
                count += services.measure_delays(town)
    return count
