"""Questions about kiosks and whoever stands at them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import joinedload

from app.accounts.models import Account
from app.booking import queries as booking
from app.booking.models import LIVE, Status, Visit
from app.calls import queries as calls
from app.calls.models import Part
from app.core import clock
from app.core.db import db, first_or_none
from app.core.errors import Missing
from app.core.keys import keyed, keyed_by_any
from app.identity.models import OpenSession
from app.kiosks.models import Enrolment, HandOff, Kiosk, Order, Stay
from app.queue import queries as queue
from app.schedule.models import Resource, ResourceKind
from app.schedule.queries import Wish
from app.towns import queries as towns
from app.towns.models import Channel, Level, Moment, Procedure

# A printed number is good on the day of its visit.
NUMBER_DIGITS = 8
# Whoever stands at a kiosk is told of a booking of theirs that begins so soon.
NEXT_WITHIN = timedelta(minutes=15)


def every() -> int:
    """Seconds between two heartbeats."""
    return int(current_app.config["KIOSK_HEARTBEAT_SECONDS"])


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def screen_of(kiosk_id: int) -> str:
    """The channel of the browser of a kiosk."""
    return f"kiosk:{kiosk_id}"


def agent_of(kiosk_id: int) -> str:
    """The channel of the device itself."""
    return f"kiosk-agent:{kiosk_id}"


def fleet_of(town_id: int) -> str:
    """The channel of whoever looks after the kiosks of a town."""
    return f"kiosks:{town_id}"


def kiosks() -> Sequence[Kiosk]:
    """Those of the town that were not removed."""
    question = sa.select(Kiosk).where(Kiosk.key_digest.is_not(None)).order_by(Kiosk.name)
    return db.session.scalars(question.options(joinedload(Kiosk.booth))).all()


def kiosk(kiosk_id: int) -> Kiosk:
    return db.session.get_one(Kiosk, kiosk_id)


def kiosk_or_404(code: str) -> Kiosk:
    found: Kiosk | None = first_or_none(
        sa.select(Kiosk).where(Kiosk.code == code, Kiosk.key_digest.is_not(None))
    )
    if found is None:
        raise Missing
    return found


def kiosk_with(key: str) -> Kiosk | None:
    """The device that holds this key. A removed one holds none."""
    found: Kiosk | None = first_or_none(sa.select(Kiosk).where(Kiosk.key_digest == digest_of(key)))
    return found


def free_booths(own: Kiosk | None = None) -> list[Resource]:
    """Booths of the town that no other kiosk has."""
    taken = {one.booth_id for one in kiosks() if own is None or one.id != own.id}
    question = sa.select(Resource).where(Resource.kind == ResourceKind.BOOTH)
    booths = db.session.scalars(question.order_by(Resource.name))
    return [one for one in booths if one.id not in taken]


def enrolment_by_device(secret: str) -> Enrolment | None:
    found: Enrolment | None = first_or_none(
        sa.select(Enrolment).where(Enrolment.device_digest == digest_of(secret))
    )
    return found


def enrolment_by_code(typed: str) -> Enrolment | None:
    """The device whose screen shows this code, while it is good and nobody has approved it."""
    letters = "".join(sign for sign in typed.upper() if sign.isalnum())
    question = sa.select(Enrolment).where(
        Enrolment.code_digest.in_(keyed_by_any(f"kiosk:{letters}")),
        Enrolment.kiosk_id.is_(None),
        Enrolment.expires_at > clock.now(),
    )
    found: Enrolment | None = first_or_none(question)
    return found


def enrolments_open() -> int:
    question = sa.select(sa.func.count()).select_from(Enrolment)
    return db.session.scalar(question.where(Enrolment.expires_at > clock.now())) or 0


def open_stay_of(kiosk: Kiosk) -> Stay | None:
    found: Stay | None = first_or_none(
        sa.select(Stay).where(Stay.kiosk_id == kiosk.id, Stay.ended_at.is_(None))
    )
    return found


def open_stays() -> Sequence[Stay]:
    question = sa.select(Stay).where(Stay.ended_at.is_(None))
    return db.session.scalars(question.options(joinedload(Stay.visit))).all()


def stay_in(session: OpenSession) -> Stay | None:
    """Whoever stands before the browser with this session."""
    found: Stay | None = first_or_none(
        sa.select(Stay).where(Stay.session_code == session.code, Stay.ended_at.is_(None))
    )
    return found


def stay_with_ticket(ticket: str) -> Stay | None:
    found: Stay | None = first_or_none(
        sa.select(Stay).where(Stay.ticket_digest == digest_of(ticket), Stay.ended_at.is_(None))
    )
    return found


def stay_named(code: str) -> Stay | None:
    found: Stay | None = first_or_none(sa.select(Stay).where(Stay.code == code))
    return found


def stay_of_visit(visit: Visit) -> Stay | None:
    """Where the citizen of this visit stands now, if it is at a kiosk."""
    found: Stay | None = first_or_none(
        sa.select(Stay).where(Stay.visit_id == visit.id, Stay.ended_at.is_(None))
    )
    return found


def towns_with_somebody() -> set[int]:
    """Where somebody has touched a screen and has not left it."""
    question = sa.select(Stay.town_id).where(Stay.ended_at.is_(None), Stay.begun_at.is_not(None))
    return set(db.session.scalars(question.distinct()))


def towns_with_silence() -> set[int]:
    """Where a kiosk has missed three heartbeats and nobody was told."""
    question = sa.select(Kiosk.town_id).where(
        Kiosk.key_digest.is_not(None), Kiosk.silent_at.is_(None), Kiosk.seen_at < unheard_since()
    )
    return set(db.session.scalars(question.distinct()))


def unheard_since() -> datetime:
    return clock.now() - timedelta(seconds=3 * every())


def last_wiped(kiosk: Kiosk) -> Stay | None:
    """The last person of whom the device has shown that nothing is left."""
    question = sa.select(Stay).where(Stay.kiosk_id == kiosk.id, Stay.wiped_at.is_not(None))
    found: Stay | None = first_or_none(question.order_by(Stay.wiped_at.desc()))
    return found


def session_named(code: str) -> OpenSession | None:
    question = sa.select(OpenSession).where(OpenSession.code == code)
    found: OpenSession | None = first_or_none(question)
    return found


def open_orders(kiosk: Kiosk) -> Sequence[Order]:
    question = sa.select(Order).where(
        Order.kiosk_id == kiosk.id, Order.done_at.is_(None), Order.expires_at > clock.now()
    )
    return db.session.scalars(question.order_by(Order.id)).all()


def orders_during(stay: Stay) -> Sequence[Order]:
    """What the device was asked to do for this person, the last first."""
    question = sa.select(Order).where(Order.stay_code == stay.code)
    return db.session.scalars(question.order_by(Order.id.desc()).limit(5)).all()


def order_of(kiosk: Kiosk, code: str) -> Order:
    found: Order | None = first_or_none(
        sa.select(Order).where(Order.kiosk_id == kiosk.id, Order.code == code)
    )
    if found is None:
        raise Missing
    return found


def hand_off(word: str) -> HandOff | None:
    """By what the square holds, or by the digits that were typed."""
    digits = "".join(sign for sign in word if sign.isdecimal())
    by_number = HandOff.number_digest.in_(keyed_by_any(f"hand-off:{digits}"))
    is_number = len(digits) == NUMBER_DIGITS and len(word) <= NUMBER_DIGITS + 4
    question = sa.select(HandOff).where(
        by_number if is_number else HandOff.digest == digest_of(word),
        HandOff.used_at.is_(None),
        HandOff.expires_at > clock.now(),
    )
    found: HandOff | None = first_or_none(question)
    return found


def has_kiosks() -> bool:
    question = sa.select(Kiosk.id).where(Kiosk.key_digest.is_not(None)).limit(1)
    return db.session.scalar(question) is not None


def number_of(visit: Visit) -> str:
    """The digits by which a kiosk finds this visit on its day; none where there is no kiosk."""
    return spaced(_number(keyed(f"number:{visit.code}"))) if has_kiosks() else ""


def place_of(visit: Visit) -> str:
    """Where they have booked a screen of ours, if they have."""
    booth = db.session.get(Resource, visit.booth_id) if visit.booth_id else None
    return booth.name if booth else ""


def spaced(number: str) -> str:
    return f"{number[:4]} {number[4:]}"


def _number(digest: str) -> str:
    return str(int(digest[:15], 16) % 10**NUMBER_DIGITS).zfill(NUMBER_DIGITS)


def visit_with_number(typed: str) -> Visit | None:
    """The visit of today with that printed number, while it is to come or goes on."""
    digits = "".join(sign for sign in typed if sign.isdecimal())
    for visit in todays_visits():
        if digits in {_number(digest) for digest in keyed_by_any(f"number:{visit.code}")}:
            return visit
    return None


def todays_visits() -> list[Visit]:
    """What is booked for today on the wall of the town, or goes on now."""
    question = sa.select(Visit).where(
        Visit.status.in_(LIVE),
        Visit.starts_at > clock.now() - timedelta(days=1),
        Visit.starts_at < clock.now() + timedelta(days=1),
    )
    found = db.session.scalars(question.order_by(Visit.starts_at)).all()
    return [one for one in found if is_of_today(one)]


def is_of_today(visit: Visit) -> bool:
    today = clock.today(visit.town.time_zone)
    return visit.starts_at.astimezone(visit.town.zone).date() == today


def todays_visits_of(phone: str) -> list[Visit]:
    """What this telephone has today, the next first."""
    return [one for one in booking.to_come(phone) if is_of_today(one)]


def todays_visits_by(citizen: Account) -> list[Visit]:
    return todays_visits_of(citizen.phone) if citizen.phone else []


def wish_now(kiosk: Kiosk, reads: str) -> Wish | None:
    """What whoever touches the screen asks for: attended now, by somebody who is there."""
    town = towns.current_town_or_404()
    for procedure in [kiosk.procedure] if kiosk.procedure else _for_anything():
        wish = booking.wish_for(town, procedure, Channel.VIDEO.value, reads)
        if wish is not None and queue.intake(wish).is_open:
            return wish
    return None


def _for_anything() -> list[Procedure]:
    """What asks nothing of whoever comes without having chosen; the town's first ones first."""
    return [
        one
        for one in towns.procedures()
        if one.takes_walk_ins
        and one.allows(Channel.VIDEO.value)
        and one.needs_to(Moment.ENTER) is Level.NONE
    ]


