"""Errands of the waiting list: ask for an earlier time, offer what has become free, take it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from flask import current_app

from app.accounts import services as accounts
from app.booking import queries
from app.booking.errors import AlreadyOnTheList, OfferOver, VisitMissing
from app.booking.events import (
    VisitBooked,
    VisitTimeChanged,
    WaitlistClosed,
    WaitlistJoined,
    WaitlistOffered,
    WaitlistTaken,
)
from app.booking.models import Status, Visit, WaitlistEntry, WaitlistState
from app.booking.services.visits import refuse_many_visits, rest_of, unused
from app.core import clock
from app.core.db import db, new_code
from app.core.events import publish
from app.schedule import queries as schedule
from app.schedule import services as time
from app.schedule.errors import TimeTaken
from app.schedule.queries import FreeTime, Wish
from app.schedule.queries.roster import remembered
from app.towns import services as towns
from app.towns.models import Channel, Procedure
from app.towns.services import look_again

# Offers leave at civil hours, by the town's clock.
FROM_HOUR, TO_HOUR = 9, 21
# Who let three offers pass is not written to again.
MOST_OFFERS = 3
# An offered time is at least this long after the offer has run out.
TO_GET_READY = timedelta(hours=1)
# How many are answered in one transaction.
AT_ONCE = 20


def join(visit: Visit) -> WaitlistEntry:
    """Whoever has a visit wants it earlier, if somebody cancels."""
    look_again(visit)
    if visit.status is not Status.BOOKED or not visit.phone:
        raise VisitMissing
    if queries.entry_of(visit):
        raise AlreadyOnTheList
    entry = WaitlistEntry(
        state=WaitlistState.OPEN,
        visit_id=visit.id,
        procedure_id=visit.procedure_id,
        channel=visit.channel,
        reads=visit.reads,
        phone=visit.phone,
        name=visit.name,
        needs=list(visit.needs),
        host=visit.host,
        last_day=visit.starts_at.astimezone(visit.town.zone).date(),
    )
    return _joined(entry)


def ask(
    procedure: Procedure,
    channel: str,
    *,
    phone: str,
    name: str,
    reads: str,
    needs: Sequence[str],
    last_day: date,
    host: str = "",
) -> WaitlistEntry:
    """Whoever found no time wants the first that becomes free. It counts once they confirm."""
    towns.take_turns()
    entry = WaitlistEntry(
        state=WaitlistState.UNCONFIRMED,
        procedure_id=procedure.id,
        channel=Channel(channel),
        reads=reads,
        phone=phone,
        name=name,
        needs=list(needs),
        host=host,
        last_day=last_day,
    )
    db.session.add(entry)
    db.session.flush()
    return entry


def confirm(entry: WaitlistEntry) -> None:
    """The telephone is theirs: from now on they are on the list. Twice is once."""
    _look_again(entry)
    if entry.state is not WaitlistState.UNCONFIRMED:
        return
    if queries.open_entries_of(entry.phone, entry.procedure_id):
        raise AlreadyOnTheList
    refuse_many_visits(entry)
    entry.state = WaitlistState.OPEN
    _joined(entry)


def leave(entry: WaitlistEntry) -> None:
    """They no longer want it; a time kept for them goes to the next."""
    _look_again(entry)
    if entry.state in (WaitlistState.TAKEN, WaitlistState.CLOSED):
        return
    _give_back(entry)
    _close(entry)


def whom_to_answer() -> list[int]:
    """Of those who wait, the first for whom a time seems free, or whose wish is over.

    It only reads: however many wait in vain, nobody waits for this look.
    """
    with schedule.one_look():
        due = (
            entry.id
            for entry in queries.waiting_entries()
            if _is_over(entry) or (_is_civil_hour(entry) and any(_free_for(entry)))
        )
        return list(islice(due, AT_ONCE))


def offer_what_is_free(only: Collection[int] | None = None) -> int:
    """Offer free times to those who wait for one, in the order in which they asked.

    Each offer holds its time, so that whoever says yes has it. Returns how many were made.
    """
    count = 0
    for entry in queries.waiting_entries(only):
        if _is_over(entry):
            leave(entry)
        elif _is_civil_hour(entry):
            count += _offer(entry)
    return count


def take(entry: WaitlistEntry) -> Visit:
    """They say yes: what was kept is theirs, and an older time of the same visit is given back."""
    _look_again(entry)
    if entry.state is WaitlistState.TAKEN and entry.visit:
        return entry.visit
    if not entry.has_offer or entry.offered_starts_at is None:
        raise OfferOver
    visit = entry.visit
    if visit is not None and visit.status is not Status.BOOKED:
        raise OfferOver
    wish = _wish(entry)
    if wish is None:
        raise OfferOver
    if visit is None:
        refuse_many_visits(entry)
        visit = entry.visit = _new_visit(entry, wish)
    else:
        time.free(visit.code, rest=rest_of(visit))
    if not time.pass_on(entry.claim, visit.code):
        raise OfferOver
    starts_at = entry.offered_starts_at
    visit.starts_at, visit.ends_at = starts_at, starts_at + wish.length
    visit.clerk_id = queries.clerk_of_claim(visit.code)
    visit.office_reason = ""
    visit.version += 1
    entry.state = WaitlistState.TAKEN
    db.session.flush()
    if visit.status is Status.HELD:
        visit.citizen = accounts.know_citizen(visit.phone, visit.reads, visit.name)
        visit.go(Status.BOOKED)
        publish(VisitBooked(town_id=visit.town_id, visit_id=visit.id))
    else:
        publish(VisitTimeChanged(town_id=visit.town_id, visit_id=visit.id, by="citizen"))
    publish(WaitlistTaken(town_id=entry.town_id, entry_id=entry.id))
    return visit


def pass_over(entry: WaitlistEntry) -> None:
    """They say no, or nothing in time: the time goes to the next, and they stay on the list."""
    _look_again(entry)
    if entry.state is not WaitlistState.OFFERED:
        return
    _give_back(entry)
    if entry.offered_starts_at:
        entry.passed_over = [*entry.passed_over, entry.offered_starts_at.isoformat()]
    entry.state, entry.offered_starts_at, entry.offer_until = WaitlistState.OPEN, None, None
    if entry.offers >= MOST_OFFERS:
        _close(entry)


def _give_back(entry: WaitlistEntry) -> None:
    if entry.state is WaitlistState.OFFERED and entry.offer_until:
        time.give_back(entry.claim, entry.offer_until)


def _offer(entry: WaitlistEntry) -> bool:
    until = _offered_until()
    for source, starts_at in _free_for(entry):
        _look_again(entry)
        if entry.state is not WaitlistState.OPEN:
            return False
        try:
            time.reserve(source, starts_at, claim=entry.claim, expires_at=until)
        except TimeTaken:
            continue
        entry.state, entry.offers = WaitlistState.OFFERED, entry.offers + 1
        entry.offered_starts_at, entry.offer_until = starts_at, until
        publish(WaitlistOffered(town_id=entry.town_id, entry_id=entry.id))
        return True
    return False


def _free_for(entry: WaitlistEntry) -> Iterator[tuple[Wish, datetime]]:
    """What could be offered: a free time, or one that rests."""
    wish = _wish(entry)
    if wish is None:
        return
    earliest = _offered_until() + TO_GET_READY
    for source in (wish, *_resting(wish)):
        starts_at = _first_for(entry, source, earliest)
        if starts_at is not None:
            yield source, starts_at


def _offered_until() -> datetime:
    return clock.now() + timedelta(minutes=float(current_app.config["OFFER_MINUTES"]))


def _look_again(entry: WaitlistEntry) -> None:
    """Take a turn; if somebody may have changed the wish, or its visit, read both again."""
    if towns.take_turns():
        db.session.refresh(entry)
        if entry.visit is not None:
            db.session.refresh(entry.visit)


def _first_for(entry: WaitlistEntry, wish: Wish, earliest: datetime) -> datetime | None:
    before = entry.visit.starts_at if entry.visit else None
    for free in remembered(_alike(wish), lambda: _all_free(wish)):
        if free.day > entry.last_day or (before and free.starts_at >= before):
            return None
        is_known = free.starts_at.isoformat() in entry.passed_over
        if free.starts_at >= earliest and not is_known:
            return free.starts_at
    return None


def _all_free(wish: Wish) -> list[FreeTime]:
    return schedule.free_times(wish, clock.today(wish.town.time_zone), wish.last_day)


def _alike(wish: Wish) -> tuple[Any, ...]:
    """Whoever asks for the same is answered by one look."""
    asked = (wish.channel, wish.language, wish.minutes, wish.sign, wish.booth_id, wish.clerk_id)
    return ("free", tuple(one.id for one in wish.procedures), *asked, wish.releasing)


def _resting(wish: Wish) -> list[Wish]:
    """Cancelled times that rest go to those who wait for one before they are free for all."""
    claims = remembered(("resting", wish.town.id), queries.resting_claims)
    return [replace(wish, releasing=claim) for claim in claims]


def _wish(entry: WaitlistEntry) -> Wish | None:
    if entry.visit:
        return queries.wish_of(entry.visit)
    return queries.wish_for(
        entry.town, entry.procedure, entry.channel.value, entry.reads, entry.needs
    )


def _is_over(entry: WaitlistEntry) -> bool:
    """Nothing would be of use any more, or the visit that was to be earlier is over."""
    is_settled = entry.visit is not None and entry.visit.status is not Status.BOOKED
    return is_settled or entry.last_day < clock.today(entry.town.time_zone)


def _is_civil_hour(entry: WaitlistEntry) -> bool:
    return FROM_HOUR <= clock.now().astimezone(entry.town.zone).hour < TO_HOUR


def _new_visit(entry: WaitlistEntry, wish: Wish) -> Visit:
    assert entry.offered_starts_at  # noqa: S101 - only an offer is taken
    token = f"waitlist:{entry.code}"
    visit = Visit(
        code=new_code(),
        procedure=entry.procedure,
        channel=entry.channel,
        status=Status.HELD,
        language=wish.language,
        reads=entry.reads,
        phone=entry.phone,
        name=entry.name,
        needs=list(entry.needs),
        starts_at=entry.offered_starts_at,
        ends_at=entry.offered_starts_at + wish.length,
        form_token=unused(token, queries.by_form(token)),
        host=entry.host,
        held_at=clock.now(),
    )
    db.session.add(visit)
    db.session.flush()
    return visit


def _joined(entry: WaitlistEntry) -> WaitlistEntry:
    db.session.add(entry)
    db.session.flush()
    publish(WaitlistJoined(town_id=entry.town_id, entry_id=entry.id))
    return entry


def _close(entry: WaitlistEntry) -> None:
    entry.state = WaitlistState.CLOSED
    publish(WaitlistClosed(town_id=entry.town_id, entry_id=entry.id))
