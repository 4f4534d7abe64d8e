"""The clerk's day: who is waiting, who is to come, who has been."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from app.accounts.models import Account
from app.booking import queries as booking
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db, first_or_none
from app.core.errors import Missing
from app.desk.models import CalendarFeed
from app.queue import queries as queue
from app.schedule.models import Resource
from app.towns.models import Town
from app.towns.tenant import every_town


@dataclass(frozen=True)
class Day:
    """A town's day as the agenda shows it. `mine` is the visit on this clerk's counter."""

    waiting: Sequence[Visit]
    to_come: Sequence[Visit]
    attended: Sequence[Visit]
    mine: Visit | None
    callable_ids: frozenset[int]


def today(town: Town, clerk: Resource | None) -> Day:
    day = clock.today(town.time_zone)
    begin = datetime.combine(day, time(), town.zone).astimezone(UTC)
    visits = booking.visits_between(begin, begin + timedelta(days=1, hours=1))
    visits = [visit for visit in visits if visit.starts_at.astimezone(town.zone).date() == day]
    waiting = queue.waiting()
    ready = queue.ready_for(clerk) if clerk else []
    seen = {visit.id for visit in waiting}
    return Day(
        waiting=waiting,
        to_come=[v for v in visits if v.status.value == "booked" and v.id not in seen],
        attended=[v for v in visits if v.status.value not in ("booked", "waiting")],
        mine=queue.attended_by(clerk) if clerk else None,
        callable_ids=frozenset(visit.id for visit in ready),
    )


def waited_minutes(visit: Visit) -> int:
    """How long they have been in the waiting room."""
    if visit.waiting_at is None:
        return 0
    return max(0, int((clock.now() - visit.waiting_at).total_seconds() // 60))


FEED_REACH = timedelta(days=60)  # how far back and ahead a calendar looks


def feed_of(account: Account) -> CalendarFeed | None:
    found: CalendarFeed | None = first_or_none(
        sa.select(CalendarFeed).where(CalendarFeed.account_id == account.id)
    )
    return found


def account_of_feed(token: str) -> Account:
    """Whose calendar that secret opens. A guessed one, or one of somebody gone, is missing."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    feed = first_or_none(sa.select(CalendarFeed).where(CalendarFeed.digest == digest))
    if feed is None or not feed.account.is_active:
        raise Missing
    account: Account = feed.account
    return account


def agenda_of(clerk: Resource) -> Sequence[Visit]:
    """The visits that the agenda gives this clerk, in whatever town of the pool."""
    now = clock.now()
    question = (
        sa.select(Visit)
        .where(
            Visit.clerk_id == clerk.id,
            Visit.status.not_in((Status.HELD, Status.EXPIRED)),
            Visit.starts_at > now - FEED_REACH,
            Visit.starts_at < now + FEED_REACH,
        )
        .order_by(Visit.starts_at)
        .options(selectinload(Visit.procedure), selectinload(Visit.town))
    )
    with every_town():
        return db.session.scalars(question).all()
