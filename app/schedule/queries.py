"""What is free, and who could take it. Derived from rules minus allocations; never authoritative.

Every instant is UTC. Starts stand on a grid of wall-clock minutes counted from local midnight,
so that a time shown now still exists a minute later whatever its length (BOOKING §4.1).
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import g, has_request_context, request
from sqlalchemy.orm import joinedload

from app.core import clock
from app.core.db import db, first_or_none
from app.core.i18n import LANGUAGES
from app.schedule.models import ACTIVE, Allocation, AllocationState, Resource, Shift, Skill
from app.towns import queries as towns
from app.towns.models import Procedure, Town


@dataclass(frozen=True)
class Staff:
    """The people who attend one procedure, when they are on duty, and how much else they can do."""

    people: tuple[Resource, ...]
    shifts: tuple[Shift, ...]
    skills: dict[int, int]  # how many procedures each of them attends

    def shifts_on(self, channel: str) -> defaultdict[int, list[Shift]]:
        found: defaultdict[int, list[Shift]] = defaultdict(list)
        for shift in self.shifts:
            if channel in shift.channels:
                found[shift.resource_id].append(shift)
        return found


@dataclass(frozen=True)
class Wish:
    """What somebody asks for: a procedure, how, in which language, for how long; and of whom."""

    town: Town
    procedure: Procedure
    channel: str
    language: str
    minutes: int
    staff: Staff

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class FreeTime:
    """A start that somebody on duty can serve, and who, the least flexible first."""

    starts_at: datetime
    ends_at: datetime
    day: date  # on the town's wall
    resource_ids: tuple[int, ...]


Span = tuple[datetime, datetime]
DayTimes = dict[date, list[FreeTime]]


def language_for(staff: Staff, channel: str, wanted: str) -> str | None:
    """The language in which somebody can attend: the one wanted or the nearest; None if nobody can.

    Nearest: the reader's own chain of understanding, then the town's languages in their order.
    """
    spoken = {
        slug
        for person in _able(staff, channel)
        if person.account
        for slug in person.account.languages
    }
    town_first = sorted(spoken, key=lambda slug: (slug != "es", slug))
    for slug in (wanted, *LANGUAGES[wanted].fallback, *town_first):
        if slug in spoken:
            return slug
    return None


def free_times(wish: Wish, first: date, last: date) -> list[FreeTime]:
    """Every start from `first` to `last` (local dates, inclusive) that can be kept."""
    earliest = clock.now() + timedelta(minutes=wish.town.notice_minutes)
    horizon = clock.today(wish.town.time_zone) + timedelta(days=wish.town.horizon_days)
    last = min(last, horizon)
    if last < first:
        return []
    people = _by_flexibility(wish)
    if not people:
        return []
    shifts = wish.staff.shifts_on(wish.channel)
    begin = _instant(first, time(), wish.town)
    end = _instant(last + timedelta(days=1), time(), wish.town)
    busy = _busy([person.id for person in people], begin, end)
    closed = towns.closed_days(first, last)
    found: list[FreeTime] = []
    length = wish.length
    day = first
    while day <= last:
        able: dict[datetime, list[int]] = defaultdict(list)
        grid = _grid(day, wish.town.time_zone, wish.town.grid_minutes)
        for person in people:
            taken = busy[person.id]
            for opens, closes in _windows(shifts[person.id], day, day in closed, wish.town):
                latest = closes - length
                for start in grid[bisect_left(grid, max(opens, earliest)) :]:
                    if start > latest:
                        break
                    if not taken or _is_free(taken, start, start + length):
                        able[start].append(person.id)
        for start in sorted(able):
            found.append(FreeTime(start, start + length, day, tuple(able[start])))
        day += timedelta(days=1)
    return found


def free_at(wish: Wish, starts_at: datetime) -> FreeTime | None:
    """That very start, if it can still be kept."""
    day = starts_at.astimezone(wish.town.zone).date()
    return next((free for free in free_times(wish, day, day) if free.starts_at == starts_at), None)


def first_free(wish: Wish) -> FreeTime | None:
    """The first start that can be kept: today, then further and further to the town's horizon."""
    day = clock.today(wish.town.time_zone)
    horizon = day + timedelta(days=wish.town.horizon_days)
    reach = 2
    while day <= horizon:
        last = min(day + timedelta(days=reach - 1), horizon)
        if found := free_times(wish, day, last):
            return found[0]
        day, reach = last + timedelta(days=1), reach * 2
    return None


def nearest(wish: Wish, around: datetime, count: int = 4) -> list[FreeTime]:
    """The free starts nearest to that instant, in order of time."""
    day = around.astimezone(wish.town.zone).date()
    near: list[FreeTime] = []
    today = clock.today(wish.town.time_zone)
    for reach in map(timedelta, (0, 1, 3, 7, 14, 30)):
        near = free_times(wish, max(day - reach, today), day + reach)
        if len(near) >= count:
            break
    near.sort(key=lambda free: abs(free.starts_at - around))
    return sorted(near[:count], key=lambda free: free.starts_at)


def by_day(times: Sequence[FreeTime], first: date, count: int) -> DayTimes:
    """Those times under the local date on which each begins; days without any are there too."""
    found: DayTimes = {first + timedelta(days=offset): [] for offset in range(count)}
    for free in times:
        found.setdefault(free.day, []).append(free)
    return found


