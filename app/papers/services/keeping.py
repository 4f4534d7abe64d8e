"""A paper is taken back, brought back, or gone for good."""

from typing import Any

from app.archive import queries as files
from app.archive import services as archive
from app.booking.models import Visit
from app.core import clock, stream
from app.core.db import db, new_code
from app.core.events import publish
from app.papers import queries
from app.papers.errors import AlreadyUsed, NotYours, PaperMissing
from app.papers.events import PaperRemoved, PaperRestored
from app.papers.models import Paper, PaperState, Side
from app.papers.services.looking import end_looking
from app.towns import services as towns

CAN_BE_REMOVED = (PaperState.READY, PaperState.REFUSED)


def remove(paper: Paper, side: Side) -> None:
    """Off the list. It can be brought back for an hour; then its bytes are destroyed."""
    towns.take_turns()
    db.session.refresh(paper, with_for_update=True)
    if paper.is_removed:
        return
    if paper.side is not side:
        raise NotYours
    if paper.state not in CAN_BE_REMOVED:
        raise PaperMissing
    if _is_settled(paper.visit, paper):
        raise AlreadyUsed
    end_looking(paper)
    paper.go(PaperState.REMOVED)
    paper.removed_at = clock.now()
    _announce(PaperRemoved, paper)


def _is_settled(visit: Visit, paper: Paper) -> bool:
    """The visit was decided with it. What came just now may still be a mistake."""
    if not visit.is_over or paper.state is PaperState.REFUSED:
        return False
    return paper.ready_at is None or paper.ready_at < clock.now() - queries.BRING_BACK


def bring_back(paper: Paper, side: Side) -> None:
    towns.take_turns()
    db.session.refresh(paper, with_for_update=True)
    if not paper.is_removed:
        return
    if paper.side is not side:
        raise NotYours
    if paper.removed_at is None or paper.removed_at <= clock.now() - queries.BRING_BACK:
        raise PaperMissing
    paper.go(PaperState.READY if paper.clean else PaperState.REFUSED)
    paper.removed_at = None
    _announce(PaperRestored, paper)


def forget(paper: Paper) -> None:
    """Its files are destroyed. The row stays, empty: the record speaks of it by its number."""
    for code in (paper.original, paper.clean, paper.sheets):
        if code:
            archive.delete(files.file_or_404(code), why="removed")
    paper.original = paper.clean = paper.sheets = None
    paper.name, paper.key, paper.digest, paper.contents = "", new_code(), "", {}


def _announce(kind: type[Any], paper: Paper) -> None:
    publish(
        kind(
            town_id=paper.town_id,
            visit_id=paper.visit_id,
            paper_id=paper.id,
            side=paper.side.value,
        )
    )
    news = {"paper": paper.code, "state": paper.state.value, "side": paper.side.value}
    stream.tell(queries.news_of(paper.visit), "paper", news)
