"""Capture at the media server: it writes a file of each voice and picture, and we take them in.

The server begins, rests and ends when the segment does. What it writes stands in a folder that both
see, in memory, until it is a piece like any other: numbered, hashed, chained, encrypted. What lies
in a pause, or after somebody withdrew, is left out there and then, packet by packet.
"""

import ctypes
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import structlog
from flask import current_app

from app.calls import queries as calls
from app.core import clock
from app.core.db import db, transaction
from app.recordings import mjr, pieces, queries
from app.recordings.models import Medium, PieceKind, Reason, Segment, State, Take
from app.recordings.services import capture, finishing, segments, sources
from app.recordings.services.capture import Sent
from app.towns import services as towns
from app.towns.models import Media

log = structlog.get_logger()

# A pause is told to us after it was pressed: what is younger than this is not taken in yet.
YOUNG = timedelta(seconds=2)
# After the end, a server that does not answer has nothing more to write.
STILL = 10.0
HAND_OVER_AFTER = timedelta(seconds=10)
FORGOTTEN = 3600.0
HOLE = 1_500  # milliseconds without anybody's packets
HIDDEN = (Reason.IDENTITY_CARD, Reason.ASKED, Reason.NEWCOMER, Reason.WITHDRAWN)
MEDIA = {("audio", "0"): Medium.SOUND, ("video", "1"): Medium.PICTURE}
READ = mjr.LONGEST - mjr.LONGEST_HEAD
PUNCH = 0x01 | 0x02  # FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE


def fetch(segment_id: int) -> None:
    """Take in what has been written since the last time; tell everybody when nothing is."""
    segment = db.session.get_one(Segment, segment_id)
    if segment.state is State.CLOSING and not queries.is_owed_by_server(segment):
        return
    is_told = sources.tell(segment, segment.state is State.RECORDING)
    files, before = list(_files(segment)), list(segment.takes)
    if not any(take.is_by_server for take in before):
        _begin_with_the_first(segment, files)
    unread = [path for path in files if not _is_taken_in(segment, path)]
    _declare_hole(segment, before)
    if segment.state is State.CLOSING:
        if (is_told and not unread) or _are_still(files):
            _close(segment, files)
    elif segment.state is State.RECORDING:
        if unread:
            _hand_over(segment, files)
        else:
            _vouch(segment, is_told, files)


def _begin_with_the_first(segment: Segment, files: list[Path]) -> None:
    """What the player shows begins with the first packet of anybody."""
    heads = [head for path in files if (head := _head(path))]
    first = min((head.at for head in heads), default=0.0)
    if segment.started_at and first > segment.started_at.timestamp():
        with transaction():
            segment.started_at = datetime.fromtimestamp(first, UTC)


def _head(path: Path) -> mjr.Head | None:
    with suppress(OSError, mjr.Garbled), path.open("rb") as file:
        return mjr.head(file.read(mjr.LONGEST_HEAD))
    return None


def _files(segment: Segment) -> Iterator[Path]:
    """Of that meeting. What people write is not among them: the clerk's browser sends it."""
    folder = Path(current_app.config["JANUS_RECORDINGS"])
    for path in sorted(folder.glob(f"videoroom-{segment.visit.code}-user-*.mjr")):
        name = mjr.NAME.fullmatch(path.name)
        if name is None or name["kind"] == "data":
            path.unlink(missing_ok=True)
        else:
            yield path


def _are_still(files: list[Path]) -> bool:
    newest = max((path.stat().st_mtime for path in files), default=0.0)
    return time.time() - newest > STILL


def _is_taken_in(segment: Segment, path: Path, *, is_last: bool = False) -> bool:
    """A file that cannot be read costs only itself."""
    try:
        _take_in(segment, path, is_last=is_last)
    except (OSError, mjr.Garbled) as trouble:
        db.session.rollback()
        log.warning(  # without its words: they name the file, and so the visit
            "what the media server writes cannot be read",
            visit_id=segment.visit_id,
            why=type(trouble).__name__,
        )
        return False
    return True


def _take_in(segment: Segment, path: Path, *, is_last: bool = False) -> None:
    """The packets that are whole and old enough, as one piece after the other."""
    while _take_one(segment, path, is_last=is_last):
        pass


def _take_one(segment: Segment, path: Path, *, is_last: bool) -> bool:
    """Returns whether there may be more of it."""
    with path.open("r+b") as file:
        take = queries.take_named(segment, path.name)
        begins = b"" if take and take.pieces else os.pread(file.fileno(), mjr.LONGEST_HEAD, 0)
        head = mjr.head(begins)
        if head is None and (take is None or begins):
            return False  # its head is not written yet
        with transaction():
            towns.take_turns()  # a pause that is told now is known before its packets are read
            db.session.refresh(segment, ["state", "started_at", "ended_at", "ended_by", "gaps"])
            if take is None:
                take = _begin(segment, path.name, cast(mjr.Head, head))
            place = take.read_bytes or (head.size if head else 0)
            content = os.pread(file.fileno(), READ, place)
            until_ms = _old_enough(segment, take, is_last=is_last)
            cut = mjr.packets(content, until_ms, _is_kept(segment, take))
            if cut.kept:
                _receive(segment, take, begins[: head.size] if head else b"", cut)
            take.read_bytes = place + cut.size
            is_begun = bool(take.pieces)
        if is_begun and cut.size:  # else a file where nobody writes would never grow old
            _punch(file.fileno(), place + cut.size)
    return bool(cut.size) and (cut.is_broken or len(content) == READ)


