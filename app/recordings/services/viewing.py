"""Who may see a recording: staff with a role who say why, and the citizen whose visit it was."""

from datetime import timedelta

from app.accounts.models import Account
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.recordings.errors import NotKeptYet, ReasonMissing
from app.recordings.events import RecordingSeen, RecordingTaken
from app.recordings.models import Segment, Viewing
from app.recordings.services.segments import named

OPEN_FOR = timedelta(hours=1)
SHORTEST = 10  # letters of a reason


def look(segment: Segment, account: Account, reason: str) -> Viewing:
    """They may look at it for an hour. That they did, and why, is written down for good."""
    if not segment.is_kept:
        raise NotKeptYet
    reason = " ".join(reason.split())[:300]
    if len(reason) < SHORTEST:
        raise ReasonMissing
    viewing = Viewing(
        segment_id=segment.id,
        account_id=account.id,
        reason=reason,
        expires_at=clock.now() + OPEN_FOR,
    )
    db.session.add(viewing)
    db.session.flush()
    publish(RecordingSeen(**named(segment), by_id=account.id, reason=reason))
    return viewing


def note_copy(segment: Segment) -> None:
    """The citizen takes a copy of it."""
    if not segment.is_kept:
        raise NotKeptYet
    publish(RecordingTaken(**named(segment)))
