"""Questions about what is kept: whose, which, under hold, and who looked."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from app.archive.models import Envelope, FileHold, FileReading, StoredFile
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
