"""Both sides of a call look at the same page. Whoever shows turns it; the other one follows."""

from typing import Any

from app.booking.models import Visit
from app.core import stream
from app.core.db import db
from app.core.events import publish
from app.papers import queries
from app.papers.errors import Garbled, NotReadable, NotTogether, OutOfStep
from app.papers.events import PaperShown
from app.papers.models import Look, Paper, Side
from app.papers.names import HIDDEN
from app.towns.services import look_again

MOST_MARKS = 24
NEAREST = 400


def show(visit: Visit, paper: Paper, side: Side) -> Look:
    """Open it for both. From here on this side turns the pages."""
    look_again(visit, paper)  # both sides at once: the second changes what the first opened
    if not visit.is_being_attended:
        raise NotTogether
    if not paper.is_ready:
        raise NotReadable
    look = queries.look_of(visit)
    is_new = look is None or look.paper_id != paper.id
    if look is None:
        look = Look(visit_id=visit.id, paper_id=paper.id, shown_by=side)
        db.session.add(look)
    elif is_new:
        look.paper_id, look.page, look.zoom, look.left, look.top = paper.id, 1, 100, 0.5, 0.0
        look.marks, look.said = [], ""
    look.paper, look.shown_by = paper, side
    look.version = (look.version or 0) + 1
    db.session.flush()
    if is_new:
        publish(
            PaperShown(
                town_id=paper.town_id,
                visit_id=visit.id,
                paper_id=paper.id,
                side=paper.side.value,
                by=side.value,
            )
        )
    _tell(visit, look)
    return look


def move(visit: Visit, side: Side, sent: dict[str, Any]) -> Look:
    """Another page, nearer, elsewhere on it, a mark, a word about it. Only by whoever shows."""
    look = queries.look_of(visit)
    if look is None or not visit.is_being_attended:
        raise NotTogether
    if look.shown_by is not side:
        raise OutOfStep(look.version)
    if "page" in sent:
        look.page = int(_number(sent["page"], 1, look.paper.pages))
    if "zoom" in sent:
        look.zoom = int(_number(sent["zoom"], 100, NEAREST))
    look.left = _number(sent.get("left", look.left), 0, 1)
    look.top = _number(sent.get("top", look.top), 0, 1)
    if "marks" in sent:
        look.marks = _marks(sent["marks"], look.paper.pages)
    if "said" in sent:
        look.said = " ".join(HIDDEN.sub(" ", str(sent["said"])).split())[:300]
    look.version += 1
    db.session.flush()
    _tell(visit, look)
    return look


def point(visit: Visit, side: Side, sent: dict[str, Any]) -> None:
    """Where the one who shows points now. Nothing of it stays."""
    look = queries.look_of(visit)
    if look is None or look.shown_by is not side or not visit.is_being_attended:
        raise NotTogether
    where = {"left": _number(sent.get("left"), 0, 1), "top": _number(sent.get("top"), 0, 1)}
    stream.tell(queries.news_of(visit), "point", {"page": look.page, **where})


def close(visit: Visit) -> None:
    look = queries.look_of(visit)
    if look is not None:
        db.session.delete(look)
        db.session.flush()
        stream.tell(queries.news_of(visit), "look", {"over": True})


def end_looking(paper: Paper) -> None:
    """The paper goes: nobody looks at it any more."""
    look = queries.look_of(paper.visit)
    if look is not None and look.paper_id == paper.id:
        close(paper.visit)


def told(look: Look) -> dict[str, Any]:
    return {
        "paper": look.paper.code,
        "by": look.shown_by.value,
        "page": look.page,
        "zoom": look.zoom,
        "left": look.left,
        "top": look.top,
        "marks": look.marks,
        "said": look.said,
        "version": look.version,
    }


def _tell(visit: Visit, look: Look) -> None:
    stream.tell(queries.news_of(visit), "look", told(look))


def _marks(sent: Any, pages: int) -> list[dict[str, float]]:
    if not isinstance(sent, list) or len(sent) > MOST_MARKS:
        raise Garbled
    return [_mark(one, pages) for one in sent]


def _mark(sent: Any, pages: int) -> dict[str, float]:
    if not isinstance(sent, dict):
        raise Garbled
    sides = {name: _number(sent.get(name), 0, 1) for name in ("left", "top", "width", "height")}
    return {"page": _number(sent.get("page"), 1, pages), **sides}


def _number(sent: Any, least: float, most: float) -> float:
    """Within its bounds; what is no number is refused."""
    if isinstance(sent, bool) or not isinstance(sent, int | float) or sent != sent:
        raise Garbled
    return min(max(sent, least), most)
