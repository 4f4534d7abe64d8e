"""Times that nobody confirmed go back to everybody."""

import sqlalchemy as sa

from app.core import clock
from app.core.db import db, transaction
from app.core.jobs import every
from app.schedule import services as schedule
from app.schedule.models import Allocation, AllocationState
from app.towns import queries as towns
from app.towns.tenant import every_town, town_of


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
