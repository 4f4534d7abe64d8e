"""A telephone takes a visit away from a kiosk, or shows the kiosk who its owner is."""

import secrets
from datetime import timedelta

import sqlalchemy as sa

from app.accounts.models import Account
from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.core.keys import keyed
from app.kiosks import queries
from app.kiosks.errors import HandOffOver
from app.kiosks.events import VisitHandedOver
from app.kiosks.models import HandOff, Stay
from app.kiosks.services.stays import end, see, tell
from app.towns.services import look_again

LIFE = timedelta(minutes=10)


def offer(stay: Stay) -> tuple[str, str]:
    """What the square holds, and the same as digits to type. The ones before open nothing."""
    db.session.execute(
        sa.delete(HandOff).where(HandOff.stay_code == stay.code, HandOff.used_at.is_(None))
    )
    token = secrets.token_urlsafe(16)
    number = str(secrets.randbelow(10**queries.NUMBER_DIGITS)).zfill(queries.NUMBER_DIGITS)
    db.session.add(
        HandOff(
            digest=queries.digest_of(token),
            number_digest=keyed(f"hand-off:{number}"),
            stay_code=stay.code,
            expires_at=clock.now() + LIFE,
        )
    )
    db.session.flush()
    return token, number


def stay_of(hand_off: HandOff | None) -> Stay:
    """Who stands at the kiosk that showed it. Over, if they have left."""
    stay = queries.stay_named(hand_off.stay_code) if hand_off else None
    if hand_off is None or not hand_off.is_open or stay is None or not stay.is_open:
        raise HandOffOver
    return stay


def take_away(hand_off: HandOff | None) -> Visit | None:
    """From here on it goes on in the telephone; the kiosk is free for the next person."""
    stay = _used(hand_off)
    visit = stay.visit
    publish(
        VisitHandedOver(
            town_id=stay.town_id,
            kiosk_id=stay.kiosk_id,
            visit_id=visit.id if visit else None,
            way="to the telephone",
        )
    )
    end(stay, "telephone", keeps_the_visit=True)
    return visit


def show_who_it_is(hand_off: HandOff | None, citizen: Account) -> Stay:
    """The kiosk knows the person now, until they leave it."""
    stay = _used(hand_off)
    see(stay)
    stay.citizen, stay.citizen_id = citizen, citizen.id
    publish(
        VisitHandedOver(
            town_id=stay.town_id,
            kiosk_id=stay.kiosk_id,
            visit_id=stay.visit_id,
            way="from the telephone",
        )
    )
    tell(stay, "go", to="mine")
    return stay


def _used(hand_off: HandOff | None) -> Stay:
    stay = stay_of(hand_off)
    look_again(stay)
    if not stay.is_open:
        raise HandOffOver
    used = db.session.execute(
        sa.update(HandOff)
        .where(HandOff.id == (hand_off.id if hand_off else 0), HandOff.used_at.is_(None))
        .values(used_at=clock.now())
    )
    if not used.rowcount:  # type: ignore[attr-defined]
        raise HandOffOver
    return stay
