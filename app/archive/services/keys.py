"""Envelopes: a key for each owner, closed by a key of the installation, closed again by a newer."""

import secrets

import sqlalchemy as sa

from app.archive.errors import FileGone, FileOpensNoMore
from app.archive.events import KeysRotated
from app.archive.models import Envelope
from app.core import keys
from app.core.db import db, new_code
from app.core.events import publish
from app.towns import services as towns
from app.towns.tenant import current_town_id

KEY_BYTES = 32


def make_envelope(owner: str) -> Envelope:
    """With a key that was never anywhere else."""
    made = Envelope(id=new_code(), owner=owner, town_id=current_town_id())
    made.key_id, made.wrapped = keys.wrap(secrets.token_bytes(KEY_BYTES), _about(made))
    return made


def key_of(envelope: Envelope) -> bytes:
    """The key itself, in memory only."""
    if envelope.wrapped is None:
        raise FileGone
    try:
        return keys.unwrap(envelope.key_id, envelope.wrapped, _about(envelope))
    except keys.KeyLost as error:
        raise FileOpensNoMore from error


def rewrap(limit: int = 500) -> int:
    """Close with the newest key what an older one closed, in the town spoken for. How many."""
    towns.take_turns()
    newest = keys.wrapping_keys()[0].id
    question = sa.select(Envelope).where(Envelope.key_id != newest, Envelope.shredded_at.is_(None))
    envelopes = db.session.scalars(question.order_by(Envelope.id).limit(limit)).all()
    for envelope in envelopes:
        envelope.key_id, envelope.wrapped = keys.wrap(key_of(envelope), _about(envelope))
    if envelopes:
        publish(KeysRotated(town_id=current_town_id(), envelopes=len(envelopes)))
    db.session.flush()
    return len(envelopes)


def _about(envelope: Envelope) -> str:
    """A wrapped key that is put into another row opens nothing."""
    return f"envelope {envelope.town_id} {envelope.id} {envelope.owner}"
