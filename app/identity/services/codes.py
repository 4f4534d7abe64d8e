"""Codes by SMS or read aloud: they show that somebody holds a telephone. They identify nobody.

Figures from OWASP ASVS 5.0, 6.5 and 6.6: six digits, ten minutes, five tries a code, one use.
"""

import enum
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.core.i18n import current_slug, speaking
from app.core.keys import keyed, keyed_by_any
from app.core.limits import network
from app.core.phones import dictated, takes_messages
from app.identity import queries
from app.identity.errors import NoMoreMessages
from app.identity.events import CodeGuessed, PhoneConfirmed
from app.identity.models import MAX_TRIES, PhoneCode
from app.identity.services.fraud import refuse_abuse
from app.messaging import queries as messages
from app.messaging import services as messaging
from app.messaging.models import Spoken, Way
from app.messaging.providers import SmsSender
from app.towns.models import Town
from app.towns.tenant import current_town_id, every_town

DIGITS = 6
# No telephone voice speaks Aranese: the call is in Catalan, and the page says so before.
HEARD_IN = {"oc": "ca"}


class CodeOutcome(enum.StrEnum):
    """What a typed code turned out to be."""

    RIGHT = "right"
    WRONG = "wrong"
    USED = "used"
    EXPIRED = "expired"
    SPENT = "spent"  # too many tries: only a new code helps


@dataclass(frozen=True)
class Asker:
    """Whoever asks for a code. `host`: the page's, where the telephone may fill the code in.

    `is_known`: this very browser has confirmed this telephone before, so that what strangers ask
    for it elsewhere does not count against its owner.
    """

    address: str
    host: str
    is_known: bool = False


def can_call() -> bool:
    """Whether codes can be read aloud here."""
    sender: SmsSender = current_app.extensions["sms"]
    return sender.can_call


def heard_in(slug: str) -> str:
    """The language in which somebody who reads that one hears a call."""
    return HEARD_IN.get(slug, slug)


def send_code(phone: str, purpose: str, asker: Asker, *, way: Way = Way.SMS) -> PhoneCode:
    """Send six digits to the telephone, valid for this purpose only. A landline is called."""
    way = Way.CALL if can_call() and not takes_messages(phone) else way
    refuse_abuse(phone, network(asker.address), is_known=asker.is_known)
    if messages.written_today("code:") >= int(current_app.config["SMS_DAILY_LIMIT"]):
        raise NoMoreMessages
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    life = timedelta(minutes=float(current_app.config["SMS_CODE_MINUTES"]))
    code = PhoneCode(
        phone=phone,
        purpose=purpose,
        digest=keyed(f"{purpose}:{phone}:{digits}"),
        address_digest=keyed(f"address:{network(asker.address)}"),
        sent_at=clock.now(),
        expires_at=clock.now() + life,
    )
    db.session.add(code)
    db.session.flush()
    locale = heard_in(current_slug()) if way is Way.CALL else current_slug()
    with speaking(locale):
        text = _aloud(digits) if way is Way.CALL else _written(digits, asker.host)
    messaging.send_later(
        phone, text, key=f"code:{code.id}", locale=locale, not_after=code.expires_at, way=way
    )
    return code


def seconds_to_wait(phone: str, purpose: str) -> int:
    """Until another code of the same request makes sense: the last one is still on its way."""
    codes = queries.live_codes(phone, purpose)
    if not codes:
        return 0
    pause = timedelta(seconds=float(current_app.config["SMS_RESEND_SECONDS"]))
    left = (codes[0].sent_at + pause - clock.now()).total_seconds()
    return max(0, -int(-left // 1))


def is_lost(phone: str, purpose: str) -> bool:
    """Whether the newest code of that request is known not to have arrived."""
    codes = queries.live_codes(phone, purpose)
    return bool(codes) and messages.is_unreached(f"code:{codes[0].id}")


def try_code(phone: str, purpose: str, typed: str) -> CodeOutcome:
    """Compare what was typed with every code still good. The caller commits: tries must count."""
    digits = "".join(str(int(sign)) for sign in typed if sign.isdecimal())
    codes = queries.live_codes(phone, purpose)
    wanted = keyed_by_any(f"{purpose}:{phone}:{digits}")
    match = next((code for code in codes if _is_one_of(code.digest, wanted)), None)
    if _is_out_of_tries(phone, codes):
        return CodeOutcome.SPENT
    if match is None:
        if not codes or codes[0].is_expired:
            return CodeOutcome.EXPIRED
        return _count_wrong(codes[0])
    if match.used_at is not None:
        return CodeOutcome.USED
    if match.is_expired:
        return CodeOutcome.EXPIRED
    return _use(match)


def _is_out_of_tries(phone: str, codes: Sequence[PhoneCode]) -> bool:
    """Tries count against the request that made them, never against the telephone.

    A stranger who guesses at somebody else's telephone uses up their own requests. When guesses at
    one telephone are many, each request has one wrong try and no more: the owner, who reads the
    message, needs none.
    """
    own = sum(code.tries for code in codes)
    if own >= MAX_TRIES * 2 or (codes and codes[0].is_spent):
        return True
    if not own:
        return False
    with every_town():
        return queries.wrong_tries(phone) >= int(current_app.config["SMS_WRONG_CODES_HOUR"])


def _count_wrong(code: PhoneCode) -> CodeOutcome:
    if code.tries + 1 >= MAX_TRIES:
        messaging.forget(f"code:{code.id}")
    code.tries += 1
    if code.is_spent:
        publish(CodeGuessed(town_id=code.town_id, purpose=code.purpose))
    return CodeOutcome.WRONG


def _written(digits: str, host: str) -> str:
    """The code first, for whoever reads the notice alone; last the line for the browser (WICG)."""
    text = _("%(code)s is your code for the town hall. Do not give it to anybody.", code=digits)
    return f"{text}\n\n@{host} #{digits}"


def _aloud(digits: str) -> str:
    """A line for each breath; the digits in pairs, twice, and only for who presses a key."""
    town = db.session.get_one(Town, current_town_id())
    pairs = [f"{digits[at]}, {digits[at + 1]}" for at in range(0, DIGITS, 2)]
    asks = (
        _("Hello. This is the counter of the town hall of %(town)s.", town=town.name),
        _("Somebody asked for a code with this telephone. If it was not you, hang up."),
        _("Press 1 to hear the code."),
    )
    tells = (
        _("Your code is:"),
        *pairs,
        _("Once more:"),
        *pairs,
        _("Do not give it to anybody. Goodbye."),
    )
    otherwise = (
        _("Nobody pressed a key, so we do not say the code."),
        _("Ask for another call, or call us on %(phone)s.", phone=dictated(town.phone)),
        _("Goodbye."),
    )
    return str(Spoken("\n".join(asks), "\n".join(tells), "\n".join(otherwise)))


def _is_one_of(digest: str, wanted: list[str]) -> bool:
    return any([hmac.compare_digest(digest, one) for one in wanted])  # noqa: C419 - all, always


def _use(code: PhoneCode) -> CodeOutcome:
    """Of two at once, the register lets the first use it. No call says it from here on."""
    messaging.forget(f"code:{code.id}")
    used = db.session.execute(
        sa.update(PhoneCode)
        .where(PhoneCode.id == code.id, PhoneCode.used_at.is_(None))
        .values(used_at=clock.now())
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        return CodeOutcome.USED
    publish(PhoneConfirmed(town_id=code.town_id, purpose=code.purpose))
    return CodeOutcome.RIGHT
