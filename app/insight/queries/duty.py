"""How long clerks are on duty: as it was written down, or by the rules for days to come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.core import clock
from app.core.db import db
from app.insight.models import DutyDay
from app.schedule import queries as schedule
from app.schedule.models import Allocation, AllocationState, ResourceKind
from app.towns import queries as towns
from app.towns.models import Channel, Town

DAY = timedelta(days=1)
Piece = tuple[datetime, datetime]


@dataclass(frozen=True)
class Duty:
    """The minutes of one clerk on one day, and what they could attend in them."""

    day: date
    resource_id: int
    minutes: int
    by_channel: dict[str, Any]
    languages: tuple[str, ...]
    procedures: tuple[str, ...]
    offices: tuple[str, ...]

    def minutes_for(self, of: str, key: str) -> int:
        """Of these minutes, those in which that could be attended."""
        if of == "channel":
            return int(self.by_channel.get(key, 0))
        if of == "language":
            return self.minutes if key in self.languages else 0
        if of == "procedure":
            return self.minutes if key in self.procedures else 0
        if of == "office":
            return self.minutes if key in self.offices else 0
        return self.minutes


def duty_between(town: Town, first: date, last: date) -> list[Duty]:
    """Every clerk of this town on every one of those days, those lent by others left out.

    Of a day that is over and was not written down, nothing is known and nothing is told.
    """
    today = clock.today(town.time_zone)
    kept = sa.select(DutyDay).where(DutyDay.day >= first, DutyDay.day <= min(last, today - DAY))
    found = [
        Duty(
            row.day,
            row.resource_id,
            row.minutes,
            row.by_channel,
            tuple(row.languages),
            tuple(row.procedures),
            tuple(row.offices),
        )
        for row in db.session.scalars(kept)
    ]
    if last >= today:
        found += duty_of_now(town, max(first, today), last)
    return found


def duty_of_now(town: Town, first: date, last: date) -> Iterator[Duty]:
    """By the rules of now: shifts, single days, closed days, seasons; absences taken away."""
    roster = schedule.roster_of(town)
    offered = towns.procedures()
    places = {one.id: one.slug for one in towns.offices()}
    own = {one.id: (one.slug, places.get(one.office_id, "")) for one in offered}
    away = _absences(town, first, last)
    for person in roster.of_kind(ResourceKind.CLERK):
        if person.town_id != town.id:
            continue
        attends = [own[one] for one in person.skills if one in own]
        days: dict[date, list[tuple[Piece, tuple[str, ...]]]] = {}
        for window in roster.windows(person, first, last):
            day = window.opens.astimezone(town.zone).date()
            piece = (window.opens, window.closes)
            days.setdefault(day, []).append((piece, window.hours.channels))
        gone = away.get(person.id, [])
        for day, windows in days.items():
            yield Duty(
                day,
                person.id,
                _minutes([piece for piece, _channels in windows], gone),
                {
                    channel.value: _minutes([one for one, ways in windows if channel in ways], gone)
                    for channel in Channel
                },
                tuple(sorted(person.languages)),
                tuple(sorted(slug for slug, _office in attends)),
                tuple(sorted({office for _slug, office in attends})),
            )


def _absences(town: Town, first: date, last: date) -> dict[int, list[Piece]]:
    begin, end = clock.days(first, last, town.zone)
    question = sa.select(Allocation.resource_id, Allocation.starts_at, Allocation.ends_at).where(
        Allocation.state == AllocationState.BLOCKED,
        Allocation.demand == "",
        Allocation.starts_at < end,
        Allocation.ends_at > begin,
    )
    found: dict[int, list[Piece]] = {}
    for resource_id, starts, ends in db.session.execute(question):
        found.setdefault(resource_id, []).append((starts, ends))
    return found


def _minutes(pieces: Iterable[Piece], gone: Iterable[Piece]) -> int:
    """Whole minutes that lie in any of those pieces and in none of the others."""
    total = 0
    away = _joined(gone)
    for begin, end in _joined(pieces):
        total += int((end - begin).total_seconds() // 60)
        for left, back in away:
            both = min(end, back) - max(begin, left)
            total -= max(0, int(both.total_seconds() // 60))
    return total


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Without overlaps, in order."""
    found: list[Piece] = []
    for begin, end in sorted(pieces):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found
