"""Errands of the post: write a message, withdraw it, hand it to the provider."""

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from flask import current_app
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from app.core import clock
from app.core.db import db, transaction
from app.core.errors import Missing
from app.core.events import publish
from app.core.i18n import speaking
from app.core.jobs import call
from app.core.keys import keyed, keyed_by_any
from app.core.phones import takes_messages
from app.messaging import queries
from app.messaging.errors import NoKeyPressed, ReportNotGenuine
from app.messaging.events import MessageNotDelivered, ReportRefused
from app.messaging.models import Delivery, Message, MessageState, Spoken, Way
from app.messaging.providers import (
    Joint,
    NotGenuine,
    NotNow,
    Parcel,
    Refused,
    Report,
    SmsSender,
)
from app.messaging.segments import in_basic_letters, segments
from app.towns import queries as towns
from app.towns import services as town_services
from app.towns.models import Town
from app.towns.tenant import current_town_id, every_town, town_of

log = structlog.get_logger()

# Waits between attempts; after the last the message has failed and says so.
PAUSES = (10, 30, 120, 600, 1800)
MOST_TRIES = len(PAUSES) + 1
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
    way: Way = Way.SMS,
) -> Message:
    """Write a message now; it leaves when this transaction is committed, or never.

    `at`: not before that instant. `not_after`: the instant from which it would be false or
    useless, and is dropped instead. What a landline cannot read is dropped too. The body of a call
    is written by `Spoken`.
    """
    is_written = way is Way.SMS
    if is_written and db.session.get_one(Town, current_town_id()).has_plain_sms:
        body = in_basic_letters(body)
    is_lost = is_written and not takes_messages(phone)
    message = Message(
        town_id=current_town_id(),  # of now: the row may be written with those of another town
        phone=phone,
        body="" if is_lost else body,
        way=way,
        state=MessageState.DROPPED if is_lost else MessageState.QUEUED,
        segments=segments(body) if is_written else 1,
        key=key,
        locale=locale,
        try_at=at or clock.now(),
        not_after=not_after,
    )
    db.session.add(message)
    call("post")
    return message


def withdraw(key_prefix: str) -> None:
    """What has not left and is no longer true does not leave."""
    waiting = sa.select(Message).where(
        Message.key.startswith(key_prefix, autoescape=True),
        Message.state.in_((MessageState.QUEUED, MessageState.SENDING)),
    )
    for message in _as_they_are(waiting):
        if message.state is MessageState.QUEUED:
            message.state = MessageState.DROPPED
        else:  # on its way: should it come back, it does not leave again
            message.not_after = clock.now()


def withdraw_all(phone: str) -> None:
    """Nothing more is told to that telephone, except what is on its way."""
    waiting = sa.select(Message).where(Message.phone == phone, Message.state == MessageState.QUEUED)
    for message in _as_they_are(waiting):
        message.state = MessageState.DROPPED


def _as_they_are(question: sa.Select[Message]) -> Sequence[Message]:
    """Those messages, which no postman takes meanwhile."""
    locked = question.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(locked).all()


def forget(key: str) -> None:
    """That call has nothing to tell any more: what it was for is over."""
    message = queries.call_about(key)
    if message is None:
        return
    town_services.take_turns()
    if message.state is MessageState.QUEUED:
        message.state = MessageState.DROPPED
    message.not_after = clock.now()
    _empty(message)


def forget_what_is_over() -> int:
    """Of calls of which nobody told us that they ended. Returns of how many."""
    with every_town():
        found = queries.calls_to_forget()
        db.session.rollback()
        if not found:
            return 0
        with transaction():
            db.session.execute(sa.update(Message).where(Message.id.in_(found)).values(body=""))
        return len(found)


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
        if message.delivery is not None:  # the provider told of it before its answer was written
            _write_down(message, MessageState.SENT, message.provider_id, None)
            continue
        message.state = MessageState.SENDING
        message.attempts += 1
        message.try_at = now
        taken.append(message.id)
    return taken


def deliver(message_id: int) -> None:
    """Hand one claimed message to the provider and write down what became of it.

    The provider is spoken to outside any transaction: a slow one must not hold the register.
    Whoever claimed it the other times died at it: it has had its tries, and has failed.
    """
    sender: SmsSender = current_app.extensions["sms"]
    message = db.session.get_one(Message, message_id)
    if message.not_after and message.not_after <= clock.now():
        with transaction():
            db.session.get_one(Message, message_id).state = MessageState.DROPPED
        return
    if message.attempts > MOST_TRIES:
        _end(message, MessageState.FAILED, None, "tried too often")
        return
    parcel = _parcel(sender, message)
    is_again, written_at = message.attempts > 1, message.written_at
    db.session.rollback()
    outcome, provider_id, problem = MessageState.SENT, None, None
    try:
        provider_id = sender.sent_before(parcel, written_at) if is_again else None
        provider_id = provider_id or sender.send(parcel)
    except Refused as error:
        outcome, problem = MessageState.FAILED, str(error)
    except NotNow as error:
        outcome, problem = MessageState.QUEUED, str(error)
    _end(message, outcome, provider_id, problem)


def _end(
    message: Message, outcome: MessageState, provider_id: str | None, problem: str | None
) -> None:
    """In a transaction of its own, and in the town of the message."""
    with transaction(), town_of(message.town_id):
        town_services.take_turns()  # the first lock, before the message's own
        _write_down(db.session.get_one(Message, message.id), outcome, provider_id, problem)


