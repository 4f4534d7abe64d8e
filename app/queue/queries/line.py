"""How long people will wait: the line as the forecast sees it, and what was told of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db, first_or_none
from app.queue import waits
from app.queue.models import UsualLength, WaitEstimate
from app.queue.queries.people import GRACE, call_order
from app.queue.waits import Calibration
from app.schedule import queries as schedule
from app.schedule.models import CounterState, ResourceKind
from app.schedule.queries import Person, Roster, Wish
from app.schedule.queries.roster import remembered
from app.towns.models import Channel, Town
from app.towns.tenant import every_town

LATE_AFTER = timedelta(minutes=5)
EARLY_BEFORE = timedelta(minutes=15)
# Appointments further ahead than this do not change the wait of whoever is in the line now.
HORIZON = timedelta(minutes=90)
# How often a booked person comes, until the town's own figures say otherwise.
SHOW_RATE = 0.9
# What is told may grow by a step this long after it was told, not at every look.
TOLD_FOR = timedelta(minutes=4)
NEW = 0  # the key of somebody who is not in the line yet


@dataclass(frozen=True)
class Place:
    """Where somebody stands: how many are before them, and the range of wait in minutes.

    `shortest` and `longest` are None when nobody is on duty: then no promise is made. `reason`
    says why the wait has grown, when it has grown by much.
    """

    ahead: int
    shortest: int | None
    longest: int | None
    is_late: bool
    is_early: bool  # the appointment is still a while away: the time says more than a range
    reason: str = ""


@dataclass(frozen=True)
class Standing:
    """Of one person of the line: how many are before them, who could attend, and the forecast."""

    ahead: int
    clerks: int
    forecast: waits.Forecast


@dataclass(frozen=True)
class Intake:
    """Whether somebody could walk in now, and how long they would wait."""

    is_open: bool
    shortest: int | None = None
    longest: int | None = None


CLOSED = Intake(is_open=False)


def place_of(visit: Visit) -> Place:
    """What this person was last told; whoever has just come in is told from the line as it is."""
    now = clock.now()
    is_late = not visit.is_walk_in and visit.starts_at + LATE_AFTER < now
    is_early = not visit.is_walk_in and visit.starts_at - EARLY_BEFORE > now
    told = last_told(visit)
    if told:
        since = int((now - told.made_at).total_seconds() // 60)
        shortest = None if told.shortest is None else max(0, told.shortest - since)
        longest = None if told.longest is None else max(waits.STEP, told.longest - since)
        return Place(
            told.ahead, _in_steps(shortest), _in_steps(longest), is_late, is_early, told.reason
        )
    standing = standings(visit.town).get(visit.id)
    if standing is None:
        return Place(0, None, None, is_late, is_early)
    found = standing.forecast
    return Place(standing.ahead, found.shortest, found.longest, is_late, is_early)


def last_told(visit: Visit) -> WaitEstimate | None:
    found: WaitEstimate | None = first_or_none(
        sa.select(WaitEstimate)
        .where(WaitEstimate.visit_id == visit.id)
        .order_by(WaitEstimate.made_at.desc(), WaitEstimate.id.desc())
    )
    return found


def all_told() -> dict[int, WaitEstimate]:
    """The last estimate of everybody who waits in this town."""
    newest = (
        sa.select(sa.func.max(WaitEstimate.id))
        .join(Visit, Visit.id == WaitEstimate.visit_id)
        .where(Visit.status == Status.WAITING)
        .group_by(WaitEstimate.visit_id)
    )
    rows = db.session.scalars(sa.select(WaitEstimate).where(WaitEstimate.id.in_(newest)))
    return {row.visit_id: row for row in rows}


def standings(town: Town) -> dict[int, Standing]:
    """Everybody who waits in the pool of that town, by visit."""
    line = _Line(town)
    forecasts = line.forecast()
    found = {}
    for index, visit in enumerate(line.present):
        able = line.able(visit)
        ahead = sum(1 for other in line.present[:index] if line.able(other) & able)
        found[visit.id] = Standing(ahead, len(able), forecasts[visit.id])
    return found


def intake(wish: Wish) -> Intake:
    """Whether somebody who comes now, without a time, would be attended before the end of duty."""
    if not all(one.takes_walk_ins for one in wish.procedures) or wish.sign:
        return CLOSED
    line = _Line(wish.town)
    demand = wish.needs()[0].demand
    able = line.active_among(demand)
    if not able:
        return CLOSED
    one = waits.Waiting(NEW, wish.minutes, able, arrived=-1.0)  # after everybody else
    forecast = line.forecast(one)[NEW]
    if forecast.longest is None:
        return CLOSED
    return Intake(True, forecast.shortest, forecast.longest)


def is_anybody_coming(visit: Visit) -> bool:
    """Whether somebody who could attend this visit is at the counter, or will be today."""
    line = _Line(visit.town)
    if line.able(visit):
        return True
    demand = line.demand(visit)
    today = clock.today(visit.town.time_zone)
    look = schedule.outlook_for(visit.town, today, today, line.roster)
    rest = look.day_mask(today) >> look.at(clock.now())
    return any(
        look.duty(one, demand) >> look.at(clock.now()) & rest
        for one in line.roster.able(demand)
        if line.said(line.roster.people[one]) is not CounterState.CLOSED
    )


def left_behind(town: Town, clerk_id: int) -> list[Visit]:
    """Who waits and whom nobody would attend any more today without that clerk.

    Everybody else's shifts of the rest of the day are looked at, as `is_anybody_coming` does.
    """
    line = _Line(town)
    today = clock.today(town.time_zone)
    rest = line.look.day_mask(today) >> line.look.at(clock.now())
    found = []
    for visit in line.present:
        demand = line.demand(visit)
        if clerk_id not in line.roster.able(demand):
            continue
        others = [one for one in line.roster.able(demand) if one != clerk_id]
        is_here = bool(line.active_among(demand) - {clerk_id})
        comes = any(
            line.look.duty(one, demand) >> line.look.at(clock.now()) & rest
            for one in others
            if line.said(line.roster.people[one]) is not CounterState.CLOSED
        )
        if not is_here and not comes:
            found.append(visit)
    return found


@dataclass(frozen=True)
class Here:
    """A clerk as their colleagues see them: `state` is open, paused, closed, on_duty or off."""

    id: int
    name: str
    town_id: int
    state: str
    is_busy: bool

    @property
    def attends(self) -> bool:
        return self.state in ("open", "on_duty")


def people_here(town: Town) -> list[Here]:
    """Who of the pool is at the counter or could be; whoever is off today is left out."""
    line = _Line(town)
    minute = line.look.at(line.now)
    found = []
    for person in line.roster.of_kind(ResourceKind.CLERK):
        said = line.said(person)
        on_duty = any(
            line.look.duty(person.id, schedule.clerk_demand(channel.value, "", [one])) >> minute & 1
            for channel in Channel
            for one in sorted(person.skills)[:1]
        )
        state = said.value if said else "on_duty" if on_duty else "off"
        is_busy = person.id in line.attended
        if state != "off" or is_busy or person.town_id == town.id:
            found.append(Here(person.id, person.name, person.town_id, state, is_busy))
    order = ("open", "on_duty", "paused", "closed", "off")
    found.sort(key=lambda one: (one.town_id != town.id, order.index(one.state), one.name))
    return found


def outcomes(since: datetime) -> list[tuple[int, int, float]]:
    """First estimates of people who were called since then: shortest, longest, real minutes."""
    first = (
        sa.select(sa.func.min(WaitEstimate.id))
        .where(WaitEstimate.longest.is_not(None))
        .group_by(WaitEstimate.visit_id)
    )
    question = (
        sa.select(
            WaitEstimate.shortest, WaitEstimate.longest, WaitEstimate.made_at, Visit.called_at
        )
        .join(Visit, Visit.id == WaitEstimate.visit_id)
        .where(
            WaitEstimate.id.in_(first),
            WaitEstimate.made_at >= since,
            Visit.called_at.is_not(None),
            Visit.called_at >= WaitEstimate.made_at,
        )
    )
    return [
        (row.shortest, row.longest, (row.called_at - row.made_at).total_seconds() / 60)
        for row in db.session.execute(question)
    ]


def calibration(since: datetime) -> Calibration:
    """How true the waits were that people were told since then."""
    return waits.calibration(outcomes(since))


class _Line:
    """The people and the counters of a pool at this moment."""

    def __init__(self, town: Town) -> None:
        self.now = clock.now()
        self.roster: Roster = schedule.roster_of(town)
        self.town = town
        visits = remembered(("line", town.id), self._load)
        self.attended = {
            visit.clerk_id: visit
            for visit in visits
            if visit.status in (Status.CALLED, Status.IN_SERVICE)
        }
        self.present = [visit for visit in visits if visit.status is Status.WAITING]
        self.expected = [visit for visit in visits if visit.status is Status.BOOKED]
        self._active: dict[str, frozenset[int]] = {}
        today = clock.today(town.time_zone)
        self.look = schedule.outlook_for(town, today, today, self.roster)
        self._usual = remembered(("usual", town.id), lambda: _usual(self.roster.places))

    def _load(self) -> Sequence[Visit]:
        with every_town():
            return db.session.scalars(self._question()).unique().all()

    def _question(self) -> sa.Select[Any]:
        soon = sa.and_(
            Visit.status == Status.BOOKED,
            Visit.starts_at > self.now - GRACE,
            Visit.starts_at < self.now + HORIZON,
        )
        there = Visit.status.in_((Status.WAITING, Status.CALLED, Status.IN_SERVICE))
        return (
            sa.select(Visit)
            .where(Visit.town_id.in_(self.roster.places), sa.or_(there, soon))
            .options(joinedload(Visit.also))
            .order_by(*call_order())
        )

    def said(self, person: Person) -> CounterState | None:
        return person.said_today(self.roster.places[person.town_id].zone)

    def demand(self, visit: Visit) -> str:
        return schedule.clerk_demand(
            visit.channel.value, visit.language, visit.procedure_ids, visit.asked_clerk_id
        )

    def able(self, visit: Visit) -> frozenset[int]:
        return self.active_among(self.demand(visit))

    def active_among(self, demand: str) -> frozenset[int]:
        """Those at the counter now: who opened it, or is on shift and has not said otherwise."""
        if demand not in self._active:
            minute = self.look.at(self.now)
            found = set()
            for one in self.roster.able(demand):
                said = self.said(self.roster.people[one])
                on_shift = self.look.duty(one, demand) >> minute & 1
                if said is CounterState.OPEN or (said is None and on_shift):
                    found.add(one)
            self._active[demand] = frozenset(found)
        return self._active[demand]

    def forecast(self, *more: waits.Waiting) -> dict[int, waits.Forecast]:
        line = [self._waiting(visit) for visit in self.present]
        line += [self._waiting(visit) for visit in self.expected]
        line += more
        involved = {counter for person in line for counter in person.able}
        counters = [self._counter(one) for one in sorted(involved)]
        return waits.forecast(counters, line, spread=self._spread())

    def _waiting(self, visit: Visit) -> waits.Waiting:
        is_here = visit.status is Status.WAITING or visit.channel is Channel.PHONE
        due_in = None if visit.is_walk_in else self._minutes_to(visit.starts_at)
        return waits.Waiting(
            key=visit.id,
            minutes=self._length(visit),
            able=self.able(visit),
            priority=visit.priority,
            arrived=-self._minutes_to(visit.waiting_at or self.now),
            due_in=due_in,
            is_here=is_here or due_in is None,
            shows=1.0 if is_here else SHOW_RATE,
        )

    def _counter(self, resource_id: int) -> waits.Counter:
        visit = self.attended.get(resource_id)
        return waits.Counter(
            id=resource_id,
            free_in=0.0,
            elapsed=-self._minutes_to(visit.called_at or self.now) if visit else 0.0,
            serving=self._length(visit) if visit else 0.0,
            leaves_in=self._leaves_in(resource_id),
        )

    def _leaves_in(self, resource_id: int) -> float | None:
        """Minutes until the end of the shift; None for who opened the counter outside it."""
        minute = self.look.at(self.now)
        duty = 0
        for demand in self._active:
            if resource_id in self.roster.able(demand):
                duty |= self.look.duty(resource_id, demand)
        duty >>= minute
        if not duty & 1:
            return None
        return float((~duty & -(~duty)).bit_length() - 1)

    def _length(self, visit: Visit) -> float:
        """What was kept for it, corrected by how long such attentions have really taken."""
        usual = self._usual.get((visit.procedure_id, visit.channel.value))
        return max(1.0, visit.minutes * (usual.factor if usual else 1.0))

    def _spread(self) -> float:
        spreads = [usual.spread for usual in self._usual.values()]
        return sum(spreads) / len(spreads) if spreads else waits.SPREAD

    def _minutes_to(self, moment: datetime) -> float:
        return (moment - self.now).total_seconds() / 60


def past_attentions(since: datetime) -> dict[tuple[int, str], list[tuple[float, int]]]:
    """Attentions of this town that ended since then, by procedure and channel: how many minutes
    they took, and how many were kept for them.
    """
    question = sa.select(
        Visit.procedure_id,
        Visit.channel,
        Visit.in_service_at,
        Visit.ended_at,
        Visit.starts_at,
        Visit.ends_at,
    ).where(
        Visit.status == Status.SERVED, Visit.in_service_at.is_not(None), Visit.ended_at >= since
    )
    found: dict[tuple[int, str], list[tuple[float, int]]] = defaultdict(list)
    for row in db.session.execute(question):
        took = (row.ended_at - row.in_service_at).total_seconds() / 60
        kept = int((row.ends_at - row.starts_at).total_seconds() // 60)
        found[row.procedure_id, row.channel.value].append((took, max(kept, 1)))
    return found


def _usual(town_ids: Iterable[int]) -> dict[tuple[int, str], UsualLength]:
    question = sa.select(UsualLength).where(UsualLength.town_id.in_(town_ids))
    with every_town():
        rows = db.session.scalars(question).all()
    return {(row.procedure_id, row.channel): row for row in rows}


def _in_steps(minutes: int | None) -> int | None:
    return None if minutes is None else -(-minutes // waits.STEP) * waits.STEP
