"""Questions about messages."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from app.core import clock
from app.core.db import db, first_or_none
from app.messaging.models import Message, MessageState, Way


def latest(limit: int = 30) -> Sequence[Message]:
    """What was sent last, newest first."""
    question = sa.select(Message).where(Message.state == MessageState.SENT)
    return db.session.scalars(question.order_by(Message.id.desc()).limit(limit)).all()


def written_today(key_prefix: str = "") -> int:
    """How many messages of that kind the town wrote in the last 24 hours."""
    since = clock.now() - timedelta(days=1)
    asked = {"since": since, "prefix": key_prefix, "length": len(key_prefix)}
    return int(db.session.scalar(WRITTEN_SINCE, asked) or 0)


# Asked at every code, and so built once.
WRITTEN_SINCE = (
    sa.select(sa.func.count())
    .select_from(Message)
    .where(
        Message.written_at > sa.bindparam("since"),
        sa.func.substr(Message.key, 1, sa.bindparam("length")) == sa.bindparam("prefix"),
    )
)


def message(code: str) -> Message | None:
    """The one that the provider calls so."""
    found: Message | None = first_or_none(sa.select(Message).where(Message.code == code))
    return found


def call_about(key: str) -> Message | None:
    """The call with that key."""
    found: Message | None = first_or_none(
        sa.select(Message).where(Message.key == key, Message.way == Way.CALL)
    )
    return found


def calls_to_forget() -> Sequence[int]:
    """Ids of calls of the last day that keep what is no longer true."""
    now = clock.now()
    return db.session.scalars(
        sa.select(Message.id).where(
            Message.state == MessageState.SENT,
            Message.try_at > now - timedelta(days=1),
            Message.way == Way.CALL,
            Message.not_after <= now,
            Message.body != "",
        )
    ).all()


def is_written(key: str) -> bool:
    """Whether the town has written a message with that key."""
    return db.session.scalar(sa.select(Message.id).where(Message.key == key)) is not None


def failing(since: timedelta) -> tuple[int, int]:
    """Of the messages that left or should have left lately: how many failed, and how many in all.

    One that waits for another try has not arrived either.
    """
    over = sa.or_(
        Message.state.in_((MessageState.SENT, MessageState.FAILED)),
        sa.and_(Message.state == MessageState.QUEUED, Message.attempts > 0),
    )
    rows = db.session.scalars(
        sa.select(Message.state).where(Message.written_at > clock.now() - since, over)
    ).all()
    return sum(state is not MessageState.SENT for state in rows), len(rows)


def is_unreached(key_prefix: str) -> bool:
    """Whether the newest message about that did not arrive, so that somebody should call."""
    newest = sa.select(Message.state).where(
        Message.key.startswith(key_prefix, autoescape=True),
        Message.state.in_((MessageState.SENT, MessageState.FAILED)),
    )
    return db.session.scalar(newest.order_by(Message.id.desc()).limit(1)) is MessageState.FAILED


LOOKED_BACK = timedelta(days=31)


def unreached(kind: str) -> frozenset[str]:
    """Of keys like `visit:<name>:…`, the names whose newest message did not arrive."""
    failed = sa.select(Message.key).where(
        Message.state == MessageState.FAILED,
        Message.written_at > clock.now() - LOOKED_BACK,
        Message.key.startswith(f"{kind}:", autoescape=True),
    )
    names = {key.split(":")[1] for key in db.session.scalars(failed)}
    return frozenset(name for name in names if is_unreached(f"{kind}:{name}:"))


def count_by_state() -> dict[tuple[str, str], int]:
    """How many messages of each way are in each state, of those of the last 24 hours."""
    since = clock.now() - timedelta(days=1)
    question = (
        sa.select(Message.way, Message.state, sa.func.count())
        .where(Message.written_at > since)
        .group_by(Message.way, Message.state)
    )
    return {(way.value, state.value): count for way, state, count in db.session.execute(question)}
