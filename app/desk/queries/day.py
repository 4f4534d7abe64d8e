"""The clerk's day: who is waiting, who is to come, who has been."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.booking.models import Status, Visit
from app.core import clock, stream
from app.core.db import db
from app.core.i18n import current_slug, in_language
from app.messaging import queries as messages
from app.queue import queries as queue
from app.queue.models import LAST_TICKET, Ticket
from app.schedule import queries as schedule
from app.schedule.models import Resource
from app.towns.models import Procedure, Town
from app.towns.tenant import every_town

# What was never more than a wish is no part of a day.
NEVER = (Status.HELD, Status.EXPIRED)
# How long a town's rows are good when no news has come, and of how many days they are kept.
KEPT_FOR = timedelta(seconds=20)
MOST_KEPT = 200


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
    is_unreached: bool = False  # the last message to them did not arrive
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
    ready = queue.ready_ids(clerk) if clerk else []
    mine = queue.attended_by(clerk) if clerk else None
    to_call = frozenset() if mine else frozenset(ready)
    unreached = messages.unreached("visit")
    begin, end = bounds(town, clock.today(town.time_zone))
    known = {one.id: one for one in _of_the_day(town, begin, end, clerk)}
    line = list(dict.fromkeys([*ready, *queue.waiting_ids()]))
    if missing := [number for number in line if number not in known]:
        known.update((one.id, one) for one in _rows(town, [Visit.id.in_(missing)]))
    for one in [one for one in known.values() if one.row.code in unreached]:
        known[one.id] = replace(one, row=replace(one.row, is_unreached=True))
    now = clock.now()
    waiting = [
        replace(one.row, waited=one.minutes_waited(now), can_call=number in to_call)
        for number in line
        if (one := known[number]).row.status == Status.WAITING
        and _is_asked_for(one, filters, number in ready)
    ]
    seen = {mine.id} if mine else set()
    others = [
        one
        for one in known.values()
        if one.row.status != Status.WAITING
        and one.id not in seen
        and _is_asked_for(one, filters, clerk is None or one.clerk_id == clerk.id)
    ]
    return Day(
        waiting=tuple(waiting),
        to_come=tuple(
            replace(one.row, can_call=True) if one.id in to_call else one.row
            for one in others
            if one.row.status == Status.BOOKED
        ),
        attended=tuple(one.row for one in others if one.row.status != Status.BOOKED),
        mine=_rows(town, [Visit.id == mine.id])[0].row if mine else None,
        is_filtered=filters != Filters(),
    )


def bounds(town: Town, first: date, count: int = 1) -> tuple[datetime, datetime]:
    """The instants at which those days begin and end on the wall of the town."""
    return clock.days(first, first + timedelta(days=count - 1), town.zone)


def rows_between(
    town: Town, begin: datetime, end: datetime, clerk: Resource | None, filters: Filters
) -> list[tuple[int, Row]]:
    """The visits of that time, in order; of other towns those alone that are this clerk's."""
    return [
        (one.id, one.row)
        for one in _of_the_day(town, begin, end, clerk)
        if _is_asked_for(one, filters, clerk is None or one.clerk_id == clerk.id)
    ]


def _of_the_day(
    town: Town, begin: datetime, end: datetime, clerk: Resource | None
) -> "list[_Found]":
    found = _known_rows(town, begin, end)
    if clerk and town.pool:
        elsewhere = [Visit.town_id != town.id, Visit.clerk_id == clerk.id]
        more = _rows(town, [*elsewhere, Visit.starts_at >= begin, Visit.starts_at < end])
        if more:
            found = sorted([*found, *more], key=lambda one: (one.starts_at, one.id))
    return found


@dataclass(frozen=True)
class _Found:
    """A row, and what it is chosen by."""

    id: int
    starts_at: datetime
    waiting_at: datetime | None
    clerk_id: int | None
    procedure: str
    row: Row

    def minutes_waited(self, now: datetime) -> int:
        since = self.waiting_at or now
        return max(0, int((now - since).total_seconds() // 60))


_known: dict[tuple[Any, ...], tuple[datetime, list[_Found]]] = {}


def _known_rows(town: Town, begin: datetime, end: datetime) -> list[_Found]:
    """A town's rows, read once for all its clerks after each piece of news about its day.

    Every change of a visit is told on the channel of the day. What is older than some seconds is
    read again all the same.
    """
    now = clock.now()
    bind = str(db.session.get_bind().engine.url)
    key = (bind, town.id, begin, end, current_slug(), stream.cursor(f"day:{town.id}"))
    kept = _known.get(key)
    if kept is None or not timedelta() <= now - kept[0] <= KEPT_FOR:
        if len(_known) >= MOST_KEPT:
            _known.clear()
        own = [Visit.town_id == town.id, Visit.starts_at >= begin, Visit.starts_at < end]
        kept = _known[key] = (now, _rows(town, own))
    return kept[1]


def forget() -> None:
    """Nothing is known any more: what was read is undone."""
    _known.clear()


def _is_asked_for(one: _Found, filters: Filters, is_mine: bool) -> bool:
    return (
        (is_mine or not filters.mine)
        and filters.procedure in ("", one.procedure)
        and filters.language in ("", one.row.language)
        and filters.channel in ("", one.row.channel)
    )


def _rows(town: Town, which: list[sa.ColumnElement[bool]]) -> list[_Found]:
    """Only columns are read: a day may have hundreds."""
    clerks = sa.orm.aliased(Resource)
    question = (
        sa.select(
            Visit.id,
            Visit.code,
            Visit.town_id,
            Visit.procedure_id,
            Visit.clerk_id,
            Visit.starts_at,
            Visit.waiting_at,
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
        .where(*which, Visit.status.not_in(NEVER))
        .order_by(Visit.starts_at, Visit.id)
    )
    with every_town():
        found = db.session.execute(question).all()
        if not found:
            return []
        names = _procedure_names(row.procedure_id for row in found)
        towns = _town_names({row.town_id for row in found} - {town.id})
    rows = []
    for one in found:
        slug, what = names[one.procedure_id]
        here = one.starts_at.astimezone(town.zone)
        row = Row(
            code=one.code,
            day=here.date(),
            time=f"{here.hour}:{here.minute:02d}",
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
            can_arrive=one.status is Status.BOOKED and one.channel == "in_person",
        )
        rows.append(_Found(one.id, one.starts_at, one.waiting_at, one.clerk_id, slug, row))
    return rows


def waited_minutes(visit: Visit) -> int:
    """How long they have been in the waiting room."""
    if visit.waiting_at is None:
        return 0
    return max(0, int((clock.now() - visit.waiting_at).total_seconds() // 60))


def towns_of_the_pool(town: Town) -> list[int]:
    """The towns whose people a clerk of this one may see: those of its pool."""
    return sorted(schedule.roster_of(town).places)


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
