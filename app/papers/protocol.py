"""What both sides of the counter may do with the papers of a visit. Each opens doors of its own.

A file comes by `begin`, `append` (pieces in order, each with its digest) and `finish`; all of
them may be repeated. Without a script it comes in one form.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts.models import Account
from app.archive import queries as files
from app.archive import services as archive
from app.archive import serving
from app.booking.models import Visit
from app.core import stream
from app.core.db import transaction
from app.core.errors import Refusal
from app.core.htmx import page_or_fragment, see_other, wants_fragment
from app.core.security import json_sent
from app.papers import errands, queries, services
from app.papers.errors import Garbled, NothingSent, NotReadable, OutOfStep, PaperMissing
from app.papers.models import Paper, PaperState, Side
from app.papers.services import looking
from app.papers.words import paper_words

MOST_OF_A_PIECE = 1024 * 1024
MOST_AT_ONCE = 10
MOST_OF_A_LOOK = 16 * 1024


@dataclass(frozen=True)
class Door:
    """By which somebody comes to papers: whose visit, on which side, and as whom."""

    visit: Visit
    side: Side
    doors: str  # the blueprint in which the addresses of this side are
    account: Account | None = None

    def url(self, name: str, **words: Any) -> str:
        return url_for(f"{self.doors}.{name}", code=self.visit.code, **words)

    def paper(self, code: str) -> Paper:
        return queries.paper_or_404(self.visit, code)

    def readable(self, code: str) -> Paper:
        found = self.paper(code)
        if found.is_removed:
            raise PaperMissing
        if not found.is_ready:
            raise NotReadable
        return found

    @property
    def reader(self) -> str:
        """Who looks, as the record names them; nobody's name for whoever has the link."""
        return f"account:{self.account.id}" if self.account else ""


Act = Callable[..., Response]


def listed(door: Door, status: int = 200, **words: Any) -> Response:
    """All papers of the visit, and the ways to send one."""
    is_beside = "whole" in request.args and wants_fragment()
    look = queries.look_of(door.visit)
    return page_or_fragment(
        f"papers/{door.side.value}.html",
        "papers/_paper_desk.html" if is_beside else "papers/_papers.html",
        status=status,
        door=door,
        visit=door.visit,
        papers=queries.papers_of(door.visit),
        may_send=queries.takes_papers(door.visit),
        look=look,
        is_beside=is_beside,
        cursor=stream.cursor(),
        most=queries.most("PAPER_BYTES"),
        **words,
    )


def send(door: Door) -> Response:
    """Without a script: whole files in one form, each looked into before the page comes back."""
    sent = [one for one in request.files.getlist("papers") if one.filename]
    if not sent:
        return listed(door, 422, problems=[str(NothingSent())])
    problems, good = [], 0
    for one in sent[:MOST_AT_ONCE]:
        try:
            with transaction():
                paper = services.begin_whole(
                    door.visit, door.side, one.filename or "", one.stream, door.account
                )
        except Refusal as refusal:
            problems.append(f"{one.filename}: {refusal}" if len(sent) > 1 else str(refusal))
            continue
        errands.finish(paper)
        if paper.state is PaperState.REFUSED:
            problems.append(f"{paper.name}: {paper_words(paper)}")
        else:
            good += 1
    if len(sent) > MOST_AT_ONCE:
        problems.append(_("Only the first %(most)s files were taken.", most=MOST_AT_ONCE))
    if problems:
        return listed(door, 422, problems=problems)
    flash(_("Your paper has arrived.") if good == 1 else _("Your papers have arrived."))
    return see_other(door.url("listed"))


def begin(door: Door) -> Response:
    """The name, size and digest of a file that is about to come; where it goes on."""
    sent = _sent(4 * 1024)
    with transaction():
        paper = services.begin(
            door.visit,
            door.side,
            name=str(sent.get("name") or ""),
            size=_whole(sent.get("size")),
            key=str(sent.get("key") or ""),
            digest=str(sent.get("digest") or ""),
            by=door.account,
        )
    return _state(paper)


def state(door: Door, paper: str) -> Response:
    return _state(door.paper(paper))


def append(door: Door, paper: str) -> Response:
    """The next piece, as bytes. What is out of step is told where to go on."""
    piece = request.get_data()
    if len(piece) > MOST_OF_A_PIECE:
        raise Garbled
    found = door.paper(paper)
    if found.side is not door.side:
        raise PaperMissing
    try:
        with transaction():
            offset = int(request.args.get("offset", "x"))
            services.append(found, offset, piece, request.headers.get("X-Piece-Digest", ""))
    except OutOfStep as refusal:
        told = {"error": str(refusal), "offset": refusal.offset, "state": found.state.value}
        return make_response(told, refusal.status)
    except ValueError as error:
        raise Garbled from error
    return _state(found)


def finish(door: Door, paper: str) -> Response:
    """All of it has been sent. The answer says what came of the check, or that it goes on."""
    found = door.paper(paper)
    if found.side is not door.side:
        raise PaperMissing
    try:
        errands.finish(found)
    except OutOfStep as refusal:
        return make_response({"error": str(refusal), "offset": refusal.offset}, refusal.status)
    return _state(found)


