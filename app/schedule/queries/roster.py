"""Who works when and what they can do, as the rules say: everything a pool of towns wrote down."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app, g, has_request_context, request

from app.accounts.models import Account
from app.core import clock
from app.core.db import db, is_writing
from app.schedule.demand import Demand, demand_of
from app.schedule.edition import current_edition
from app.schedule.models import (
    CounterState,
    Resource,
    ResourceKind,
    Shift,
    ShiftException,
    Skill,
)
from app.towns.models import Channel, Closure, Procedure, Season, Town
from app.towns.queries.closed import Row, closed_days
from app.towns.tenant import every_town

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Person:
    """A resource as the rules see it: a clerk, an interpreter, and also a desk or a booth."""

    id: int
    kind: ResourceKind
    name: str
    town_id: int
    office_id: int | None
    languages: frozenset[str]
    signs: frozenset[str]
    buffer_minutes: int
    skills: frozenset[int]  # procedures
    counter: CounterState | None = None  # what they last said of their counter, and when
    counter_at: datetime | None = None

    def said_today(self, zone: str) -> CounterState | None:
        """What they said of their counter, if it was today."""
        if self.counter_at is None:
            return None
        day = self.counter_at.astimezone(ZoneInfo(zone)).date()
        return self.counter if day == clock.today(zone) else None


@dataclass(frozen=True)
class Hours:
    """A window of duty: of every such weekday within its validity, or of one day."""

    starts: time
    ends: time  # 00:00 is midnight at the end of the day
    channels: tuple[str, ...]
    is_public: bool
    is_guard: bool  # on duty whatever is closed
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


@dataclass(frozen=True)
class Place:
    """What closes a town: its region's holidays, its own days, and its seasons."""

    zone: str
    region: str | None
    closures: tuple[Row, ...]
    seasons: tuple[Season, ...]


@dataclass(frozen=True)
class Window:
    """Instants of duty on one day."""

    opens: datetime
    closes: datetime
    hours: Hours


@dataclass
class Roster:
    """Everybody of a pool, their hours and their skills; loaded once and then only asked."""

    people: Mapping[int, Person]
    patterns: Mapping[tuple[int, int], Sequence[Hours]]  # by resource and weekday
    exceptions: Mapping[tuple[int, date], Sequence[Hours]]
    places: Mapping[int, Place]
    offices: Mapping[int, tuple[int, int]]  # of a procedure: its town and its office
    _able: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _closed: dict[tuple[int, int | None, date, date], frozenset[date]] = field(default_factory=dict)

    def able(self, text: str) -> tuple[int, ...]:
        """Whoever can do what that demand asks for, the least flexible first."""
        if text not in self._able:
            demand = demand_of(text)
            found = [person for person in self.people.values() if self._can(person, demand)]
            found.sort(key=lambda one: (*self.flexibility(one.id), one.id))
            self._able[text] = tuple(person.id for person in found)
        return self._able[text]

    def is_at_hand(self, person: Person, channel: str, procedures: Iterable[int]) -> bool:
        """Whether they can be where it happens: who is of another town attends at a distance."""
        if channel != Channel.IN_PERSON:
            return True
        return all(self.offices[one][0] == person.town_id for one in procedures)

    def _can(self, person: Person, demand: Demand) -> bool:
        if person.kind is not demand.kind:
            return False
        if demand.resource_id and person.id != demand.resource_id:
            return False
        if demand.kind is ResourceKind.CLERK:
            return (
                demand.language in person.languages
                and demand.procedures <= person.skills
                and self.is_at_hand(person, demand.channel, demand.procedures)
            )
        if demand.kind is ResourceKind.DESK:
            return person.office_id == demand.office_id
        if demand.kind is ResourceKind.INTERPRETER:
            return demand.sign in person.signs
        return True

    def flexibility(self, resource_id: int) -> tuple[int, int]:
        """How much else somebody could do: procedures, then languages."""
        person = self.people[resource_id]
        return len(person.skills), len(person.languages)

    def of_kind(self, kind: ResourceKind) -> list[Person]:
        return [person for person in self.people.values() if person.kind is kind]

    def desks_of(self, office_id: int) -> list[Person]:
        return [
            person for person in self.of_kind(ResourceKind.DESK) if person.office_id == office_id
        ]

    def is_always_there(self, person: Person) -> bool:
        """A desk or a booth of which nobody wrote hours is there whenever somebody attends."""
        if person.kind not in (ResourceKind.DESK, ResourceKind.BOOTH):
            return False
        return not any((person.id, weekday) in self.patterns for weekday in range(7))

    def closed(
        self, town_id: int, office_id: int | None, first: date, last: date
    ) -> frozenset[date]:
        key = (town_id, office_id, first, last)
        if key not in self._closed:
            place = self.places[town_id]
            found = closed_days(place.region, place.closures, first, last, office_id)
            self._closed[key] = frozenset(found)
        return self._closed[key]

    def windows(self, person: Person, first: date, last: date) -> Iterator[Window]:
        """The person's duty on the days of their own town: patterns, exceptions, closed, season."""
        place = self.places[person.town_id]
        closed = self.closed(person.town_id, person.office_id, first, last)
        day = first
        while day <= last:
            own = self.exceptions.get((person.id, day))
            if own is None:
                own = [
                    hours
                    for hours in self.patterns.get((person.id, day.weekday()), ())
                    if hours.holds_on(day)
                ]
            for hours in own:
                if hours.is_guard:
                    yield _window(day, hours, hours.starts, hours.ends, place.zone)
                elif day not in closed:
                    clipped = _clipped(hours, day, person.office_id, place.seasons)
                    if clipped:
                        yield _window(day, hours, *clipped, place.zone)
            day += DAY


