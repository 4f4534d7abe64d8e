"""Errands of the device test."""

from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.devices import queries
from app.devices.events import DeviceChecked
from app.devices.models import DeviceCheck, Heard, Sense, Way


def keep(
    visit: Visit,
    *,
    camera: Sense,
    microphone: Sense,
    loudspeaker: Heard,
    way: Way,
    round_trip_ms: int | None,
    loss: float | None,
    kbits: int | None,
    browser: str,
) -> DeviceCheck:
    """Write down what the test found, in place of an earlier one: the clerk sees the last."""
    check = queries.check_of(visit) or DeviceCheck(visit_id=visit.id)
    check.camera, check.microphone, check.loudspeaker = camera, microphone, loudspeaker
    check.way, check.round_trip_ms, check.loss, check.kbits = way, round_trip_ms, loss, kbits
    check.browser, check.checked_at = browser, clock.now()
    db.session.add(check)
    db.session.flush()
    publish(DeviceChecked(town_id=visit.town_id, visit_id=visit.id, verdict=check.verdict.value))
    return check