def allocations_of(claim: str) -> Sequence[Allocation]:
    return db.session.scalars(
        sa.select(Allocation).where(Allocation.claim == claim, Allocation.state.in_(ACTIVE))
    ).all()


def resource_of(account_id: int) -> Resource | None:
    found: Resource | None = first_or_none(
        sa.select(Resource).where(Resource.account_id == account_id)
    )
    return found


def skills_of(resource_id: int) -> set[int]:
    """The ids of the procedures that this resource attends."""
    question = sa.select(Skill.procedure_id).where(Skill.resource_id == resource_id)
    return set(db.session.scalars(question))


def staff_of(procedure: Procedure) -> Staff:
    """Whoever attends this procedure. A page that only reads asks once, however often it looks."""
    if not has_request_context() or request.method not in ("GET", "HEAD"):
        return _load_staff(procedure)
    known: dict[int, Staff] = g.setdefault("staff", {})
    if procedure.id not in known:
        known[procedure.id] = _load_staff(procedure)
    return known[procedure.id]


def _load_staff(procedure: Procedure) -> Staff:
    question = (
        sa.select(Resource)
        .join(Skill, Skill.resource_id == Resource.id)
        .where(Skill.procedure_id == procedure.id, Resource.is_active)
        .options(joinedload(Resource.account))
        .order_by(Resource.id)
    )
    people = tuple(db.session.scalars(question).unique())
    ids = [person.id for person in people]
    counts = (
        sa.select(Skill.resource_id, sa.func.count())
        .where(Skill.resource_id.in_(ids))
        .group_by(Skill.resource_id)
    )
    skills = {row[0]: int(row[1]) for row in db.session.execute(counts)}
    shifts = sa.select(Shift).where(Shift.resource_id.in_(ids), Shift.is_public)
    return Staff(people, tuple(db.session.scalars(shifts)), skills)


def _able(staff: Staff, channel: str) -> list[Resource]:
    """Those of them who attend on that channel in some shift."""
    shifts = staff.shifts_on(channel)
    return [person for person in staff.people if person.id in shifts]


def _by_flexibility(wish: Wish) -> list[Resource]:
    """Qualified people who speak the language; those who can do least else come first."""
    people = [
        person
        for person in _able(wish.staff, wish.channel)
        if person.account and person.account.is_active and wish.language in person.account.languages
    ]
    people.sort(
        key=lambda person: (
            wish.staff.skills.get(person.id, 0),
            len(person.account.languages) if person.account else 0,
            person.id,
        )
    )
    return people


def _busy(
    resource_ids: Sequence[int], begin: datetime, end: datetime
) -> defaultdict[int, list[Span]]:
    """What is taken, by resource, in order. A hold whose time is over takes nothing."""
    question = (
        sa.select(Allocation.resource_id, Allocation.starts_at, Allocation.ends_at)
        .where(
            Allocation.resource_id.in_(resource_ids),
            Allocation.state.in_(ACTIVE),
            Allocation.starts_at < end,
            Allocation.ends_at > begin,
            sa.or_(Allocation.state != AllocationState.HELD, Allocation.expires_at > clock.now()),
        )
        .order_by(Allocation.starts_at)
    )
    found: defaultdict[int, list[Span]] = defaultdict(list)
    for resource_id, starts_at, ends_at in db.session.execute(question):
        found[resource_id].append((starts_at, ends_at))
    return found


def _windows(shifts: Sequence[Shift], day: date, is_closed: bool, town: Town) -> list[Span]:
    """Instants of duty on that day, touching and overlapping shifts joined."""
    spans: list[Span] = []
    for shift in shifts:
        if not shift.covers(day) or (is_closed and not shift.on_closed_days):
            continue
        over = shift.ends == time()
        end_day = day + timedelta(days=1) if over else day
        spans.append((_instant(day, shift.starts, town), _instant(end_day, shift.ends, town)))
    spans.sort()
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        elif start < end:
            joined.append((start, end))
    return joined


@lru_cache(maxsize=1024)
def _grid(day: date, time_zone: str, step: int) -> list[datetime]:
    """Every start of that day, `step` minutes apart, but those in an hour that the clock skips."""
    zone = ZoneInfo(time_zone)
    starts = []
    for minute in range(0, 24 * 60, step):
        wall = datetime.combine(day, time(minute // 60, minute % 60), zone)
        start = wall.astimezone(UTC)
        if start.astimezone(zone).time() == wall.time():
            starts.append(start)
    return starts


def _instant(day: date, wall: time, town: Town) -> datetime:
    return datetime.combine(day, wall, town.zone).astimezone(UTC)


def _is_free(taken: Sequence[Span], start: datetime, end: datetime) -> bool:
    """Whether nothing in `taken` (in order, never overlapping) touches [start, end)."""
    after = bisect_left(taken, end, key=lambda span: span[0])
    return after == 0 or taken[after - 1][1] <= start


def on_duty(wish: Wish, at: datetime) -> int:
    """How many people who could serve this wish are in a shift at that instant."""
    day = at.astimezone(wish.town.zone).date()
    people = _by_flexibility(wish)
    shifts = wish.staff.shifts_on(wish.channel)
    closed = day in towns.closed_days(day, day)
    return sum(
        any(start <= at < end for start, end in _windows(shifts[person.id], day, closed, wish.town))
        for person in people
    )
