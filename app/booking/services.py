"""Errands about visits: hold a time, book it, cancel it."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import current_app

from app.accounts import services as accounts
from app.booking import queries
from app.booking.errors import HoldOver, NotCancellable, TimePast, TimeTaken, TooManyHolds
from app.booking.events import VisitBooked, VisitCancelled, VisitExpired, VisitHeld, VisitMoved
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db, new_code
from app.core.events import publish
from app.schedule import queries as schedule
from app.schedule import services as time
from app.schedule.queries import Wish
from app.towns.models import Channel

# How often a hold may be made longer.
EXTENSIONS = 10


def hold(
    wish: Wish,
    starts_at: datetime,
    *,
    phone: str,
    name: str,
    reads: str,
    needs: Sequence[str],
    form_token: str,
    host: str = "",
) -> Visit:
    """Keep a time while the person types their code. The same form sent twice is one visit."""
    if same := queries.by_form(form_token):
        if same.phone == phone and not same.is_over:
            return same
        form_token = secrets.token_urlsafe(24)  # the same page, sent with another number
    if starts_at <= clock.now():
        raise TimePast
    if len(queries.live_holds(phone)) >= int(current_app.config["HOLDS_PER_PHONE"]):
        raise TooManyHolds
    free = schedule.free_at(wish, starts_at)
    if free is None:
        raise TimeTaken
    code, until = new_code(), clock.now() + _hold_life()
    allocation = time.take(
        free.resource_ids, free.starts_at, free.ends_at, claim=code, expires_at=until
    )
    visit = Visit(
        code=code,
        procedure=wish.procedure,
        channel=Channel(wish.channel),
        status=Status.HELD,
        language=wish.language,
        reads=reads,
        phone=phone,
        name=name,
        needs=list(needs),
        starts_at=free.starts_at,
        ends_at=free.ends_at,
        clerk_id=allocation.resource_id,
        form_token=form_token,
        host=host,
        held_at=clock.now(),
        hold_until=until,
    )
    db.session.add(visit)
    db.session.flush()
    publish(VisitHeld(town_id=visit.town_id, visit_id=visit.id))
    return visit


def extend_hold(visit: Visit) -> None:
    """Somebody who needs longer gets it, ten times (WCAG 2.2.1), while the time is theirs."""
    until = clock.now() + _hold_life()
    is_too_long = until - visit.held_at > _hold_life() * (EXTENSIONS + 1)
    if not visit.is_held or is_too_long or not time.extend(visit.code, until):
        raise HoldOver
    visit.hold_until = until


def let_go(visit: Visit) -> None:
    """The person went back to choose another time."""
    if visit.is_held:
        time.free(visit.code)
        expire(visit)


def book(visit: Visit) -> Visit:
    """The telephone is confirmed: what was held is theirs. Twice is once.

    If the hold ran out meanwhile the time is taken again when it is still free.
    """
    if visit.booked_at is not None:
        return visit
    if not visit.is_held or not time.keep(visit.code):
        _take_again(visit)
    visit.citizen = accounts.know_citizen(visit.phone, visit.reads, visit.name)
    visit.hold_until = None
    visit.go(Status.BOOKED)
    visit.version += 1
    publish(VisitBooked(town_id=visit.town_id, visit_id=visit.id))
    return visit


def _take_again(visit: Visit) -> None:
    wish = queries.wish_for(
        visit.town, visit.procedure, visit.channel.value, visit.reads, visit.needs
    )
    if visit.status not in (Status.HELD, Status.EXPIRED) or wish is None:
        raise HoldOver
    free = schedule.free_at(wish, visit.starts_at)
    if free is None:
        raise HoldOver
    time.free(visit.code)
    allocation = time.take(
        free.resource_ids,
        free.starts_at,
        free.ends_at,
        claim=visit.code,
        expires_at=clock.now() + _hold_life(),
    )
    time.keep(visit.code)
    visit.status, visit.ended_at, visit.clerk_id = Status.HELD, None, allocation.resource_id


def cancel(visit: Visit, by: str) -> None:
    """Give the time back, once. `by` is `citizen` or `office`."""
    if visit.status is Status.CANCELLED:
        return
    if not visit.can_be_cancelled:
        raise NotCancellable
    time.free(visit.code)
    visit.go(Status.CANCELLED)
    visit.ended_by = by
    visit.version += 1
    publish(VisitCancelled(town_id=visit.town_id, visit_id=visit.id, by=by))


def move_on(visit: Visit, status: Status) -> None:
    """A step of its life after booking, told to whoever looks at it."""
    visit.go(status)
    if status in (Status.SERVED, Status.NO_SHOW, Status.LEFT):
        time.free(visit.code)
    publish(VisitMoved(town_id=visit.town_id, visit_id=visit.id, status=status.value))


def expire(visit: Visit) -> None:
    """Nobody confirmed it in time."""
    if visit.is_held:
        visit.go(Status.EXPIRED)
        publish(VisitExpired(town_id=visit.town_id, visit_id=visit.id))


def _hold_life() -> timedelta:
    return timedelta(minutes=float(current_app.config["HOLD_MINUTES"]))
