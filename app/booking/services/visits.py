"""Errands about one visit: hold a time, book it, move it, cancel it."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from flask import current_app

from app.accounts import services as accounts
from app.accounts.models import Account
from app.booking import queries
from app.booking.errors import (
    HoldOver,
    NotCancellable,
    NotMovable,
    TimePast,
    TooManyHolds,
    TooManyVisits,
    WayNotPossible,
)
from app.booking.events import (
    VisitBooked,
    VisitCancelled,
    VisitChannelChanged,
    VisitExpired,
    VisitGiven,
    VisitHeld,
    VisitMoved,
    VisitTimeChanged,
    WalkedIn,
)
from app.booking.models import Status, Visit, VisitProcedure
from app.core import clock
from app.core.db import db, new_code
from app.core.events import publish
from app.schedule import services as time
from app.schedule.errors import TimeTaken
from app.schedule.queries import Plan, Wish
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
    if same := _same_form(form_token, phone):
        return same
    if starts_at <= clock.now():
        raise TimePast
    _refuse_many_holds(phone)
    code, until = new_code(), clock.now() + _hold_life()
    plan = time.reserve(wish, starts_at, claim=code, expires_at=until)
    visit = _written(wish, starts_at, code, phone, name, reads, needs, form_token, host)
    visit.clerk_id, visit.hold_until = plan.clerk_id, until
    return _added(visit, wish)


def hold_walk_in(
    wish: Wish,
    *,
    phone: str,
    name: str,
    reads: str,
    needs: Sequence[str],
    form_token: str,
    host: str = "",
) -> Visit:
    """Somebody who wants to talk now, while they type their code. It takes nobody's time yet."""
    if same := _same_form(form_token, phone):
        return same
    _refuse_many_holds(phone)
    now = clock.now()
    visit = _written(wish, now, new_code(), phone, name, reads, needs, form_token, host)
    visit.is_walk_in, visit.hold_until = True, now + _hold_life()
    return _added(visit, wish)


def extend_hold(visit: Visit) -> None:
    """Somebody who needs longer gets it, ten times (WCAG 2.2.1), while the time is theirs."""
    until = clock.now() + _hold_life()
    is_too_long = until - visit.held_at > _hold_life() * (EXTENSIONS + 1)
    if not visit.is_held or is_too_long:
        raise HoldOver
    if not visit.is_walk_in and not time.extend(visit.code, until):
        raise HoldOver
    visit.hold_until = until


def let_go(visit: Visit) -> None:
    """The person went back to choose another time."""
    if visit.is_held:
        time.free(visit.code)
        expire(visit)


def book(visit: Visit) -> Visit:
    """The telephone is confirmed: what was held is theirs. Twice is once.

    If the hold ran out meanwhile the time is taken again when it is still free. Who comes without
    an appointment is in the line from now on.
    """
    if visit.booked_at is not None:
        return visit
    _refuse_many_visits(visit)
    if visit.is_walk_in:
        return _walk_in(visit)
    if not visit.is_held or not time.keep(visit.code):
        _take_again(visit)
    visit.citizen = accounts.know_citizen(visit.phone, visit.reads, visit.name)
    visit.hold_until = None
    visit.go(Status.BOOKED)
    visit.version += 1
    publish(VisitBooked(town_id=visit.town_id, visit_id=visit.id))
    return visit


def book_for(
    staff: Account,
    wish: Wish,
    starts_at: datetime,
    *,
    phone: str,
    name: str,
    reads: str,
    needs: Sequence[str],
    form_token: str,
    follows: Visit | None = None,
) -> Visit:
    """Somebody of the staff books for a person on the telephone or at the counter.

    No code: who books is written down instead. Their other visits do not limit it.
    """
    if (same := queries.by_form(form_token)) and same.made_by_id == staff.id:
        return same
    if starts_at <= clock.now():
        raise TimePast
    code = new_code()
    plan = time.reserve(replace(wish, is_staff=True), starts_at, claim=code)
    visit = _written(wish, starts_at, code, phone, name, reads, needs, form_token, wish.town.host)
    visit.clerk_id, visit.made_by_id = plan.clerk_id, staff.id
    visit.follows_id = follows.id if follows else None
    visit.citizen = accounts.know_citizen(phone, reads, name)
    _added(visit, wish)
    visit.go(Status.BOOKED)
    visit.version += 1
    publish(VisitBooked(town_id=visit.town_id, visit_id=visit.id))
    return visit


def move(visit: Visit, wish: Wish, starts_at: datetime, *, by: str = "citizen") -> Visit:
    """Another time, or another way, for the same visit: the old or the new one, never both.

    `wish`: what `queries.wish_of` answered for it. The code, the link and the calendar entry stay.
    """
    if (visit.starts_at, visit.channel.value) == (starts_at, wish.channel):
        return visit
    if visit.status is not Status.BOOKED:
        raise NotMovable
    if starts_at <= clock.now():
        raise TimePast
    plan = time.reserve(replace(wish, releasing=visit.code), starts_at, claim=visit.code)
    _rewrite(visit, wish, starts_at, plan)
    publish(VisitTimeChanged(town_id=visit.town_id, visit_id=visit.id, by=by))
    return visit


