"""Whether everything that is kept is there, is as it was, and opens."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import sqlalchemy as sa

from app.archive.errors import FileDamaged, FileOpensNoMore
from app.archive.events import FileFoundDamaged
from app.archive.models import StoredFile
from app.archive.services.reading import open_file
from app.core.blocking import sees_blocked
from app.core.db import db
from app.core.events import publish
from app.core.storage import NotStored, pieces_of, the_store


@dataclass(frozen=True)
class Found:
    """`problem`: empty, or missing, size, changed, key, unlike."""

    file: str
    problem: str


def check(*, thoroughly: bool = False) -> Iterator[Found]:
    """Every file of the town spoken for. Thoroughly: each is read whole and opened."""
    after = ""
    while True:
        with sees_blocked():
            files = db.session.scalars(
                sa.select(StoredFile)
                .where(StoredFile.id > after, StoredFile.destroyed_at.is_(None))
                .order_by(StoredFile.id)
                .limit(200)
            ).all()
        if not files:
            return
        for file in files:
            yield check_file(file, thoroughly=thoroughly)
        after = files[-1].id


def check_file(file: StoredFile, *, thoroughly: bool = True) -> Found:
    return Found(file.id, _problem(file, thoroughly=thoroughly))


def remember(file: StoredFile, problem: str) -> None:
    """What the check found stays on the row; news of it are told once."""
    if file.problem == problem:
        return
    file.problem = problem
    if problem:
        publish(
            FileFoundDamaged(town_id=file.town_id, file=file.id, owner=file.owner, problem=problem)
        )


def _problem(file: StoredFile, *, thoroughly: bool) -> str:
    try:
        if the_store().size(file.place) != file.sealed_size:
            return "size"
        if not thoroughly:
            return ""
        with the_store().open(file.place) as kept:
            if _sha256(kept) != file.sealed_sha256:
                return "changed"
        with open_file(file) as opened:
            return "" if _sha256(opened) == file.sha256 else "unlike"
    except NotStored:
        return "missing"
    except FileOpensNoMore:
        return "key"
    except FileDamaged:
        return "changed"


def _sha256(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    for piece in pieces_of(stream):
        digest.update(piece)
    return digest.hexdigest()
