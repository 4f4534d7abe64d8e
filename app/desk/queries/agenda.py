"""A clerk's own day and week: visits, absences, and what is free between them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from app.core import clock
from app.core.db import db
from app.core.i18n import clock_time
from app.desk.queries.day import Filters, Row, bounds, rows_between
from app.schedule import queries as schedule
from app.schedule.models import ACTIVE, Allocation, AllocationState, Resource
from app.towns.models import Channel, Town
from app.towns.tenant import every_town

SHORTEST_GAP = 5  # minutes: less between two visits is no free time


@dataclass(frozen=True)
class Piece:
    """Part of a day: a visit (`row`), an absence (`reason`, `claim`), or free time."""

    kind: str  # visit, away or free
    starts: str
    ends: str
    minutes: int
    row: Row | None = None
    reason: str = ""
    claim: str = ""


@dataclass(frozen=True)
class Week:
    """Seven days from a Monday, each with its visits and whether the clerk is on duty."""

    first: date
    days: Sequence[tuple[date, Sequence[Row], bool]]

    @property
    def before(self) -> date:
        return self.first - timedelta(days=7)

    @property
    def after(self) -> date:
        return self.first + timedelta(days=7)


def week_of(town: Town, day: date, clerk: Resource | None, filters: Filters) -> Week:
    first = day - timedelta(days=day.weekday())
    by_day: dict[date, list[Row]] = defaultdict(list)
    for _number, row in rows_between(town, *bounds(town, first, 7), clerk, filters):
        by_day[row.day].append(row)
    days = [first + timedelta(days=offset) for offset in range(7)]
    duty = _duty(town, clerk, first, days[-1]) if clerk else {}
    return Week(first, [(one, by_day[one], bool(duty.get(one, clerk is None))) for one in days])


def pieces_of(town: Town, day: date, clerk: Resource | None, filters: Filters) -> list[Piece]:
    """One day in order. Free time is told of a clerk's own day alone."""
    begin, end = bounds(town, day)
    ends = {}
    with every_town():
        if clerk:
            taken = db.session.scalars(
                sa.select(Allocation).where(
                    Allocation.resource_id == clerk.id,
                    Allocation.state.in_(ACTIVE),
                    Allocation.starts_at < end,
                    Allocation.ends_at > begin,
                )
            ).all()
            ends = {one.claim: one.ends_at for one in taken}
        else:
            taken = []
    pieces = []
    for _number, row in rows_between(town, begin, end, clerk, filters):
        until = clock_time(ends[row.code], town.time_zone) if row.code in ends else ""
        pieces.append(Piece("visit", row.time, until, 0, row=row))
    if clerk and filters.mine:
        for one in taken:
            if one.state is AllocationState.BLOCKED:
                pieces.append(_piece(town, "away", one.starts_at, one.ends_at, one))
        for start, stop in _gaps(town, day, clerk):
            pieces.append(_piece(town, "free", start, stop))
    return sorted(pieces, key=lambda one: (_sortable(one.starts), one.kind != "visit"))


def _piece(
    town: Town, kind: str, starts_at: datetime, ends_at: datetime, taken: Allocation | None = None
) -> Piece:
    return Piece(
        kind,
        clock_time(starts_at, town.time_zone),
        clock_time(ends_at, town.time_zone),
        int((ends_at - starts_at).total_seconds() // 60),
        reason=taken.reason if taken else "",
        claim=taken.claim if taken else "",
    )


def _sortable(hour: str) -> tuple[int, int]:
    hours, minutes = hour.split(":")
    return int(hours), int(minutes)


def _duty(town: Town, clerk: Resource, first: date, last: date) -> dict[date, int]:
    """The minutes of duty of each day, whatever the channel."""
    look = schedule.outlook_for(town, first, last, schedule.roster_of(town), is_staff=True)
    skills = sorted(schedule.skills_of(clerk.id))[:1]
    found, day = {}, first
    while day <= last:
        minutes = 0
        for channel in Channel:
            demand = schedule.clerk_demand(channel.value, "", skills) if skills else ""
            minutes |= look.duty(clerk.id, demand) if demand else 0
        found[day] = minutes & look.day_mask(day)
        day += timedelta(days=1)
    return found


def _gaps(town: Town, day: date, clerk: Resource) -> list[tuple[datetime, datetime]]:
    """What is left of the clerk's duty on that day, from now on."""
    look = schedule.outlook_for(town, day, day, schedule.roster_of(town), is_staff=True)
    free = _duty(town, clerk, day, day).get(day, 0) & ~look.agenda.taken(clerk.id)
    now = max(0, look.at(clock.now().astimezone(UTC)))
    free = free >> now << now
    gaps = []
    while free:
        begin = (free & -free).bit_length() - 1
        rest = free >> begin
        length = (~rest & -(~rest)).bit_length() - 1
        if length >= SHORTEST_GAP:
            gaps.append((look.moment(begin), look.moment(begin + length)))
        free = rest >> length << (begin + length)
    return gaps
