"""Questions about what is kept: whose, which, under hold, and who looked."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.archive.models import (
    Envelope,
    FileHold,
    FileReading,
    FileTerm,
    StoredFile,
    Stranger,
)
from app.archive.terms import OTHER, TERMS
from app.core import keys
from app.core.blocking import sees_blocked
from app.core.db import db, first_or_none
from app.core.errors import Missing


def files_of(owner: str, purpose: str | None = None) -> Sequence[StoredFile]:
    """What is kept of that owner and may be seen, oldest first."""
    question = sa.select(StoredFile).where(
        StoredFile.owner == owner, StoredFile.destroyed_at.is_(None)
    )
    if purpose:
        question = question.where(StoredFile.purpose == purpose)
    return db.session.scalars(question.order_by(StoredFile.kept_at, StoredFile.id)).all()


def file_or_404(code: str) -> StoredFile:
    found: StoredFile | None = first_or_none(
        sa.select(StoredFile).where(StoredFile.id == code, StoredFile.destroyed_at.is_(None))
    )
    if found is None:
        raise Missing
    return found


def envelope_of(owner: str) -> Envelope | None:
    found: Envelope | None = first_or_none(
        sa.select(Envelope).where(Envelope.owner == owner, Envelope.shredded_at.is_(None))
    )
    return found


def is_shredded(envelope_id: str) -> bool:
    """Asked of the table itself: it may have ended since the envelope was read."""
    question = sa.select(Envelope.id).where(
        Envelope.id == envelope_id, Envelope.shredded_at.is_(None)
    )
    return db.session.scalar(question) is None


def is_on_hold(owner: str) -> bool:
    question = sa.select(FileHold.id).where(FileHold.owner == owner, FileHold.lifted_at.is_(None))
    return db.session.scalar(question.limit(1)) is not None


def holds_of(owner: str) -> Sequence[FileHold]:
    """Those that stand."""
    question = sa.select(FileHold).where(FileHold.owner == owner, FileHold.lifted_at.is_(None))
    return db.session.scalars(question.order_by(FileHold.id)).all()


def readings_of(file: StoredFile) -> Sequence[FileReading]:
    """Who looked at it, newest first."""
    question = sa.select(FileReading).where(FileReading.file_id == file.id)
    return db.session.scalars(question.order_by(FileReading.read_at.desc())).all()


def was_read(file: StoredFile, reader: str, why: str, since: datetime) -> bool:
    question = sa.select(FileReading.id).where(
        *(FileReading.file_id == file.id, FileReading.reader == reader),
        *(FileReading.why == why, FileReading.read_at > since),
    )
    return db.session.scalar(question.limit(1)) is not None


# --- for how long --------------------------------------------------------------------------------


def term(purpose: str) -> FileTerm | None:
    found: FileTerm | None = first_or_none(sa.select(FileTerm).where(FileTerm.purpose == purpose))
    return found


def terms() -> dict[str, tuple[int, int]]:
    """Days in use and days blocked, of each purpose, in this town."""
    chosen = {one.purpose: one for one in db.session.scalars(sa.select(FileTerm))}
    return {
        purpose: (
            (chosen[purpose].days, chosen[purpose].blocked_days)
            if purpose in chosen
            else (usual.days, usual.blocked_days)
        )
        for purpose, usual in TERMS.items()
    }


def _is_for(purpose: str) -> sa.ColumnElement[bool]:
    if purpose != OTHER:
        return StoredFile.purpose == purpose
    return StoredFile.purpose.not_in([name for name in TERMS if name != OTHER])


def _on_hold() -> sa.ColumnElement[bool]:
    return StoredFile.owner.in_(sa.select(FileHold.owner).where(FileHold.lifted_at.is_(None)))


def _is_locked(now: datetime) -> sa.ColumnElement[bool]:
    """Said so that its opposite is true of what was never locked."""
    return sa.and_(StoredFile.locked_until.is_not(None), StoredFile.locked_until > now)


def out_of_use(now: datetime) -> sa.ColumnElement[bool]:
    """Files whose days in use are over and that are not blocked yet."""
    old = [
        sa.and_(_is_for(purpose), StoredFile.kept_at < now - timedelta(days=days))
        for purpose, (days, _) in terms().items()
    ]
    return sa.and_(StoredFile.destroyed_at.is_(None), StoredFile.blocked_at.is_(None), sa.or_(*old))


def over(now: datetime) -> sa.ColumnElement[bool]:
    """Blocked for long enough; no judge needs them and the store has promised nothing."""
    old = [
        sa.and_(_is_for(purpose), StoredFile.blocked_at < now - timedelta(days=blocked))
        for purpose, (_, blocked) in terms().items()
    ]
    return sa.and_(StoredFile.destroyed_at.is_(None), sa.or_(*old), sa.not_(must_be_kept(now)))


def must_be_kept(now: datetime) -> sa.ColumnElement[bool]:
    """Files that nobody may destroy yet, whatever is decided about what they belong to."""
    young = [
        sa.and_(_is_for(purpose), StoredFile.kept_at > now - timedelta(days=days))
        for purpose, (days, _) in terms().items()
        if purpose != OTHER
    ]
    return sa.and_(
        StoredFile.destroyed_at.is_(None),
        sa.or_(_on_hold(), _is_locked(now), *young),
    )


def bound_files(now: datetime) -> sa.ColumnElement[bool]:
    """Held for a judge or promised by the store: not even a request of the person ends them."""
    return sa.and_(StoredFile.destroyed_at.is_(None), sa.or_(_on_hold(), _is_locked(now)))


def empty(before: datetime) -> sa.ColumnElement[bool]:
    """Envelopes that had files, all of which ended before that moment."""
    theirs = sa.select(StoredFile.id).where(StoredFile.envelope_id == Envelope.id)
    return sa.and_(
        Envelope.shredded_at.is_(None),
        theirs.exists(),
        ~theirs.where(
            sa.or_(StoredFile.destroyed_at.is_(None), StoredFile.destroyed_at > before)
        ).exists(),
    )


# --- for the office ------------------------------------------------------------------------------


class State(enum.StrEnum):
    """What may be looked for."""

    OPEN = "open"
    BLOCKED = "blocked"
    HELD = "held"
    DAMAGED = "damaged"
    ENDED = "ended"


@dataclass(frozen=True)
class Search:
    state: State | None = None
    purpose: str = ""
    owner: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def conditions(self) -> list[sa.ColumnElement[bool]]:
        is_ended = StoredFile.destroyed_at.is_not(None)
        found: list[sa.ColumnElement[bool]] = [
            is_ended if self.state is State.ENDED else sa.not_(is_ended)
        ]
        if self.state is State.OPEN:
            found.append(StoredFile.blocked_at.is_(None))
        elif self.state is State.BLOCKED:
            found.append(StoredFile.blocked_at.is_not(None))
        elif self.state is State.HELD:
            found.append(_on_hold())
        elif self.state is State.DAMAGED:
            found.append(StoredFile.problem != "")
        if self.purpose:
            found.append(_is_for(self.purpose))
        if self.owner:
            found.append(StoredFile.owner == self.owner)
        if self.since:
            found.append(StoredFile.kept_at >= self.since)
        if self.until:
            found.append(StoredFile.kept_at < self.until)
        return found


def found(search: Search, *, limit: int, offset: int) -> Sequence[StoredFile]:
    """Newest first, what is blocked included: for whoever looks after the archive."""
    question = sa.select(StoredFile).where(*search.conditions)
    question = question.order_by(StoredFile.kept_at.desc(), StoredFile.id.desc())
    with sees_blocked():
        return db.session.scalars(question.limit(limit).offset(offset)).all()


def count_and_bytes(search: Search) -> tuple[int, int]:
    question = sa.select(
        sa.func.count(StoredFile.id), sa.func.coalesce(sa.func.sum(StoredFile.size), 0)
    ).where(*search.conditions)
    with sees_blocked():
        row: Any = db.session.execute(question).one()
    return int(row[0]), int(row[1])


def any_file_or_404(code: str) -> StoredFile:
    """Blocked or ended too."""
    with sees_blocked():
        found: StoredFile | None = first_or_none(sa.select(StoredFile).where(StoredFile.id == code))
    if found is None:
        raise Missing
    return found


def hold_or_404(code: str) -> FileHold:
    found: FileHold | None = first_or_none(sa.select(FileHold).where(FileHold.code == code))
    if found is None:
        raise Missing
    return found


def owners_on_hold(owners: set[str]) -> frozenset[str]:
    question = sa.select(FileHold.owner).where(
        FileHold.owner.in_(owners), FileHold.lifted_at.is_(None)
    )
    return frozenset(db.session.scalars(question))


def looks_at(ids: list[str]) -> dict[str, int]:
    """How many times somebody looked at each."""
    question = sa.select(FileReading.file_id, sa.func.count(FileReading.id)).where(
        FileReading.file_id.in_(ids)
    )
    rows = db.session.execute(question.group_by(FileReading.file_id)).all()
    return {row[0]: int(row[1]) for row in rows}


def strangers() -> Sequence[Stranger]:
    """Bytes that the register does not know, noted longest ago first."""
    return db.session.scalars(sa.select(Stranger).order_by(Stranger.noted_at)).all()


def has_strangers(town_id: int) -> bool:
    """Whether some of them are that town's."""
    question = sa.select(Stranger.place).where(Stranger.place.like(f"%/{town_id}/__/%"))
    return db.session.scalar(question.limit(1)) is not None


def closed_by_older_keys() -> int:
    """Envelopes that the newest key does not close yet."""
    newest = keys.wrapping_keys()[0].id
    question = sa.select(sa.func.count(Envelope.id)).where(
        Envelope.key_id != newest, Envelope.shredded_at.is_(None)
    )
    return int(db.session.scalar(question) or 0)
