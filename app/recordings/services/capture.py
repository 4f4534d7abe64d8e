"""What the browser sends while it records: takes, and their pieces, numbered and chained.

A piece is taken once and in order. The same piece again is answered as before; another piece under
a known number, a piece too early, after the end or without consent is refused and changes nothing.
"""

import hashlib
import hmac
import io
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.recordings import pieces, queries
from app.recordings.errors import (
    ConsentMissing,
    NotRunning,
    OutOfOrder,
    PieceAltered,
    PieceGarbled,
    PieceTooLarge,
    SegmentOver,
    Withdrawn,
)
from app.recordings.events import TakeBegun
from app.recordings.mjr import TYPE as MJR
from app.recordings.models import End, Medium, Piece, PieceKind, Reason, Segment, State, Take
from app.recordings.services import segments, shelf
from app.towns import services as towns

MOST_BYTES = 1024 * 1024
MOST_TAKES = 50
MOST_FILES = 1000  # of a media server: one of each voice and picture, anew after each pause
TEXT_TYPE = "text/json"  # of a take without picture and sound, beside a media server
MOST_MS = 2 * 60 * 60 * 1000
HEX = re.compile(r"[0-9a-f]{64}")
MEDIA_TYPES = re.compile(
    r'video/(webm|mp4|x-matroska)(; ?codecs="?(vp8|vp9|avc1(\.\w+)?), ?(opus|mp4a(\.[\w.]+)?)"?)?'
)
# What was on its way from camera to file when somebody withdrew their consent.
LATEST = timedelta(seconds=2)


@dataclass(frozen=True)
class Sent:
    """A piece as the browser announces it."""

    number: int
    kind: PieceKind
    starts_ms: int
    length_ms: int
    sha256: str
    head: str  # the end of the chain with it


def begin_take(segment: Segment, media_type: str, browser_ms: int) -> Take:
    """A browser window begins to record. After a reload, what is missing between is a gap."""
    segments.look_again(segment)
    if not segment.is_running:
        raise NotRunning
    if not any(consent.is_valid for consent in segment.consents):
        raise ConsentMissing
    is_fit = media_type == TEXT_TYPE if segment.by_server else MEDIA_TYPES.fullmatch(media_type)
    ours = [take for take in segment.takes if not take.is_by_server]
    if not is_fit or len(ours) >= MOST_TAKES:
        raise PieceGarbled
    now = clock.now()
    take = Take(
        segment_id=segment.id,
        number=len(segment.takes) + 1,
        media_type=media_type,
        medium=Medium.TEXT if segment.by_server else Medium.ALL,
        started_at=now,
        clock_offset_ms=_offset(browser_ms),
        head="",
        length_ms=0,
    )
    if segment.by_server:
        for before in ours:
            before.expected = before.pieces  # what an older window still holds is not taken
    elif take.number == 1:
        segment.started_at = now  # what the player shows begins here
    else:
        _declare_what_is_missing(segment, _last(segment))
    _add(segment, take)
    if not segment.by_server:
        segment.heard_at = now
    segments.tell(segment)
    return take


def begin_take_of(
    segment: Segment, *, medium: Medium, who: str, file_name: str, started_at: datetime
) -> Take:
    """A media server begins to write down one voice or picture."""
    if not segment.is_unfinished:
        raise NotRunning
    if len(segment.takes) >= MOST_FILES:
        raise PieceGarbled
    towns.take_turns()
    take = Take(
        segment_id=segment.id,
        number=len(segment.takes) + 1,
        media_type=MJR,
        medium=medium,
        who=who,
        file_name=file_name,
        started_at=started_at,
        clock_offset_ms=0,
        head="",
        length_ms=0,
    )
    _add(segment, take)
    return take


def _add(segment: Segment, take: Take) -> None:
    segment.takes.append(take)
    db.session.flush()
    take.head = pieces.first_of(take.code)
    publish(
        TakeBegun(
            **segments.named(segment),
            take=take.number,
            at_ms=segment.at(take.started_at),
            media_type=take.media_type,
            clock_offset_ms=take.clock_offset_ms,
            first=take.head,
        )
    )


def _last(segment: Segment) -> Take:
    """The take that ended last."""
    return max(segment.takes, key=lambda take: (take.ends_at, take.number))


