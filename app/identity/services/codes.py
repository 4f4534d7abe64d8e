"""Codes by SMS: they show that somebody holds a telephone. They identify nobody by themselves.

Figures from OWASP ASVS 5.0, 6.5 and 6.6: six digits, ten minutes, five tries a code, one use.
"""

import enum
import hashlib
import hmac
import ipaddress
import secrets
from datetime import timedelta

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.core.i18n import current_slug
from app.identity import queries
from app.identity.errors import NoMoreMessages, TooManyCodes
from app.identity.events import PhoneConfirmed
from app.identity.models import MAX_TRIES, PhoneCode
from app.messaging import queries as messages
from app.messaging import services as messaging
from app.towns.tenant import every_town

DIGITS = 6


class CodeOutcome(enum.StrEnum):
    """What a typed code turned out to be."""

    RIGHT = "right"
    WRONG = "wrong"
    USED = "used"
    EXPIRED = "expired"
    SPENT = "spent"  # too many tries: only a new code helps


def send_code(phone: str, purpose: str, *, address: str, host: str) -> PhoneCode:
    """Send six digits to the telephone, valid for this purpose only.

    `address`: whoever asks, to bound how often. `host`: lets the telephone fill the code in by
    itself on our page and on no other (last line `@host #code`, WICG origin-bound codes).
    """
    config = current_app.config
    asker = _keyed(f"address:{_network(address)}")
    _refuse_too_many(phone, asker)
    if messages.written_today("code:") >= int(config["SMS_DAILY_LIMIT"]):
        raise NoMoreMessages
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    life = timedelta(minutes=float(config["SMS_CODE_MINUTES"]))
    code = PhoneCode(
        phone=phone,
        purpose=purpose,
        digest=_keyed(f"{purpose}:{phone}:{digits}"),
        address_digest=asker,
        sent_at=clock.now(),
        expires_at=clock.now() + life,
    )
    db.session.add(code)
    db.session.flush()
    text = _("%(code)s is your code for the town hall. Do not give it to anybody.", code=digits)
    messaging.send_later(
        phone,
        f"{text}\n\n@{host} #{digits}",
        key=f"code:{code.id}",
        locale=current_slug(),
        not_after=code.expires_at,
    )
    return code


def try_code(phone: str, purpose: str, typed: str) -> CodeOutcome:
    """Compare what was typed with every code still good. The caller commits: tries must count."""
    digits = "".join(str(int(sign)) for sign in typed if sign.isdecimal())
    codes = queries.live_codes(phone, purpose)
    wanted = _keyed(f"{purpose}:{phone}:{digits}")
    match = next((code for code in codes if hmac.compare_digest(code.digest, wanted)), None)
    # Only this purpose's own tries count: a stranger who types wrong codes for somebody else's
    # telephone must not close the door to its owner.
    if sum(code.tries for code in codes) >= MAX_TRIES * 2 or (codes and codes[0].is_spent):
        return CodeOutcome.SPENT
    if match is None:
        if not codes or codes[0].is_expired:
            return CodeOutcome.EXPIRED
        codes[0].tries += 1
        return CodeOutcome.WRONG
    if match.used_at is not None:
        return CodeOutcome.USED
    if match.is_expired:
        return CodeOutcome.EXPIRED
    return _use(match)


def _refuse_too_many(phone: str, asker: str) -> None:
    """Bounds an hour: what one asker sends to one telephone, one asker to all, all to one.

    Counted over every town of the installation: a telephone rings in one pocket.
    """
    config = current_app.config
    with every_town():
        sent = queries.codes_sent(phone, asker)
    if (
        sent.to_this_by_this_asker >= int(config["SMS_CODES_PER_PHONE_HOUR"])
        or sent.by_this_asker >= int(config["SMS_CODES_PER_ADDRESS_HOUR"])
        or sent.to_this >= 2 * int(config["SMS_CODES_PER_PHONE_HOUR"])
    ):
        raise TooManyCodes


def _network(address: str) -> str:
    """Whoever has one IPv6 address has all of its /64."""
    try:
        asked = ipaddress.ip_address(address)
    except ValueError:
        return address
    if asked.version == 6:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return address


def _use(code: PhoneCode) -> CodeOutcome:
    """Of two at once, the register lets the first use it."""
    used = db.session.execute(
        sa.update(PhoneCode)
        .where(PhoneCode.id == code.id, PhoneCode.used_at.is_(None))
        .values(used_at=clock.now())
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        return CodeOutcome.USED
    publish(PhoneConfirmed(town_id=code.town_id, purpose=code.purpose))
    return CodeOutcome.RIGHT


def _keyed(text: str) -> str:
    """A digest that only this installation can make, so that a stolen table tells nothing."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
