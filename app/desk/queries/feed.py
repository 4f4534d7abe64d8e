"""The private calendar of a clerk: whose it is, and what stands in it."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from app.accounts.models import Account
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db, first_or_none
from app.core.errors import Missing
from app.desk.models import CalendarFeed
from app.schedule.models import Resource
from app.towns.tenant import every_town

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