def cancel(door: Door, paper: str) -> Response:
    found = door.paper(paper)
    if found.side is not door.side:
        raise PaperMissing
    with transaction():
        services.cancel(found)
    return make_response("", 204) if not wants_fragment() else listed(door)


def remove(door: Door, paper: str) -> Response:
    found = door.paper(paper)
    with transaction():
        if found.state in (PaperState.RECEIVING, PaperState.CHECKING) and found.side is door.side:
            services.cancel(found)
        else:
            services.remove(found, door.side)
    return _changed(door)


def restore(door: Door, paper: str) -> Response:
    with transaction():
        services.bring_back(door.paper(paper), door.side)
    return _changed(door)


def read(door: Door, paper: str) -> Response:
    """Its pages one after the other, with their words for whoever cannot see them."""
    found = door.readable(paper)
    _note(door, found, "read")
    return make_response(
        render_template(
            f"papers/read_{door.side.value}.html",
            door=door,
            visit=door.visit,
            paper=found,
            texts=_texts(found),
        ),
        200,
    )


def sheet(door: Door, paper: str, number: int) -> Response:
    """One page as a picture."""
    found = door.readable(paper)
    if not 1 <= number <= found.pages:
        raise PaperMissing
    return _picture(door, found, found.contents["pages"][number - 1])


def thumb(door: Door, paper: str) -> Response:
    found = door.readable(paper)
    return _picture(door, found, found.contents["thumb"])


def words_of(door: Door, paper: str, number: int) -> Response:
    """What is written on one page; for scanned ones there may be nothing."""
    found = door.readable(paper)
    if not 1 <= number <= found.pages:
        raise PaperMissing
    _note(door, found, "read")
    return make_response({"text": _texts(found)[number - 1]}, 200)


def download(door: Door, paper: str) -> Response:
    """The paper as it was written anew, to be kept. Never opened inside a page of ours."""
    found = door.readable(paper)
    file = files.file_or_404(found.clean or "")
    return serving.answer(file, reader=door.reader, why="paper download")


def together(door: Door) -> Response:
    """What both look at now; nothing when they look at nothing."""
    look = queries.look_of(door.visit)
    if look is None:
        return make_response("", 204)
    words = {"door": door, "look": look, "told": looking.told(look)}
    return make_response(render_template("papers/_look.html", **words), 200)


def show(door: Door, paper: str) -> Response:
    """Open it for both. Without a script one reads it alone."""
    found = door.readable(paper)
    with transaction():
        look = services.show(door.visit, found, door.side)
    _note(door, found, "together")
    if _wants_json():
        return make_response(looking.told(look), 200)
    return see_other(door.url("read", paper=found.code))


def move(door: Door) -> Response:
    """`point`, `close`, or how it is looked at from now on."""
    sent = _sent(MOST_OF_A_LOOK)
    try:
        with transaction():
            if sent.get("close"):
                services.close(door.visit)
            elif "point" in sent:
                services.point(door.visit, door.side, _dictionary(sent["point"]))
            else:
                services.move(door.visit, door.side, sent)
    except OutOfStep as refusal:
        return make_response({"error": str(refusal)}, refusal.status)
    return make_response("", 204)


def listen(door: Door) -> Response:
    """News of the papers, for a page that is not in the call."""
    return stream.listen(queries.news_of(door.visit))


def _state(paper: Paper) -> Response:
    told = {
        "paper": paper.code,
        "state": paper.state.value,
        "offset": paper.received,
        "name": paper.name,
        "words": paper_words(paper),
    }
    return make_response(told, 200)


def _changed(door: Door) -> Response:
    return listed(door) if wants_fragment() else see_other(door.url("listed"))


def _picture(door: Door, paper: Paper, place: dict[str, int]) -> Response:
    _note(door, paper, "read")
    with archive.open_file(files.file_or_404(paper.sheets or "")) as opened:
        opened.seek(place["at"])
        content = opened.read(place["size"])
    return _bytes(content, "image/webp")


def _bytes(content: bytes, media_type: str) -> Response:
    response = make_response(content, 200)
    response.headers["Content-Type"] = media_type
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _texts(paper: Paper) -> list[str]:
    place = paper.contents["texts"]
    with archive.open_file(files.file_or_404(paper.sheets or "")) as opened:
        opened.seek(place["at"])
        texts: list[str] = json.loads(opened.read(place["size"]))
    return texts


def _note(door: Door, paper: Paper, why: str) -> None:
    """Every look is written down, before a byte of it leaves."""
    with transaction():
        file = files.file_or_404(paper.clean or "")
        archive.tell_reading(file, reader=door.reader, why=f"paper {why}")


def _sent(most: int) -> dict[str, Any]:
    if len(request.get_data()) > most:
        raise Garbled
    return _dictionary(json_sent())


def _dictionary(sent: Any) -> dict[str, Any]:
    if not isinstance(sent, dict):
        raise Garbled
    return sent


def _whole(sent: Any) -> int:
    if isinstance(sent, bool) or not isinstance(sent, int) or not 0 <= sent < 2**31:
        raise Garbled
    return sent


def _wants_json() -> bool:
    accepted = request.accept_mimetypes
    return accepted.best_match(["text/html", "application/json"]) == "application/json"
