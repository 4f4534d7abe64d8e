"""Changing a rule without losing a visit: look first, say what it breaks, then do both at once."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.booking import services as booking
from app.booking.errors import NotCancellable, NotMovable
from app.booking.models import Status, Visit
from app.core.db import db
from app.core.events import publish
from app.office import queries
from app.office.errors import OfferOver
from app.office.events import PromiseLeft
from app.office.queries import Action, Look, Offer, Promise
from app.schedule import queries as schedule
from app.schedule import services as time
from app.schedule.errors import TimePast, TimeTaken
from app.schedule.models import Allocation, AllocationState
from app.schedule.queries import Broken
from app.towns.models import Town
from app.towns.tenant import town_of

# More visits than these are shown without offers: whoever looks keeps other writers waiting.
MOST_OFFERS = 40


@dataclass(frozen=True)
class Answer:
    """What somebody decided about the visits that they were shown, by code; and what they saw.

    `for_all`: one thing for every visit with which it can be done.
    """

    mark: str
    actions: Mapping[str, Action]
    for_all: Action | None = None

    def about(self, promise: Promise) -> Action:
        """Without a word about it, it stays as it is."""
        asked = self.for_all or self.actions.get(promise.visit.code, Action.KEEP)
        return asked if asked in promise.actions else Action.KEEP


class MustDecide(Exception):
    """The change breaks something. Nothing was done: somebody has to look and decide.

    `is_news`: they had decided about something else.
    """

    def __init__(self, look: Look, *, is_news: bool = False) -> None:
        self.look, self.is_news = look, is_news


def look(town: Town, change: Callable[[], Any]) -> Look:
    """What that change would do. Whatever was tried to find out is taken back."""
    with schedule.one_look():
        before, times = queries.unattended(town), queries.times_next_week(town)
    after: dict[Any, Any] = {}
    more: list[int] = []

    def made() -> None:
        change()
        db.session.flush()
        with schedule.one_look():
            after.update(queries.unattended(town))
            more.append(queries.times_next_week(town) - times)

    effect = time.preview(town, made, lambda broken: _with_offers(town, broken))
    promises, holds = effect.tried or ((), 0)
    gone = tuple(one for key, one in after.items() if key not in before)
    return Look(tuple(promises), gone, holds, effect.minutes, most=MOST_OFFERS, times=sum(more))


def make(town: Town, change: Callable[[], Any], answer: Answer | None = None) -> Look:
    """Make the change and do what was decided about the visits it breaks: all of it or nothing.

    Raises MustDecide while nobody has decided about exactly these visits and these offers.
    """
    found = look(town, change)
    if not found.is_harmless:
        _refuse_other(found, answer)
    change()
    db.session.flush()
    if answer:
        _carry_out(found, answer)
    return found


def outcome(found: Look, answer: Answer | None) -> Counter[Action]:
    """How many visits were given, moved, cancelled and kept."""
    return Counter(answer.about(promise) for promise in found.promises) if answer else Counter()


def look_at_broken(town: Town) -> Look:
    """What could be done about the promises that are broken now."""
    savepoint = db.session.begin_nested()
    try:
        promises, holds = _with_offers(town, schedule.broken_promises(town))
    finally:
        if savepoint.is_active:
            savepoint.rollback()
    return Look(tuple(promises), holds=holds, most=MOST_OFFERS)


def mend(town: Town, answer: Answer) -> Look:
    """Do what was decided about the promises that are broken now."""
    found = look_at_broken(town)
    _refuse_other(found, answer)
    _carry_out(found, answer)
    return found


def _refuse_other(found: Look, answer: Answer | None) -> None:
    if answer is None:
        raise MustDecide(found)
    if answer.mark != found.mark:
        raise MustDecide(found, is_news=True)


def _carry_out(found: Look, answer: Answer) -> None:
    """Cancel first: what becomes free may be what another visit needs."""
    order = (Action.CANCEL, Action.GIVE, Action.MOVE, Action.KEEP)
    decided = [(answer.about(promise), promise) for promise in found.promises]
    for action, promise in sorted(decided, key=lambda pair: order.index(pair[0])):
        try:
            with town_of(promise.visit.town_id):
                _do(action, promise)
        except (TimeTaken, TimePast, NotMovable, NotCancellable) as refusal:
            raise OfferOver from refusal


def _do(action: Action, promise: Promise) -> None:
    visit, offer = promise.visit, promise.offer
    if action is Action.CANCEL:
        booking.cancel(visit, "office")
    elif action is Action.KEEP:
        publish(PromiseLeft(town_id=visit.town_id, visit_id=visit.id, why=promise.why.value))
    else:
        wish = queries.wish_to_keep(visit)
        if wish is None:
            raise OfferOver
        if action is Action.GIVE:
            booking.settle(visit, wish, to=offer.give_to)
        elif offer.move_to:
            booking.move(visit, wish, offer.move_to, by="office")


def _with_offers(town: Town, broken: Sequence[Broken]) -> tuple[list[Promise], int]:
    """The visits with what could be done about each. What is offered to one is taken for it."""
    promises, holds = queries.promises_of(town, broken)
    found = []
    for number, promise in enumerate(promises):
        is_offered = number < MOST_OFFERS and promise.visit.status is Status.BOOKED
        with town_of(promise.visit.town_id):
            offer = _offer(promise) if is_offered else Offer()
        found.append(replace(promise, offer=offer))
    return found, holds


def _offer(promise: Promise) -> Offer:
    visit = promise.visit
    wish = queries.wish_to_keep(visit)
    if wish is None:
        return Offer()
    offer = _give(visit, wish)
    if promise.is_ours and (start := queries.nearest_time(wish, visit.starts_at)):
        try:
            time.reserve(wish, start, claim=f"look:{visit.code}")
        except TimeTaken:
            return offer
        offer = replace(offer, move_to=start)
    return offer


def _give(visit: Visit, wish: Any) -> Offer:
    """Who could take it at its time. What it had is kept beside, in case nobody is asked to."""
    before = [
        (one.resource_id, one.starts_at, one.ends_at) for one in schedule.allocations_of(visit.code)
    ]
    try:
        plan = time.reserve(replace(wish, releasing=visit.code), visit.starts_at, claim=visit.code)
    except TimeTaken:
        return Offer()
    now = {take.resource_id for take in plan.takes}
    for resource_id, starts_at, ends_at in before:
        if resource_id not in now:
            _keep_taken(visit, resource_id, starts_at, ends_at)
    roster = wish.staff.roster
    names = [roster.people[take.resource_id].name for take in plan.takes[:1]]
    return Offer(give_to=plan.clerk_id, give_name=names[0])


def _keep_taken(visit: Visit, resource_id: int, starts_at: Any, ends_at: Any) -> None:
    row = Allocation(
        resource_id=resource_id,
        starts_at=starts_at,
        ends_at=ends_at,
        state=AllocationState.BLOCKED,
        claim=f"look:{visit.code}",
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        pass  # somebody who changed hands stands there now