def roster_of(town: Town) -> Roster:
    """The roster of the pool of that town. A page that only reads asks once."""
    return remembered(("roster", town.id), lambda: _in_force(town))


def _in_force(town: Town) -> Roster:
    """The one this process has worked out before, when no rule has changed since."""
    kept: dict[int, tuple[Any, Roster]] = current_app.extensions["rosters"]
    edition = (current_edition(), _since())
    known, roster = kept.get(town.id, (None, None))
    if roster is not None and known == edition:
        return roster
    roster = _load(town)
    if not is_writing():  # what is not committed may be taken back
        kept[town.id] = (edition, roster)
    return roster


_looking: ContextVar[dict[Any, Any] | None] = ContextVar("looking", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """While it lasts nothing is asked twice: for errands that only read, or decide elsewhere."""
    token = _looking.set({})
    try:
        yield
    finally:
        _looking.reset(token)


def remembered(key: Any, load: Any) -> Any:
    """What `load` answers, asked once within a page that only reads or within `one_look`."""
    known = _looking.get()
    if known is None:
        if not has_request_context() or request.method not in ("GET", "HEAD"):
            return load()
        known = g.setdefault("looked_up", {})
    if key not in known:
        known[key] = load()
    return known[key]


def _load(town: Town) -> Roster:
    with every_town():
        places = _places(town)
        own = Resource.town_id.in_(places)
        people_rows = db.session.execute(
            sa.select(
                Resource.id,
                Resource.kind,
                Resource.name,
                Resource.town_id,
                Resource.office_id,
                Resource.signs,
                Resource.buffer_minutes,
                Resource.counter,
                Resource.counter_at,
                Account.languages,
                Account.is_active,
            )
            .outerjoin(Account, Account.id == Resource.account_id)
            .where(own, Resource.is_active)
            .order_by(Resource.id)
        ).all()
        skills: dict[int, set[int]] = defaultdict(set)
        offices: dict[int, tuple[int, int]] = {}
        for resource_id, procedure_id, town_id, office_id in db.session.execute(
            sa.select(Skill.resource_id, Procedure.id, Procedure.town_id, Procedure.office_id)
            .join(Procedure, Procedure.id == Skill.procedure_id)
            .where(Skill.town_id.in_(places))
        ):
            skills[resource_id].add(procedure_id)
            offices[procedure_id] = (town_id, office_id)
        patterns = _patterns(places)
        exceptions = _exceptions(places)
    people = {
        row.id: Person(
            id=row.id,
            kind=row.kind,
            name=row.name,
            town_id=row.town_id,
            office_id=row.office_id,
            languages=frozenset(row.languages or ()),
            signs=frozenset(row.signs or ()),
            buffer_minutes=row.buffer_minutes,
            skills=frozenset(skills[row.id]),
            counter=row.counter,
            counter_at=row.counter_at,
        )
        for row in people_rows
        if row.is_active is not False
    }
    return Roster(people, patterns, exceptions, places, offices)


def _places(town: Town) -> dict[int, Place]:
    """The towns of the pool: their zones, holidays, closed days and seasons."""
    towns: Sequence[Any] = [town]
    if town.pool:
        towns = db.session.execute(
            sa.select(Town.id, Town.time_zone, Town.region).where(Town.pool == town.pool)
        ).all()
    ids = [one.id for one in towns]
    since = _since()
    closures: dict[int, list[Row]] = defaultdict(list)
    for row in db.session.execute(
        sa.select(
            Closure.town_id, Closure.office_id, Closure.day, Closure.reason, Closure.is_open
        ).where(Closure.town_id.in_(ids), Closure.day >= since)
    ):
        closures[row.town_id].append(Row(row.office_id, row.day, row.reason, row.is_open))
    seasons: dict[int, list[Season]] = defaultdict(list)
    for season in db.session.execute(
        sa.select(
            Season.town_id,
            Season.office_id,
            Season.first_day,
            Season.last_day,
            Season.is_yearly,
            Season.opens,
            Season.closes,
        ).where(Season.town_id.in_(ids))
    ):
        # Copies of no session: one may only be tried out, and the roster outlives them.
        seasons[season.town_id].append(Season(**season._mapping))
    return {
        one.id: Place(one.time_zone, one.region, tuple(closures[one.id]), tuple(seasons[one.id]))
        for one in towns
    }


def _patterns(town_ids: Iterable[int]) -> dict[tuple[int, int], list[Hours]]:
    found: dict[tuple[int, int], list[Hours]] = defaultdict(list)
    for row in db.session.execute(
        sa.select(
            Shift.resource_id,
            Shift.weekday,
            Shift.starts,
            Shift.ends,
            Shift.channels,
            Shift.is_public,
            Shift.on_closed_days,
            Shift.valid_from,
            Shift.valid_to,
        ).where(
            Shift.town_id.in_(town_ids),
            sa.or_(Shift.valid_to.is_(None), Shift.valid_to >= _since()),
        )
    ):
        found[row.resource_id, row.weekday].append(
            Hours(
                row.starts,
                row.ends,
                tuple(row.channels),
                row.is_public,
                row.on_closed_days,
                row.valid_from,
                row.valid_to,
            )
        )
    return dict(found)


def _exceptions(town_ids: Iterable[int]) -> dict[tuple[int, date], list[Hours]]:
    found: dict[tuple[int, date], list[Hours]] = {}
    for row in db.session.execute(
        sa.select(
            ShiftException.resource_id,
            ShiftException.day,
            ShiftException.starts,
            ShiftException.ends,
            ShiftException.channels,
            ShiftException.is_public,
            ShiftException.on_closed_days,
        ).where(ShiftException.town_id.in_(town_ids), ShiftException.day >= _since())
    ):
        own = found.setdefault((row.resource_id, row.day), [])
        if row.starts is not None and row.ends is not None:
            own.append(
                Hours(row.starts, row.ends, tuple(row.channels), row.is_public, row.on_closed_days)
            )
    return found


def _since() -> date:
    """Rules of days before this one no longer matter to anybody, in whatever zone."""
    return clock.now().date() - 2 * DAY


def _clipped(
    hours: Hours, day: date, office_id: int | None, seasons: Sequence[Season]
) -> tuple[time, time] | None:
    """The hours within those of the season; None when nothing is left of them."""
    starts, ends = hours.starts, hours.ends
    for season in seasons:
        if season.office_id not in (None, office_id) or not season.covers(day):
            continue
        starts = max(starts, season.opens)
        ends = season.closes if ends == time() else min(ends, season.closes)
    if ends != time() and starts >= ends:
        return None
    return starts, ends


def _window(day: date, hours: Hours, starts: time, ends: time, zone: str) -> Window:
    end_day = day + DAY if ends == time() else day
    return Window(instant(day, starts, zone), instant(end_day, ends, zone), hours)


@lru_cache(maxsize=65536)
def instant(day: date, wall: time, zone: str) -> datetime:
    """That time on the wall of that zone. Of an hour that comes twice, the first."""
    return datetime.combine(day, wall, ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=4096)
def grid(day: date, zone: str, step: int) -> tuple[datetime, ...]:
    """Every start of that day, `step` minutes apart, but those in an hour that the clock skips."""
    here = ZoneInfo(zone)
    starts = []
    for minute in range(0, 24 * 60, step):
        wall = datetime.combine(day, time(minute // 60, minute % 60), here)
        start = wall.astimezone(UTC)
        if start.astimezone(here).time() == wall.time():
            starts.append(start)
    return tuple(starts)


def after(starts: Sequence[datetime], earliest: datetime) -> Sequence[datetime]:
    """Those of an ordered list that are not before that instant."""
    return starts[bisect_left(starts, earliest) :]
