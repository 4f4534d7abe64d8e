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
    PhoneNeeded,
    TimePast,
    TooManyHolds,
    TooManyVisits,
    VisitChanged,
    WayNotPossible,
)
from app.booking.events import (
    CitizenRecognised,
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
from app.booking.models import Status, Visit, VisitProcedure, WaitlistEntry
from app.core import clock
from app.core.db import db, new_code
from app.core.events import publish
from app.schedule import services as time
from app.schedule.errors import TimeTaken
from app.schedule.queries import Plan, Wish
from app.towns import services as towns
from app.towns.models import Channel
from app.towns.services import look_again

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
    towns.take_turns()
    sent = queries.by_form(form_token)
    if sent and _is_same(sent, phone):
        return sent
    if starts_at <= clock.now():
        raise TimePast
    _refuse_many_holds(phone)
    code, until = new_code(), clock.now() + _hold_life()
    plan = time.reserve(wish, starts_at, claim=code, expires_at=until)
    token = unused(form_token, sent)
    visit = _written(wish, starts_at, code, phone, name, reads, needs, token, host)
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
    towns.take_turns()
    sent = queries.by_form(form_token)
    if sent and _is_same(sent, phone):
        return sent
    _refuse_many_holds(phone)
    now, token = clock.now(), unused(form_token, sent)
    visit = _written(wish, now, new_code(), phone, name, reads, needs, token, host)
    visit.is_walk_in, visit.hold_until = True, now + _hold_life()
    return _added(visit, wish)


def extend_hold(visit: Visit) -> None:
    """Somebody who needs longer gets it, ten times (WCAG 2.2.1), while the time is theirs."""
    look_again(visit)
    until = clock.now() + _hold_life()
    is_too_long = until - visit.held_at > _hold_life() * (EXTENSIONS + 1)
    if not visit.is_held or is_too_long:
        raise HoldOver
    if not visit.is_walk_in and not time.extend(visit.code, until):
        raise HoldOver
    visit.hold_until = until


def let_go(visit: Visit) -> None:
    """The person went back to choose another time."""
    look_again(visit)
    if visit.is_held:
        time.free(visit.code)
        expire(visit)


def book(visit: Visit, citizen: Account | None = None, *, shown_by: str = "code") -> Visit:
    """The telephone is confirmed: what was held is theirs. Twice is once.

    `citizen`: whoever has shown by a passkey that they are this person, whose number it is.

    If the hold ran out meanwhile the time is taken again when it is still free. Who comes without
    an appointment is in the line from now on.
    """
    look_again(visit)
    if visit.booked_at is not None:
        return visit
    refuse_many_visits(visit)
    if citizen:
        _tell_who_it_is(visit, citizen)
    if visit.is_walk_in:
        return _walk_in(visit, citizen, shown_by)
    if not visit.is_held or not time.keep(visit.code):
        _take_again(visit)
    visit.citizen = citizen or accounts.confirm_citizen(visit.phone, visit.reads, visit.name)
    visit.hold_until = None
    visit.go(Status.BOOKED)
    visit.version += 1
    publish(VisitBooked(town_id=visit.town_id, visit_id=visit.id, shown_by=shown_by))
    return visit


def recognise(visit: Visit, citizen: Account) -> None:
    """A passkey has shown who holds it, and the number is theirs: no code is needed.

    It is booked at once, unless what is done in it needs more than a telephone to be booked.
    """
    if queries.asks_more_to_book(visit):
        _tell_who_it_is(visit, citizen)
    else:
        book(visit, citizen, shown_by="passkey")


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

    No code: who books is written down instead. Their other visits do not limit it. Who comes in
    person may have no telephone.
    """
    _refuse_without_a_phone(wish.channel, phone)
    towns.take_turns()
    sent = queries.by_form(form_token)
    if sent and sent.made_by_id == staff.id:
        return sent
    if starts_at <= clock.now():
        raise TimePast
    code = new_code()
    plan = time.reserve(replace(wish, is_staff=True), starts_at, claim=code)
    token = unused(form_token, sent)
    visit = _written(wish, starts_at, code, phone, name, reads, needs, token, wish.town.host)
    visit.clerk_id, visit.made_by_id = plan.clerk_id, staff.id
    visit.follows_id = follows.id if follows else None
    _know(visit)
    _added(visit, wish)
    visit.go(Status.BOOKED)
    visit.version += 1
    publish(VisitBooked(town_id=visit.town_id, visit_id=visit.id, shown_by="staff"))
    return visit


def walk_in_for(
    staff: Account,
    wish: Wish,
    *,
    phone: str,
    name: str,
    reads: str,
    needs: Sequence[str],
    form_token: str,
    follows: Visit | None = None,
) -> Visit:
    """Somebody stands at the counter, or is on the telephone, and is in the line at once."""
    _refuse_without_a_phone(wish.channel, phone)
    towns.take_turns()
    sent = queries.by_form(form_token)
    if sent and sent.made_by_id == staff.id:
        return sent
    now, token, host = clock.now(), unused(form_token, sent), wish.town.host
    visit = _written(wish, now, new_code(), phone, name, reads, needs, token, host)
    visit.is_walk_in, visit.made_by_id = True, staff.id
    visit.follows_id = follows.id if follows else None
    _know(visit)
    return _walk_in(_added(visit, wish), visit.citizen, "staff")


def walk_in_at_a_kiosk(
    wish: Wish, *, citizen: Account | None, reads: str, form_token: str, host: str = ""
) -> Visit:
    """Somebody touched the screen of a kiosk and is in the line at once.

    They are found where they stand, so no telephone is asked for; `citizen`: whom one has shown.
    """
    now, phone = clock.now(), (citizen.phone or "") if citizen else ""
    name = citizen.name if citizen else ""
    visit = _written(wish, now, new_code(), phone, name, reads, (), form_token, host)
    visit.is_walk_in = True
    return _walk_in(_added(visit, wish), citizen, "kiosk")


def give_time(visit: Visit, wish: Wish, starts_at: datetime, reason: str) -> None:
    """Whoever waits in vain gets a time instead of a place in the line. Raises TimeTaken."""
    look_again(visit)
    if not visit.is_waiting:
        raise VisitChanged
    plan = time.reserve(replace(wish, releasing=visit.code), starts_at, claim=visit.code)
    _rewrite(visit, wish, starts_at, plan)
    visit.go(Status.BOOKED)
    visit.is_walk_in, visit.calls, visit.priority, visit.waiting_at = False, 0, 0, None
    visit.asked_clerk_id, visit.wants_sms, visit.warned_at = None, False, None
    visit.office_reason = reason
    publish(VisitTimeChanged(town_id=visit.town_id, visit_id=visit.id, by="office"))


def move(
    visit: Visit, wish: Wish, starts_at: datetime, *, by: str = "citizen", reason: str = ""
) -> Visit:
    """Another time, or another way, for the same visit: the old or the new one, never both.

    `wish`: what `queries.wish_of` answered for it. The code, the link and the calendar entry stay.
    `reason`: why the office does it, for the citizen to read.
    """
    look_again(visit)
    if (visit.starts_at, visit.channel.value) == (starts_at, wish.channel):
        return visit
    if visit.status is not Status.BOOKED:
        raise NotMovable
    if starts_at <= clock.now():
        raise TimePast
    asked = replace(wish, releasing=visit.code)
    rest = rest_of(visit) if by == "citizen" else timedelta()
    plan = time.reserve(asked, starts_at, claim=visit.code, rest=rest)
    _rewrite(visit, wish, starts_at, plan)
    visit.office_reason = reason if by == "office" else ""
    publish(VisitTimeChanged(town_id=visit.town_id, visit_id=visit.id, by=by))
    return visit


def settle(visit: Visit, wish: Wish, to: int | None = None) -> None:
    """Give the visit to whoever can still keep it at its time. Raises TimeTaken when nobody can.

    With `to`, to that clerk. The person is told nothing: for them nothing has changed.
    """
    look_again(visit)
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
    look_again(visit)
    if visit.channel is channel:
        return
    _refuse_without_a_phone(channel.value, visit.phone)
    if visit.status is Status.BOOKED:
        wish = queries.wish_of(visit, channel=channel.value)
        if wish is None:
            raise WayNotPossible
        plan = time.reserve(replace(wish, releasing=visit.code), visit.starts_at, claim=visit.code)
        _rewrite(visit, wish, visit.starts_at, plan)
        visit.office_reason = ""
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


def cancel(visit: Visit, by: str, reason: str = "") -> None:
    """Give the time back, once. `by` is `citizen`, `office` or `closing`."""
    look_again(visit)
    if visit.status is Status.CANCELLED:
        return
    if not visit.can_be_cancelled:
        raise NotCancellable
    time.free(visit.code, rest=rest_of(visit) if by == "citizen" else timedelta())
    visit.go(Status.CANCELLED)
    visit.ended_by, visit.office_reason = by, reason
    visit.version += 1
    publish(VisitCancelled(town_id=visit.town_id, visit_id=visit.id, by=by))


def move_on(visit: Visit, status: Status) -> None:
    """A step of its life after booking, told to whoever looks at it."""
    look_again(visit)
    visit.go(status)
    if status in (Status.SERVED, Status.NO_SHOW, Status.LEFT):
        time.free(visit.code)
    publish(VisitMoved(town_id=visit.town_id, visit_id=visit.id, status=status.value))


def expire(visit: Visit) -> None:
    """Nobody confirmed it in time."""
    look_again(visit)
    if visit.is_held:
        visit.go(Status.EXPIRED)
        publish(VisitExpired(town_id=visit.town_id, visit_id=visit.id))


def correct(citizen_id: int, *, name: str, reads: str) -> None:
    """The name, and the language of pages and messages, in what this citizen still has ahead."""
    for visit in queries.ahead_of(citizen_id):
        visit.name, visit.reads = name, reads
    db.session.flush()


def give_up(phone: str, citizen_id: int) -> None:
    """Everything that this citizen still has ahead ends; nobody waits for an earlier time."""
    for held in queries.live_holds(phone):
        let_go(held)
    for visit in queries.ahead_of(citizen_id):
        cancel(visit, "citizen")


def _tell_who_it_is(visit: Visit, citizen: Account) -> None:
    publish(CitizenRecognised(town_id=visit.town_id, visit_id=visit.id, account_id=citizen.id))


def rest_of(visit: Visit) -> timedelta:
    """How long its time rests when its citizen gives it back; not at all when it is near."""
    rest = timedelta(minutes=visit.town.trade_minutes)
    return rest if visit.starts_at > clock.now() + rest else timedelta()


def _is_same(sent: Visit, phone: str) -> bool:
    """Whether that visit is what this form asked for."""
    return sent.phone == phone and not sent.is_over


def unused(form_token: str, sent: Visit | None) -> str:
    """The form's own token, unless the same page was sent before, with another number."""
    return form_token if sent is None else secrets.token_urlsafe(24)


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


def _walk_in(visit: Visit, citizen: Account | None, shown_by: str) -> Visit:
    if not visit.is_held:
        raise HoldOver
    now = clock.now()
    visit.starts_at, visit.ends_at = now, now + (visit.ends_at - visit.starts_at)
    if citizen or visit.phone:
        visit.citizen = citizen or accounts.confirm_citizen(visit.phone, visit.reads, visit.name)
    visit.hold_until, visit.booked_at = None, now
    visit.go(Status.WAITING)
    visit.version += 1
    publish(WalkedIn(town_id=visit.town_id, visit_id=visit.id, shown_by=shown_by))
    return visit


def _know(visit: Visit) -> None:
    """The citizen with that telephone; without one nobody in particular."""
    if visit.phone:
        visit.citizen = accounts.know_citizen(visit.phone, visit.reads, visit.name)


def _refuse_without_a_phone(channel: str, phone: str) -> None:
    """Only who comes in person can be found without a telephone."""
    if not phone and channel != Channel.IN_PERSON:
        raise PhoneNeeded


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
    visit.booth_id = wish.booth_id
    visit.clerk_id = plan.clerk_id
    visit.version += 1


def _refuse_many_holds(phone: str) -> None:
    if len(queries.live_holds(phone)) >= int(current_app.config["HOLDS_PER_PHONE"]):
        raise TooManyHolds


def refuse_many_visits(asked: Visit | WaitlistEntry) -> None:
    """Only once the telephone is confirmed: a stranger must not learn what a number has booked."""
    ahead = queries.to_come(asked.phone)
    same = [other for other in ahead if other.procedure_id == asked.procedure_id]
    limit = asked.procedure.visits_per_phone
    if len(ahead) >= asked.town.visits_per_phone or (limit is not None and len(same) >= limit):
        raise TooManyVisits


def _hold_life() -> timedelta:
    return timedelta(minutes=float(current_app.config["HOLD_MINUTES"]))
