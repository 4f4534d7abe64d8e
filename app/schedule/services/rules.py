"""Changing what there is: shifts, single days, absences, skills. Nothing promised is lost by it.

Whoever changes a rule asks `preview` first: what it would break, and what could be done about it.
The change is made, looked at and taken back in one breath.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.schedule import queries
from app.schedule.absence import claim_of_absence, whole_absence
from app.schedule.errors import (
    AbsenceBackwards,
    AbsenceEmpty,
    AbsenceFull,
    AbsencePast,
    AbsenceTwice,
    ChannelsMissing,
    DayPast,
    HoursBackwards,
    HoursEmpty,
    HoursOverlap,
    ValidityBackwards,
)
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
from app.schedule.queries import Broken
from app.schedule.services.taking import expire_holds, free
from app.towns import services as towns
from app.towns.events import RuleChanged
from app.towns.models import Town
from app.towns.tenant import current_town_id, every_town

T = TypeVar("T")
MIDNIGHT = time()


@dataclass(frozen=True)
class Hours:
    """A window of duty as somebody writes it down; `ends` 00:00 is midnight at its end."""

    starts: time
    ends: time
    channels: tuple[str, ...]
    is_public: bool = True
    on_closed_days: bool = False
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Effect(Generic[T]):
    """What a change would do: promises it breaks, minutes it adds, and what was tried about it."""

    broken: Sequence[Broken]
    minutes: int
    tried: T | None


def preview(
    town: Town, change: Callable[[], Any], attempt: Callable[[Sequence[Broken]], T] | None = None
) -> Effect[T]:
    """Make the change, look, try what could be done about what it breaks, and take it all back."""
    towns.take_turns()
    with queries.one_look():
        before = {one.allocation_id for one in queries.broken_promises(town, whole_pool=True)}
        minutes = queries.open_minutes(town)
    savepoint = db.session.begin_nested()
    try:
        change()
        db.session.flush()
        with queries.one_look():
            broken = [
                one
                for one in queries.broken_promises(town, whole_pool=True)
                if one.allocation_id not in before
            ]
            more = queries.open_minutes(town) - minutes
        tried = attempt(broken) if attempt and broken else None
    finally:
        if savepoint.is_active:
            savepoint.rollback()
    return Effect(broken, more, tried)


def add_shifts(resource: Resource, weekdays: Iterable[int], hours: Hours) -> list[Shift]:
    """The same hours on each of those days of the week."""
    added = []
    for weekday in sorted(set(weekdays)):
        shift = Shift(resource_id=resource.id)
        _write_shift(shift, weekday, hours)
        db.session.add(shift)
        db.session.flush()
        added.append(shift)
        _tell("shift_added", _about(shift))
    return added


def change_shift(shift: Shift, weekday: int, hours: Hours) -> None:
    before = _about(shift)
    _write_shift(shift, weekday, hours)
    db.session.flush()
    _tell("shift_changed", f"{before} → {_about(shift)}")


def forget_shift(shift: Shift) -> None:
    about = _about(shift)
    db.session.delete(shift)
    db.session.flush()
    _tell("shift_removed", about)


def set_day(
    resource: Resource, day: date, windows: Sequence[Hours], reason: str, *, today: date
) -> None:
    """What that day is like instead of its weekday; without windows, a day off."""
    if day < today:
        raise DayPast
    for position, hours in enumerate(windows):
        _check(hours)
        for other in windows[:position]:
            if _overlap(hours, other):
                raise HoursOverlap(other.starts, other.ends)
    _clear_day(resource, day)
    if not windows:
        db.session.add(ShiftException(resource_id=resource.id, day=day, reason=reason))
    for hours in windows:
        db.session.add(
            ShiftException(
                resource_id=resource.id,
                day=day,
                starts=hours.starts,
                ends=hours.ends,
                channels=list(hours.channels),
                is_public=hours.is_public,
                on_closed_days=hours.on_closed_days,
                reason=reason,
            )
        )
    db.session.flush()
    _tell("day_changed", f"{resource.name} {day.isoformat()}")


def forget_day(resource: Resource, day: date) -> None:
    """That day is like its weekday again."""
    _clear_day(resource, day)
    _tell("day_as_usual", f"{resource.name} {day.isoformat()}")


def absent(resource: Resource, starts_at: datetime, ends_at: datetime, reason: str) -> int:
    """Away from then to then, around the visits that stand there. Returns in how many pieces.

    Those visits are broken promises from here on, and their time is not offered again.
    """
    if starts_at == ends_at:
        raise AbsenceEmpty
    if ends_at < starts_at:
        raise AbsenceBackwards
    if starts_at < clock.now():
        raise AbsencePast
    towns.take_turns()
    expire_holds([resource.id], starts_at, ends_at)
    with every_town():
        standing = db.session.scalars(
            sa.select(Allocation)
            .where(
                Allocation.resource_id == resource.id,
                Allocation.state.in_(ACTIVE),
                Allocation.starts_at < ends_at,
                Allocation.ends_at > starts_at,
            )
            .order_by(Allocation.starts_at)
        ).all()
    if any(one.state is AllocationState.BLOCKED and whole_absence(one.claim) for one in standing):
        raise AbsenceTwice
    claim = claim_of_absence(resource.id, starts_at, ends_at)
    pieces = 0
    at = starts_at
    for begin, end in [*((one.starts_at, one.ends_at) for one in standing), (ends_at, ends_at)]:
        if at < begin:
            db.session.add(
                Allocation(
                    resource_id=resource.id,
                    starts_at=at,
                    ends_at=begin,
                    state=AllocationState.BLOCKED,
                    claim=claim,
                    reason=reason,
                )
            )
            pieces += 1
        at = max(at, end)
    if not pieces:
        raise AbsenceFull
    db.session.flush()
    _tell("absence_added", _span(resource, starts_at.astimezone(UTC), ends_at.astimezone(UTC)))
    return pieces


def back_again(resource: Resource, claim: str) -> int:
    """The absence is over, or never was. Returns how many pieces of it there were."""
    pieces = free(claim)
    if pieces:
        span = whole_absence(claim)
        _tell("absence_removed", _span(resource, *span) if span else resource.name)
    return pieces


def set_skills(resource: Resource, procedure_ids: Collection[int]) -> None:
    """What that resource attends of this town: these procedures and no others."""
    own = {
        skill.procedure_id: skill
        for skill in db.session.scalars(sa.select(Skill).where(Skill.resource_id == resource.id))
    }
    wanted = set(procedure_ids)
    for procedure_id in own.keys() - wanted:
        db.session.delete(own[procedure_id])
    for procedure_id in sorted(wanted - own.keys()):
        db.session.add(Skill(resource_id=resource.id, procedure_id=procedure_id))
    db.session.flush()
    if own.keys() != wanted:
        gained, lost = sorted(wanted - own.keys()), sorted(own.keys() - wanted)
        _tell("skills_changed", f"{resource.name}: + {gained}, - {lost}"[:200])


def add_resource(
    kind: ResourceKind,
    name: str,
    *,
    office_id: int | None = None,
    buffer_minutes: int = 0,
    signs: Sequence[str] = (),
) -> Resource:
    """A desk, a booth or an interpreter; clerks come with their account."""
    resource = Resource(
        kind=kind,
        name=name,
        office_id=office_id,
        buffer_minutes=buffer_minutes,
        signs=list(signs),
    )
    db.session.add(resource)
    db.session.flush()
    _tell("resource_added", name)
    return resource


def change_resource(resource: Resource, **fields: Any) -> None:
    """Its name, its office, its pause, its sign languages, or whether it is given to anybody."""
    before = {name: getattr(resource, name) for name in fields}
    if before == fields:
        return
    for name, value in fields.items():
        setattr(resource, name, value)
    db.session.flush()
    _tell("resource_changed", resource.name)


def _write_shift(shift: Shift, weekday: int, hours: Hours) -> None:
    _check(hours)
    question = sa.select(Shift).where(
        Shift.resource_id == shift.resource_id, Shift.weekday == weekday
    )
    if shift.id is not None:
        question = question.where(Shift.id != shift.id)
    with db.session.no_autoflush:
        others = db.session.scalars(question).all()
    for other in others:
        written = Hours(
            other.starts,
            other.ends,
            tuple(other.channels),
            valid_from=other.valid_from,
            valid_to=other.valid_to,
        )
        if _overlap(hours, written):
            raise HoursOverlap(other.starts, other.ends, weekday)
    shift.weekday = weekday
    shift.starts, shift.ends = hours.starts, hours.ends
    shift.channels = list(hours.channels)
    shift.is_public, shift.on_closed_days = hours.is_public, hours.on_closed_days
    shift.valid_from, shift.valid_to = hours.valid_from, hours.valid_to


def _check(hours: Hours) -> None:
    if hours.starts == hours.ends != MIDNIGHT:
        raise HoursEmpty
    if hours.ends != MIDNIGHT and hours.ends < hours.starts:
        raise HoursBackwards
    if hours.valid_from and hours.valid_to and hours.valid_to < hours.valid_from:
        raise ValidityBackwards
    if not hours.channels:
        raise ChannelsMissing


def _overlap(one: Hours, other: Hours) -> bool:
    """Whether both could be worked on one day, at one time and on one channel."""
    if not set(one.channels) & set(other.channels):
        return False
    first = max(one.valid_from or date.min, other.valid_from or date.min)
    last = min(one.valid_to or date.max, other.valid_to or date.max)
    if last < first:
        return False
    return _lies_before_end(one, other) and _lies_before_end(other, one)


def _lies_before_end(one: Hours, other: Hours) -> bool:
    return other.ends == MIDNIGHT or one.starts < other.ends


def _clear_day(resource: Resource, day: date) -> None:
    question = sa.select(ShiftException).where(
        ShiftException.resource_id == resource.id, ShiftException.day == day
    )
    for row in db.session.scalars(question):
        db.session.delete(row)
    db.session.flush()


def _about(shift: Shift) -> str:
    """Whose hours, on which day of the week (1 is Monday), from when to when."""
    name = db.session.get_one(Resource, shift.resource_id).name
    return f"{name} {shift.weekday + 1} {shift.starts:%H:%M}-{shift.ends:%H:%M}"


def _span(resource: Resource, starts_at: datetime, ends_at: datetime) -> str:
    return f"{resource.name} {starts_at:%Y-%m-%d %H:%M} {ends_at:%Y-%m-%d %H:%M} UTC"


def _tell(rule: str, about: str) -> None:
    publish(RuleChanged(town_id=current_town_id(), rule=rule, about=about))
