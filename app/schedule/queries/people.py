"""Rows of the schedule, one by one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from app.core import clock
from app.core.db import db, first_or_none
from app.core.errors import Missing
from app.schedule.absence import whole_absence
from app.schedule.models import (
    ACTIVE,
    Allocation,
    AllocationState,
    Resource,
    ResourceKind,
    Shift,
    ShiftException,
    Skill,
)
from app.towns.models import Town
from app.towns.tenant import every_town


def allocations_of(claim: str) -> Sequence[Allocation]:
    return db.session.scalars(
        sa.select(Allocation).where(Allocation.claim == claim, Allocation.state.in_(ACTIVE))
    ).all()


def resource_of(account_id: int) -> Resource | None:
    """The counter of somebody who is signed in, also while another town of the pool is served."""
    with every_town():
        found: Resource | None = first_or_none(
            sa.select(Resource).where(Resource.account_id == account_id)
        )
    return found


def skills_of(resource_id: int) -> set[int]:
    """The ids of the procedures that this resource attends, in whatever town of its pool."""
    question = sa.select(Skill.procedure_id).where(Skill.resource_id == resource_id)
    with every_town():
        return set(db.session.scalars(question))


def resources(kinds: Collection[ResourceKind] = tuple(ResourceKind)) -> Sequence[Resource]:
    """Everybody and everything of the town, people who are gone included, clerks first."""
    order = sa.case({kind: n for n, kind in enumerate(ResourceKind)}, value=Resource.kind)
    question = sa.select(Resource).where(Resource.kind.in_(kinds))
    question = question.options(joinedload(Resource.account))
    return db.session.scalars(question.order_by(order, Resource.name, Resource.id)).all()


def resource_or_404(code: str) -> Resource:
    """Somebody or something of this town by its code."""
    found: Resource | None = first_or_none(
        sa.select(Resource).where(Resource.code == code).options(joinedload(Resource.account))
    )
    if found is None:
        raise Missing
    return found


def lent_clerks(town: Town) -> list[Resource]:
    """Clerks of the other towns of the pool, who may attend procedures of this one."""
    if not town.pool:
        return []
    neighbours = sa.select(Town.id).where(Town.pool == town.pool, Town.id != town.id)
    question = sa.select(Resource).where(
        Resource.town_id.in_(neighbours),
        Resource.kind == ResourceKind.CLERK,
        Resource.is_active,
    )
    with every_town():
        return list(db.session.scalars(question.order_by(Resource.name)))


def shifts_of(resource_id: int) -> Sequence[Shift]:
    """Its weekly hours, those that are over included."""
    question = sa.select(Shift).where(Shift.resource_id == resource_id)
    return db.session.scalars(question.order_by(Shift.weekday, Shift.starts, Shift.id)).all()


def shift_or_404(resource_id: int, shift_id: int) -> Shift:
    found: Shift | None = first_or_none(
        sa.select(Shift).where(Shift.resource_id == resource_id, Shift.id == shift_id)
    )
    if found is None:
        raise Missing
    return found


def exceptions_of(resource_id: int, first: date, last: date | None = None) -> list[ShiftException]:
    """Its single days from `first` on, one row for each window."""
    question = sa.select(ShiftException).where(
        ShiftException.resource_id == resource_id, ShiftException.day >= first
    )
    if last:
        question = question.where(ShiftException.day <= last)
    order = (ShiftException.day, ShiftException.starts)
    return list(db.session.scalars(question.order_by(*order)))


@dataclass(frozen=True)
class Absence:
    """Somebody is away from then to then, around the visits that stand there."""

    claim: str
    starts_at: datetime
    ends_at: datetime
    reason: str


def absences_of(resource_id: int) -> list[Absence]:
    """Its absences that are not over, in order."""
    question = sa.select(Allocation).where(
        Allocation.resource_id == resource_id,
        Allocation.state == AllocationState.BLOCKED,
        Allocation.ends_at > clock.now(),
    )
    found: dict[str, Absence] = {}
    for one in db.session.scalars(question.order_by(Allocation.starts_at)):
        begin, end = whole_absence(one.claim) or (one.starts_at, one.ends_at)
        found.setdefault(one.claim, Absence(one.claim, begin, end, one.reason))
    return sorted(found.values(), key=lambda absence: absence.starts_at)


def absence_or_404(resource_id: int, claim: str) -> Absence:
    found = next((one for one in absences_of(resource_id) if one.claim == claim), None)
    if found is None:
        raise Missing
    return found


def visits_taken(resource_id: int, begin: datetime, end: datetime) -> list[datetime]:
    """When the visits begin that this resource has in that time, whatever town of the pool."""
    question = sa.select(Allocation.starts_at).where(
        Allocation.resource_id == resource_id,
        Allocation.state.in_(ACTIVE),
        Allocation.demand != "",
        Allocation.starts_at >= begin,
        Allocation.starts_at < end,
    )
    with every_town():
        return list(db.session.scalars(question.order_by(Allocation.starts_at)))
