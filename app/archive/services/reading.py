"""Somebody looks: bytes are decrypted as they are asked for; the record says who and why."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, BinaryIO, cast

import structlog

from app.archive import queries
from app.archive.errors import FileDamaged, FileGone
from app.archive.events import FileRead
from app.archive.models import FileReading, StoredFile
from app.archive.services.keeping import about
from app.archive.services.keys import key_of
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.core.sealing import Damaged, Reader
from app.core.storage import NotStored, the_store

log = structlog.get_logger()

# A player asks for a film in many parts, and a page is turned back and forth: one look.
SAME_LOOK = timedelta(minutes=15)


def open_file(file: StoredFile) -> BinaryIO:
    """What is in it, readable from anywhere. It tells nobody: `tell_reading` does."""
    if file.is_destroyed:
        raise FileGone
    key = key_of(file.envelope)
    store, place = the_store(), file.place
    with _told(file.id):
        size = store.size(place)
        if size != file.sealed_size:
            raise Damaged("it has another size")
        named = about(file.town_id, file.id, file.envelope_id)
        reader = Honest(lambda start: store.open(place, start), size, key, named)
        reader.code = file.id
        if reader.size != file.size:
            raise Damaged("it has another size")
    return cast(BinaryIO, io.BufferedReader(reader, 64 * 1024))


class Honest(Reader):
    """A reader whose bad news is a sentence for whoever reads."""

    code = ""

    def readinto(self, into: Any) -> int:
        with _told(self.code):
            return super().readinto(into)


def tell_reading(file: StoredFile, *, reader: str, why: str) -> bool:
    """Write down who looks at it and why; the same look again within minutes is not another."""
    reason = " ".join(why.split())[:120]
    if not reason:
        raise ValueError("whoever looks at a file says why")
    if queries.was_read(file, reader, reason, clock.now() - SAME_LOOK):
        return False
    db.session.add(FileReading(file_id=file.id, reader=reader, why=reason))
    db.session.flush()
    publish(
        FileRead(town_id=file.town_id, file=file.id, owner=file.owner, reader=reader, why=reason)
    )
    return True


@contextmanager
def _told(code: str) -> Iterator[None]:
    try:
        yield
    except (Damaged, NotStored) as error:
        log.error("a file is damaged", file=code, problem=str(error))
        raise FileDamaged from error
