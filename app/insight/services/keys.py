"""Keys of other machines: made, ended, and what they sign.

What signs is made from our own secret key and a salt, so that a stolen register signs nothing. A
request is signed over its method, its address, its time, a nonce and the digest of its body.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.core.keys import keyed, keyed_by_any
from app.insight.errors import HeardBefore, KeyTooSmall, NotSigned
from app.insight.events import KeyEnded, KeyMade
from app.insight.models import ApiKey, ApiNonce, Scope
from app.insight.queries.keys import key_named

# How much two clocks may differ; a request is not remembered for longer than twice this.
CLOCKS = timedelta(minutes=5)


def make_key(name: str, scopes: Sequence[Scope]) -> ApiKey:
    """Whoever makes it shows `secret_of` at once, and never again."""
    key = ApiKey(name=name, scopes=[one.value for one in scopes], salt=secrets.token_urlsafe(24))
    db.session.add(key)
    db.session.flush()
    publish(KeyMade(town_id=key.town_id, key=key.code, scopes=", ".join(key.scopes)))
    return key


def end_key(key: ApiKey) -> None:
    """What it signs is refused from now on."""
    if key.ended_at is None:
        key.ended_at = clock.now()
        db.session.flush()
        publish(KeyEnded(town_id=key.town_id, key=key.code))


def secret_of(key: ApiKey) -> str:
    return keyed(_purpose(key))


def signature(secret: str, method: str, address: str, at: str, nonce: str, body: bytes) -> str:
    """What both sides work out: HMAC-SHA256 over five lines."""
    digest = hashlib.sha256(body).hexdigest()
    text = "\n".join((method, address, at, nonce, digest))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def hear(
    *,
    code: str,
    at: str,
    nonce: str,
    signed: str,
    method: str,
    address: str,
    body: bytes,
    scope: Scope,
) -> ApiKey:
    """The key that signed this request, once; or a refusal that says no more than it must."""
    key = key_named(code)
    if key is None or key.ended_at is not None or not _is_of_now(at) or not 8 <= len(nonce) <= 64:
        raise NotSigned
    known = [
        signature(secret, method, address, at, nonce, body)
        for secret in keyed_by_any(_purpose(key))
    ]
    if not any(hmac.compare_digest(one.encode(), signed.encode()) for one in known):
        raise NotSigned
    if scope.value not in key.scopes:
        raise KeyTooSmall
    try:
        with db.session.begin_nested():
            db.session.add(ApiNonce(key_id=key.id, nonce=nonce))
    except IntegrityError as error:
        raise HeardBefore from error
    key.last_used_at = clock.now()
    return key


def _is_of_now(at: str) -> bool:
    if not (at.isascii() and at.isdigit() and len(at) <= 12):
        return False
    return abs(datetime.fromtimestamp(int(at), UTC) - clock.now()) <= CLOCKS


def _purpose(key: ApiKey) -> str:
    return f"api:{key.code}:{key.salt}"
