"""Who will come, half an hour by half an hour, and how many clerks that needs.

The method, in words for whoever must trust it: of the last eight weeks, the same day of the week;
those on which nobody at all came are left out as closed; the mean of the people of each half hour.
Minutes of an attention: the middle one of those weeks. Patience: minutes waited by all, divided by
how many gave up (the likeliest mean when who is called is known to have been patient so long).
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.insight.queries.figures import LONGEST, percentile
from app.schedule import queries as schedule
from app.schedule.models import ResourceKind
from app.schedule.queries import Staffing
from app.towns.models import Town
from app.towns.tenant import every_town

DAY = timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)
WEEKS = 8
USUAL_MINUTES = 15.0
USUAL_PATIENCE = 30.0


@dataclass(frozen=True)
class HalfHour:
    """Half an hour of that day: who is likely to come, who is needed, who will be there."""

    starts: time
    arrivals: float
    needed: int
    there: int
    now: Staffing | None  # with those who will be there; None: nobody is, or nobody comes


@dataclass(frozen=True)
class Forecast:
    """A day still to come."""

    day: date
    days: int  # how many past days it stands on
    minutes: float
    patience: float
    within: int
    share: float
    halves: tuple[HalfHour, ...]

    @property
    def arrivals(self) -> float:
        return math.fsum(one.arrivals for one in self.halves)

    @property
    def waits(self) -> float:
        """Minutes that all who come wait together. Who finds nobody at all is not counted."""
        return math.fsum(
            one.arrivals * one.now.mean_wait
            for one in self.halves
            if one.now and one.now.mean_wait is not None
        )

    @property
    def mean_wait(self) -> float:
        met = math.fsum(one.arrivals for one in self.halves if one.now)
        return self.waits / met if met else 0.0

    @property
    def unmet(self) -> float:
        """People who are likely to come while nobody is there."""
        return math.fsum(one.arrivals for one in self.halves if not one.there)


@dataclass(frozen=True)
class WhatIf:
    """The same day otherwise. `saved`: minutes of waiting less, of all who come together."""

    clerks: int  # more or fewer
    towns: tuple[str, ...]  # that attend it in common
    forecast: Forecast
    saved: float


def forecast_of(
    towns: Sequence[Town], day: date, *, within: int = 10, share: float = 0.8, more: int = 0
) -> Forecast:
    """One line for all those towns, as the last weeks were. `more`: clerks in each half hour."""
    arrivals, lengths, waited, gave_up, days = _history(towns, day)
    minutes = percentile(lengths, 0.5) or USUAL_MINUTES
    patience = waited / gave_up if gave_up and waited else USUAL_PATIENCE
    there = _there(towns, day)
    halves = []
    busy = [number for number in range(48) if arrivals[number]] or list(range(48))
    for number in range(busy[0], busy[-1] + 1):
        people, clerks = arrivals[number], there[number]
        if clerks and more:
            clerks = max(1, clerks + more)
        if not people and not clerks:
            continue
        halves.append(_half(number, people, clerks, minutes, patience, within, share))
    return Forecast(day, days, minutes, patience, within, share, tuple(halves))


def what_if(own: Town, others: Sequence[Town], day: date, *, more: int) -> WhatIf:
    """Against the towns each by itself, as things stand."""
    apart = [forecast_of([town], day) for town in (own, *others)]
    together = forecast_of([own, *others], day, more=more)
    before = math.fsum(one.waits for one in apart)
    names = tuple(town.name for town in others)
    return WhatIf(more, names, together, before - together.waits)


def _half(
    number: int,
    people: float,
    clerks: int,
    minutes: float,
    patience: float,
    within: int,
    share: float,
) -> HalfHour:
    begin = time(number // 2, 30 * (number % 2))
    if not people:
        return HalfHour(begin, 0.0, 0, clerks, None)
    plan = schedule.staffing(
        people * 2, minutes, within=within, share=share, patience=patience, around=0
    )
    now = (
        schedule.lived_through(people * 2, minutes, clerks, within=within, patience=patience)
        if clerks
        else None
    )
    return HalfHour(begin, people, plan.enough, clerks, now)


def _history(towns: Sequence[Town], day: date) -> tuple[list[float], list[float], float, int, int]:
    """Mean arrivals of each half hour; lengths; minutes waited by all; who gave up; how many days.

    Who comes with an appointment comes when it begins; who has none, when they came in.
    """
    counts: dict[tuple[date, int], int] = defaultdict(int)
    lengths: list[float] = []
    waited, gave_up = 0.0, 0
    with every_town():
        for town in towns:
            last = day - 7 * DAY
            first = day - 7 * WEEKS * DAY
            begin = clock.midnight(first, town.zone)
            end = clock.midnight(min(last, day), town.zone) + DAY
            for row in db.session.execute(_came(town, begin, end)):
                at = row.waiting_at if row.is_walk_in and row.waiting_at else row.starts_at
                here = at.astimezone(town.zone)
                if here.weekday() != day.weekday():
                    continue
                counts[here.date(), here.hour * 2 + here.minute // 30] += 1
                took = _took(row)
                if took is not None:
                    lengths.append(took)
                until = row.called_at or row.ended_at
                if row.waiting_at and until and until >= row.waiting_at:
                    waited += min(until - row.waiting_at, LONGEST).total_seconds() / 60
                gave_up += row.status is Status.LEFT
    days = {when for when, _number in counts}
    means = [0.0] * 48
    for (_when, number), count in counts.items():
        means[number] += count / len(days)
    return means, lengths, waited, gave_up, len(days)


def _took(row: Any) -> float | None:
    if row.status is not Status.SERVED or not row.in_service_at or not row.ended_at:
        return None
    took = row.ended_at - row.in_service_at
    return max(1.0, took.total_seconds() / 60) if took <= LONGEST else None


def _came(town: Town, begin: datetime, end: datetime) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        *(Visit.starts_at, Visit.waiting_at, Visit.called_at, Visit.in_service_at),
        *(Visit.ended_at, Visit.status, Visit.is_walk_in),
    ).where(
        Visit.town_id == town.id,
        Visit.booked_at.is_not(None),
        Visit.status.in_((Status.SERVED, Status.LEFT)),
        Visit.starts_at >= begin,
        Visit.starts_at < end,
    )


def _there(towns: Sequence[Town], day: date) -> list[int]:
    """The clerks of those towns who will be on duty in the middle of each half hour."""
    found = [0] * 48
    for town in towns:
        roster = schedule.roster_of(town)
        look = schedule.outlook_for(town, day, day, roster, is_staff=True)
        midnight = datetime.combine(day, time(), town.zone)
        for person in roster.of_kind(ResourceKind.CLERK):
            if person.town_id != town.id:
                continue
            away = look.away(person.id)
            windows = list(roster.windows(person, day, day))
            for number in range(48):
                at = (midnight + number * HALF_HOUR + HALF_HOUR / 2).astimezone(UTC)
                on_duty = any(window.opens <= at < window.closes for window in windows)
                found[number] += on_duty and not away >> look.at(at) & 1
    return found