def _begin(segment: Segment, name: str, head: mjr.Head) -> Take:
    told = mjr.NAME.fullmatch(name)
    if told is None:
        raise mjr.Garbled
    medium = MEDIA.get((told["kind"], told["line"]))
    if medium is None:
        medium = Medium.SCREEN if told["kind"] == "video" else Medium.SOUND
    return capture.begin_take_of(
        segment,
        medium=medium,
        who=told["seat"],
        file_name=name,
        started_at=datetime.fromtimestamp(head.at, UTC),
    )


def _old_enough(segment: Segment, take: Take, *, is_last: bool) -> float:
    """Up to which millisecond of that file packets are taken in now."""
    if is_last or segment.state is State.CLOSING:
        return float("inf")
    return (clock.now() - YOUNG - take.started_at).total_seconds() * 1000


def _is_kept(segment: Segment, take: Take) -> Callable[[int], bool]:
    """Nothing before everybody agreed, nothing of a pause, nothing after the end."""
    begins = segment.started_at or clock.now()
    offset = round((take.started_at - begins).total_seconds() * 1000)
    ends = segment.at(segment.ended_at) if segment.ended_at else None
    hidden = [(gap.from_ms, gap.until_ms) for gap in segment.gaps if gap.reason in HIDDEN]

    def is_kept(at_ms: int) -> bool:
        at = offset + at_ms
        if at < 0 or (ends is not None and at >= ends):
            return False
        return not any(begin <= at and (end is None or at < end) for begin, end in hidden)

    return is_kept


def _declare_hole(segment: Segment, before: list[Take]) -> None:
    """The server was away and came back: what lies between is not in any file."""
    new = [take for take in segment.takes if take.is_by_server and take not in before]
    old = [take.ends_at for take in before if take.is_by_server]
    if not new or not old:
        return
    begin, end = segment.at(max(old)), segment.at(min(take.started_at for take in new))
    for gap in segment.gaps:  # what is known already
        until = end if gap.until_ms is None else gap.until_ms
        if gap.from_ms - HOLE <= begin <= until:
            begin = until
    if end - begin > HOLE:
        with transaction():
            segments.begin_gap(segment, Reason.LOST, begin)
            segments.end_gap(segment, end)


def _receive(segment: Segment, take: Take, head: bytes, cut: mjr.Cut) -> None:
    """By the same door as what a browser sends."""
    body = head + cut.kept
    digest = hashlib.sha256(body).hexdigest()
    number, starts = take.pieces + 1, take.length_ms
    length = max(0, cut.until_ms - starts)
    chained = pieces.next_head(take.head, number, PieceKind.MEDIA.value, starts, length, digest)
    sent = Sent(number, PieceKind.MEDIA, starts, length, digest, chained)
    capture.receive(segment, take, sent, body)


def _punch(number: int, size: int) -> None:
    """What is a piece stands here no more, while the server writes on behind it."""
    here = ctypes.CDLL(None, use_errno=True)
    here.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    if here.fallocate(number, PUNCH, 0, size):
        log.info("this folder keeps what was taken in", why=os.strerror(ctypes.get_errno()))


def _close(segment: Segment, files: list[Path]) -> None:
    """Nothing more is written: its takes are whole, and its files are no longer needed."""
    with transaction():
        finish_takes(segment)
        if not any(take.pieces for take in segment.takes if take.medium != Medium.TEXT):
            finishing.lose(segment)
    for path in files:
        path.unlink(missing_ok=True)


def finish_takes(segment: Segment) -> None:
    for take in segment.takes:
        if take.is_by_server and take.expected is None:
            take.expected, take.end_clock_offset_ms = take.pieces, 0
    db.session.flush()


def _vouch(segment: Segment, is_told: bool, files: list[Path]) -> None:
    """Everybody is told at once when it does not arrive; soon the clerk's browser records."""
    people = [one for one in calls.participants(segment.visit) if one.is_inside]
    with transaction():
        if not is_told:
            segments.alarm(segment)
        elif not any(one.has_camera or one.shares_screen for one in people):
            segment.heard_at = clock.now()  # who is silent sends next to nothing
            segments.calm(segment)
        silence = queries.unheard_since(segment)
    if silence > HAND_OVER_AFTER or any(one.media is Media.MESH for one in people):
        _hand_over(segment, files)


def _hand_over(segment: Segment, files: list[Path]) -> None:
    """The clerk's browser records from here on. What is missing between is a gap."""
    log.warning("the media server records no more", visit_id=segment.visit_id)
    sources.tell(segment, False)
    for path in files:
        if _is_taken_in(segment, path, is_last=True):
            path.unlink(missing_ok=True)
    with transaction():
        finish_takes(segment)
        if segment.is_running:
            segment.by_server = False  # before anybody hears of it: the server must not go on
            segments.alarm(segment)
            segments.tell(segment)


def rest(segment_id: int) -> None:
    """A server that did not hear that a browser records now would write on, through every pause.

    It is told again, and nobody reads what it wrote.
    """
    segment = db.session.get_one(Segment, segment_id)
    sources.tell(segment, False)
    for path in _files(segment):
        path.unlink(missing_ok=True)


def sweep() -> int:
    """Files that belong to nothing that is still recorded. Returns how many there were."""
    if not current_app.config["JANUS_RECORDINGS"]:
        return 0
    folder = Path(current_app.config["JANUS_RECORDINGS"])
    old = [
        path
        for path in folder.glob("videoroom-*.mjr")
        if time.time() - path.stat().st_mtime > FORGOTTEN
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
