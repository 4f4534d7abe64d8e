"""Who is here, who was looked for, and what is known of somebody."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from app.booking import queries as booking
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.desk.queries.day import NEVER
from app.queue import queries as queue
from app.queue.queries import Here
from app.schedule import queries as schedule
from app.schedule.models import ACTIVE, Allocation, AllocationState, Resource
from app.schedule.queries import FreeTime
from app.towns import queries as towns
from app.towns.models import Procedure, Town
from app.towns.tenant import every_town

MOST_FOUND = 50
MOST_EARLIER = 10


@dataclass(frozen=True)
class Presence:
    """Who is at the counter, and what it means for those who wait."""

    state: str  # of this clerk
    desk: str
    people: Sequence[Here]
    waiting: int
    longest: int | None  # minutes that somebody may still wait
    without_anybody: int  # people who wait and whom nobody at the counter could attend

    @property
    def attending(self) -> int:
        return sum(1 for one in self.people if one.attends)


def presence(town: Town, clerk: Resource | None) -> Presence:
    people = queue.people_here(town)
    told = queue.all_told().values()
    longest = [one.longest for one in told if one.longest is not None]
    here = next((one for one in people if clerk and one.id == clerk.id), None)
    return Presence(
        state=here.state if here else "off",
        desk=clerk.desk.name if clerk and clerk.desk else "",
        people=people,
        waiting=len(queue.waiting()),
        longest=max(longest, default=None),
        without_anybody=sum(1 for one in told if one.longest is None),
    )


def colleagues_for(visit: Visit, procedure: Procedure, clerk: Resource) -> list[Here]:
    """To whom this visit could be passed on: who attends that procedure, that way, in its language.

    In person only whoever works in the same town.
    """
    wish = schedule.staff_of(procedure)
    able = {
        person.id
        for person in wish.on_channel(visit.channel.value)
        if visit.language in person.languages
        and person.id != clerk.id
        and (not visit.is_in_person or person.town_id == visit.town_id)
    }
    return [one for one in queue.people_here(visit.town) if one.id in able]


def found(town: Town, words: str) -> list[Visit]:
    """Visits of this town by code, telephone, number of the hall or name; the newest first."""
    words = words.strip()
    if not words:
        return []
    digits = re.sub(r"[\s.+()-]", "", words)
    if digits.isdecimal() and len(digits) <= 3:
        return list(queue.visit_of_number(int(digits), clock.today(town.time_zone)))
    conditions = [Visit.code == words.lower().replace(" ", "")]
    if digits.isdecimal():
        conditions.append(Visit.phone.contains(digits, autoescape=True))
    else:
        parts = towns.plain(words).split()
        conditions.append(
            sa.and_(*(Visit.name_plain.contains(part, autoescape=True) for part in parts))
        )
    question = (
        sa.select(Visit)
        .where(Visit.status.not_in(NEVER), sa.or_(*conditions))
        .order_by(Visit.starts_at.desc())
        .limit(MOST_FOUND)
        .options(selectinload(Visit.procedure), selectinload(Visit.clerk))
    )
    return list(db.session.scalars(question))


def earlier_visits(visit: Visit) -> Sequence[Visit]:
    """The other visits of whoever has this telephone, the last first."""
    if not visit.phone:
        return []
    question = (
        sa.select(Visit)
        .where(
            Visit.phone == visit.phone,
            Visit.id != visit.id,
            Visit.status.not_in(NEVER),
            Visit.starts_at <= max(visit.starts_at, clock.now()),
        )
        .order_by(Visit.starts_at.desc())
        .limit(MOST_EARLIER)
        .options(selectinload(Visit.procedure))
    )
    return db.session.scalars(question).all()


def follow_ups(visit: Visit) -> Sequence[Visit]:
    """What was booked or begun because of this visit."""
    question = sa.select(Visit).where(Visit.follows_id == visit.id, Visit.status.not_in(NEVER))
    return db.session.scalars(question.options(selectinload(Visit.procedure))).all()


def visits_in_the_way(clerk: Resource, begin: datetime, end: datetime) -> list[Visit]:
    """Booked visits that stand in that time of a clerk, in whatever town of the pool."""
    question = (
        sa.select(Visit)
        .join(Allocation, Allocation.claim == Visit.code)
        .where(
            Allocation.resource_id == clerk.id,
            Allocation.state.in_(ACTIVE),
            Allocation.state != AllocationState.IN_SERVICE,
            Allocation.starts_at < end,
            Allocation.ends_at > begin,
            Visit.status.in_((Status.BOOKED, Status.WAITING)),
        )
        .order_by(Visit.starts_at)
        .options(selectinload(Visit.procedure))
    )
    with every_town():
        return list(db.session.scalars(question).unique())


def first_time_for(visit: Visit) -> FreeTime | None:
    """What could be offered to somebody who waits in vain today."""
    wish = booking.wish_of(visit, is_staff=True, clerk_id=None)
    if wish is None:
        return None
    tomorrow = clock.today(visit.town.time_zone) + timedelta(days=1)
    for last in (tomorrow + timedelta(days=6), wish.last_day):
        times = schedule.free_times(wish, tomorrow, last)
        if times:
            return times[0]
    return None