def next_at(kiosk: Kiosk, but: Visit | None = None) -> Visit | None:
    """Who has booked this place and comes soon."""
    if kiosk.booth_id is None:
        return None
    now = clock.now()
    question = sa.select(Visit).where(
        Visit.booth_id == kiosk.booth_id,
        Visit.status == Status.BOOKED,
        Visit.starts_at > now - timedelta(minutes=5),
        Visit.starts_at < now + NEXT_WITHIN,
    )
    if but is not None:
        question = question.where(Visit.id != but.id)
    found: Visit | None = first_or_none(question.order_by(Visit.starts_at))
    return found


def ends_before(kiosk: Kiosk, visit: Visit) -> datetime:
    """When the place should be free for the next one: what it takes to clean it comes before."""
    minutes = kiosk.booth.buffer_minutes if kiosk.booth else 0
    return visit.starts_at - timedelta(minutes=minutes)


def last_orders(kiosk: Kiosk) -> Sequence[Order]:
    question = sa.select(Order).where(Order.kiosk_id == kiosk.id)
    return db.session.scalars(question.order_by(Order.id.desc()).limit(8)).all()


def is_in_call(stay: Stay) -> bool:
    """Whether whoever stands here is in the call now, and so is never asked if they are there."""
    visit = stay.visit
    if visit is None or not visit.is_being_attended:
        return False
    seat = calls.participant_as(visit, Part.CITIZEN)
    return seat is not None and seat.is_inside