def _write_down(
    message: Message, outcome: MessageState, provider_id: str | None, problem: str | None
) -> None:
    message.state, message.problem = outcome, problem and problem[:200]
    if outcome is MessageState.SENT:
        message.sent_at, message.provider_id = clock.now(), provider_id
        if not message.waits_for_a_key:
            _empty(message)
    elif outcome is MessageState.QUEUED:
        if message.attempts >= MOST_TRIES:
            message.state = MessageState.FAILED
        else:
            message.try_at = clock.now() + timedelta(seconds=PAUSES[message.attempts - 1])
    if message.state is MessageState.FAILED:
        _tell_that_it_failed(message)


def _empty(message: Message) -> None:
    """A code or a link is nobody's business once it has left."""
    if not current_app.config["DEMO"]:
        message.body = ""


def can_join() -> bool:
    """Whether two telephones can be joined through us."""
    sender: SmsSender = current_app.extensions["sms"]
    return sender.can_join


def reports_to(path: str, town: Town) -> str:
    """Our own public address below which the provider tells us something; empty: it never does."""
    sender: SmsSender = current_app.extensions["sms"]
    return towns.address_of(town, f"{sender.reports_to}{path}") if sender.reports_to else ""


def join(joint: Joint) -> str:
    """Ring both. Nothing of ours is held meanwhile. Raises Refused or NotNow."""
    sender: SmsSender = current_app.extensions["sms"]
    return sender.join(joint)


def read_report(
    way: Way, path: str, fields: MultiDict[str, str], signature: str, *, kind: str
) -> Report:
    """What the provider says at that address of the town; anybody else is refused and noted."""
    town = towns.current_town_or_404()
    sender: SmsSender = current_app.extensions["sms"]
    if not sender.reports_to:
        raise Missing
    url = towns.address_of(town, path)  # never the host that the request names
    try:
        return sender.read_report(way, url, fields, signature)
    except NotGenuine:
        with transaction():
            publish(ReportRefused(town_id=town.id, kind=kind))
        raise ReportNotGenuine from None


def note_report(code: str, way: Way, report: Report) -> None:
    """What the provider tells of a message: once, and never backwards.

    A report may be here before the answer that brings the provider's id has been written down.
    """
    town_services.take_turns()
    message = queries.message(code)
    known = message and message.provider_id
    if message is None or message.way is not way or (known and known != report.provider_id):
        raise Missing
    if report.delivery is None or _is_old_news(message, report.delivery):
        return
    message.provider_id = report.provider_id
    message.delivery, message.delivery_at = report.delivery, clock.now()
    if message.way is Way.CALL and not message.waits_for_a_key:
        _empty(message)
    if report.delivery is Delivery.UNDELIVERED:
        message.state, message.problem = MessageState.FAILED, (report.problem or "")[:200]
        _tell_that_it_failed(message)


def read_aloud(name: str, report: Report) -> str:
    """What a call goes on with after a key: the same each time, as long as it is true.

    Whose key it was is known from the name in the address and from the call: both must fit.
    """
    if not report.key:
        raise NoKeyPressed
    message = queries.message(_code_in(name))
    known = message and message.provider_id
    if message is None or message.way is not Way.CALL or known not in (None, report.provider_id):
        raise Missing
    sender: SmsSender = current_app.extensions["sms"]
    with speaking(message.locale):
        return sender.read_aloud(_true_now(message), message.locale)


def _true_now(message: Message) -> str:
    spoken = Spoken.read(message.body)
    if spoken and message.waits_for_a_key:
        return spoken.tells
    return "\n".join(
        (_("This code is no longer valid."), _("Ask for a new one on the page. Goodbye."))
    )


def name_for_keys(code: str) -> str:
    """Under which a call asks what comes after the key. It opens nothing else, and only we make it.

    Whoever knows by which code the provider reports about the call does not know this name.
    """
    return f"{code}.{_proof(keyed(f'key:{code}'))}"


def _code_in(name: str) -> str:
    code, _dot, shown = name.partition(".")
    proofs = [_proof(one) for one in keyed_by_any(f"key:{code}")]
    if not any(hmac.compare_digest(shown.encode(), proof.encode()) for proof in proofs):
        raise Missing
    return code


def _proof(digest: str) -> str:
    return digest[:32]


def _is_old_news(message: Message, told: Delivery) -> bool:
    return message.delivery is not None and told.step <= message.delivery.step


def _tell_that_it_failed(message: Message) -> None:
    log.error("message failed", message=message.id, problem=message.problem)
    publish(
        MessageNotDelivered(
            town_id=message.town_id,
            message_id=message.id,
            about=message.key,
            problem=message.problem or "",
        )
    )


def _parcel(sender: SmsSender, message: Message) -> Parcel:
    """What the provider is given. What a call tells after the key stays here where it can ask."""
    parcel = Parcel(
        phone=message.phone,
        body=message.body,
        valid_seconds=_seconds_left(message),
        way=message.way,
        locale=message.locale,
    )
    if not sender.reports_to or message.code is None:
        return parcel
    town = db.session.get_one(Town, message.town_id)
    parcel = replace(parcel, report_to=reports_to(f"{message.way}/{message.code}", town))
    spoken = Spoken.read(message.body) if message.way is Way.CALL else None
    if spoken is None:
        return parcel
    key_to = reports_to(f"key/{name_for_keys(message.code)}", town)
    return replace(parcel, body=spoken.asks, otherwise=spoken.otherwise, key_to=key_to)


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
