"""Errands of the desk that mix several features."""

import hashlib
import secrets

from app.accounts.models import Account
from app.booking import services as booking
from app.booking.errors import VisitChanged, VisitMissing
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.desk import queries
from app.desk.models import CalendarFeed
from app.queue import services as queue


def receive(visit: Visit) -> None:
    """Somebody with an appointment in person is here."""
    if visit.status is not Status.BOOKED:
        raise VisitMissing
    queue.receive(visit)


def close(visit: Visit, ended: Status, outcome: str, next_steps: str) -> None:
    """The end of a visit and what its citizen reads about it. Afterwards only the words change."""
    if not (visit.is_being_attended or visit.is_over):
        raise VisitChanged
    visit.outcome, visit.next_steps = outcome.strip(), next_steps.strip()
    if visit.status in (Status.CALLED, Status.IN_SERVICE):
        booking.move_on(visit, ended)


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
