"""What is written down so that figures can be told later, and what is forgotten."""

from datetime import timedelta

import sqlalchemy as sa

from app.booking.events import VisitChannelChanged
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.insight import queries
from app.insight.events import FiguresTaken
from app.insight.models import ApiNonce, ChannelChange, DutyDay, Posted, WebhookPost
from app.towns.models import Town
from app.towns.tenant import current_town_id

DAY = timedelta(days=1)
# A house that was shut down writes down the days it missed, while the rules can still tell them.
MOST_MISSED = 7
POSTS_KEPT = timedelta(days=30)
NONCES_KEPT = timedelta(hours=1)


def keep_duty(town: Town) -> int:
    """The days that are over and not written down yet. Returns how many rows."""
    yesterday = clock.today(town.time_zone) - DAY
    last = db.session.scalar(sa.select(sa.func.max(DutyDay.day)))
    first = max(last + DAY if last else yesterday, yesterday - (MOST_MISSED - 1) * DAY)
    if first > yesterday:
        return 0
    count = 0
    for duty in queries.duty_of_now(town, first, yesterday):
        db.session.add(
            DutyDay(
                day=duty.day,
                resource_id=duty.resource_id,
                minutes=duty.minutes,
                by_channel=duty.by_channel,
                languages=list(duty.languages),
                procedures=list(duty.procedures),
                offices=list(duty.offices),
            )
        )
        count += 1
    db.session.flush()
    return count


def note_channel_change(event: VisitChannelChanged) -> None:
    db.session.add(ChannelChange(visit_id=event.visit_id, before=event.before, after=event.channel))


def take_figures(what: str) -> None:
    """Somebody downloads them: the record says so."""
    publish(FiguresTaken(town_id=current_town_id(), what=what[:200]))


def forget_old() -> int:
    """Requests that are too old to be made again, and news that arrived long ago."""
    now = clock.now()
    done = (Posted.SENT, Posted.DROPPED, Posted.FAILED)
    gone = db.session.execute(sa.delete(ApiNonce).where(ApiNonce.heard_at < now - NONCES_KEPT))
    told = db.session.execute(
        sa.delete(WebhookPost).where(
            WebhookPost.state.in_(done), WebhookPost.written_at < now - POSTS_KEPT
        )
    )
    return int(gone.rowcount) + int(told.rowcount)  # type: ignore[attr-defined]
