"""How files end, and what keeps them from ending: holds, and promises of the store."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.accounts.models import Account
from app.archive import queries
from app.archive.errors import FileHeld, KeptUntil
from app.archive.events import (
    EnvelopesShredded,
    FileDestroyed,
    FilesHeld,
    FilesReleased,
    FilesShredded,
    PieceDestroyed,
)
from app.archive.models import Envelope, FileHold, FileReading, HoldReason, StoredFile
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db
from app.core.events import publish
from app.core.storage import the_store
from app.towns import services as towns
from app.towns.tenant import current_town_id, every_town

GRACE = timedelta(days=1)  # an upload that is under way has no row yet
KEY_GRACE = timedelta(days=3)  # by then it is known whether this register is an older one
AT_ONCE = 200


def delete(file: StoredFile, *, why: str = "", is_piece: bool = False) -> None:
    """Nobody sees it from here on; its bytes leave the store once this is committed.

    Of a piece that stands in the whole by now the record keeps no line.
    """
    if file.is_destroyed:
        return
    towns.take_turns()
    if queries.is_on_hold(file.owner):
        raise FileHeld
    if file.locked_until and clock.now() < file.locked_until:
        raise KeptUntil
    _empty(file)
    db.session.flush()
    told = PieceDestroyed if is_piece else FileDestroyed
    publish(
        told(town_id=file.town_id, file=file.id, owner=file.owner, purpose=file.purpose, why=why)
    )


def shred(owner: str) -> int:
    """Forget the key of that owner: every copy of their files is noise from here on. How many."""
    towns.take_turns()
    if queries.is_on_hold(owner):
        raise FileHeld
    with sees_blocked():
        files = db.session.scalars(
            sa.select(StoredFile).where(
                StoredFile.owner == owner, StoredFile.destroyed_at.is_(None)
            )
        ).all()
        envelopes = db.session.scalars(
            sa.select(Envelope).where(Envelope.owner == owner, Envelope.shredded_at.is_(None))
        ).all()
    if any(file.locked_until and clock.now() < file.locked_until for file in files):
        raise KeptUntil
    for file in files:
        _empty(file)
    for envelope in envelopes:
        envelope.wrapped, envelope.shredded_at = None, clock.now()
    db.session.flush()
    if envelopes:
        publish(FilesShredded(town_id=current_town_id(), owner=owner, files=len(files)))
    return len(files)


def _empty(file: StoredFile) -> None:
    """What could still say something is written over; that there was a file is not."""
    file.name, file.sha256, file.destroyed_at = "", "", clock.now()


def hold(
    owner: str,
    *,
    reason: HoldReason = HoldReason.AUTHORITY,
    reference: str = "",
    source: str = "",
    by: Account | None = None,
) -> FileHold:
    """Nothing of that owner is destroyed until it is released."""
    towns.take_turns()  # whoever destroys has asked about holds in a turn of their own
    held = FileHold(
        owner=owner,
        reason=reason,
        reference=reference,
        source=source,
        placed_by_id=by.id if by else None,
    )
    db.session.add(held)
    db.session.flush()
    publish(FilesHeld(town_id=held.town_id, owner=owner, reason=reason.value, reference=reference))
    return held


def release(owner: str, *, reference: str | None = None, source: str | None = None) -> int:
    """Lift the holds of that owner, or only those of that reference or source. How many."""
    towns.take_turns()
    found = [
        held
        for held in queries.holds_of(owner)
        if reference in (None, held.reference) and source in (None, held.source)
    ]
    for held in found:
        lift(held)
    return len(found)


def lift(held: FileHold) -> None:
    """Once or twice is the same."""
    if not held.stands:
        return
    held.lifted_at = clock.now()
    db.session.flush()
    publish(FilesReleased(town_id=held.town_id, owner=held.owner, reference=held.reference))


def block_due(now: datetime) -> int:
    """Files that were in use for long enough: from here on only a reason of the law opens them."""
    change = sa.update(StoredFile).where(queries.out_of_use(now)).values(blocked_at=now)
    return _count(change)


def destroy_due(now: datetime, limit: int = 1_000) -> int:
    """Files that were blocked for long enough, and that nothing keeps. How many."""
    towns.take_turns()  # whoever holds something now finds it there
    with sees_blocked():
        files = db.session.scalars(
            sa.select(StoredFile).where(queries.over(now)).order_by(StoredFile.id).limit(limit)
        ).all()
        for file in files:
            purpose = file.purpose
            _empty(file)
            publish(
                FileDestroyed(
                    town_id=file.town_id,
                    file=file.id,
                    owner=file.owner,
                    purpose=purpose,
                    why="term",
                )
            )
    db.session.flush()
    return len(files)


def shred_empty(now: datetime) -> int:
    """Envelopes whose last file has ended: nobody needs their key any more. How many.

    Whoever brought an older register back needs it: there may be files that it does not know.
    """
    if queries.has_strangers(current_town_id()):
        return 0
    towns.take_turns()  # whoever puts a file into one now finds its key there
    with sees_blocked():
        envelopes = db.session.scalars(
            sa.select(Envelope).where(queries.empty(now - KEY_GRACE)).limit(5_000)
        ).all()
    for envelope in envelopes:
        envelope.wrapped, envelope.shredded_at = None, now
    db.session.flush()
    if envelopes:
        publish(EnvelopesShredded(town_id=current_town_id(), envelopes=len(envelopes)))
    return len(envelopes)


def forget_looks(before: datetime) -> int:
    """Who looked, long after; and rows of files that are long gone."""
    gone = sa.select(StoredFile.id).where(StoredFile.away_at < before)
    with sees_blocked():
        count = _count(
            sa.delete(FileReading).where(
                sa.or_(FileReading.read_at < before, FileReading.file_id.in_(gone))
            )
        )
        return count + _count(sa.delete(StoredFile).where(StoredFile.away_at < before))


def _count(statement: Any) -> int:
    done: Any = db.session.execute(statement, execution_options={"synchronize_session": False})
    db.session.expire_all()
    return max(0, int(done.rowcount))


def destroyed_places(limit: int = AT_ONCE) -> list[tuple[str, str]]:
    """Of every town: files that ended and whose bytes may still be in the store."""
    with every_town(), sees_blocked():
        rows = db.session.execute(
            sa.select(StoredFile.id, StoredFile.place)
            .where(StoredFile.destroyed_at.is_not(None), StoredFile.away_at.is_(None))
            .order_by(StoredFile.destroyed_at)
            .limit(limit)
        ).all()
    return [(row.id, row.place) for row in rows]


def sweep_destroyed(places: list[tuple[str, str]]) -> list[str]:
    """Take the bytes away, in no transaction. Which ones are gone; locked ones wait."""
    store, gone = the_store(), []
    for code, place in places:
        try:
            store.delete(place)
        except KeptUntil:
            continue  # unreadable already when its key was forgotten; its day will come
        gone.append(code)
    return gone


def note_gone(codes: list[str]) -> None:
    with every_town(), sees_blocked():
        change = sa.update(StoredFile).where(StoredFile.id.in_(codes)).values(away_at=clock.now())
        db.session.execute(change, execution_options={"synchronize_session": False})
