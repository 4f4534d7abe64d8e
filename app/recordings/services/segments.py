"""A segment: start, pause, go on, end; tell everybody; see that pieces arrive."""

from datetime import timedelta
from typing import Any

import structlog

from app.accounts.models import Account
from app.calls import services as calls
from app.core import clock, stream
from app.core.build import build
from app.core.db import db
from app.core.events import publish
from app.recordings import queries
from app.recordings.errors import ConsentMissing, NotRunning
from app.recordings.events import (
    GapBegun,
    GapEnded,
    PiecesReceived,
    RecordingEnded,
    RecordingSafe,
    RecordingStarted,
    RecordingUnsafe,
)
from app.recordings.models import (
    PAUSES,
    End,
    Gap,
    Reason,
    Segment,
    StampReason,
    State,
)
from app.recordings.services import sources
from app.recordings.services.ledger import ask_for_stamp, open_ledger
from app.towns import services as towns

log = structlog.get_logger()

ALARM_AFTER = timedelta(seconds=6)  # without a piece, everybody is told
GIVE_UP_AFTER = timedelta(minutes=10)  # without a piece, it has ended
LONGEST = timedelta(minutes=60)
STAMP_EVERY = timedelta(minutes=5)


def named(segment: Segment) -> dict[str, Any]:
    """Which segment an event is about."""
    return {
        "town_id": segment.town_id,
        "visit_id": segment.visit_id,
        "segment": segment.number,
    }


def look_again(segment: Segment) -> None:
    """Wait for the turn to write, and see who agreed or withdrew meanwhile."""
    if towns.take_turns():
        db.session.refresh(segment)
        for consent in segment.consents:
            db.session.refresh(consent)


def start(segment: Segment, clerk: Account, browser: str = "") -> None:
    """Everybody has agreed: the clerk begins. From here on pieces are taken."""
    look_again(segment)
    if segment.is_running:
        return
    if segment.state is not State.ASKED:
        raise NotRunning
    agreed = [consent for consent in segment.consents if consent.is_valid]
    if not agreed or queries.unagreed(segment):
        raise ConsentMissing
    segment.state, segment.started_at = State.RECORDING, clock.now()
    segment.heard_at = segment.started_at
    segment.build, segment.browser = build(), browser[:40]
    sources.choose(segment)
    publish(
        RecordingStarted(
            **named(segment), by_id=clerk.id, consents=len(agreed), build=segment.build
        )
    )
    ask_for_stamp(open_ledger(segment.visit), StampReason.START)
    tell(segment)


def pause(segment: Segment, reason: Reason, at_ms: int | None = None) -> None:
    """From now on a board stands in the recording, in silence. Twice is once.

    `at_ms`: the place in the segment at which the browser put up the board.
    """
    look_again(segment)
    if not segment.is_running:
        raise NotRunning
    if segment.open_gap is None or segment.open_gap.reason is Reason.LOST:
        begin_gap(segment, reason, _place(segment, at_ms))
    segment.state = State.PAUSED
    tell(segment)


def go_on(segment: Segment, at_ms: int | None = None) -> None:
    """The pause is over, once everybody who is there agrees."""
    look_again(segment)
    if not segment.is_running:
        raise NotRunning
    if queries.unagreed(segment):
        raise ConsentMissing
    end_gap(segment, _place(segment, at_ms))
    segment.state = State.RECORDING
    tell(segment)


def stop(segment: Segment, why: End) -> None:
    """It has ended; what was recorded before may still arrive. Twice is once."""
    look_again(segment)
    if not segment.is_running:
        return
    segment.ended_at, segment.ended_by = clock.now(), why
    if segment.open_gap and segment.open_gap.reason is not Reason.WITHDRAWN:
        end_gap(segment)
    segment.state = State.CLOSING
    note_pieces(segment)
    publish(RecordingEnded(**named(segment), why=why.value, at_ms=segment.at(segment.ended_at)))
    ask_for_stamp(open_ledger(segment.visit), StampReason.END)
    tell(segment)


