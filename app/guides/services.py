"""A guide comes, in the place of an older one that told the same; a guide goes."""

import io
from dataclasses import dataclass

from app.accounts.models import Account
from app.archive import services as archive
from app.core.db import db, new_code
from app.core.events import publish
from app.guides import looking, queries
from app.guides.errors import NeedsCaptions, NeedsWords, TooLarge
from app.guides.events import GuideAdded, GuideRemoved
from app.guides.models import Guide, Kind
from app.towns import services as towns
from app.towns.models import Procedure

LARGEST = 20 * 1024 * 1024
PURPOSE = "guide"


@dataclass(frozen=True)
class Sent:
    """What an administrator sent, before anybody has looked at it."""

    content: bytes
    captions: bytes = b""
    transcript: str = ""


@dataclass(frozen=True)
class Checked:
    """What it turned out to be."""

    content: bytes
    media_type: str
    captions: str
    transcript: str


def check(kind: Kind, sent: Sent) -> Checked:
    """Refuses what no browser plays, and what somebody could not follow."""
    if len(sent.content) > LARGEST:
        raise TooLarge
    media_type = looking.film(sent.content) if kind.is_film else looking.sound(sent.content)
    captions = looking.captions(sent.captions) if sent.captions else ""
    if kind.is_film and not captions and looking.has_sound(sent.content):
        raise NeedsCaptions
    if kind is Kind.AUDIO and not sent.transcript:
        raise NeedsWords
    return Checked(sent.content, media_type, captions, sent.transcript)


def add(
    checked: Checked,
    *,
    kind: Kind,
    language: str,
    by: Account,
    page: str = "",
    procedure: Procedure | None = None,
) -> Guide:
    towns.take_turns()
    code = new_code()
    guide = Guide(
        code=code,
        page=page,
        procedure_id=procedure.id if procedure else None,
        kind=kind,
        language=language,
        captions=checked.captions,
        transcript=checked.transcript,
        by_id=by.id,
    )
    with db.session.no_autoflush:
        older = queries.like(guide)
    if older:
        remove(older, by)
    guide.file_id = archive.keep(
        io.BytesIO(checked.content),
        owner=f"guide:{code}",
        name=f"{kind.value}.{checked.media_type.rpartition('/')[2]}",
        media_type=checked.media_type,
        purpose=PURPOSE,
    ).id
    db.session.add(guide)
    db.session.flush()
    publish(GuideAdded(town_id=guide.town_id, guide=guide.code, by_id=by.id))
    return guide


def remove(guide: Guide, by: Account) -> None:
    file, code, town_id = guide.file, guide.code, guide.town_id
    db.session.delete(guide)
    db.session.flush()
    archive.delete(file)
    publish(GuideRemoved(town_id=town_id, guide=code, by_id=by.id))
