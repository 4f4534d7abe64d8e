"""Figures of each day: counted once for every visit that is over, before anything is destroyed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from app.booking.models import OVER, Status, Visit
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db, first_or_none
from app.privacy.models import DayFigure
from app.towns.models import Procedure, Town

AT_ONCE = 500
Key = tuple[date, str, str, str]


def count_days(town: Town, *, of_visits: Iterable[int] | None = None) -> int:
    """Add the visits of days that are over, or just these, to their figures. Twice is once."""
    question = (
        sa.select(
            *(Visit.id, Visit.starts_at, Visit.channel, Visit.status, Procedure.slug),
            *(Visit.waiting_at, Visit.called_at, Visit.in_service_at, Visit.ended_at),
        )
        .join(Procedure, Procedure.id == Visit.procedure_id)
        .where(Visit.is_counted.is_(False), Visit.status.in_(OVER))
    )
    with sees_blocked():
        if of_visits is None:
            midnight = clock.midnight(clock.today(town.time_zone), town.zone)
            rows = db.session.execute(question.where(Visit.starts_at < midnight))
            return _add(list(rows.all()), town)
        count = 0
        for some in in_parts(of_visits, AT_ONCE):
            count += _add(list(db.session.execute(question.where(Visit.id.in_(some))).all()), town)
        return count


def _add(rows: list[Any], town: Town) -> int:
    sums: dict[Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        day = row.starts_at.astimezone(town.zone).date()
        added = sums[(day, row.slug, row.channel.value, row.status.value)]
        added["visits"] += 1
        if row.waiting_at and row.called_at:
            added["waits"] += 1
            added["wait_seconds"] += _seconds(row.waiting_at, row.called_at)
        begun = row.in_service_at or row.called_at
        if row.status is Status.SERVED and begun and row.ended_at:
            added["lengths"] += 1
            added["length_seconds"] += _seconds(begun, row.ended_at)
    for key, added in sums.items():
        figure = _figure(key)
        for name, value in added.items():
            setattr(figure, name, getattr(figure, name) + value)
    for some in in_parts((row.id for row in rows), AT_ONCE):
        change = sa.update(Visit).where(Visit.id.in_(some)).values(is_counted=True)
        db.session.execute(change, execution_options={"synchronize_session": False})
    db.session.flush()
    return len(rows)


def _figure(key: Key) -> DayFigure:
    day, procedure, channel, status = key
    found = first_or_none(
        sa.select(DayFigure).where(
            *(DayFigure.day == day, DayFigure.procedure == procedure),
            *(DayFigure.channel == channel, DayFigure.status == status),
        )
    )
    if found is None:
        found = DayFigure(
            **{"day": day, "procedure": procedure, "channel": channel, "status": status},
            **dict.fromkeys(("visits", "waits", "wait_seconds", "lengths", "length_seconds"), 0),
        )
        db.session.add(found)
        db.session.flush()
    figure: DayFigure = found
    return figure


def in_parts(ids: Iterable[int], size: int) -> Iterator[list[int]]:
    """A question with a thousand ids is refused by some registers."""
    rest = iter(ids)
    while some := list(islice(rest, size)):
        yield some


def _seconds(begin: datetime, end: datetime) -> int:
    return max(0, int((end - begin).total_seconds()))