def begin_gap(segment: Segment, reason: Reason, from_ms: int | None = None) -> Gap:
    """From that place on, or from now. Another gap may be open: it ends where this one begins."""
    begins = segment.at(clock.now()) if from_ms is None else from_ms
    end_gap(segment, begins)
    gap = Gap(segment_id=segment.id, reason=reason, from_ms=begins)
    segment.gaps.append(gap)
    db.session.flush()
    publish(GapBegun(**named(segment), reason=reason.value, from_ms=gap.from_ms))
    return gap


def end_gap(segment: Segment, until_ms: int | None = None) -> None:
    gap = segment.open_gap
    if gap is None:
        return
    ends = segment.at(clock.now()) if until_ms is None else until_ms
    gap.ended_at, gap.until_ms = clock.now(), max(gap.from_ms, ends)
    publish(
        GapEnded(
            **named(segment),
            reason=gap.reason.value,
            from_ms=gap.from_ms,
            until_ms=gap.until_ms,
        )
    )


def _place(segment: Segment, at_ms: int | None) -> int:
    """Where the browser says it is, when that is near where we think it is."""
    ours = segment.at(clock.now())
    return at_ms if at_ms is not None and abs(at_ms - ours) < 10_000 else ours


def note_pieces(segment: Segment) -> None:
    """What has arrived until now stands in the ledger, and so under its next stamp."""
    for take in segment.takes:
        if take.pieces:
            publish(
                PiecesReceived(
                    **named(segment), take=take.number, pieces=take.pieces, head=take.head
                )
            )


def alarm(segment: Segment) -> None:
    """Nothing arrives: everybody is told at once. Twice is once."""
    if not segment.is_running or segment.is_alarmed:
        return
    segment.is_alarmed = True
    publish(RecordingUnsafe(**named(segment), **_arrived(segment)))
    tell(segment)


def calm(segment: Segment) -> None:
    """It arrives again."""
    if segment.is_alarmed:
        segment.is_alarmed = False
        publish(RecordingSafe(**named(segment), **_arrived(segment)))
        tell(segment)


def _arrived(segment: Segment) -> dict[str, Any]:
    last = segment.takes[-1] if segment.takes else None
    return {"take": last.number if last else 0, "pieces": last.pieces if last else 0}


def watch() -> None:
    """Of every segment that runs in this town: does it arrive, is it too long, is it stamped."""
    for segment in queries.in_state(State.RECORDING, State.PAUSED):
        silence = queries.unheard_since(segment)
        if segment.started_at and clock.now() - segment.started_at > LONGEST:
            stop(segment, End.TOO_LONG)
        elif silence > GIVE_UP_AFTER:
            stop(segment, End.SILENT)
        elif silence > ALARM_AFTER and not segment.is_alarmed:
            alarm(segment)
        else:
            tell(segment)  # whoever hears nothing knows that nobody vouches for it
    for meeting in list(queries.meetings_to_stamp(clock.now() - STAMP_EVERY)):
        running = queries.open_segment(meeting.visit)
        if running is not None:
            note_pieces(running)
            ask_for_stamp(meeting, StampReason.INTERVAL)


def tell(segment: Segment) -> None:
    """Everybody who looks at the visit learns how it stands."""
    db.session.flush()
    sources.source_of(segment).follow(segment)
    stream.tell(calls.room_of(segment.visit), "recording", told(segment))


def told(segment: Segment) -> dict[str, Any]:
    """How it stands, for the browsers in the call. `agreed`: who may be in the picture."""
    gap = segment.open_gap
    return {
        "segment": segment.code,
        "number": segment.number,
        "state": segment.state.value,
        "reason": gap.reason.value if gap else "",
        "may_go_on": gap is None or gap.reason in PAUSES or not queries.unagreed(segment),
        "is_safe": not segment.is_alarmed,
        "by_server": segment.by_server,
        "agreed": [one.participant.code for one in segment.consents if one.is_valid],
    }
