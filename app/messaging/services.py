"""Errands of the post: write a message, withdraw it, hand it to the provider."""

from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from flask import current_app

from app.core import clock
from app.core.db import db, transaction
from app.messaging.models import Message, MessageState
from app.messaging.providers import NotNow, Parcel, Refused, SmsSender
from app.messaging.segments import in_basic_letters, segments
from app.towns.models import Town
from app.towns.tenant import current_town_id, every_town

log = structlog.get_logger()

# Waits between attempts; after the last the message has failed and says so.
PAUSES = (10, 30, 120, 600, 1800)
# A claimed message that nobody finished: the process died. Longer than a batch can take.
STUCK_AFTER = timedelta(minutes=5)
BATCH = 5


def send_later(
    phone: str,
    body: str,
    *,
    key: str,
    locale: str,
    at: datetime | None = None,
    not_after: datetime | None = None,
) -> Message:
    """Write a message now; it leaves when this transaction is committed, or never.

    `at`: not before that instant. `not_after`: the instant from which it would be false or
    useless, and is dropped instead.
    """
    if db.session.get_one(Town, current_town_id()).has_plain_sms:
        body = in_basic_letters(body)
    message = Message(
        phone=phone,
        body=body,
        segments=segments(body),
        key=key,
        locale=locale,
        try_at=at or clock.now(),
        not_after=not_after,
    )
    db.session.add(message)
    db.session.flush()
    return message


def withdraw(key_prefix: str) -> None:
    """What has not left and is no longer true does not leave."""
    waiting = sa.select(Message).where(
        Message.key.startswith(key_prefix, autoescape=True),
        Message.state.in_((MessageState.QUEUED, MessageState.SENDING)),
    )
    for message in db.session.scalars(waiting):
        if message.state is MessageState.QUEUED:
            message.state = MessageState.DROPPED
        else:  # on its way: should it come back, it does not leave again
            message.not_after = clock.now()


def withdraw_all(phone: str) -> None:
    """Nothing more is told to that telephone, except what is on its way."""
    waiting = sa.select(Message).where(Message.phone == phone, Message.state == MessageState.QUEUED)
    for message in db.session.scalars(waiting):
        message.state = MessageState.DROPPED


def claim_due(limit: int = BATCH) -> list[int]:
    """Take what is due, so that two workers never send the same message. Returns ids."""
    now = clock.now()
    due = (
        sa.select(Message)
        .where(
            sa.or_(
                Message.state == MessageState.QUEUED,
                sa.and_(Message.state == MessageState.SENDING, Message.try_at < now - STUCK_AFTER),
            ),
            Message.try_at <= now,
        )
        .order_by(Message.try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = []
    for message in db.session.scalars(due):
        if message.not_after and message.not_after <= now:
            message.state = MessageState.DROPPED
            continue
        if message.attempts > len(PAUSES):
            message.state = MessageState.FAILED
            continue
        message.state = MessageState.SENDING
        message.attempts += 1
        message.try_at = now
        taken.append(message.id)
    return taken


def deliver(message_id: int) -> None:
    """Hand one claimed message to the provider and write down what became of it.

    The provider is spoken to outside any transaction: a slow one must not hold the register.
    """
    sender: SmsSender = current_app.extensions["sms"]
    message = db.session.get_one(Message, message_id)
    if message.not_after and message.not_after <= clock.now():
        with transaction():
            db.session.get_one(Message, message_id).state = MessageState.DROPPED
        return
    life = _seconds_left(message)
    parcel = Parcel(phone=message.phone, body=message.body, valid_seconds=life)
    db.session.rollback()
    outcome, provider_id, problem = MessageState.SENT, None, None
    try:
        provider_id = sender.send(parcel)
    except Refused as error:
        outcome, problem = MessageState.FAILED, str(error)
    except NotNow as error:
        outcome, problem = MessageState.QUEUED, str(error)
    with transaction():
        _write_down(db.session.get_one(Message, message_id), outcome, provider_id, problem)


def _write_down(
    message: Message, outcome: MessageState, provider_id: str | None, problem: str | None
) -> None:
    message.state, message.problem = outcome, problem and problem[:200]
    if outcome is MessageState.SENT:
        message.sent_at, message.provider_id = clock.now(), provider_id
        if not current_app.config["DEMO"]:
            message.body = ""  # a code or a link is nobody's business once it has left
    elif outcome is MessageState.QUEUED:
        if message.attempts > len(PAUSES):
            message.state = MessageState.FAILED
        else:
            message.try_at = clock.now() + timedelta(seconds=PAUSES[message.attempts - 1])
    if message.state is MessageState.FAILED:
        log.error("message failed", message=message.id, problem=message.problem)


def _seconds_left(message: Message) -> int | None:
    if message.not_after is None:
        return None
    return max(1, int((message.not_after - clock.now()).total_seconds()))


def deliver_due() -> int:
    """The postman's round over every town. Returns how many messages were handed over."""
    with every_town():
        if not anything_due():
            db.session.rollback()
            return 0
        with transaction():
            taken = claim_due()
        for message_id in taken:
            deliver(message_id)
        return len(taken)


def anything_due() -> bool:
    """A look that takes no lock, so that an idle postman disturbs nobody."""
    question = sa.select(Message.id).where(
        Message.state.in_((MessageState.QUEUED, MessageState.SENDING)),
        Message.try_at <= clock.now(),
    )
    return db.session.scalar(question.limit(1)) is not None
