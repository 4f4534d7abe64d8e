"""Questions about who waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.schedule import queries as schedule
from app.schedule.models import Resource
from app.towns.models import Channel

LATE_AFTER = timedelta(minutes=5)
EARLY_BEFORE = timedelta(minutes=15)


@dataclass(frozen=True)
class Place:
    """Where somebody stands: how many are before them, and the range of wait in minutes.

    `shortest` and `longest` are None when nobody is on duty: then no promise is made.
    """

    ahead: int
    shortest: int | None
    longest: int | None
    is_late: bool
    is_early: bool  # the appointment is still a while away: the time says more than a range


def is_ready() -> sa.ColumnElement[bool]:
    """Who can be called: whoever is in the waiting room, and phone visits that are due."""
    return sa.or_(
        Visit.status == Status.WAITING,
        sa.and_(
            Visit.status == Status.BOOKED,
            Visit.channel == Channel.PHONE,
            Visit.starts_at <= clock.now(),
        ),
    )


def waiting() -> Sequence[Visit]:
    """The waiting room, in the order in which people will be called."""
    question = sa.select(Visit).where(Visit.status == Status.WAITING)
    question = question.options(selectinload(Visit.procedure))
    return db.session.scalars(question.order_by(*call_order())).all()


def call_order() -> tuple[Any, ...]:
    """Whose appointment is due goes first, by appointment; the rest by arrival."""
    due = sa.case((Visit.starts_at <= clock.now(), 0), else_=1)
    return due, Visit.starts_at, Visit.waiting_at, Visit.id


def callable_by(clerk: Resource) -> sa.Select[Any]:
    """Those in the waiting room whom this clerk can attend, the next first."""
    skills = schedule.skills_of(clerk.id)
    languages = clerk.account.languages if clerk.account else []
    return (
        sa.select(Visit)
        .where(
            is_ready(),
            Visit.procedure_id.in_(skills),
            Visit.language.in_(languages),
        )
        .order_by(*call_order())
    )


def unended(before: datetime) -> Sequence[Visit]:
    """Visits whose time ended before that instant and that nobody attended or closed."""
    question = sa.select(Visit).where(
        Visit.status.in_((Status.BOOKED, Status.WAITING)), Visit.ends_at < before
    )
    return db.session.scalars(question).all()


def attended_by(clerk: Resource) -> Visit | None:
    """The visit this clerk has on the counter now."""
    question = sa.select(Visit).where(
        Visit.clerk_id == clerk.id, Visit.status.in_((Status.CALLED, Status.IN_SERVICE))
    )
    return db.session.scalars(question.order_by(Visit.called_at.desc()).limit(1)).first()


def place_of(visit: Visit) -> Place:
    """An honest range, in steps of five minutes, from those ahead and the clerks who can attend."""
    everybody = waiting()
    index = next((i for i, other in enumerate(everybody) if other.id == visit.id), 0)
    ahead = [other for other in everybody[:index] if other.procedure_id == visit.procedure_id]
    clerks = clerks_at_the_counter(visit)
    now = clock.now()
    is_late = visit.starts_at + LATE_AFTER < now
    is_early = visit.starts_at - EARLY_BEFORE > now
    if not clerks:
        return Place(len(ahead), None, None, is_late, is_early)
    work = sum(other.minutes for other in ahead) / clerks + remaining_minutes(visit, now) / clerks
    until_start = max(0.0, (visit.starts_at - now).total_seconds() / 60)
    shortest = _in_fives(0.6 * work)
    longest = max(_in_fives(max(1.4 * work, until_start)), 5)
    return Place(len(ahead), shortest, longest, is_late, is_early)


def clerks_at_the_counter(visit: Visit) -> int:
    """How many clerks who can attend this visit are on duty on its channel now."""
    return schedule.on_duty(_wish_of(visit), clock.now())


def remaining_minutes(visit: Visit, now: datetime) -> float:
    """Minutes still to go in the visits that stand before a counter of the same skill."""
    question = sa.select(Visit).where(
        Visit.status.in_((Status.CALLED, Status.IN_SERVICE)),
        Visit.procedure_id == visit.procedure_id,
        Visit.id != visit.id,
    )
    rest = 0.0
    for other in db.session.scalars(question):
        since = (now - (other.in_service_at or other.called_at or now)).total_seconds() / 60
        rest += max(2.0, other.minutes - since)
    return rest


def _wish_of(visit: Visit) -> schedule.Wish:
    staff = schedule.staff_of(visit.procedure)
    return schedule.Wish(
        visit.town, visit.procedure, visit.channel.value, visit.language, visit.minutes, staff
    )


def _in_fives(minutes: float) -> int:
    return -(-int(minutes + 0.999) // 5) * 5 if minutes > 0 else 0


def ready_for(clerk: Resource) -> Sequence[Visit]:
    """Everybody whom this clerk could call now, the next first."""
    return db.session.scalars(callable_by(clerk)).all()