def settle(visit: Visit, wish: Wish, to: int | None = None) -> None:
    """Give the visit to whoever can still keep it at its time. Raises TimeTaken when nobody can.

    With `to`, to that clerk. The person is told nothing: for them nothing has changed.
    """
    if visit.status is not Status.BOOKED:
        raise NotMovable
    asked = replace(wish, releasing=visit.code, is_staff=True, given_to=to)
    plan = time.reserve(asked, visit.starts_at, claim=visit.code)
    before, visit.clerk_id = visit.clerk_id, plan.clerk_id
    publish(
        VisitGiven(
            town_id=visit.town_id, visit_id=visit.id, clerk_id=plan.clerk_id, before_id=before
        )
    )


def change_channel(visit: Visit, channel: Channel, *, by: str = "citizen") -> None:
    """The same visit by another way: its place, its papers and its record stay.

    Before the day it needs whoever attends that way at that time (TimeTaken). In the line or at the
    counter it changes at once: a call that fails goes on by telephone.
    """
    if visit.channel is channel:
        return
    if visit.status is Status.BOOKED:
        wish = queries.wish_of(visit, channel=channel.value)
        if wish is None:
            raise WayNotPossible
        plan = time.reserve(replace(wish, releasing=visit.code), visit.starts_at, claim=visit.code)
        _rewrite(visit, wish, visit.starts_at, plan)
        publish(VisitTimeChanged(town_id=visit.town_id, visit_id=visit.id, by=by))
        return
    if not visit.is_live or (visit.is_waiting and not visit.procedure.allows(channel.value)):
        raise WayNotPossible
    before, visit.channel = visit.channel, channel
    publish(
        VisitChannelChanged(
            town_id=visit.town_id, visit_id=visit.id, before=before.value, channel=channel.value
        )
    )


def cancel(visit: Visit, by: str) -> None:
    """Give the time back, once. `by` is `citizen` or `office`."""
    if visit.status is Status.CANCELLED:
        return
    if not visit.can_be_cancelled:
        raise NotCancellable
    rest = timedelta(minutes=visit.town.trade_minutes if by == "citizen" else 0)
    time.free(visit.code, rest=rest if visit.starts_at > clock.now() + rest else timedelta())
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


def _same_form(form_token: str, phone: str) -> Visit | None:
    same = queries.by_form(form_token)
    return same if same and same.phone == phone and not same.is_over else None


def _written(
    wish: Wish,
    starts_at: datetime,
    code: str,
    phone: str,
    name: str,
    reads: str,
    needs: Sequence[str],
    form_token: str,
    host: str,
) -> Visit:
    if queries.by_form(form_token):
        form_token = secrets.token_urlsafe(24)  # the same page, sent with another number
    return Visit(
        code=code,
        procedure=wish.procedure,
        channel=Channel(wish.channel),
        status=Status.HELD,
        language=wish.language,
        reads=reads,
        phone=phone,
        name=name,
        needs=list(needs),
        starts_at=starts_at,
        ends_at=starts_at + wish.length,
        booth_id=wish.booth_id,
        asked_clerk_id=wish.clerk_id,
        form_token=form_token,
        host=host,
        held_at=clock.now(),
    )


def _added(visit: Visit, wish: Wish) -> Visit:
    db.session.add(visit)
    db.session.flush()
    for position, procedure in enumerate(wish.also, 1):
        db.session.add(
            VisitProcedure(visit_id=visit.id, procedure_id=procedure.id, position=position)
        )
    publish(VisitHeld(town_id=visit.town_id, visit_id=visit.id))
    return visit


def _walk_in(visit: Visit) -> Visit:
    if not visit.is_held:
        raise HoldOver
    now = clock.now()
    visit.starts_at, visit.ends_at = now, now + (visit.ends_at - visit.starts_at)
    visit.citizen = accounts.know_citizen(visit.phone, visit.reads, visit.name)
    visit.hold_until, visit.booked_at = None, now
    visit.go(Status.WAITING)
    visit.version += 1
    publish(WalkedIn(town_id=visit.town_id, visit_id=visit.id))
    return visit


def _take_again(visit: Visit) -> None:
    wish = queries.wish_of(visit)
    if visit.status not in (Status.HELD, Status.EXPIRED) or wish is None:
        raise HoldOver
    time.free(visit.code)
    try:
        plan = time.reserve(wish, visit.starts_at, claim=visit.code)
    except TimeTaken as error:
        raise HoldOver from error
    visit.status, visit.ended_at, visit.clerk_id = Status.HELD, None, plan.clerk_id


def _rewrite(visit: Visit, wish: Wish, starts_at: datetime, plan: Plan) -> None:
    visit.starts_at, visit.ends_at = starts_at, starts_at + wish.length
    visit.channel, visit.language = Channel(wish.channel), wish.language
    visit.clerk_id = plan.clerk_id
    visit.version += 1


def _refuse_many_holds(phone: str) -> None:
    if len(queries.live_holds(phone)) >= int(current_app.config["HOLDS_PER_PHONE"]):
        raise TooManyHolds


def _refuse_many_visits(visit: Visit) -> None:
    """Only once the telephone is confirmed: a stranger must not learn what a number has booked."""
    ahead = queries.to_come(visit.phone)
    same = [other for other in ahead if other.procedure_id == visit.procedure_id]
    limit = visit.procedure.visits_per_phone
    if len(ahead) >= visit.town.visits_per_phone or (limit is not None and len(same) >= limit):
        raise TooManyVisits


def _hold_life() -> timedelta:
    return timedelta(minutes=float(current_app.config["HOLD_MINUTES"]))
