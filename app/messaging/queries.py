"""Questions about messages."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from app.core import clock
from app.core.db import db
from app.messaging.models import Message, MessageState


def latest(limit: int = 30) -> Sequence[Message]:
    """What was sent last, newest first."""
    question = sa.select(Message).where(Message.state == MessageState.SENT)
    return db.session.scalars(question.order_by(Message.id.desc()).limit(limit)).all()


def written_today(key_prefix: str = "") -> int:
    """How many messages of that kind the town wrote in the last 24 hours."""
    since = clock.now() - timedelta(days=1)
    question = sa.select(sa.func.count()).select_from(Message).where(Message.written_at > since)
    if key_prefix:
        question = question.where(Message.key.startswith(key_prefix, autoescape=True))
    return int(db.session.scalar(question) or 0)
