"""The figures of a town: what was asked, what was given, how long it took, how it was found.

One fact for each visit whose telephone was confirmed, on the day of its time on the town's wall;
then everything is counted from the same facts, by period and by what it is looked at.
"""

import enum
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from app.booking.models import Status, Visit
from app.calls.models import CallFigures, Ending, Part, Participant
from app.core import clock
from app.core.db import db
from app.insight.models import ChannelChange, PastVisit
from app.insight.queries.duty import Duty, duty_between
from app.queue.models import WaitEstimate
from app.schedule.models import DelayMeasure
from app.survey.models import Answer, Said
from app.towns.models import Channel, Office, Procedure, Town

DAY = timedelta(days=1)
# Longer than this is no wait and no attention: somebody forgot to close it.
LONGEST = timedelta(hours=12)
# Who comes back about the same within so many days was not done at the first time.
COMES_BACK = timedelta(days=30)


class By(enum.StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Of(enum.StrEnum):
    """At what the figures are looked."""

    TOWN = "town"
    OFFICE = "office"
    PROCEDURE = "procedure"
    CHANNEL = "channel"
    LANGUAGE = "language"


@dataclass(frozen=True)
class Span:
    """Which days, cut how, looked at by what."""

    first: date
    last: date
    by: By = By.WEEK
    of: Of = Of.TOWN


@dataclass(frozen=True, slots=True)
class Fact:
    """One visit as figures see it: no name, no number, no code."""

    day: date
    office: str
    procedure: str
    channel: str
    language: str
    status: Status
    ended_by: str
    kept: int  # minutes of a clerk's time
    is_walk_in: bool
    waited: float | None = None  # minutes
    told: int | None = None  # minutes at the most, when they came in
    took: float | None = None  # minutes
    changes: int = 0
    understood: Said | None = None
    solved: Said | None = None
    comes_back: bool = False
    picture_ms: int | None = None
    is_call: bool = False
    is_lost: bool = False

    def key(self, of: Of) -> str:
        return "" if of is Of.TOWN else str(getattr(self, of.value))


@dataclass(frozen=True)
class Figures:
    """What is told of one period of one thing. Shares go from 0 to 1; None: nothing to tell."""

    period: date
    key: str
    demand: int
    walk_ins: int
    served: int
    no_shows: int
    cancelled: int
    cancelled_by_office: int
    left: int
    capacity: int | None  # minutes of clerks on duty
    taken: int  # minutes kept for those who were or will be attended
    days_to_first: float | None  # the middle one of what was measured; inf: none to be had
    wait_p50: float | None
    wait_p90: float | None
    told_p50: float | None
    told_p90: float | None
    length_p50: float | None
    length_p90: float | None
    channel_changes: int
    answers: int
    understood: float | None
    solved: float | None
    first_contact: float | None
    calls: int
    good_calls: float | None
    picture_p50: float | None  # seconds to the first picture
    journeys_saved: int

    @property
    def fill(self) -> float | None:
        return self.taken / self.capacity if self.capacity else None

    @property
    def no_show_share(self) -> float | None:
        """Of those who were expected: who had an appointment and did not cancel it."""
        expected = self.served + self.no_shows
        return self.no_shows / expected if expected else None


def period_of(day: date, by: By) -> date:
    """The first day of the period in which that day lies."""
    if by is By.MONTH:
        return day.replace(day=1)
    return day - day.weekday() * DAY if by is By.WEEK else day


def figures(town: Town, span: Span) -> list[Figures]:
    """In order of time, then of key. A period without anything is there with its zeros."""
    found = counted(facts(town, span.first, span.last), span)
    duties: dict[tuple[date, str], list[int]] = defaultdict(list)
    delays = _delays(span)
    keys = {key for _period, key in found}
    known = duty_between(town, span.first, span.last)
    keys |= {key for duty in known for key in _keys_of(duty, span.of)}
    keys |= {key for _period, key in delays} or ({""} if span.of is Of.TOWN else set())
    for duty in known:
        for key in keys:
            if minutes := duty.minutes_for(span.of.value, key):
                duties[period_of(duty.day, span.by), key].append(minutes)
    return [
        _told(
            period,
            key,
            found.get((period, key), []),
            sum(duties[period, key]) if (period, key) in duties else None,
            delays.get((period, key)),
        )
        for period in _periods(span)
        for key in sorted(keys)
    ]


def counted(rows: Iterable[Fact], span: Span) -> dict[tuple[date, str], list[Fact]]:
    """The facts of each period of each thing."""
    found: dict[tuple[date, str], list[Fact]] = defaultdict(list)
    for fact in rows:
        found[period_of(fact.day, span.by), fact.key(span.of)].append(fact)
    return dict(found)


def percentile(values: Sequence[float], share: float) -> float | None:
    """By nearest rank: the smallest of them that so many are not above."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def facts(town: Town, first: date, last: date) -> list[Fact]:
    """Every confirmed visit of those days, also those whose term is over."""
    begin, end = clock.days(first, last, town.zone)
    there = facts_where(town, Visit.starts_at >= begin, Visit.starts_at < end)
    return there + _past(first, last)


def facts_where(town: Town, *which: sa.ColumnElement[bool]) -> list[Fact]:
    """The confirmed visits that are still there, and are not blocked."""
    asked = sa.and_(Visit.booked_at.is_not(None), *which)
    told, changes = _first_told(asked), _changes(asked)
    answers, calls, back = _answers(asked), _calls(asked), _comes_back(asked)
    question = (
        sa.select(
            *(Visit.id, Visit.starts_at, Visit.ends_at, Visit.channel, Visit.language),
            *(Visit.status, Visit.ended_by, Visit.is_walk_in, Visit.waiting_at, Visit.called_at),
            *(Visit.in_service_at, Visit.ended_at, Procedure.slug, Office.slug.label("office")),
        )
        .join(Procedure, Procedure.id == Visit.procedure_id)
        .join(Office, Office.id == Procedure.office_id)
        .where(asked)
    )
    found = []
    for row in db.session.execute(question):
        understood, solved = answers.get(row.id, (None, None))
        picture, is_lost = calls.get(row.id, (None, False))
        found.append(
            Fact(
                day=row.starts_at.astimezone(town.zone).date(),
                office=row.office,
                procedure=row.slug,
                channel=row.channel.value,
                language=row.language,
                status=row.status,
                ended_by=row.ended_by or "",
                kept=int((row.ends_at - row.starts_at).total_seconds() // 60),
                is_walk_in=row.is_walk_in,
                waited=_between(_waits_from(row), row.called_at),
                told=told.get(row.id),
                took=_between(row.in_service_at, row.ended_at)
                if row.status is Status.SERVED
                else None,
                changes=changes.get(row.id, 0),
                understood=understood,
                solved=solved,
                comes_back=row.id in back,
                picture_ms=picture,
                is_call=row.id in calls,
                is_lost=is_lost,
            )
        )
    return found


def _past(first: date, last: date) -> list[Fact]:
    """Those of which nothing is left but their figures."""
    question = sa.select(PastVisit).where(PastVisit.day >= first, PastVisit.day <= last)
    said = {"status": Status, "understood": Said, "solved": Said}
    found = []
    for row in db.session.scalars(question):
        told = {one.name: getattr(row, one.name) for one in fields(Fact)}
        found.append(
            Fact(**told | {name: kind(told[name]) for name, kind in said.items() if told[name]})
        )
    return found


def _waits_from(row: Any) -> datetime | None:
    """Who comes early for an appointment has not begun to wait for us."""
    if row.waiting_at is None or row.is_walk_in:
        return cast(datetime | None, row.waiting_at)
    return max(row.waiting_at, row.starts_at)


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    if begin is None or end is None or end - begin > LONGEST:
        return None
    return max(0.0, (end - begin).total_seconds() / 60)


def _first_told(asked: sa.ColumnElement[bool]) -> dict[int, int]:
    first = (
        sa.select(sa.func.min(WaitEstimate.id))
        .join(Visit, Visit.id == WaitEstimate.visit_id)
        .where(asked, WaitEstimate.longest.is_not(None))
        .group_by(WaitEstimate.visit_id)
    )
    rows = db.session.execute(
        sa.select(WaitEstimate.visit_id, WaitEstimate.longest).where(WaitEstimate.id.in_(first))
    )
    return {visit_id: longest for visit_id, longest in rows if longest is not None}


def _changes(asked: sa.ColumnElement[bool]) -> dict[int, int]:
    question = (
        sa.select(ChannelChange.visit_id, sa.func.count())
        .join(Visit, Visit.id == ChannelChange.visit_id)
        .where(asked)
        .group_by(ChannelChange.visit_id)
    )
    return {row[0]: row[1] for row in db.session.execute(question)}


def _answers(asked: sa.ColumnElement[bool]) -> dict[int, tuple[Said | None, Said | None]]:
    question = (
        sa.select(Answer.visit_id, Answer.understood, Answer.solved)
        .join(Visit, Visit.id == Answer.visit_id)
        .where(asked)
    )
    return {row.visit_id: (row.understood, row.solved) for row in db.session.execute(question)}


def _calls(asked: sa.ColumnElement[bool]) -> dict[int, tuple[int | None, bool]]:
    """Of the citizen's windows of each visit: the quickest picture, whether the last was lost."""
    question = (
        sa.select(Participant.visit_id, CallFigures.picture_ms, CallFigures.ending)
        .join(Participant, Participant.id == CallFigures.participant_id)
        .join(Visit, Visit.id == Participant.visit_id)
        .where(asked, Participant.part == Part.CITIZEN)
        .order_by(CallFigures.id)
    )
    found: dict[int, tuple[int | None, bool]] = {}
    for visit_id, picture, ending in db.session.execute(question):
        before = found.get(visit_id, (None, False))[0]
        seen = [one for one in (before, picture) if one is not None]
        found[visit_id] = (min(seen, default=None), ending is Ending.LOST)
    return found


def _comes_back(asked: sa.ColumnElement[bool]) -> set[int]:
    """Visits after which the same person came again about the same, or that another one follows."""
    later = aliased(Visit)
    again = sa.or_(
        later.follows_id == Visit.id,
        sa.and_(
            later.citizen_id == Visit.citizen_id,
            later.procedure_id == Visit.procedure_id,
            later.starts_at > Visit.starts_at,
        ),
    )
    question = (
        sa.select(Visit.id, Visit.starts_at, later.starts_at.label("then"))
        .join(later, again)
        .where(asked, Visit.status == Status.SERVED, later.booked_at.is_not(None))
        .where(later.status != Status.CANCELLED)
    )
    return {
        row.id for row in db.session.execute(question) if row.then - row.starts_at <= COMES_BACK
    }


def _delays(span: Span) -> dict[tuple[date, str], list[float]]:
    """Days to a first free time as they were measured each night; of languages nobody measures."""
    if span.of is Of.LANGUAGE:
        return {}
    question = (
        sa.select(DelayMeasure.day, DelayMeasure.days, DelayMeasure.channel, Procedure.slug)
        .add_columns(Office.slug.label("office"))
        .join(Procedure, Procedure.id == DelayMeasure.procedure_id)
        .join(Office, Office.id == Procedure.office_id)
        .where(DelayMeasure.day >= span.first, DelayMeasure.day <= span.last)
    )
    found: dict[tuple[date, str], list[float]] = defaultdict(list)
    for row in db.session.execute(question):
        key = {
            Of.TOWN: "",
            Of.OFFICE: row.office,
            Of.PROCEDURE: row.slug,
            Of.CHANNEL: row.channel,
        }[span.of]
        days = math.inf if row.days is None else float(row.days)
        found[period_of(row.day, span.by), key].append(days)
    return found


def _keys_of(duty: Duty, of: Of) -> Iterable[str]:
    return {
        Of.TOWN: ("",),
        Of.OFFICE: duty.offices,
        Of.PROCEDURE: duty.procedures,
        Of.CHANNEL: tuple(way for way, minutes in duty.by_channel.items() if minutes),
        Of.LANGUAGE: duty.languages,
    }[of]


def _periods(span: Span) -> list[date]:
    found, day = [], period_of(span.first, span.by)
    while day <= span.last:
        found.append(day)
        day = period_of(
            day + (32 if span.by is By.MONTH else 7 if span.by is By.WEEK else 1) * DAY, span.by
        )
    return found


def _told(
    period: date, key: str, rows: list[Fact], capacity: int | None, delays: list[float] | None
) -> Figures:
    served = [one for one in rows if one.status is Status.SERVED]
    cancelled = [one for one in rows if one.status is Status.CANCELLED]
    waits = [one.waited for one in rows if one.waited is not None]
    told = [float(one.told) for one in rows if one.told is not None]
    lengths = [one.took for one in served if one.took is not None]
    answered = [one for one in rows if one.solved is not None]
    calls = [one for one in rows if one.is_call]
    pictures = [one.picture_ms / 1000 for one in calls if one.picture_ms is not None]
    took_time = (Status.CANCELLED, Status.LEFT)
    return Figures(
        period=period,
        key=key,
        demand=len(rows),
        walk_ins=sum(one.is_walk_in for one in rows),
        served=len(served),
        no_shows=sum(one.status is Status.NO_SHOW for one in rows),
        cancelled=len(cancelled),
        cancelled_by_office=sum(one.ended_by in ("office", "closing") for one in cancelled),
        left=sum(one.status is Status.LEFT for one in rows),
        capacity=capacity,
        taken=sum(one.kept for one in rows if one.status not in took_time),
        days_to_first=percentile(delays or [], 0.5),
        wait_p50=percentile(waits, 0.5),
        wait_p90=percentile(waits, 0.9),
        told_p50=percentile(told, 0.5),
        told_p90=percentile(told, 0.9),
        length_p50=percentile(lengths, 0.5),
        length_p90=percentile(lengths, 0.9),
        channel_changes=sum(one.changes for one in rows),
        answers=len(answered),
        understood=_share(answered, lambda one: one.understood is Said.YES),
        solved=_share(answered, lambda one: one.solved is Said.YES),
        first_contact=_share(served, lambda one: not one.comes_back and one.solved is not Said.NO),
        calls=len(calls),
        good_calls=_share(calls, lambda one: one.picture_ms is not None and not one.is_lost),
        picture_p50=percentile(pictures, 0.5),
        journeys_saved=sum(one.channel != Channel.IN_PERSON.value for one in served),
    )


def _share(rows: Sequence[Fact], is_so: Callable[[Fact], bool]) -> float | None:
    return sum(map(is_so, rows)) / len(rows) if rows else None
