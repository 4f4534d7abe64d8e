"""Whoever makes a town send codes for nobody: bounds on each telephone, address and prefix, and
the alarm that rings when too few codes come back.

What is refused depends on what was sent, never on who the telephone belongs to: the answer is the
same for a number we know and one we do not.
"""

from datetime import timedelta

from flask import current_app

from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.core.keys import keyed_by_any
from app.core.phones import country_of
from app.identity import queries
from app.identity.errors import CodesStopped, NotFromHere, TooManyCodes
from app.identity.events import CodesLookedFraudulent
from app.identity.models import CodeAlarm
from app.identity.queries import CodesSent, Share
from app.towns.models import Town
from app.towns.tenant import current_town_id, every_town

ASKER_UNDER_ALARM = 3  # codes an hour that one asker gets while the whole town is alarmed


def refuse_abuse(phone: str, network: str, *, is_known: bool) -> None:
    """Bounds an hour, over every town of the installation: a telephone rings in one pocket."""
    countries = db.session.get_one(Town, current_town_id()).phone_countries
    if country_of(phone) not in countries:
        raise NotFromHere
    alarmed = queries.is_town_alarmed()
    with every_town():
        sent = queries.codes_sent(phone, keyed_by_any(f"address:{network}"))
        is_stopped = queries.is_stopped(phone)
        is_stopped = is_stopped or (alarmed and queries.is_prefix_unproven(phone))
    if is_stopped and not is_known:
        raise CodesStopped
    if _is_too_much(sent, is_known=is_known, is_alarmed=alarmed):
        raise TooManyCodes


def watch() -> list[CodeAlarm]:
    """Look at the town's last hour. Returns the alarms that ring from now on."""
    config = current_app.config
    least, share = int(config["SMS_ALARM_NUMBERS"]), float(config["SMS_ALARM_SHARE"])
    ringing = {alarm.prefix for alarm in queries.live_alarms()}
    found = queries.shares()
    whole = Share("", sum(one.numbers for one in found), sum(one.confirmed for one in found))
    collapsed = [one for one in found if one.is_collapsed(least, share)]
    if whole.is_collapsed(int(config["SMS_ALARM_TOWN_NUMBERS"]), share):
        collapsed.append(whole)
    return [_ring(one) for one in collapsed if one.prefix not in ringing]


def _is_too_much(sent: CodesSent, *, is_known: bool, is_alarmed: bool) -> bool:
    config = current_app.config
    a_phone = int(config["SMS_CODES_PER_PHONE_HOUR"])
    an_asker = ASKER_UNDER_ALARM if is_alarmed else int(config["SMS_CODES_PER_ADDRESS_HOUR"])
    if sent.to_this_by_this_asker >= a_phone or sent.by_this_asker >= an_asker:
        return True
    if is_known:  # what strangers ask for this telephone does not lock its owner out
        return False
    # Somebody who has not asked for this telephone yet may be its owner, whatever others did.
    of_everybody = 2 * a_phone if sent.to_this_by_this_asker else 4 * a_phone
    return sent.to_this >= of_everybody or sent.to_this_prefix >= int(
        config["SMS_CODES_PER_PREFIX_HOUR"]
    )


def _ring(found: Share) -> CodeAlarm:
    lasts = timedelta(minutes=float(current_app.config["SMS_ALARM_MINUTES"]))
    alarm = CodeAlarm(
        prefix=found.prefix,
        numbers=found.numbers,
        confirmed=found.confirmed,
        raised_at=clock.now(),
        until=clock.now() + lasts,
    )
    db.session.add(alarm)
    db.session.flush()
    publish(
        CodesLookedFraudulent(
            town_id=alarm.town_id,
            prefix=found.prefix,
            numbers=found.numbers,
            confirmed=found.confirmed,
        )
    )
    return alarm
