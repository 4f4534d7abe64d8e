"""After the end: the originals are joined, the file is made, the pieces are no longer needed.

Each step is a transaction of its own, and begins where the last ended: whatever stops a process,
the next one goes on, and a segment gets one file.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, BinaryIO, cast

import sqlalchemy as sa
import structlog

from app.archive.models import Envelope
from app.archive.services import Draft
from app.calls import queries as calls
from app.calls.words import part_name
from app.core import clock
from app.core.db import db, transaction
from app.core.events import publish
from app.core.i18n import speaking
from app.recordings import captions, queries, words
from app.recordings.captions import Cue
from app.recordings.events import OriginalKept, RecordingKept, RecordingLost
from app.recordings.models import (
    Medium,
    Piece,
    PieceKind,
    Reason,
    Segment,
    StampReason,
    State,
    Take,
)
from app.recordings.services import compose, remux, segments, shelf
from app.recordings.services.ledger import ask_for_stamp, open_ledger
from app.recordings.services.remux import Part
from app.towns import services as towns

log = structlog.get_logger()

PATIENCE = timedelta(minutes=10)  # for pieces that are still on their way
CLAIM = timedelta(minutes=15)  # whoever makes a file and says nothing for so long has ended
AGAIN_AFTER = (10, 60, 600, 3600)  # seconds; the last one for ever


def claim_due(most: int | None = None) -> list[int]:
    """Segments of this town whose file can be made now. Nobody else makes them meanwhile."""
    now, found = clock.now(), list[int]()
    for segment in queries.in_state(State.CLOSING):
        if len(found) == most:
            break
        is_free = segment.claimed_until is None or segment.claimed_until <= now
        if is_free and _is_complete(segment):
            segment.claimed_until = now + CLAIM
            found.append(segment.id)
    db.session.flush()
    return found


def _is_complete(segment: Segment) -> bool:
    ended_at = segment.ended_at or clock.now()
    if clock.now() - ended_at > PATIENCE:
        return True
    return bool(segment.takes) and all(take.is_whole for take in segment.takes)


def finish(segment_id: int) -> bool:
    """Make its file. Returns whether it is settled; if not, it is tried again later."""
    told = remux.still_at_it.set(lambda: _claim_again(segment_id))
    try:
        _finish(segment_id)
    except Exception as error:
        log.exception("no file of a recording", segment=segment_id)
        db.session.rollback()
        with transaction():
            segment = db.session.get_one(Segment, segment_id)
            if segment.state is not State.CLOSING:
                return True  # somebody else has made it meanwhile
            pause = AGAIN_AFTER[min(segment.attempts, len(AGAIN_AFTER) - 1)]
            segment.attempts += 1
            segment.problem = str(error)[:300]
            segment.claimed_until = clock.now() + timedelta(seconds=pause)
        return False
    finally:
        remux.still_at_it.reset(told)
    return True


def _claim_again(segment_id: int) -> None:
    """Drawing an hour may take hours, and whoever does it is still there."""
    its = (Segment.id == segment_id, Segment.state == State.CLOSING)
    try:
        with transaction():
            db.session.execute(
                sa.update(Segment).where(*its).values(claimed_until=clock.now() + CLAIM)
            )
    except Exception:  # the file is still made; at worst somebody else begins it too
        log.exception("a claim was not renewed", segment=segment_id)


def _finish(segment_id: int) -> None:
    with transaction():
        segment = db.session.get_one(Segment, segment_id)
        declare_lost(segment)
        envelope = shelf.envelope(segment.visit)
    takes = [take for take in segment.takes if take.length_ms]
    if not takes:
        with transaction():
            lose(segment)
        return
    for take in takes:
        if take.original is None:
            _join(segment, take, envelope)
    if segment.file is None:
        _make(segment, takes, envelope)
    with transaction():
        for take in segment.takes:
            _throw_away_pieces(take)


def declare_lost(segment: Segment) -> None:
    """What the last window announced, or never announced, and did not come, is a gap."""
    films = [take for take in segment.takes if take.medium != Medium.TEXT]
    last = max(films, key=lambda take: take.number, default=None)
    is_whole = last is None or last.is_whole
    for take in segment.takes:
        if not take.is_whole:
            take.expected = take.pieces
    if last is None or is_whole:
        return
    ended_ms, arrived_ms = segment.at(segment.ended_at or clock.now()), segment.at(last.ends_at)
    if arrived_ms < ended_ms:
        segments.begin_gap(segment, Reason.LOST, arrived_ms)
        segments.end_gap(segment, ended_ms)
    db.session.flush()


def lose(segment: Segment) -> None:
    """Nothing of it arrived."""
    if segment.state is not State.CLOSING:
        return
    segment.state = State.LOST
    publish(RecordingLost(**segments.named(segment)))
    ask_for_stamp(open_ledger(segment.visit), StampReason.END)
    segments.tell(segment)


def _join(segment: Segment, take: Take, envelope: Envelope) -> None:
    """All media of a take, as captured, in one file."""
    pieces = queries.pieces(take, PieceKind.MEDIA)
    draft = shelf.seal(
        cast(BinaryIO, io.BufferedReader(_Blocks(_bytes(pieces)), shelf.READ)),
        envelope,
        name=f"original-{segment.number}-{take.number}",
        media_type=take.media_type.split(";")[0],
        purpose=shelf.ORIGINAL,
    )
    with transaction():
        towns.take_turns()
        db.session.refresh(take, with_for_update=True)
        if take.original is not None:
            return  # somebody else joined them meanwhile, and they may be gone by now
        take.original, take.size, take.sha256 = shelf.keep(draft), draft.size, draft.sha256
        publish(
            OriginalKept(
                **segments.named(segment),
                take=take.number,
                pieces=take.pieces,
                head=take.head,
                size=take.size,
                sha256=take.sha256,
            )
        )


def _make(segment: Segment, takes: list[Take], envelope: Envelope) -> None:
    """The file that plays: each take at its own time, with what was written as a track."""
    visit, language = segment.visit, segment.visit.language
    text = captions.written(_cues(segment))
    title = f"{visit.town.name} {open_ledger(visit).code} {segment.number}"
    if any(take.is_by_server for take in takes):
        plan = _plan(segment, takes, text, title)
        db.session.rollback()  # nobody waits while it is made
        made, is_untouched = compose.film(plan), None
    else:
        parts = [
            Part(shelf.source_of(take.original or ""), _room_of(segment, takes, take))
            for take in takes
        ]
        db.session.rollback()
        made = remux.join(parts, text, language, title)
        is_untouched = made.packets == remux.packets(parts)
    with made.file:
        made.file.seek(0)
        name = f"recording-{segment.number}.webm"
        draft = shelf.seal(
            made.file,
            envelope,
            name=name,
            media_type="video/webm",
            purpose=shelf.RECORDING,
        )
    with transaction():
        _note(segment, made, draft, is_untouched)


def _plan(segment: Segment, takes: list[Take], text: bytes, title: str) -> compose.Plan:
    """What a media server wrote, put together: whose, when, and what nobody may see."""
    visit, ends = segment.visit, segment.at(segment.ended_at or clock.now())
    ours = {take.who for take in takes}
    with speaking(visit.language):
        people = [
            (one.code, one.name or part_name(one.part.value))
            for one in calls.participants(visit)
            if one.code in ours
        ]
        board = words.board()
    return compose.Plan(
        tracks=[
            compose.Track(
                source=shelf.source_of(take.original or ""),
                medium=Medium(take.medium),
                who=take.who,
                starts_ms=segment.at(take.started_at),
                length_ms=take.length_ms,
            )
            for take in takes
        ],
        people=people,
        pauses=[
            (gap.from_ms, ends if gap.until_ms is None else gap.until_ms) for gap in segment.gaps
        ],
        begins_at=segment.started_at or segment.asked_at,
        length_ms=ends,
        zone=visit.town.time_zone,
        title=title,
        board=board,
        captions=text,
        language=visit.language,
    )


def _note(segment: Segment, made: remux.Made, draft: Draft, is_untouched: bool | None) -> None:
    towns.take_turns()
    db.session.refresh(segment, with_for_update=True)
    if segment.file is not None:
        return  # somebody else made it meanwhile
    segment.file, segment.size, segment.sha256 = shelf.keep(draft), draft.size, draft.sha256
    segment.media_type, segment.duration_ms = draft.media_type, made.duration_ms
    segment.streams, segment.packets = made.streams, made.packets
    by = remux if is_untouched is not None else compose
    segment.tool, segment.parameters = by.tool(), by.PARAMETERS
    segment.is_untouched, segment.problem = is_untouched, ""
    segment.state, segment.kept_at = State.KEPT, clock.now()
    publish(
        RecordingKept(
            **segments.named(segment),
            takes=len(segment.takes),
            pieces=sum(take.pieces for take in segment.takes),
            gaps=len(segment.gaps),
            missing_ms=_missing_ms(segment),
            size=segment.size,
            sha256=segment.sha256,
            media_type=segment.media_type,
            duration_ms=segment.duration_ms,
            tool=segment.tool,
            parameters=segment.parameters,
            is_untouched=is_untouched,
        )
    )
    ask_for_stamp(open_ledger(segment.visit), StampReason.END)
    segments.tell(segment)


def _missing_ms(segment: Segment) -> int:
    """How much of its time is not recorded."""
    ended_ms = segment.at(segment.ended_at or clock.now())
    ends = ((gap, ended_ms if gap.until_ms is None else gap.until_ms) for gap in segment.gaps)
    return sum(max(0, until - gap.from_ms) for gap, until in ends)


def _room_of(segment: Segment, takes: list[Take], take: Take) -> int:
    """From the beginning of this take to that of the next one: a hole is part of the time."""
    following = takes[takes.index(take) + 1 :]
    if not following:
        return take.length_ms
    return segment.at(following[0].started_at) - segment.at(take.started_at)


def _cues(segment: Segment) -> list[Cue]:
    """What was written, and each gap in words."""
    found = []
    for take in segment.takes:
        for piece in queries.pieces(take, PieceKind.TEXT):
            body = b"".join(shelf.bytes_of(piece.file)) if piece.file else b""
            found += captions.lines_in(body, segment.at(take.started_at))
    ended_ms = segment.at(segment.ended_at or clock.now())
    with speaking(segment.visit.language):
        for gap in segment.gaps:
            until = gap.until_ms if gap.until_ms is not None else ended_ms
            if until > gap.from_ms:
                text = f"[{words.gap_name(gap.reason.value)}]"
                found.append(Cue(gap.from_ms, until, "", text))
        # A track without a line is left out by some programs: it begins by saying what it is.
        found.append(Cue(0, 2_000, "", f"[{words.state_name(State.RECORDING.value)}]"))
    takes = [segment.at(take.ends_at) for take in segment.takes]
    return [_ending(cue, max([ended_ms, *takes])) for cue in found]


def _ending(cue: Cue, ends_ms: int) -> Cue:
    """A line written at the end does not make the film longer."""
    return replace(cue, ends_ms=max(cue.starts_ms + 1, min(cue.ends_ms, ends_ms)))


def _throw_away_pieces(take: Take) -> None:
    """They stand in the original; text stands in the track of the file. Their digests stay."""
    for piece in queries.pieces(take):
        if piece.file is not None and shelf.throw_away(piece.file, "joined"):
            piece.file = None
    db.session.flush()


def _bytes(pieces: Sequence[Piece]) -> Iterator[bytes]:
    for piece in pieces:
        if piece.file is not None:
            yield from shelf.bytes_of(piece.file)


class _Blocks(io.RawIOBase):
    """What comes block by block, read as from a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks, self.rest = blocks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        self.rest = self.rest or next(self.blocks, b"")
        taken = self.rest[: len(into)]
        self.rest = self.rest[len(taken) :]
        into[: len(taken)] = taken
        return len(taken)