def _declare_what_is_missing(segment: Segment, before: Take) -> None:
    """From the end of the take before until now. A pause that is open goes on afterwards.

    What the older window still holds is not taken any more: what was declared stays true.
    """
    before.expected = before.pieces
    pause = segment.open_gap
    why = Reason.LOST if before.is_by_server else Reason.RELOAD
    segments.begin_gap(segment, why, segment.at(before.ends_at))
    segments.end_gap(segment)
    if segment.state is State.PAUSED and pause is not None:
        segments.begin_gap(segment, pause.reason)


def _offset(browser_ms: int) -> int:
    """How far the browser's clock is from ours."""
    offset = browser_ms - round(clock.now().timestamp() * 1000)
    return max(-(2**31) + 1, min(2**31 - 1, offset))


def receive(segment: Segment, take: Take, sent: Sent, body: bytes) -> Piece:
    """Take a piece, or answer again for one that was taken."""
    if not segment.has_started or segment.state is State.ASKED:
        raise ConsentMissing
    if len(body) > MOST_BYTES:
        raise PieceTooLarge
    _read(sent, body)
    towns.take_turns()  # two that send at once find out one after the other
    db.session.refresh(take, ["pieces", "head", "expected", "original"])
    db.session.refresh(segment, ["state", "ended_at", "ended_by"])
    known = queries.piece(take, sent.number)
    if known is not None:
        if (known.sha256, known.head) != (sent.sha256, sent.head):
            raise PieceAltered
        return known
    _refuse_unfit(segment, take, sent)
    piece = Piece(
        take_id=take.id,
        number=sent.number,
        kind=sent.kind,
        starts_ms=sent.starts_ms,
        length_ms=sent.length_ms,
        size=len(body),
        sha256=sent.sha256,
        head=sent.head,
        file=shelf.keep_piece(
            segment, io.BytesIO(body), f"{segment.number}-{take.number}-{sent.number}"
        ),
    )
    db.session.add(piece)
    take.pieces, take.head = sent.number, sent.head
    if sent.kind is PieceKind.MEDIA:
        take.length_ms = max(take.length_ms, sent.starts_ms + sent.length_ms)
    if take.medium != Medium.TEXT:
        segment.heard_at = clock.now()
        segments.calm(segment)
    db.session.flush()
    return piece


def _read(sent: Sent, body: bytes) -> None:
    is_sane = (
        1 <= sent.number < 2**31
        and 0 <= sent.starts_ms <= MOST_MS
        and 0 <= sent.length_ms <= MOST_MS
        and bool(body)
        and bool(HEX.fullmatch(sent.sha256))
        and bool(HEX.fullmatch(sent.head))
    )
    if not is_sane:
        raise PieceGarbled
    if not hmac.compare_digest(hashlib.sha256(body).hexdigest(), sent.sha256):
        raise PieceAltered


def _refuse_unfit(segment: Segment, take: Take, sent: Sent) -> None:
    if not segment.is_unfinished:
        raise SegmentOver
    if take.is_whole or take.original is not None:
        raise SegmentOver
    if sent.number != take.pieces + 1:
        raise OutOfOrder(take.pieces + 1)
    if segment.ended_by is End.WITHDRAWN and segment.ended_at is not None:
        begins = take.started_at + timedelta(milliseconds=sent.starts_ms)
        if begins > segment.ended_at + LATEST:
            raise Withdrawn
    head = pieces.next_head(
        take.head, sent.number, sent.kind.value, sent.starts_ms, sent.length_ms, sent.sha256
    )
    if not hmac.compare_digest(head, sent.head):
        raise PieceAltered


def finish_take(segment: Segment, take: Take, count: int, head: str, browser_ms: int) -> None:
    """The browser says how many pieces there are, and how their chain ends. Twice is once."""
    if take.expected is not None:
        if take.expected != count:
            raise PieceAltered
        return
    if count < take.pieces or count >= 2**31 or not HEX.fullmatch(head):
        raise PieceGarbled
    if count == take.pieces and not hmac.compare_digest(head, take.head):
        raise PieceAltered
    take.expected, take.end_clock_offset_ms = count, _offset(browser_ms)
    db.session.flush()


def first_of_take(code: str) -> str:
    return pieces.first_of(code)


def next_head(
    head: str, number: int, kind: str, starts_ms: int, length_ms: int, sha256: str
) -> str:
    return pieces.next_head(head, number, kind, starts_ms, length_ms, sha256)
