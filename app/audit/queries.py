"""Questions about the record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.audit.models import AuditAnchor, AuditCheck, AuditCut, AuditEntry
from app.core import clock
from app.core.chain import FIRST, Line
from app.core.db import db, first_or_none

COLUMNS = tuple(getattr(AuditEntry, name) for name in Line._fields)


@dataclass(frozen=True)
class Search:
    """What is looked for. Empty: everything. `people` and `visits`: their numbers, None for any."""

    since: datetime | None = None
    until: datetime | None = None
    name: str = ""
    people: frozenset[int] | None = None
    visits: frozenset[int] | None = None


LAST_LINE = (
    sa.select(AuditEntry.number, AuditEntry.digest).order_by(AuditEntry.number.desc()).limit(1)
)


def last_line() -> tuple[int, str]:
    """Number and digest of the last line, or of where the record begins."""
    row = db.session.execute(LAST_LINE).first()
    if row is not None:
        return int(row.number), str(row.digest)
    begin = newest_cut()
    return (begin.number, begin.digest) if begin else (0, FIRST)


def line_of(entry: AuditEntry) -> Line:
    return Line(*(getattr(entry, name) for name in Line._fields))


def lines() -> Iterator[Line]:
    """All of them in order, a few thousand in memory at a time."""
    question = sa.select(*COLUMNS).order_by(AuditEntry.number)
    for row in db.session.execute(question, execution_options={"yield_per": 2000}):
        yield Line(*row)


def found(search: Search, *, limit: int, offset: int = 0) -> Sequence[AuditEntry]:
    """Newest first."""
    question = _asking(sa.select(AuditEntry), search).order_by(AuditEntry.number.desc())
    return db.session.scalars(question.limit(limit).offset(offset)).all()


def count(search: Search) -> int:
    question = _asking(sa.select(sa.func.count()).select_from(AuditEntry), search)
    return int(db.session.scalar(question) or 0)


def _asking(question: sa.Select[Any], search: Search) -> sa.Select[Any]:
    if search.since:
        question = question.where(AuditEntry.happened_at >= search.since)
    if search.until:
        question = question.where(AuditEntry.happened_at < search.until)
    if search.name:
        question = question.where(AuditEntry.name == search.name)
    if search.people is not None or search.visits is not None:
        people, visits = search.people or frozenset(), search.visits or frozenset()
        question = question.where(
            sa.or_(
                AuditEntry.author.in_([f"account:{number}" for number in sorted(people)]),
                AuditEntry.account_id.in_(sorted(people)),
                AuditEntry.visit_id.in_(sorted(visits)),
            )
        )
    return question


def names() -> Sequence[str]:
    """The kinds of lines that this record has."""
    return db.session.scalars(sa.select(AuditEntry.name).distinct().order_by(AuditEntry.name)).all()


def refusals_from(address: str, since: datetime) -> int:
    """How many lines about closed doors that asker has caused lately."""
    question = (
        sa.select(sa.func.count())
        .select_from(AuditEntry)
        .where(
            AuditEntry.name == "EntryRefused",
            AuditEntry.address == address,
            AuditEntry.happened_at > since,
        )
    )
    return int(db.session.scalar(question) or 0)


def anchor(number: int) -> AuditAnchor | None:
    row: AuditAnchor | None = first_or_none(
        sa.select(AuditAnchor).where(AuditAnchor.number == number)
    )
    return row


def newest_anchor() -> AuditAnchor | None:
    row: AuditAnchor | None = first_or_none(
        sa.select(AuditAnchor).order_by(AuditAnchor.number.desc())
    )
    return row


def newest_stamp() -> AuditAnchor | None:
    row: AuditAnchor | None = first_or_none(
        sa.select(AuditAnchor)
        .where(AuditAnchor.stamped_at.is_not(None))
        .order_by(AuditAnchor.number.desc())
    )
    return row


def stamped() -> Sequence[AuditAnchor]:
    question = sa.select(AuditAnchor).where(AuditAnchor.stamped_at.is_not(None))
    return db.session.scalars(question.order_by(AuditAnchor.number)).all()


def due_anchors() -> Sequence[AuditAnchor]:
    question = sa.select(AuditAnchor).where(
        AuditAnchor.stamped_at.is_(None), AuditAnchor.try_at <= clock.now()
    )
    return db.session.scalars(question.order_by(AuditAnchor.try_at)).all()


def unstamped() -> AuditAnchor | None:
    """The oldest line that should have been stamped and could not be."""
    row: AuditAnchor | None = first_or_none(
        sa.select(AuditAnchor)
        .where(AuditAnchor.stamped_at.is_(None), AuditAnchor.attempts > 0)
        .order_by(AuditAnchor.number)
    )
    return row


def newest_cut() -> AuditCut | None:
    row: AuditCut | None = first_or_none(sa.select(AuditCut).order_by(AuditCut.number.desc()))
    return row


def is_cut_written(number: int) -> bool:
    """Whether the record itself says that it was shortened up to there."""
    question = sa.select(AuditEntry.facts).where(AuditEntry.name == "AuditShortened")
    return any(facts.get("last") == number for facts in db.session.scalars(question))


def last_to_destroy(before: datetime) -> AuditAnchor | None:
    """The newest stamped line that is older than that; the record is cut after a stamp only."""
    row: AuditAnchor | None = first_or_none(
        sa.select(AuditAnchor)
        .join(
            AuditEntry,
            sa.and_(
                AuditEntry.town_id == AuditAnchor.town_id,
                AuditEntry.number == AuditAnchor.number,
            ),
        )
        .where(AuditAnchor.stamped_at.is_not(None), AuditEntry.happened_at < before)
        .order_by(AuditAnchor.number.desc())
    )
    return row


def last_check() -> AuditCheck | None:
    row: AuditCheck | None = first_or_none(
        sa.select(AuditCheck).order_by(AuditCheck.made_at.desc(), AuditCheck.id.desc())
    )
    return row
