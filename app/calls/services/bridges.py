"""Two telephones for one visit: the clerk's rings, they pick up, then the citizen's rings.

Nobody dials. The provider has the numbers and tells what becomes of each.
"""

from typing import Literal

import structlog
from flask_babel import gettext as _

from app.accounts.models import Account
from app.booking import services as booking
from app.booking.models import Visit
from app.calls import queries
from app.calls.errors import BridgeMissing, NoBridge
from app.calls.events import BridgeAsked, BridgeEnded, BridgeJoined
from app.calls.models import Bridge, Bridging
from app.calls.services.seats import go_on_by_telephone
from app.core import clock, stream
from app.core.db import db, transaction
from app.core.events import publish
from app.core.i18n import speaking
from app.messaging import services as messaging
from app.messaging.models import Delivery
from app.messaging.providers import Joint, NotNow, Refused, Report
from app.towns import services as towns

Side = Literal["near", "far"]
HEARD = {"oc": "ca"}  # no telephone voice speaks Aranese

log = structlog.get_logger()


def ask(visit: Visit, by: Account, phone: str) -> Bridge | None:
    """Write down that both telephones are to ring; `ring` does it once this is committed.

    The visit goes on by telephone from here on. Asked twice, they ring once.
    """
    if not messaging.can_join():
        raise NoBridge
    booking.look_again(visit)
    go_on_by_telephone(visit)
    if any(bridge.goes_on for bridge in queries.bridges(visit)):
        return None
    bridge = Bridge(visit_id=visit.id, by_id=by.id, phone=phone)
    db.session.add(bridge)
    db.session.flush()
    publish(BridgeAsked(town_id=visit.town_id, visit_id=visit.id, by_id=by.id))
    return bridge


def ring(bridge: Bridge, locale: str) -> None:
    """Let them ring. The provider is asked while nothing of ours is held.

    `locale`: in which the clerk hears what is about to happen.
    """
    code, joint = bridge.code, _joint(bridge, HEARD.get(locale, locale))
    db.session.rollback()
    near_id, trouble = None, None
    try:
        near_id = messaging.join(joint)
    except (Refused, NotNow) as error:
        trouble = Bridging.REFUSED if isinstance(error, Refused) else Bridging.NOT_NOW
        log.warning("telephones were not joined", why=str(error))
    with transaction():
        towns.take_turns()
        bridge = queries.bridge_or_404(code)
        bridge.near_id = bridge.near_id or near_id
        if trouble:
            bridge.trouble = trouble
            _end(bridge)


def hear(code: str, side: Side, report: Report) -> None:
    """What the provider tells of one of the two: once, and never backwards."""
    towns.take_turns()
    bridge = queries.bridge_or_404(code)
    known, before = getattr(bridge, f"{side}_id"), getattr(bridge, side)
    if known and known != report.provider_id:
        raise BridgeMissing
    if report.delivery is None or (before and report.delivery.step <= before.step):
        return
    setattr(bridge, f"{side}_id", report.provider_id)
    setattr(bridge, side, report.delivery)
    if side == "far" and report.delivery in (Delivery.HANDED_OVER, Delivery.DELIVERED):
        _join(bridge)
    if side == "near" and report.delivery in (Delivery.DELIVERED, Delivery.UNDELIVERED):
        _end(bridge)
    stream.tell(queries.room_of(bridge.visit), "bridge", {})


def _joint(bridge: Bridge, locale: str) -> Joint:
    visit = bridge.visit
    with speaking(locale):
        words = _("One moment, please. We are calling the citizen.")
    return Joint(
        near=bridge.phone,
        far=visit.phone,
        words=words,
        locale=locale,
        near_reports_to=messaging.reports_to(f"near/{bridge.code}", visit.town),
        far_reports_to=messaging.reports_to(f"far/{bridge.code}", visit.town),
    )


def _join(bridge: Bridge) -> None:
    if bridge.joined_at is None:
        bridge.joined_at = clock.now()
        publish(BridgeJoined(town_id=bridge.town_id, visit_id=bridge.visit_id))


def _end(bridge: Bridge) -> None:
    bridge.ended_at = clock.now()
    publish(BridgeEnded(town_id=bridge.town_id, visit_id=bridge.visit_id, state=bridge.state.value))
