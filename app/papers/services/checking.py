"""A paper that is all here is looked into: is it what it says, does it do harm, can it be read?

`examine` opens no transaction: a scanner and a reader take their time, and nobody waits for them
but the one who sent the paper. Whatever is not certain is not let through.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from app.archive import services as archive
from app.archive.models import Envelope
from app.core import clock, stream
from app.core.db import db
from app.core.events import publish
from app.core.storage import NoRoom as StoreFull
from app.papers import incoming, names, places, queries, sandbox, scanner
from app.papers.errors import OutOfStep
from app.papers.events import PaperReceived, PaperRefused
from app.papers.models import Paper, PaperState
from app.towns import services as towns

PLACES = 2  # papers read at once: each may take the memory that the reader is given
PATIENCE_SECONDS = 40.0
PIECE = 256 * 1024

log = structlog.get_logger()


@dataclass(frozen=True)
class Examined:
    """What came of it: refused for a reason, put off for another, or made anew."""

    refused: str = ""
    waits_for: str = ""
    digest: str = ""
    drafts: tuple[archive.Draft, ...] = ()  # as it came, as it was written anew, its pages
    contents: dict[str, Any] = field(default_factory=dict)
    taken_out: tuple[str, ...] = ()


def complete(paper: Paper) -> bool:
    """All of it is here. Whether it is for the caller to examine it: of two, the second waits."""
    db.session.refresh(paper, with_for_update=True)
    if not paper.is_on_its_way:
        return False
    if not paper.is_whole:
        raise OutOfStep(paper.received)
    paper.go(PaperState.CHECKING)
    _tell(paper)
    return True


def examine(paper: Paper, envelope: Envelope) -> Examined:
    """Look into it. No transaction is open meanwhile."""
    try:
        with incoming.laid_out(paper) as file:
            return _look_into(paper, file, envelope) if file else Examined(refused="changed")
    except (StoreFull, OSError) as error:
        log.warning("a paper could not be looked into yet", reason=str(error)[:80])
        return Examined(waits_for="room")


def _look_into(paper: Paper, file: Path, envelope: Envelope) -> Examined:
    digest = _digest(file)
    reason = _at_first_sight(paper, file, digest)
    if reason:
        return Examined(refused=reason, digest=digest)
    try:
        if scanner.harm_in(file):
            return Examined(refused="harm", digest=digest)
    except scanner.ScannerDown:
        return Examined(waits_for="scanner", digest=digest)
    with places.a_place(incoming.folder(), PLACES, PATIENCE_SECONDS) as is_free:
        if not is_free:
            return Examined(waits_for="turn", digest=digest)
        return _read(paper, file, envelope, digest)


def _at_first_sight(paper: Paper, file: Path, digest: str) -> str:
    if file.stat().st_size != paper.size or (paper.digest and paper.digest != digest):
        return "changed"
    if names.begins_as(file, paper.kind):
        return ""
    return "heic" if names.is_heic(file) else "mismatch"


def _read(paper: Paper, file: Path, envelope: Envelope, digest: str) -> Examined:
    read = sandbox.read(file, paper.kind.value, most_pages=queries.most("PAPER_PAGES"))
    if read.refused or read.clean is None:
        return Examined(refused=read.refused or "broken", digest=digest)
    book = file.with_name("book")
    contents = _bind(read, book)
    kept = _Kept(paper, envelope)
    return Examined(
        digest=digest,
        drafts=(
            kept.seal(file, "paper-original"),
            kept.seal(read.clean, "paper"),
            kept.seal(book, "paper-sheets"),
        ),
        contents=contents,
        taken_out=read.taken_out,
    )


@dataclass(frozen=True)
class _Kept:
    paper: Paper
    envelope: Envelope

    def seal(self, file: Path, purpose: str) -> archive.Draft:
        media_type = self.paper.kind.media_type
        with file.open("rb") as content:
            return archive.seal(
                content,
                self.envelope,
                name=self.paper.name,
                media_type=media_type if purpose == "paper" else "application/octet-stream",
                purpose=purpose,
            )


def _bind(read: sandbox.Reading, book: Path) -> dict[str, Any]:
    """All pages one after the other in one file, and where each of them begins."""
    with book.open("wb") as into:
        pages = [
            {**_put(into, one.file.read_bytes()), "width": one.width, "height": one.height}
            for one in read.sheets
        ]
        texts = _put(into, json.dumps([one.text for one in read.sheets]).encode())
        thumb = _put(into, read.thumb.read_bytes() if read.thumb else b"")
    return {"pages": pages, "texts": texts, "thumb": thumb}


def _put(into: BinaryIO, content: bytes) -> dict[str, int]:
    place = {"at": into.tell(), "size": len(content)}
    into.write(content)
    return place


def settle(paper: Paper, examined: Examined) -> None:
    """What came of the check is written down, unless they changed their mind meanwhile."""
    towns.take_turns()
    db.session.refresh(paper, with_for_update=True)
    if paper.state is not PaperState.CHECKING:
        return
    paper.digest = examined.digest or paper.digest
    paper.waits_for = examined.waits_for
    if examined.refused:
        _refuse(paper, examined.refused)
    elif examined.drafts:
        _take_in(paper, examined)
    else:
        paper.go(PaperState.CHECKING)
    _tell(paper)


def _refuse(paper: Paper, reason: str) -> None:
    paper.reason = reason
    paper.go(PaperState.REFUSED)
    incoming.drop(paper)
    publish(PaperRefused(**_about(paper), reason=reason))


def _take_in(paper: Paper, examined: Examined) -> None:
    kept = [archive.keep(draft).id for draft in examined.drafts]
    paper.original, paper.clean, paper.sheets = kept
    paper.contents = examined.contents
    paper.taken_out = list(examined.taken_out)
    paper.go(PaperState.READY)
    paper.ready_at = clock.now()
    incoming.drop(paper)
    publish(PaperReceived(**_about(paper), kind=paper.kind.value, pages=paper.pages))


def _about(paper: Paper) -> dict[str, Any]:
    return {
        "town_id": paper.town_id,
        "visit_id": paper.visit_id,
        "paper_id": paper.id,
        "side": paper.side.value,
    }


def _tell(paper: Paper) -> None:
    news = {"paper": paper.code, "state": paper.state.value, "side": paper.side.value}
    stream.tell(f"visit:{paper.visit_id}", "paper", news)


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while piece := content.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
