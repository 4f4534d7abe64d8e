"""Bytes of which no row speaks: noted first, and destroyed only when nobody missed them for long.

A process ended halfway; or the register is an older one, brought back, and they are the papers and
recordings of the days between. They stay under their name, so that a register that knows them finds
them there; without it, whatever a key of this one opens can be taken in again.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from io import BufferedReader
from typing import BinaryIO, cast

import sqlalchemy as sa
import structlog
from flask import current_app

from app.archive import queries
from app.archive.errors import FileOpensNoMore
from app.archive.models import Envelope, StoredFile, Stranger
from app.archive.services.ending import AT_ONCE, GRACE, sweep_destroyed
from app.archive.services.keeping import Draft, about, keep
from app.archive.services.keys import key_of
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db, transaction
from app.core.sealing import HEADER, SEALED, Damaged, Opener, Reader, count_of
from app.core.storage import Entry, NotStored, pieces_of, the_store
from app.towns import queries as towns
from app.towns.tenant import every_town, town_of

log = structlog.get_logger()

PLACE = re.compile(r"([a-z][a-z-]{0,23})/([0-9]{1,9})/[a-z0-9]{2}/([a-z0-9]{1,16})")
KINDS = {"act": ("application/pdf", "pdf"), "recording": ("video/webm", "webm")}


def sweep_strangers() -> int:
    """Note those that came a day ago and more; destroy those noted for long enough. How many."""
    now, some = clock.now(), list[Entry]()
    for entry in the_store().entries():
        if entry.changed_at < now - GRACE:
            some.append(entry)
        if len(some) == AT_ONCE:
            _note(some)
            some = []
    _note(some)
    _forget_the_known()
    return _destroy_due(now) + the_store().tidy(now - GRACE)


def _note(entries: list[Entry]) -> None:
    places = [entry.key for entry in entries]
    noted = sa.select(Stranger.place).where(Stranger.place.in_(places))
    with transaction():
        seen = _known(places) | frozenset(db.session.scalars(noted))
        for entry in entries:
            if entry.key not in seen:
                log.warning("bytes without a row were found", place=entry.key)
                db.session.add(Stranger(place=entry.key, size=entry.size, came_at=entry.changed_at))


def _known(places: Sequence[str]) -> frozenset[str]:
    question = sa.select(StoredFile.place).where(StoredFile.place.in_(places))
    with every_town(), sees_blocked():
        return frozenset(db.session.scalars(question))


def _forget_the_known() -> None:
    """A register that knows them is back; were it to go again, they have all their time again."""
    places = [one.place for one in queries.strangers()]
    for some in _in_parts(places):
        with transaction():
            _forget(_known(some))


def _forget(places: Sequence[str] | frozenset[str]) -> None:
    gone = sa.delete(Stranger).where(Stranger.place.in_(places))
    db.session.execute(gone, execution_options={"synchronize_session": False})


def term() -> timedelta:
    """For how long one is kept once it was noted."""
    return timedelta(days=float(current_app.config["ARCHIVE_STRANGERS_DAYS"]))


def _destroy_due(now: datetime) -> int:
    count = 0
    due = [one.place for one in queries.strangers() if one.noted_at < now - term()]
    for some in _in_parts(due):
        known = _known(some)  # by now
        gone = sweep_destroyed([(place, place) for place in some if place not in known])
        for place in gone:
            log.warning("bytes without a row were swept away", place=place)
        with transaction():
            _forget(gone)
        count += len(gone)
    return count


def _in_parts(places: list[str]) -> Iterator[list[str]]:
    for begin in range(0, len(places), AT_ONCE):
        yield places[begin : begin + AT_ONCE]


def owner_of(stranger: Stranger) -> str:
    """Whose it is, when a key of this register opens it; else empty."""
    draft = _described(stranger)
    return draft.owner if draft else ""


def take_in(stranger: Stranger) -> StoredFile | None:
    """Write down again what a key of this register opens; None when none does."""
    draft = _described(stranger)
    if draft is None:
        return None
    with town_of(draft.town_id), transaction():
        _forget([stranger.place])
        if _known([stranger.place]):
            return None
        file = keep(draft)
        file.kept_at = stranger.came_at  # its terms go on from there
    return file


def _described(stranger: Stranger) -> Draft | None:
    """Read whole, as `keep` wants to have it."""
    named = PLACE.fullmatch(stranger.place)
    if named is None or int(named[2]) not in {town.id for town in towns.all_towns()}:
        return None
    purpose, town_id, code = named[1], int(named[2]), named[3]
    with town_of(town_id):
        try:
            envelope = _envelope_of(stranger, town_id, code)
            return _draft(stranger, purpose, code, envelope) if envelope else None
        except (Damaged, NotStored):
            return None


def _envelope_of(stranger: Stranger, town_id: int, code: str) -> Envelope | None:
    """The one whose key opens its beginning."""
    with the_store().open(stranger.place, 0, HEADER + SEALED) as kept:
        begin = b"".join(pieces_of(kept))
    header, chunk, is_last = begin[:HEADER], begin[HEADER:], count_of(stranger.size) == 1
    question = sa.select(Envelope).where(Envelope.shredded_at.is_(None))
    for envelope in db.session.scalars(question.order_by(Envelope.made_at.desc())).all():
        try:
            opener = Opener(key_of(envelope), about(town_id, code, envelope.id), header)
            opener.open(0, chunk, is_last=is_last)
        except (Damaged, FileOpensNoMore):
            continue
        return envelope
    return None


def _draft(stranger: Stranger, purpose: str, code: str, envelope: Envelope) -> Draft:
    place, named = stranger.place, about(envelope.town_id, code, envelope.id)
    reader = Reader(
        lambda start: the_store().open(place, start), stranger.size, key_of(envelope), named
    )
    with BufferedReader(reader) as opened:
        sha256 = _sha256(cast(BinaryIO, opened))
    with the_store().open(place) as kept:
        sealed_sha256 = _sha256(kept)
    media_type, ending = KINDS.get(purpose, ("application/octet-stream", "bin"))
    return Draft(
        id=code,
        town_id=envelope.town_id,
        owner=envelope.owner,
        purpose=purpose,
        name=f"{code}.{ending}",
        media_type=media_type,
        envelope_id=envelope.id,
        place=place,
        size=reader.size,
        sha256=sha256,
        sealed_size=stranger.size,
        sealed_sha256=sealed_sha256,
    )


def _sha256(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    for piece in pieces_of(stream):
        digest.update(piece)
    return digest.hexdigest()
