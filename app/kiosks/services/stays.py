"""One person at a kiosk, from the clean start to the wipe. The server ends it, not the device."""

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from app.booking import services as booking
from app.booking.models import Status, Visit
from app.core import clock, stream
from app.core.db import db
from app.core.events import publish
from app.core.i18n import speaking
from app.identity import services as identity
from app.identity.models import OpenSession
from app.kiosks import queries
from app.kiosks.errors import TicketUsed
from app.kiosks.events import LibrarianCalled, StayBegun, StayEnded
from app.kiosks.models import Kiosk, OrderKind, Stay
from app.kiosks.services.orders import order
from app.messaging import services as messaging
from app.queue import services as queue
from app.queue.errors import LineClosed
from app.towns import queries as towns
from app.towns import services as turns
from app.towns.services import look_again

# How long the device may be late with what the page should have done.
GRACE = timedelta(seconds=15)
LONGEST = timedelta(minutes=60)  # outside a call
LEAVING = timedelta(seconds=60)  # to take one's papers
HELP_EVERY = timedelta(minutes=2)


def open_stay(kiosk: Kiosk) -> tuple[Stay, str]:
    """A clean browser is about to open: a ticket lets it in, once. Who was there before is not."""
    turns.take_turns()
    before = queries.open_stay_of(kiosk)
    if before is not None:
        end(before, "device", wipes=False)
    ticket = secrets.token_urlsafe(32)
    stay = Stay(kiosk_id=kiosk.id, ticket_digest=queries.digest_of(ticket), volume=kiosk.volume)
    stay.kiosk = kiosk
    db.session.add(stay)
    db.session.flush()
    return stay, ticket


def enter(stay: Stay) -> tuple[OpenSession, str]:
    """The browser shows its ticket: from here on it is the kiosk, until this stay ends.

    Of two that show it at once the first is the kiosk.
    """
    look_again(stay)
    if stay.ticket_digest is None or not stay.is_open:
        raise TicketUsed
    opened = identity.open_kiosk(identity.invite_kiosk(stay.kiosk.name))
    if opened is None:
        raise RuntimeError("a session that was just made does not open")
    stay.ticket_digest = None
    stay.session_code = opened[0].code
    return opened


def see(stay: Stay) -> None:
    """Somebody has touched the screen."""
    stay.seen_at = clock.now()
    begin(stay)


def begin(stay: Stay) -> None:
    if stay.begun_at is None:
        stay.begun_at = stay.seen_at = clock.now()
        publish(StayBegun(town_id=stay.town_id, kiosk_id=stay.kiosk_id))


def set_look(stay: Stay, *, contrast: bool | None = None, low: bool | None = None) -> None:
    see(stay)
    stay.has_contrast = stay.has_contrast if contrast is None else contrast
    stay.is_low = stay.is_low if low is None else low


def set_volume(stay: Stay, volume: int) -> None:
    """Of what the device says, and of what the call says."""
    stay.volume = max(0, min(volume, 100))
    _tell_the_sound(stay)


def set_private(stay: Stay, is_private: bool) -> None:
    """The handset instead of the loudspeaker: nobody else hears."""
    stay.is_private = is_private
    _tell_the_sound(stay)


def _tell_the_sound(stay: Stay) -> None:
    volume, private = stay.volume, stay.is_private
    order(stay.kiosk, OrderKind.SOUND, stay=stay, volume=volume, private=private)
    tell(stay, "sound", volume=volume, private=private)


def tell(stay: Stay, news: str, **words: Any) -> None:
    """To the screen, if the same person is still before it."""
    stream.tell(queries.screen_of(stay.kiosk_id), news, {"stay": stay.code, **words})


def come_now(stay: Stay, reads: str) -> Visit:
    """One touch: they are in the line. No telephone is asked for, because they stand here."""
    look_again(stay)
    see(stay)
    if stay.visit is not None and stay.visit.is_live:
        return stay.visit
    wish = queries.wish_now(stay.kiosk, reads)
    if wish is None:
        raise LineClosed
    visit = booking.walk_in_at_a_kiosk(
        replace(wish, booth_id=stay.kiosk.booth_id),
        citizen=stay.citizen,
        reads=reads,
        form_token=f"{stay.code}:{secrets.token_hex(4)}",
        host=towns.current_town_or_404().host,
    )
    _stand_for(stay, visit)
    return visit


