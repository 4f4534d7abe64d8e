"""How a device becomes a kiosk: it shows a code, somebody of the town types it (RFC 8628)."""

import secrets
from datetime import timedelta
from typing import Any

from app.accounts.models import Account
from app.core import clock
from app.core.db import db
from app.core.errors import TooMany
from app.core.events import publish
from app.core.keys import keyed
from app.kiosks import queries
from app.kiosks.errors import BoothTaken, CodeOver, NotYet
from app.kiosks.events import KioskApproved
from app.kiosks.models import Enrolment, Kiosk
from app.schedule.models import Resource
from app.towns import services as turns

CODE_LIFE = timedelta(minutes=10)
# Consonants that nobody mistakes for one another: RFC 8628, section 6.1.
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LONG = 8
MOST_AT_ONCE = 20


def ask(facts: dict[str, Any]) -> tuple[str, str]:
    """What the device keeps to itself, and the code that it shows."""
    if queries.enrolments_open() >= MOST_AT_ONCE:
        raise TooMany
    secret = secrets.token_urlsafe(32)
    shown = "".join(secrets.choice(LETTERS) for _ in range(LONG))
    db.session.add(
        Enrolment(
            device_digest=queries.digest_of(secret),
            code_digest=keyed(f"kiosk:{shown}"),
            expires_at=clock.now() + CODE_LIFE,
            facts=facts,
        )
    )
    db.session.flush()
    return secret, f"{shown[:4]}-{shown[4:]}"


def approve(typed: str, by: Account, *, name: str, booth: Resource | None = None) -> Kiosk:
    """Somebody of the town has seen the code on the screen of a device that they know."""
    turns.take_turns()  # two who type it at once let one kiosk in
    found = queries.enrolment_by_code(typed)
    if found is None:
        raise CodeOver
    if booth is not None and booth.id not in {one.id for one in queries.free_booths()}:
        raise BoothTaken
    kiosk = Kiosk(name=name, approved_by_id=by.id, booth_id=booth.id if booth else None)
    kiosk.key_digest = secrets.token_bytes(32)  # nobody's, until the device comes for its own
    db.session.add(kiosk)
    db.session.flush()
    found.kiosk_id = kiosk.id
    publish(KioskApproved(town_id=kiosk.town_id, kiosk_id=kiosk.id, by_id=by.id))
    return kiosk


def take(secret: str) -> tuple[Kiosk, str]:
    """The device comes for its key, once. It is never told again."""
    found = queries.enrolment_by_device(secret)
    if found is None or not found.is_open:
        raise CodeOver
    if found.kiosk is None:
        raise NotYet
    if found.kiosk.is_removed:
        raise CodeOver
    key = f"{found.kiosk.code}.{secrets.token_urlsafe(32)}"
    found.kiosk.key_digest = queries.digest_of(key)
    found.taken_at = clock.now()
    db.session.flush()
    return found.kiosk, key
