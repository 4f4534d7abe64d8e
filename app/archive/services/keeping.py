"""Something comes to be kept: encrypted as it is read, then written down."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from flask import current_app
from sqlalchemy.exc import IntegrityError

from app.archive import queries
from app.archive.errors import FileGone
from app.archive.events import FileKept, PieceKept
from app.archive.models import Envelope, StoredFile
from app.archive.services.keys import key_of, make_envelope
from app.archive.terms import known
from app.core import clock
from app.core.db import db, new_code
from app.core.events import publish
from app.core.sealing import Sealing
from app.core.storage import the_store
from app.towns import services as towns
from app.towns.tenant import current_town_id

OWNER = re.compile(r"[a-z][a-z-]{0,19}:[a-z0-9]{1,32}")
PURPOSE = re.compile(r"[a-z][a-z-]{0,23}")
MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}")
# Controls, signs that turn the reading round, and what some system takes for a way elsewhere.
NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
NOT_IN_PATHS = re.compile(r'[/\\:*?"<>|]')
LONGEST = 120


@dataclass(frozen=True)
class Draft:
    """Bytes that are in the store already, and no row speaks of them yet.

    Without a row nobody can reach them; what never gets one is a stranger, and ends in a month.
    """

    id: str
    town_id: int
    owner: str
    purpose: str
    name: str
    media_type: str
    envelope_id: str
    place: str
    size: int
    sha256: str
    sealed_size: int
    sealed_sha256: str
    locked_until: datetime | None = None


def envelope_for(owner: str) -> Envelope:
    """The one envelope of that owner, made when there is none."""
    if not OWNER.fullmatch(owner):
        raise ValueError(f"an owner is like visit:<code>, not {owner!r}")
    found = queries.envelope_of(owner)
    if found:
        return found
    towns.take_turns()
    made = make_envelope(owner)
    try:
        with db.session.begin_nested():
            db.session.add(made)
            db.session.flush()
    except IntegrityError:  # somebody else made it at the same instant
        found = queries.envelope_of(owner)
        if found is None:
            raise
        return found
    return made


def seal(
    stream: BinaryIO,
    envelope: Envelope,
    *,
    name: str,
    media_type: str,
    purpose: str,
    keep_until: datetime | None = None,
) -> Draft:
    """Encrypt it into the store, chunk by chunk. It needs no transaction and writes no row.

    What the installation locks (`ARCHIVE_LOCKED`) the store promises to keep while it is in use.
    """
    if not PURPOSE.fullmatch(purpose):
        raise ValueError(f"a purpose is a word, not {purpose!r}")
    if keep_until is None and purpose in current_app.config["ARCHIVE_LOCKED"]:
        keep_until = clock.now() + timedelta(days=queries.terms()[known(purpose)][0])
    code, town_id = new_code(), current_town_id()
    place = f"{purpose}/{town_id}/{code[:2]}/{code}"
    sealing = Sealing(stream, key_of(envelope), about(town_id, code, envelope.id))
    the_store().put(place, sealing, keep_until=keep_until)
    return Draft(
        id=code,
        town_id=town_id,
        owner=envelope.owner,
        purpose=purpose,
        name=safe_name(name),
        media_type=media_type if MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream",
        envelope_id=envelope.id,
        place=place,
        size=sealing.size,
        sha256=sealing.sha256,
        sealed_size=sealing.sealed_size,
        sealed_sha256=sealing.sealed_sha256,
        locked_until=keep_until,
    )


def keep(
    stream: "BinaryIO | Draft",
    *,
    owner: str = "",
    name: str = "",
    media_type: str = "application/octet-stream",
    purpose: str = "paper",
    envelope: Envelope | None = None,
    keep_until: datetime | None = None,
    is_piece: bool = False,
) -> StoredFile:
    """Write down a draft; or encrypt a stream and write it down at once.

    Of a piece the record keeps no line: whoever joins them tells of the whole.
    """
    draft = stream
    if not isinstance(draft, Draft):
        named = {"name": name, "media_type": media_type, "purpose": purpose}
        into = envelope or envelope_for(owner)
        draft = seal(draft, into, keep_until=keep_until, **named)
    towns.take_turns()
    if queries.is_shredded(draft.envelope_id):
        raise FileGone
    file = StoredFile(**vars(draft))
    db.session.add(file)
    db.session.flush()
    told = PieceKept if is_piece else FileKept
    publish(
        told(
            town_id=file.town_id,
            file=file.id,
            owner=file.owner,
            purpose=file.purpose,
            size=file.size,
            sha256=file.sha256,
        )
    )
    return file


def about(town_id: int, code: str, envelope_id: str) -> str:
    """What each chunk is bound to: bytes under another name open no more."""
    return f"file {town_id} {code} {envelope_id}"


def safe_name(name: str) -> str:
    """As it may stand in a list and in a download: no way elsewhere, nothing that misleads."""
    plain = NOT_IN_PATHS.sub("_", NOT_IN_NAMES.sub("", name.replace("\ufffd", "")))
    plain = " ".join(plain.encode("utf-8", "ignore").decode().split()).strip(". ")
    stem, dot, ending = plain.rpartition(".")
    if dot and len(ending) <= 10 and len(plain) > LONGEST:
        return f"{stem[: LONGEST - len(ending) - 1].rstrip()}.{ending}"
    return plain[:LONGEST].rstrip() or "file"