def attach(stay: Stay, visit: Visit) -> None:
    """Somebody with an appointment is here: they come into the waiting room by this screen."""
    look_again(stay)
    see(stay)
    if stay.visit is not None and stay.visit.id != visit.id:
        queue.step_out(stay.visit)
    if visit.status is Status.BOOKED:
        queue.arrive(visit)
    _stand_for(stay, visit)


def _stand_for(stay: Stay, visit: Visit) -> None:
    elsewhere = queries.stay_of_visit(visit)
    if elsewhere is not None and elsewhere.id != stay.id:
        elsewhere.visit, elsewhere.visit_id = None, None
        tell(elsewhere, "go", to="")
    stay.visit, stay.visit_id = visit, visit.id
    db.session.flush()


def call_the_librarian(stay: Stay) -> None:
    """A chime, a message to their telephone if there is one, and a sign for everybody at a desk."""
    see(stay)
    kiosk, now = stay.kiosk, clock.now()
    is_new = kiosk.help_at is None or now - kiosk.help_at > HELP_EVERY
    kiosk.help_at = now
    order(kiosk, OrderKind.CHIME, stay=stay)
    stream.tell(queries.fleet_of(stay.town_id), "kiosk", {})
    if not is_new:
        return
    publish(LibrarianCalled(town_id=stay.town_id, kiosk_id=kiosk.id))
    if kiosk.librarian_phone:
        town = towns.current_town_or_404()
        with speaking(town.languages[0]):
            text = _("Somebody at the screen of %(place)s asks for help.", place=kiosk.name)
        messaging.send_later(
            kiosk.librarian_phone,
            text,
            key=f"kiosk:{stay.code}:{int(now.timestamp())}",
            locale=town.languages[0],
            not_after=now + timedelta(minutes=10),
        )


def leave(stay: Stay) -> None:
    """They say that they are done: nothing of them is shown any more. Then come their papers."""
    look_again(stay)
    stay.leaving_at = stay.leaving_at or clock.now()
    _let_go(stay)


def end(stay: Stay, why: str, *, wipes: bool = True, keeps_the_visit: bool = False) -> None:
    """Over, once. Its session opens nothing any more, whether the device knows it or not."""
    look_again(stay)
    if not stay.is_open:
        return
    if keeps_the_visit:
        stay.visit, stay.visit_id = None, None
    _let_go(stay)
    stay.ended_at, stay.why, stay.ticket_digest = clock.now(), why, None
    session = queries.session_named(stay.session_code) if stay.session_code else None
    if session is not None:
        identity.close_session(session, f"kiosk: {why}")
    db.session.flush()
    tell(stay, "over")
    if wipes:
        order(stay.kiosk, OrderKind.WIPE, stay=stay)
    if stay.begun_at:
        publish(StayEnded(town_id=stay.town_id, kiosk_id=stay.kiosk_id, why=why))


def _let_go(stay: Stay) -> None:
    """Whoever waited here waits no more; whoever is being attended is the clerk's to end."""
    visit = stay.visit
    if visit is not None and visit.is_waiting:
        queue.step_out(visit)
    stay.visit, stay.visit_id, stay.citizen, stay.citizen_id = None, None, None, None


def end_what_is_over() -> int:
    """Stays that nobody answers for any more. Returns how many ended."""
    count = 0
    for stay in queries.open_stays():
        if why := _over(stay):
            end(stay, why)
            count += 1
    return count


def _over(stay: Stay) -> str:
    now, config = clock.now(), current_app.config
    if stay.begun_at is None or queries.is_in_call(stay):
        return ""
    if stay.leaving_at is not None and now - stay.leaving_at > LEAVING:
        return "left"
    if now - stay.begun_at > LONGEST and not stay.is_in_line:
        return "long"
    idle = config["KIOSK_WAITING_IDLE_SECONDS" if stay.is_in_line else "KIOSK_IDLE_SECONDS"]
    patience = timedelta(seconds=float(idle) + float(config["KIOSK_ANSWER_SECONDS"])) + GRACE
    return "silent" if now - stay.seen_at > patience else ""
