"""Errands of the waiting room: come in, leave, call the next one exactly once."""

from datetime import timedelta

import sqlalchemy as sa

from app.accounts.models import Account
from app.booking import services as booking
from app.booking.errors import VisitChanged, VisitMissing
from app.booking.events import VisitMoved
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.queue import queries
from app.queue.errors import (
    AlreadyAttending,
    NobodyWaiting,
    NotAtTheCounter,
    NotByVideo,
    TooEarly,
    TooLate,
)
from app.schedule import queries as schedule
from app.schedule.models import Resource
from app.towns.models import Channel

# How long after its end a visit that nobody ended is left alone.
PATIENCE = timedelta(hours=4)


def arrive(visit: Visit) -> None:
    """The citizen is in the waiting room. Coming in twice is coming in once."""
    if visit.status is not Status.BOOKED:
        if visit.is_live:
            return
        raise VisitMissing
    if not visit.is_by_video:
        raise NotByVideo
    if clock.now() < visit.starts_at - timedelta(minutes=visit.town.early_minutes):
        raise TooEarly
    if clock.now() > visit.ends_at + timedelta(minutes=visit.town.late_minutes):
        raise TooLate
    booking.move_on(visit, Status.WAITING)


def receive(visit: Visit) -> None:
    """Somebody at the town hall says that the person is here."""
    booking.move_on(visit, Status.WAITING)


def call_again(visit: Visit) -> None:
    """They did not answer: back to the waiting room, in the place they had."""
    if visit.status is not Status.CALLED:
        raise VisitChanged
    booking.move_on(visit, Status.WAITING)


def step_out(visit: Visit) -> None:
    """They left the waiting room before being called; their appointment stands."""
    if visit.status is Status.WAITING:
        booking.move_on(visit, Status.BOOKED)


def call_next(account: Account) -> Visit:
    """Call the right person, exactly once however many clerks ask at the same time."""
    clerk = counter_of(account)
    if queries.attended_by(clerk):
        raise AlreadyAttending
    for visit in db.session.scalars(queries.callable_by(clerk).limit(20)).all():
        if _call(visit, clerk):
            return visit
    raise NobodyWaiting


def call(account: Account, visit: Visit) -> Visit:
    """Call this very person: the clerk chose them from the list."""
    clerk = counter_of(account)
    if queries.attended_by(clerk):
        raise AlreadyAttending
    mine = queries.callable_by(clerk).where(Visit.id == visit.id)
    if db.session.scalars(mine).first() is None or not _call(visit, clerk):
        raise NobodyWaiting
    return visit


def close_the_forgotten() -> int:
    """What nobody ended ends by itself, so that it neither waits for ever nor stands in the way.

    Who never came is a no-show; who left the waiting room without a word has left; a telephone
    call that the office never made is cancelled by the office, which says so. Returns how many.
    """
    now = clock.now()
    count = 0
    for visit in queries.unended(now - PATIENCE):
        late = visit.ends_at + timedelta(minutes=visit.town.late_minutes)
        if visit.status is Status.WAITING:
            booking.move_on(visit, Status.LEFT)
        elif visit.channel is Channel.PHONE:
            booking.cancel(visit, "office")
        elif late < now:
            booking.move_on(visit, Status.NO_SHOW)
        else:
            continue
        count += 1
    return count


def counter_of(account: Account) -> Resource:
    resource = schedule.resource_of(account.id)
    if resource is None or not resource.is_active:
        raise NotAtTheCounter
    return resource


def _call(visit: Visit, clerk: Resource) -> bool:
    """Of two clerks at once, the register gives the person to the first."""
    called = db.session.execute(
        sa.update(Visit)
        .where(Visit.id == visit.id, queries.is_ready())
        .values(status=Status.CALLED, called_at=clock.now(), clerk_id=clerk.id)
        .execution_options(synchronize_session=False)
    )
    if called.rowcount != 1:  # type: ignore[attr-defined]
        return False
    db.session.refresh(visit)
    publish(VisitMoved(town_id=visit.town_id, visit_id=visit.id, status=Status.CALLED.value))
    return True
