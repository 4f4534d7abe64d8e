"""The counter at this moment, for whoever supervises it. Hundreds may wait: columns are read."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from app.booking.models import Status, Visit
from app.calls.models import CallFigures, Ending, Part, Participant
from app.core import clock
from app.core.db import db
from app.core.i18n import current_slug, in_language
from app.queue import queries as queue
from app.schedule.models import Resource
from app.towns.models import Procedure, Town

# Waiting longer than this is past the target that a town is measured by.
TARGET = timedelta(minutes=15)
# So many of those who wait longest stand on the board by name of what they came for.
MOST_NAMED = 20
POOR_LOSS, POOR_ROUND_TRIP = 5.0, 400  # per cent; milliseconds


@dataclass(frozen=True)
class Line:
    """Those who wait for one procedure in one language."""

    slug: str
    what: str
    language: str
    count: int
    longest: int  # minutes
    late: int  # how many are past the target
    told: int | None  # the longest wait that anybody of them was told, in minutes
    share: int  # per cent of times kept for whoever comes without one


@dataclass(frozen=True)
class Waits:
    """One person who waits, without their name."""

    code: str
    what: str
    language: str
    channel: str
    minutes: int
    number: int | None
    asked_clerk_id: int | None

    @property
    def is_late(self) -> bool:
        return self.minutes >= TARGET.total_seconds() / 60


@dataclass(frozen=True)
class Talk:
    """An attention in progress, and how its line is."""

    code: str
    what: str
    channel: str
    clerk: str
    minutes: int
    quality: str  # good, poor, none, unknown


class Board:
    """All of it at one moment. A page that shows one piece reads that piece alone."""

    def __init__(self, town: Town) -> None:
        self.town, self.now = town, clock.now()

    @cached_property
    def names(self) -> dict[int, tuple[str, str, int]]:
        return _names()

    @cached_property
    def everybody(self) -> list[tuple[int, Waits]]:
        return [_waits(row, self.names, self.now) for row in _waiting_rows()]

    @property
    def count(self) -> int:
        return len(self.everybody)

    @property
    def late(self) -> int:
        return sum(one.is_late for _id, one in self.everybody)

    @property
    def longest(self) -> int:
        return max((one.minutes for _id, one in self.everybody), default=0)

    @cached_property
    def lines(self) -> list[Line]:
        told = {visit_id: row.longest for visit_id, row in queue.all_told().items()}
        return _lines(self.everybody, self.names, told)

    @cached_property
    def waiting(self) -> list[Waits]:
        """Those who wait longest, with their numbers of the hall."""
        some = sorted(self.everybody, key=lambda pair: -pair[1].minutes)[:MOST_NAMED]
        numbers = queue.numbers_of(visit_id for visit_id, _one in some)
        return [replace(one, number=numbers.get(visit_id)) for visit_id, one in some]

    @cached_property
    def here(self) -> list[queue.Here]:
        return queue.people_here(self.town)

    @cached_property
    def talks(self) -> list[Talk]:
        return _talks(self.names, self.now)

    @property
    def attending(self) -> int:
        return sum(one.attends or one.is_busy for one in self.here)


def board_of(town: Town) -> Board:
    """Everybody who waits for this town and everybody who attends them."""
    return Board(town)


def _names() -> dict[int, tuple[str, str, int]]:
    """Of each procedure: its address, its name in the language spoken now, its share."""
    question = sa.select(Procedure.id, Procedure.slug, Procedure.name, Procedure.walk_in_percent)
    return {
        row.id: (row.slug, str(in_language(row.name, current_slug())), row.walk_in_percent)
        for row in db.session.execute(question)
    }


def _waiting_rows() -> Iterable[Any]:
    """Who waits longest first."""
    question = (
        sa.select(
            *(Visit.id, Visit.code, Visit.procedure_id, Visit.language, Visit.channel),
            *(Visit.waiting_at, Visit.starts_at, Visit.is_walk_in, Visit.asked_clerk_id),
        )
        .where(Visit.status == Status.WAITING)
        .order_by(Visit.waiting_at, Visit.id)
    )
    return db.session.execute(question)


def _waits(row: Any, names: dict[int, tuple[str, str, int]], now: datetime) -> tuple[int, Waits]:
    since = row.waiting_at or now
    if not row.is_walk_in:
        since = max(since, row.starts_at)  # who comes early does not wait for us yet
    minutes = max(0, int((now - since).total_seconds() // 60))
    what = names[row.procedure_id][1]
    one = Waits(row.code, what, row.language, row.channel.value, minutes, None, row.asked_clerk_id)
    return row.id, one


def _lines(
    waiting: Sequence[tuple[int, Waits]],
    names: dict[int, tuple[str, str, int]],
    told: dict[int, int | None],
) -> list[Line]:
    slugs = {what: (slug, share) for slug, what, share in names.values()}
    groups: dict[tuple[str, str], list[tuple[int, Waits]]] = defaultdict(list)
    for visit_id, one in waiting:
        groups[one.what, one.language].append((visit_id, one))
    found = [
        Line(
            slug=slugs[what][0],
            what=what,
            language=language,
            count=len(some),
            longest=max(one.minutes for _id, one in some),
            late=sum(one.is_late for _id, one in some),
            told=max((told[n] or 0 for n, _one in some if told.get(n)), default=None),
            share=slugs[what][1],
        )
        for (what, language), some in groups.items()
    ]
    return sorted(found, key=lambda line: (-line.longest, line.what, line.language))


def _talks(names: dict[int, tuple[str, str, int]], now: datetime) -> list[Talk]:
    question = (
        sa.select(
            *(Visit.id, Visit.code, Visit.procedure_id, Visit.channel, Visit.status),
            *(Visit.called_at, Visit.in_service_at, Resource.name.label("clerk")),
        )
        .outerjoin(Resource, Resource.id == Visit.clerk_id)
        .where(Visit.status.in_((Status.CALLED, Status.IN_SERVICE)))
        .order_by(Visit.called_at, Visit.id)
    )
    rows = db.session.execute(question).all()
    quality = _quality([row.id for row in rows])
    return [
        Talk(
            row.code,
            names[row.procedure_id][1],
            row.channel.value,
            row.clerk or "",
            max(0, int((now - (row.in_service_at or row.called_at)).total_seconds() // 60)),
            quality.get(row.id, "unknown") if row.channel.value == "video" else "none",
        )
        for row in rows
    ]


def _quality(visit_ids: list[int]) -> dict[int, str]:
    """By the last figures of the citizen's window: many packets lost or a slow way is poor."""
    if not visit_ids:
        return {}
    question = (
        sa.select(
            *(Participant.visit_id, CallFigures.loss, CallFigures.round_trip_ms),
            *(CallFigures.mends, CallFigures.ending, CallFigures.picture_ms),
        )
        .join(Participant, Participant.id == CallFigures.participant_id)
        .where(Participant.visit_id.in_(visit_ids), Participant.part == Part.CITIZEN)
        .order_by(CallFigures.id)
    )
    found: dict[int, str] = {}
    for row in db.session.execute(question):
        is_poor = (
            (row.loss or 0) > POOR_LOSS
            or (row.round_trip_ms or 0) > POOR_ROUND_TRIP
            or row.ending is Ending.LOST
        )
        found[row.visit_id] = "poor" if is_poor else "good" if row.picture_ms else "unknown"
    return found
