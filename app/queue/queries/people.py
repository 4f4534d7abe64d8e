"""Who is in the waiting room, and whom a clerk could call."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from app.booking.models import Status, Visit, VisitProcedure
from app.core import clock
from app.core.db import db
from app.schedule import queries as schedule
from app.schedule.models import ACTIVE, Allocation, AllocationState, Resource
from app.towns.models import Channel
from app.towns.tenant import every_town

# A booked person who has not come this long after their time is no longer kept a place for:
# whoever came without a time goes first.
GRACE = timedelta(minutes=5)


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
    """The waiting room of this town, in the order in which people will be called."""
    question = sa.select(Visit).where(Visit.status == Status.WAITING)
    question = question.options(selectinload(Visit.procedure))
    return db.session.scalars(question.order_by(*call_order())).all()


def call_order(clerk: Resource | None = None) -> tuple[Any, ...]:
    """Appointments that are due, by their time; then who has no time or came late, the pressing
    first and then by arrival; at last whoever is early. Who did not answer lets others go before.

    Of two appointments due, a clerk takes the one that the agenda gave them.
    """
    is_due = sa.and_(Visit.is_walk_in.is_(False), Visit.starts_at <= clock.now())
    mine = Visit.clerk_id == clerk.id if clerk else sa.false()
    group = sa.case((sa.and_(is_due, mine), 0), (is_due, 1), (Visit.is_walk_in, 2), else_=3)
    due_at = sa.case((is_due, Visit.starts_at))
    return (
        group,
        Visit.calls,
        due_at,
        Visit.priority.desc(),
        sa.case((Visit.is_walk_in, Visit.waiting_at), else_=Visit.starts_at),
        Visit.waiting_at,
        Visit.id,
    )


def callable_by(clerk: Resource) -> sa.Select[Any]:
    """Those of the waiting rooms whom this clerk can attend, the next first.

    Ask it within `every_town`: a clerk whom other towns of the pool share sees their people too,
    but for those who came to a hall that is not theirs.
    """
    skills = schedule.skills_of(clerk.id)
    languages = clerk.account.languages if clerk.account else []
    more = sa.select(VisitProcedure.visit_id).where(
        VisitProcedure.visit_id == Visit.id, VisitProcedure.procedure_id.not_in(skills)
    )
    return (
        sa.select(Visit)
        .where(
            Visit.status.in_((Status.WAITING, Status.BOOKED)),  # never the years gone by
            is_ready(),
            Visit.procedure_id.in_(skills),
            Visit.language.in_(languages),
            ~more.exists(),
            sa.or_(Visit.channel != Channel.IN_PERSON, Visit.town_id == clerk.town_id),
            sa.or_(Visit.asked_clerk_id.is_(None), Visit.asked_clerk_id == clerk.id),
        )
        .options(selectinload(Visit.procedure))
        .order_by(*call_order(clerk))
    )


def ready_for(clerk: Resource) -> Sequence[Visit]:
    """Everybody whom this clerk could call now, the next first, of every town they serve."""
    question = callable_by(clerk)
    with every_town():
        return db.session.scalars(question).all()


def ready_ids(clerk: Resource) -> Sequence[int]:
    """The same as numbers alone, for whoever has read the visits already."""
    question = callable_by(clerk).with_only_columns(Visit.id)
    with every_town():
        return db.session.scalars(question).all()


def waiting_ids() -> Sequence[int]:
    """The waiting room of this town as numbers alone."""
    question = sa.select(Visit.id).where(Visit.status == Status.WAITING)
    return db.session.scalars(question.order_by(*call_order())).all()


def visit_for(clerk: Resource | None, code: str) -> Visit | None:
    """A confirmed visit by its code, of this town or of one that the clerk is lent to."""
    by_code = sa.select(Visit).where(Visit.code == code, Visit.booked_at.is_not(None))
    found: Visit | None = db.session.scalars(by_code).first()
    if found is None and clerk is not None:
        skills = schedule.skills_of(clerk.id)
        with every_town():
            found = db.session.scalars(by_code.where(Visit.procedure_id.in_(skills))).first()
    return found


def attended_by(clerk: Resource) -> Visit | None:
    """The visit this clerk has on the counter now."""
    question = sa.select(Visit).where(
        Visit.clerk_id == clerk.id, Visit.status.in_((Status.CALLED, Status.IN_SERVICE))
    )
    with every_town():
        return db.session.scalars(question.order_by(Visit.called_at.desc()).limit(1)).first()


def next_appointment(clerk: Resource) -> datetime | None:
    """When the next person with whom this clerk has an appointment is expected.

    Whoever should have come more than a moment ago is not expected any more.
    """
    now = clock.now()
    question = (
        sa.select(Allocation.starts_at)
        .join(Visit, Visit.code == Allocation.claim)
        .where(
            Allocation.resource_id == clerk.id,
            Allocation.state.in_(ACTIVE),
            Allocation.state != AllocationState.IN_SERVICE,
            Allocation.ends_at > now,
            Visit.status.in_((Status.BOOKED, Status.WAITING)),
            Visit.starts_at > now - GRACE,
        )
        .order_by(Allocation.starts_at)
        .limit(1)
    )
    with every_town():
        return db.session.scalars(question).first()


def unended(before: datetime) -> Sequence[Visit]:
    """Visits whose time ended before that instant and that nobody attended or closed."""
    question = sa.select(Visit).where(
        Visit.status.in_((Status.BOOKED, Status.WAITING)), Visit.ends_at < before
    )
    return db.session.scalars(question).all()
