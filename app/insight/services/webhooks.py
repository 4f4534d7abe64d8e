"""News for other machines: written with the fact, signed when they leave, tried again for a day.

Where they go is looked up and looked at each time they leave, and the address that was looked at is
the one that is connected to: nobody can make us speak to our own network by changing a name.
"""

import hashlib
import hmac
import ipaddress
import json
import secrets
import socket
from datetime import timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

import sqlalchemy as sa
import structlog
import urllib3
from flask import current_app

from app.core import clock
from app.core.db import db, transaction
from app.core.events import publish
from app.core.jobs import call
from app.core.keys import keyed
from app.insight.errors import AddressUnfit
from app.insight.events import WebhookEnded, WebhookMade
from app.insight.models import Posted, Webhook, WebhookPost
from app.towns.tenant import every_town, town_of

log = structlog.get_logger()

# Waits between tries, in seconds: a minute at first, half a day at last.
PAUSES = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
STUCK_AFTER = timedelta(minutes=5)
BATCH = 10
LONGEST_ADDRESS = 300
HEADERS = {"Content-Type": "application/json", "User-Agent": "Ventanilla"}


class CannotReach(Exception):
    """It did not arrive. The text is for whoever looks after the webhook."""


def make_webhook(address: str) -> Webhook:
    """Whoever makes it shows `webhook_secret` at once, and never again."""
    refuse_unfit(address)
    webhook = Webhook(address=address, salt=secrets.token_urlsafe(24))
    db.session.add(webhook)
    db.session.flush()
    publish(WebhookMade(town_id=webhook.town_id, address=_host(address)))
    return webhook


def end_webhook(webhook: Webhook) -> None:
    """It is told nothing more, what waits for it included."""
    if webhook.ended_at is not None:
        return
    webhook.ended_at = clock.now()
    waiting = sa.update(WebhookPost).where(
        WebhookPost.webhook_id == webhook.id, WebhookPost.state == Posted.QUEUED
    )
    db.session.execute(waiting.values(state=Posted.DROPPED))
    publish(WebhookEnded(town_id=webhook.town_id, address=_host(webhook.address)))


def webhook_secret(webhook: Webhook) -> str:
    return keyed(f"webhook:{webhook.code}:{webhook.salt}")


def note(name: str, facts: dict[str, object]) -> int:
    """One piece of news for every webhook of the town spoken for. Returns for how many."""
    question = sa.select(Webhook.id).where(Webhook.ended_at.is_(None))
    ids = db.session.scalars(question).all()
    for webhook_id in ids:
        db.session.add(WebhookPost(webhook_id=webhook_id, name=name, facts=facts))
    if ids:
        call("webhooks")
    return len(ids)


def refuse_unfit(address: str) -> SplitResult:
    """Whether news may go there, as far as the address itself tells."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise AddressUnfit from error
    is_lax = bool(current_app.config["WEBHOOKS_TO_THIS_MACHINE"])
    is_plain = address.isascii() and address.isprintable() and " " not in address
    if (
        not is_plain
        or len(address) > LONGEST_ADDRESS
        or parts.scheme not in (("https", "http") if is_lax else ("https",))
        or not parts.hostname
        or parts.username is not None
        or parts.password is not None
        or parts.fragment
        or (not is_lax and port not in (None, 443))
    ):
        raise AddressUnfit
    if not is_lax and not _is_public_name(parts.hostname):
        raise AddressUnfit
    return parts


def _is_public_name(host: str) -> bool:
    """A name with a dot, or an address that all the internet can reach."""
    try:
        return _is_public(host.strip("[]"))
    except ValueError:
        own = ("localhost", "local", "internal", "localdomain", "home", "lan", "arpa")
        last = host.rstrip(".").rsplit(".", 1)[-1].lower()
        return "." in host.rstrip(".") and last not in own and not last.isdigit()


def _is_public(number: str) -> bool:
    found = ipaddress.ip_address(number)
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if inside is not None:
            return _is_public(str(inside))
    return found.is_global and not found.is_multicast


def resolved(parts: SplitResult) -> str:
    """The number behind the name, when every number behind it is one we may speak to."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotReach("The name of the address is not known.") from error
    numbers = [str(one[4][0]) for one in found]
    is_lax = bool(current_app.config["WEBHOOKS_TO_THIS_MACHINE"])
    if not numbers or not (is_lax or all(map(_is_public, numbers))):
        raise CannotReach("The name of the address leads into a network that is not public.")
    return numbers[0]


