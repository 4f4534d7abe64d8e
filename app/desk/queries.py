"""The clerk's day: who is waiting, who is to come, who has been."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from app.booking import queries as booking
from app.booking.models import Visit
from app.core import clock
from app.queue import queries as queue
from app.schedule.models import Resource
from app.towns.models import Town


@dataclass(frozen=True)
class Day:
    """A town's day as the agenda shows it. `mine` is the visit on this clerk's counter."""

    waiting: Sequence[Visit]
    to_come: Sequence[Visit]
    attended: Sequence[Visit]
    mine: Visit | None
    callable_ids: frozenset[int]


def today(town: Town, clerk: Resource | None) -> Day:
    day = clock.today(town.time_zone)
    begin = datetime.combine(day, time(), town.zone).astimezone(UTC)
    visits = booking.visits_between(begin, begin + timedelta(days=1, hours=1))
    visits = [visit for visit in visits if visit.starts_at.astimezone(town.zone).date() == day]
    waiting = queue.waiting()
    ready = queue.ready_for(clerk) if clerk else []
    seen = {visit.id for visit in waiting}
    return Day(
        waiting=waiting,
        to_come=[v for v in visits if v.status.value == "booked" and v.id not in seen],
        attended=[v for v in visits if v.status.value not in ("booked", "waiting")],
        mine=queue.attended_by(clerk) if clerk else None,
        callable_ids=frozenset(visit.id for visit in ready),
    )


def waited_minutes(visit: Visit) -> int:
    """How long they have been in the waiting room."""
    if visit.waiting_at is None:
        return 0
    return max(0, int((clock.now() - visit.waiting_at).total_seconds() // 60))
