"""Questions about papers."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from flask import current_app

from app.archive.models import FileHold
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db, first_or_none
from app.papers.errors import PaperMissing
from app.papers.models import Look, Paper, PaperState

# Who did not come brings no papers; whoever was attended may still owe one.
TAKES_PAPERS = (Status.BOOKED, Status.WAITING, Status.CALLED, Status.IN_SERVICE, Status.SERVED)
COUNTED = (PaperState.RECEIVING, PaperState.CHECKING, PaperState.READY)
TRY_AGAIN = timedelta(seconds=15)
GIVEN_UP_BY_ITS_PROCESS = timedelta(minutes=5)  # longer than a check may take
BRING_BACK = timedelta(hours=1)  # how long a removed paper can be brought back


def takes_papers(visit: Visit) -> bool:
    return visit.status in TAKES_PAPERS


def papers_of(visit: Visit) -> Sequence[Paper]:
    """What is on the list: removed ones while they can be brought back, so that one can undo."""
    since = clock.now() - BRING_BACK
    question = sa.select(Paper).where(
        Paper.visit_id == visit.id,
        sa.or_(Paper.state != PaperState.REMOVED, Paper.removed_at > since),
    )
    return db.session.scalars(question.order_by(Paper.id)).all()


def ready_papers(visit: Visit) -> Sequence[Paper]:
    return [paper for paper in papers_of(visit) if paper.is_ready]


def paper_or_404(visit: Visit, code: str) -> Paper:
    found: Paper | None = first_or_none(
        sa.select(Paper).where(Paper.visit_id == visit.id, Paper.code == code)
    )
    if found is None:
        raise PaperMissing
    return found


def paper_by_key(visit: Visit, key: str) -> Paper | None:
    found: Paper | None = first_or_none(
        sa.select(Paper).where(Paper.visit_id == visit.id, Paper.key == key)
    )
    return found


def room_taken(visit: Visit) -> tuple[int, int]:
    """How many papers this visit has, and how many bytes they are."""
    question = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Paper.size), 0)).where(
        Paper.visit_id == visit.id, Paper.state.in_(COUNTED)
    )
    count, size = db.session.execute(question).one()
    return int(count), int(size)


def look_of(visit: Visit) -> Look | None:
    found: Look | None = first_or_none(sa.select(Look).where(Look.visit_id == visit.id))
    return found


def to_be_checked() -> Sequence[Paper]:
    """All there, and not looked into: a scanner or a place was not free, or a process ended."""
    now = clock.now()
    question = sa.select(Paper).where(
        Paper.state == PaperState.CHECKING,
        sa.or_(
            sa.and_(Paper.waits_for != "", Paper.moved_at < now - TRY_AGAIN),
            Paper.moved_at < now - GIVEN_UP_BY_ITS_PROCESS,
        ),
    )
    return db.session.scalars(question.order_by(Paper.moved_at).limit(20)).all()


def given_up(before: timedelta) -> Sequence[Paper]:
    """Begun, and no piece came for that long."""
    question = sa.select(Paper).where(
        Paper.state == PaperState.RECEIVING, Paper.moved_at < clock.now() - before
    )
    return db.session.scalars(question.limit(100)).all()


def gone_for_good() -> Sequence[Paper]:
    """Removed, and nobody can bring them back any more; not what is held, nor what is forgotten."""
    is_held = sa.exists().where(
        FileHold.town_id == Visit.town_id,
        FileHold.owner == sa.literal("visit:") + Visit.code,
        FileHold.lifted_at.is_(None),
    )
    question = (
        sa.select(Paper)
        .join(Visit, Visit.id == Paper.visit_id)
        .where(
            Paper.state == PaperState.REMOVED,
            Paper.removed_at <= clock.now() - BRING_BACK,
            Paper.name != "",
            ~is_held,
        )
    )
    return db.session.scalars(question.order_by(Paper.removed_at).limit(100)).all()


def codes_on_their_way() -> frozenset[str]:
    """Of whose papers there are bytes that are not in the archive yet."""
    question = sa.select(Paper.code).where(
        Paper.state.in_((PaperState.RECEIVING, PaperState.CHECKING))
    )
    return frozenset(db.session.scalars(question))


def news_of(visit: Visit) -> str:
    """The channel of everybody who looks at this visit: news of papers go there too."""
    return f"visit:{visit.id}"


def most(what: str) -> int:
    """A limit of this installation: `PAPER_BYTES`, `PAPERS_OF_VISIT`…"""
    return int(current_app.config[what])
