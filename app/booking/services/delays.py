"""How many days people must wait for a first free time: measured, kept, and told to a monitor."""

from app.booking import queries
from app.core import clock
from app.core.db import db
from app.schedule import queries as schedule
from app.schedule.models import DelayMeasure
from app.towns import queries as towns
from app.towns.models import Town


def measure_delays(town: Town) -> int:
    """One row for each procedure and channel, in the town's first language. Returns how many.

    What nobody can attend, or what has no time up to the horizon, has no number of days.
    """
    today = clock.today(town.time_zone)
    count = 0
    with schedule.one_look():
        for procedure in towns.procedures():
            for channel in procedure.channels:
                wish = queries.wish_for(town, procedure, channel.value, town.languages[0])
                first = schedule.first_free(wish) if wish else None
                limit = procedure.alarm_days
                db.session.add(
                    DelayMeasure(
                        day=today,
                        procedure_id=procedure.id,
                        channel=channel.value,
                        days=(first.day - today).days if first else None,
                        limit_days=town.alarm_days if limit is None else limit,
                        measured_at=clock.now(),
                    )
                )
                count += 1
    return count
