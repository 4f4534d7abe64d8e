"""The clerk's day: who is waiting, who is to come, who has been."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.core.i18n import clock_time, in_language
from app.queue import queries as queue
from app.queue.models import LAST_TICKET, Ticket
from app.schedule import queries as schedule
from app.schedule.models import Resource
from app.towns.models import Procedure, Town
from app.towns.tenant import every_town

# What was never more than a wish is no part of a day.
NEVER = (Status.HELD, Status.EXPIRED)
DONE = (Status.SERVED, Status.NO_SHOW, Status.LEFT, Status.CANCELLED)


@dataclass(frozen=True)
class Filters:
    """What a clerk wants to see of the day. Empty: everything."""

    mine: bool = False
    procedure: str = ""
    language: str = ""
    channel: str = ""

    @property
    def link(self) -> dict[str, str]:
        """The same, as it stands in an address; what is empty is left out."""
        chosen = {
            "mine": "1" if self.mine else "",
            "procedure": self.procedure,
            "language": self.language,
            "channel": self.channel,
        }
        return {name: value for name, value in chosen.items() if value}


@dataclass(frozen=True)
class Row:
    """One visit as the agenda shows it: plain facts, so that equal rows are drawn once."""

    code: str
    day: date
    time: str
    name: str
    what: str
    channel: str
    language: str
    status: str
    needs: tuple[str, ...] = ()
    number: int | None = None  # of the hall
    waited: int | None = None  # minutes
    calls: int = 0
    clerk: str = ""
    town: str = ""  # only when it is another one of the pool
    is_walk_in: bool = False
    has_priority: bool = False
    can_call: bool = False
    can_arrive: bool = False


@dataclass(frozen=True)
class Day:
    """A town's day as the agenda shows it. `mine` is the visit on this clerk's counter."""

    waiting: Sequence[Row]
    to_come: Sequence[Row]
    attended: Sequence[Row]
    mine: Row | None
    is_filtered: bool = False

    @property
    def count(self) -> int:
        return len(self.waiting) + len(self.to_come) + len(self.attended)


def today(town: Town, clerk: Resource | None, filters: Filters | None = None) -> Day:
    """Whoever waits, and the visits of this day on the wall of the town; and for a clerk who is
    lent to other towns, those of theirs that are for them.
    """
    filters = filters or Filters()
    day = clock.today(town.time_zone)
    ready = queue.ready_for(clerk) if clerk else []
    callable_ids = {visit.id for visit in ready}
    mine = queue.attended_by(clerk) if clerk else None
    waiting = _waiting(ready, queue.waiting())
    seen = {visit.id for visit in waiting} | ({mine.id} if mine else set())
    begin, end = bounds(town, day)
    rows = rows_between(
        town, begin, end, clerk, filters, callable_ids=frozenset() if mine else callable_ids
    )
    others = [row for number, row in rows if number not in seen]
    asked = [visit for visit in waiting if _is_asked_for(visit, filters, callable_ids)]
    numbers = queue.numbers_of([*(one.id for one in asked), *([mine.id] if mine else [])])
    return Day(
        waiting=[
            row_of(one, town, numbers.get(one.id), can_call=one.id in callable_ids and not mine)
            for one in asked
        ],
        to_come=[row for row in others if row.status == Status.BOOKED],
        attended=[row for row in others if row.status not in (Status.BOOKED, Status.WAITING)],
        mine=row_of(mine, town, numbers.get(mine.id)) if mine else None,
        is_filtered=filters != Filters(),
    )


def bounds(town: Town, first: date, count: int = 1) -> tuple[datetime, datetime]:
    """The instants at which those days begin and end on the wall of the town."""
    last = first + timedelta(days=count)
    begin, end = (datetime.combine(one, time(), town.zone).astimezone(UTC) for one in (first, last))
    return begin, end


def rows_between(
    town: Town,
    begin: datetime,
    end: datetime,
    clerk: Resource | None,
    filters: Filters,
    *,
    callable_ids: frozenset[int] | set[int] = frozenset(),
) -> list[tuple[int, Row]]:
    """The visits of that time, in order. Only columns are read: a day may have hundreds."""
    clerks = sa.orm.aliased(Resource)
    own = Visit.town_id == town.id
    if clerk:
        own = sa.or_(own, Visit.clerk_id == clerk.id)
    question = (
        sa.select(
            Visit.id,
            Visit.code,
            Visit.town_id,
            Visit.procedure_id,
            Visit.starts_at,
            Visit.status,
            Visit.channel,
            Visit.language,
            Visit.name,
            Visit.needs,
            Visit.is_walk_in,
            Visit.priority,
            Visit.calls,
            clerks.name.label("clerk"),
            Ticket.position,
        )
        .outerjoin(clerks, clerks.id == Visit.clerk_id)
        .outerjoin(Ticket, Ticket.visit_id == Visit.id)
        .where(own, Visit.starts_at >= begin, Visit.starts_at < end, Visit.status.not_in(NEVER))
        .order_by(Visit.starts_at, Visit.id)
    )
    if filters.mine and clerk:
        question = question.where(Visit.clerk_id == clerk.id)
    if filters.language:
        question = question.where(Visit.language == filters.language)
    if filters.channel:
        question = question.where(Visit.channel == filters.channel)
    with every_town():
        found = db.session.execute(question).all()
        names = _procedure_names(row.procedure_id for row in found)
        towns = _town_names({row.town_id for row in found} - {town.id})
    rows = []
    for one in found:
        slug, what = names[one.procedure_id]
        if filters.procedure and slug != filters.procedure:
            continue
        row = Row(
            code=one.code,
            day=one.starts_at.astimezone(town.zone).date(),
            time=clock_time(one.starts_at, town.time_zone),
            name=one.name,
            what=what,
            channel=one.channel.value,
            language=one.language,
            status=one.status.value,
            needs=tuple(one.needs),
            number=(one.position - 1) % LAST_TICKET + 1 if one.position else None,
            calls=one.calls,
            clerk=one.clerk or "",
            town=towns.get(one.town_id, ""),
            is_walk_in=one.is_walk_in,
            has_priority=bool(one.priority),
            can_call=one.id in callable_ids,
            can_arrive=one.status is Status.BOOKED and one.channel == "in_person",
        )
        rows.append((one.id, row))
    return rows


def row_of(visit: Visit, town: Town, number: int | None = None, *, can_call: bool = False) -> Row:
    """One visit, with how long it has waited."""
    with every_town():
        clerk, procedure = visit.clerk_name, visit.procedure
        other = visit.town.name if visit.town_id != town.id else ""
    return Row(
        code=visit.code,
        day=visit.starts_at.astimezone(town.zone).date(),
        time=clock_time(visit.starts_at, town.time_zone),
        name=visit.name,
        what=procedure.name_in(),
        channel=visit.channel.value,
        language=visit.language,
        status=visit.status.value,
        needs=tuple(visit.needs),
        number=number,
        waited=waited_minutes(visit) if visit.is_waiting else None,
        calls=visit.calls,
        clerk=clerk,
        town=other,
        is_walk_in=visit.is_walk_in,
        has_priority=bool(visit.priority),
        can_call=can_call,
        can_arrive=visit.status is Status.BOOKED and visit.is_in_person,
    )


def waited_minutes(visit: Visit) -> int:
    """How long they have been in the waiting room."""
    if visit.waiting_at is None:
        return 0
    return max(0, int((clock.now() - visit.waiting_at).total_seconds() // 60))


def towns_of_the_pool(town: Town) -> list[int]:
    """The towns whose people a clerk of this one may see: those of its pool."""
    return sorted(schedule.roster_of(town).places)


def _waiting(ready: Iterable[Visit], here: Iterable[Visit]) -> list[Visit]:
    """Whom this clerk can call first, in their order; then whoever else waits in the town."""
    first = [visit for visit in ready if visit.is_waiting]
    seen = {visit.id for visit in first}
    return [*first, *(visit for visit in here if visit.id not in seen)]


def _is_asked_for(visit: Visit, filters: Filters, callable_ids: set[int]) -> bool:
    return (
        (not filters.mine or visit.id in callable_ids)
        and filters.procedure in ("", visit.procedure.slug)
        and filters.language in ("", visit.language)
        and filters.channel in ("", visit.channel.value)
    )


def _procedure_names(ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Address and name in the language spoken now; of few rows, each read once."""
    question = sa.select(Procedure.id, Procedure.slug, Procedure.name)
    rows: Sequence[Any] = db.session.execute(question.where(Procedure.id.in_(set(ids)))).all()
    return {row.id: (row.slug, str(in_language(row.name))) for row in rows}


def _town_names(ids: set[int]) -> Mapping[int, str]:
    if not ids:
        return {}
    rows = db.session.execute(sa.select(Town.id, Town.name).where(Town.id.in_(ids))).all()
    return {row.id: row.name for row in rows}
