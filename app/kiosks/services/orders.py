"""What a device is asked to do, and what it says of it."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.accounts.models import Account
from app.core import clock, stream
from app.core.db import db
from app.core.events import publish
from app.kiosks import queries
from app.kiosks.events import KioskOrdered
from app.kiosks.models import Enrolment, HandOff, Kiosk, Order, OrderKind, Stay

# Whoever asked is no longer there after this.
PATIENCE = timedelta(minutes=2)
LONG_PATIENCE = timedelta(minutes=15)
LASTING = (OrderKind.WIPE, OrderKind.RESTART, OrderKind.REBOOT, OrderKind.TEST)
KEPT = timedelta(days=7)

OUTCOMES = frozenset(
    (
        *("done", "no_paper", "no_printer", "no_scanner", "busy", "too_late", "failed"),
        *("no_sound", "unplugged", "stopped"),
    )
)


def order(
    kiosk: Kiosk,
    kind: OrderKind,
    *,
    stay: Stay | None = None,
    by: Account | None = None,
    **words: Any,
) -> Order:
    """Written down, and the device is told that there is something to do."""
    life = LONG_PATIENCE if kind in LASTING else PATIENCE
    made = Order(
        kiosk_id=kiosk.id,
        stay_code=stay.code if stay else "",
        kind=kind,
        words=words,
        expires_at=clock.now() + life,
    )
    db.session.add(made)
    db.session.flush()
    stream.tell(queries.agent_of(kiosk.id), "orders", {})
    if by is not None:
        publish(
            KioskOrdered(town_id=kiosk.town_id, kiosk_id=kiosk.id, by_id=by.id, order=kind.value)
        )
    return made


def done(order: Order, outcome: str) -> None:
    """The device says how it went. The first word counts."""
    if order.done_at is not None:
        return
    order.done_at = clock.now()
    order.outcome = outcome if outcome in OUTCOMES else "failed"
    stay = queries.stay_named(order.stay_code) if order.stay_code else None
    if stay is not None and order.kind in (OrderKind.SCAN, OrderKind.PRINT):
        stay.papers += 1
    news = {"kind": order.kind.value, "outcome": order.outcome}
    stream.tell(queries.screen_of(order.kiosk_id), "done", news)
    stream.tell(queries.fleet_of(order.town_id), "kiosk", {})


def forget_old() -> None:
    """Old errands, codes that nobody typed and squares that nobody looked at."""
    long_ago = clock.now() - KEPT
    for model in (Order, HandOff, Enrolment):
        db.session.execute(sa.delete(model).where(model.expires_at < long_ago))