def claim_due(limit: int = BATCH) -> list[int]:
    """Take what is due, so that two workers never tell the same."""
    now = clock.now()
    due = (
        sa.select(WebhookPost)
        .where(
            sa.or_(
                WebhookPost.state == Posted.QUEUED,
                sa.and_(
                    WebhookPost.state == Posted.SENDING, WebhookPost.try_at < now - STUCK_AFTER
                ),
            ),
            WebhookPost.try_at <= now,
        )
        .order_by(WebhookPost.try_at, WebhookPost.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = []
    for post in db.session.scalars(due):
        post.state, post.try_at = Posted.SENDING, now
        post.attempts += 1
        taken.append(post.id)
    return taken


def deliver_due() -> int:
    """The round over every town. Returns how many pieces of news were tried."""
    with every_town():
        if not _anything_due():
            db.session.rollback()
            return 0
        with transaction():
            taken = claim_due()
        for post_id in taken:
            _deliver(post_id)
        return len(taken)


def _anything_due() -> bool:
    question = sa.select(WebhookPost.id).where(
        WebhookPost.state.in_((Posted.QUEUED, Posted.SENDING)), WebhookPost.try_at <= clock.now()
    )
    return db.session.scalar(question.limit(1)) is not None


def _deliver(post_id: int) -> None:
    """Spoken outside any transaction: a slow machine of somebody's must not hold the register."""
    post = db.session.get_one(WebhookPost, post_id)
    webhook, town_id = post.webhook, post.town_id
    address, secret, body = webhook.address, webhook_secret(webhook), _body(post)
    has_ended, name = webhook.ended_at is not None, post.code
    db.session.rollback()
    problem = ""
    if not has_ended:
        try:
            _send(address, secret, name, body)
        except (CannotReach, AddressUnfit) as error:
            problem = str(error)
    with transaction(), town_of(town_id):
        _write_down(db.session.get_one(WebhookPost, post_id), has_ended, problem)


def _write_down(post: WebhookPost, has_ended: bool, problem: str) -> None:
    if has_ended:
        post.state = Posted.DROPPED
    elif not problem:
        post.state, post.sent_at, post.problem = Posted.SENT, clock.now(), ""
    else:
        post.problem = problem[:200]
        is_last = post.attempts > len(PAUSES)
        post.state = Posted.FAILED if is_last else Posted.QUEUED
        if not is_last:
            post.try_at = clock.now() + timedelta(seconds=PAUSES[post.attempts - 1])
        else:
            log.error("news not delivered", post=post.id, problem=problem)


def _body(post: WebhookPost) -> bytes:
    told = {
        "id": post.code,
        "name": post.name,
        "happened_at": post.written_at.isoformat(),
        "facts": post.facts,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def signed(secret: str, at: str, name: str, body: bytes) -> str:
    """What the receiver works out again: HMAC-SHA256 over time, name and body."""
    text = b".".join((at.encode(), name.encode(), body))
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def _send(address: str, secret: str, name: str, body: bytes) -> None:
    parts = refuse_unfit(address)
    number, at = resolved(parts), str(int(clock.now().timestamp()))
    headers = {
        **HEADERS,
        "Host": parts.netloc,
        "Ventanilla-Id": name,
        "Ventanilla-Time": at,
        "Ventanilla-Signature": signed(secret, at, name, body),
    }
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    seconds = float(current_app.config["WEBHOOK_TIMEOUT_SECONDS"])
    options: dict[str, Any] = {
        "timeout": urllib3.Timeout(total=seconds),
        "retries": False,
        "maxsize": 1,
    }
    if parts.scheme == "https":
        pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
            number,
            parts.port or 443,
            server_hostname=parts.hostname,
            assert_hostname=parts.hostname,
            cert_reqs="CERT_REQUIRED",
            **options,
        )
    else:
        pool = urllib3.HTTPConnectionPool(number, parts.port or 80, **options)
    try:
        with pool:
            answer = pool.urlopen(
                "POST", path, body=body, headers=headers, redirect=False, preload_content=False
            )
            answer.close()
    except urllib3.exceptions.HTTPError as error:
        raise CannotReach(f"Nobody answered as they should: {type(error).__name__}.") from error
    if not 200 <= answer.status < 300:
        raise CannotReach(f"The answer was {answer.status}.")


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""
