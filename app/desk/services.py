"""Errands of the desk that mix several features."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.accounts.models import Account
from app.booking import queries as visits
from app.booking import services as booking
from app.booking.errors import TimeTaken, VisitChanged
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.core.errors import Missing
from app.desk import queries
from app.desk.errors import PeopleLeftBehind, VisitsInTheWay
from app.desk.models import CalendarFeed
from app.queue import queries as line
from app.queue import services as queue
from app.schedule import services as time
from app.schedule.models import CounterState, Resource
from app.towns.models import Town
from app.towns.tenant import town_of


@dataclass(frozen=True)
class Decided:
    """How many at closing time are still attended, have a time, or were told that it is over."""

    attended: int
    timed: int
    sorry: int


@dataclass(frozen=True)
class Words:
    """What a clerk writes of a visit: for its citizen, and the note for the office alone."""

    outcome: str = ""
    next_steps: str = ""
    outcome_code: str = ""
    note: str = ""


def close(visit: Visit, ended: Status, words: Words) -> None:
    """The end of a visit and what its citizen reads about it. Afterwards only the words change."""
    booking.look_again(visit)
    if not (visit.is_being_attended or visit.is_over):
        raise VisitChanged
    write(visit, words)
    if ended is not Status.SERVED:
        visit.outcome_code = ""
    if visit.status in (Status.CALLED, Status.IN_SERVICE):
        booking.move_on(visit, ended)


def write(visit: Visit, words: Words) -> None:
    """Keep what is being written, so that a window that closes loses nothing."""
    if not (visit.is_being_attended or visit.is_over):
        raise VisitChanged
    visit.outcome, visit.next_steps = words.outcome.strip(), words.next_steps.strip()
    visit.outcome_code, visit.note = words.outcome_code, words.note.strip()


def block_time(
    clerk: Resource, begin: datetime, end: datetime, reason: str, *, around: bool = False
) -> int:
    """The clerk is away from then to then. Returns in how many pieces.

    Refused over visits, which are named, unless the absence is to go around them.
    """
    standing = queries.visits_in_the_way(clerk, begin, end)
    if standing and not around:
        raise VisitsInTheWay(standing)
    return time.absent(clerk, begin, end, reason)


def take_back_absence(clerk: Resource, claim: str) -> None:
    """The clerk is there after all. Only an own absence can be taken back."""
    if not claim.startswith(f"block:{clerk.id}:"):
        raise Missing
    if not time.back_again(clerk, claim):
        raise Missing


def set_counter(account: Account, state: CounterState) -> None:
    """Open, pause or close. Refused while people wait whom nobody else would attend any more."""
    clerk = queue.counter_of(account)
    if state is CounterState.CLOSED and line.left_behind(account_town(account), clerk.id):
        raise PeopleLeftBehind
    queue.set_counter(account, state)


def decide(account: Account, decisions: Mapping[str, str]) -> Decided:
    """What becomes of each who waits at closing time: by code, `attend`, `time` or `sorry`.

    Whoever is still to be attended keeps the counter open; else it closes.
    """
    clerk = queue.counter_of(account)
    town = account_town(account)
    attended = timed = sorry = 0
    for visit in line.left_behind(town, clerk.id):
        decision = decisions.get(visit.code, "attend")
        with town_of(visit.town_id):
            if decision == "time" and _give_first_time(visit):
                timed += 1
            elif decision == "sorry":
                booking.cancel(visit, "closing")
                sorry += 1
            else:
                attended += 1
    db.session.flush()
    if not attended:
        queue.set_counter(account, CounterState.CLOSED)
    return Decided(attended, timed, sorry)


def account_town(account: Account) -> Town:
    return db.session.get_one(Town, account.town_id)


def _give_first_time(visit: Visit) -> bool:
    """The first free time from tomorrow on. False when there is none."""
    free = queries.first_time_for(visit)
    wish = visits.wish_of(visit, is_staff=True, clerk_id=None)
    if free is None or wish is None:
        return False
    try:
        booking.give_time(visit, wish, free.starts_at, "")
    except TimeTaken:
        return False
    return True


def open_feed(account: Account) -> str:
    """A new secret for the calendar of this clerk; the one before opens nothing any more."""
    token = secrets.token_urlsafe(24)
    feed = queries.feed_of(account) or CalendarFeed(account_id=account.id)
    feed.digest, feed.made_at = hashlib.sha256(token.encode()).hexdigest(), clock.now()
    db.session.add(feed)
    db.session.flush()
    return token


def close_feed(account: Account) -> bool:
    """The address opens nothing any more. Returns whether there was one."""
    feed = queries.feed_of(account)
    if feed is not None:
        db.session.delete(feed)
    return feed is not None
