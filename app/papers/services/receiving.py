"""A file comes in pieces over a line that may break at any of them, and goes on where it was."""

import hashlib
import os
import re
import shutil
from typing import IO

import structlog

from app.accounts.models import Account
from app.booking.models import Visit
from app.core.db import db, new_code
from app.papers import incoming, queries
from app.papers.errors import (
    Garbled,
    NoPapersNow,
    NoRoom,
    OutOfStep,
    PaperTooLarge,
    PieceDamaged,
    TooManyPapers,
    WrongKind,
)
from app.papers.models import Paper, PaperState, Side
from app.papers.names import clean_name, ending_of, kind_named, shown_name
from app.towns import services as towns

KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
DIGEST = re.compile(r"[0-9a-f]{64}")
PHONE_PHOTOGRAPHS = ("heic", "heif")
PIECE = 256 * 1024

log = structlog.get_logger()


def begin(
    visit: Visit,
    side: Side,
    *,
    name: str,
    size: int,
    key: str,
    digest: str = "",
    by: Account | None = None,
) -> Paper:
    """A paper is on its way; the same one begun again goes on where it was."""
    if not KEY.fullmatch(key) or (digest and not DIGEST.fullmatch(digest)):
        raise Garbled
    towns.take_turns()  # two windows at once find out one after the other
    known = queries.paper_by_key(visit, key)
    if known and known.state not in (PaperState.REMOVED, PaperState.REFUSED):
        return _same(known, side, size)
    if not queries.takes_papers(visit):
        raise NoPapersNow
    kind = kind_named(name)
    if kind is None:
        raise WrongKind("heic" if ending_of(name) in PHONE_PHOTOGRAPHS else "type")
    _refuse_what_does_not_fit(visit, size)
    if known:  # what was turned away or removed may be tried once more
        known.key = new_code()
        db.session.flush()
    made = Paper(
        visit_id=visit.id,
        side=side,
        by_id=by.id if by else None,
        key=key,
        name=shown_name(clean_name(name), kind),
        kind=kind,
        size=size,
        digest=digest,
        code=new_code(),
    )
    incoming.make_key(made)
    db.session.add(made)
    db.session.flush()
    return made


def _same(known: Paper, side: Side, size: int) -> Paper:
    if known.side is not side or known.size != size:
        raise Garbled
    return known


def _refuse_what_does_not_fit(visit: Visit, size: int) -> None:
    if size > queries.most("PAPER_BYTES"):
        raise PaperTooLarge
    if size < 1:
        raise WrongKind("empty")
    count, taken = queries.room_taken(visit)
    if count >= queries.most("PAPERS_OF_VISIT") or taken + size > queries.most("PAPERS_BYTES"):
        raise TooManyPapers
    # What comes is here twice for a moment, and a full disk would stop the register too.
    spare = queries.most("STORAGE_SPARE_MEGABYTES") * 1024 * 1024
    if shutil.disk_usage(incoming.folder()).free < 3 * size + spare:
        log.warning("no room for papers")
        raise NoRoom


def append(paper: Paper, offset: int, piece: bytes, digest: str) -> int:
    """Add a piece where the last one ended. How much has come by now."""
    db.session.refresh(paper, with_for_update=True)
    if not paper.is_on_its_way:
        raise OutOfStep(paper.received)
    if not piece or offset < 0:
        raise Garbled
    if hashlib.sha256(piece).hexdigest() != digest:
        raise PieceDamaged(paper.received)
    if offset + len(piece) <= paper.received:
        return paper.received  # the answer to it was lost, and it came again
    if offset != paper.received:
        raise OutOfStep(paper.received)
    if offset + len(piece) > paper.size:
        raise Garbled
    incoming.write(paper, offset, piece)
    paper.received = offset + len(piece)
    paper.go(PaperState.RECEIVING)
    return paper.received


def begin_whole(
    visit: Visit, side: Side, name: str, content: IO[bytes], by: Account | None = None
) -> Paper:
    """A whole file from a plain form, which the browser has sent already."""
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    paper = begin(visit, side, name=name, size=size, key=f"form-{new_code()}", by=by)
    offset = 0
    while piece := content.read(PIECE):
        incoming.write(paper, offset, piece)
        offset += len(piece)
    paper.received = offset
    return paper


def cancel(paper: Paper) -> None:
    """They changed their mind while it was coming: as if it had never begun."""
    db.session.refresh(paper, with_for_update=True)
    if paper.state in (PaperState.RECEIVING, PaperState.CHECKING):
        incoming.drop(paper)
        db.session.delete(paper)
        db.session.flush()
