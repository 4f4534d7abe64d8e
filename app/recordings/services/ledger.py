"""The ledger of a meeting: open it, write a line, ask for a stamp, have it stamped."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import structlog

from app.audit import services as audit
from app.booking.models import Visit
from app.core import clock, timestamps
from app.core.build import build
from app.core.db import db, transaction
from app.core.events import Event
from app.recordings import ledger, queries
from app.recordings.events import MeetingEvent
from app.recordings.models import LedgerEntry, LedgerStamp, Meeting, StampReason
from app.towns import services as towns
from app.towns.tenant import every_town, town_of

log = structlog.get_logger()

# Waits between attempts to have a line stamped; the last one for ever.
PAUSES = (10, 60, 300, 900)
STAMPS_AT_ONCE = 5
KEPT_ELSEWHERE = ("town_id", "visit_id")  # a ledger is of one visit of one town


def open_ledger(visit: Visit) -> Meeting:
    """The ledger of that visit. From here on every event of it is written down."""
    found = queries.meeting_of(visit)
    if found is not None:
        return found
    meeting = Meeting(visit_id=visit.id, number=0, digest="")
    db.session.add(meeting)
    db.session.flush()
    meeting.digest = ledger.first_of(meeting.code)
    db.session.flush()
    facts = {
        "procedure": visit.procedure.slug,
        "language": visit.language,
        "channel": visit.channel.value,
        "build": build(),
    }
    write(meeting, "LedgerOpened", facts)
    return meeting


def write(meeting: Meeting, name: str, facts: Mapping[str, Any]) -> LedgerEntry:
    """Add a line, in the transaction of what it tells. Whoever writes waits for their turn."""
    towns.take_turns()
    db.session.refresh(meeting, ["number", "digest"])
    number = meeting.number + 1
    text = ledger.write(
        meeting.code, number, meeting.digest, clock.now(), audit.author(), name, facts
    )
    entry = LedgerEntry(
        meeting_id=meeting.id,
        number=number,
        text=text,
        previous=meeting.digest,
        digest=ledger.digest_of(text),
    )
    db.session.add(entry)
    meeting.number, meeting.digest = number, entry.digest
    db.session.flush()
    return entry


def write_event(meeting: Meeting, event: Event) -> None:
    """Ours with their digests; what others tell, as it may stand in any record."""
    facts = {name: one for name, one in asdict(event).items() if name not in KEPT_ELSEWHERE}
    if not isinstance(event, MeetingEvent):
        facts = audit.neutral(facts)
    write(meeting, type(event).__name__, facts)


# --- stamps --------------------------------------------------------------------------------------


def ask_for_stamp(meeting: Meeting, reason: StampReason) -> LedgerStamp:
    """The end of the ledger is to be stamped. A job does it, after the commit."""
    for stamp in queries.stamps(meeting):
        if stamp.number == meeting.number:
            return stamp
    stamp = LedgerStamp(
        meeting_id=meeting.id, number=meeting.number, digest=meeting.digest, reason=reason
    )
    db.session.add(stamp)
    db.session.flush()
    return stamp


def stamp_due() -> int:
    """Have what is due stamped, over every town. Nobody waits for an authority in a transaction."""
    with every_town():
        due = [
            (one.id, one.town_id, one.meeting.code, one.number, one.digest)
            for one in queries.due_stamps()[:STAMPS_AT_ONCE]
        ]
        db.session.rollback()
    count = 0
    for stamp_id, town_id, code, number, digest in due:
        with town_of(town_id):
            count += _stamp(stamp_id, ledger.stamped_message(code, number, digest))
    return count


def _stamp(stamp_id: int, message: bytes) -> bool:
    made, problem = None, ""
    try:
        made = timestamps.stamp(message)
    except timestamps.NoStamp as error:
        problem = str(error)
    with transaction():
        stamp = db.session.get(LedgerStamp, stamp_id)
        if stamp is None:
            return False  # the meeting was destroyed meanwhile
        stamp.attempts += 1
        stamp.problem = problem[:300]
        if made is None:
            pause = PAUSES[min(stamp.attempts, len(PAUSES)) - 1]
            stamp.try_at = clock.now() + timedelta(seconds=pause)
            log.error("no time stamp for a meeting", number=stamp.number, why=problem)
            return False
        stamp.token, stamp.stamped_at = made.token, made.at
        stamp.authority, stamp.is_qualified = made.authority, made.is_qualified
    return True


def first_of_ledger(meeting: str) -> str:
    """What `previous` of the first line must be."""
    return ledger.first_of(meeting)


def stamped_message(meeting: str, number: int, digest: str) -> bytes:
    """The very bytes that a stamp of a ledger is of."""
    return ledger.stamped_message(meeting, number, digest)
