"""Looking after the kiosks of a town: what they say of themselves, alarms, out of service."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.accounts.models import Account
from app.core import clock, stream
from app.core.db import db
from app.core.events import publish
from app.kiosks import queries
from app.kiosks.errors import BoothTaken
from app.kiosks.events import (
    KioskChanged,
    KioskHeardAgain,
    KioskRemoved,
    KioskSilent,
    KioskWiped,
)
from app.kiosks.models import Kiosk, OrderKind
from app.kiosks.services.stays import end
from app.schedule import services as schedule
from app.schedule.models import Resource
from app.towns.models import Procedure
from app.towns.services import look_again

# A clock that is further away than this is said to be wrong.
CLOCK_TOLERANCE = timedelta(minutes=2)
# What a device may say of itself, and nothing else.
FACTS = frozenset(
    (
        *("version", "uptime", "browser", "camera", "document_camera", "microphone", "printer"),
        *("scanner", "headphones", "temperature", "disk_free", "clock", "profile", "sound"),
    )
)
TESTS = frozenset(("camera", "microphone", "loudspeaker", "printer", "scanner", "way"))
LONGEST_FACT = 80


def hear(kiosk: Kiosk, facts: dict[str, Any]) -> None:
    """A heartbeat, with whatever the device knows of itself. What others are told takes a turn."""
    if kiosk.silent_at is not None or isinstance(facts.get("wiped"), dict):
        look_again(kiosk)
    now = clock.now()
    kiosk.facts = {**_plain(facts, FACTS), "clock_off": _clock_off(facts.get("clock"), now)}
    kiosk.seen_at = now
    if kiosk.silent_at is not None:
        kiosk.silent_at = None
        publish(KioskHeardAgain(town_id=kiosk.town_id, kiosk_id=kiosk.id))
        stream.tell(queries.fleet_of(kiosk.town_id), "kiosk", {})
    if isinstance(facts.get("test"), dict):
        kiosk.test, kiosk.tested_at = _plain(facts["test"], TESTS), now
    if isinstance(facts.get("wiped"), dict):
        _note_the_wipe(kiosk, facts["wiped"])


def _note_the_wipe(kiosk: Kiosk, proof: dict[str, Any]) -> None:
    """What the device found after it threw the browser of that person away."""
    stay = queries.stay_named(str(proof.get("stay", ""))[:16])
    if stay is None or stay.kiosk_id != kiosk.id or stay.wiped_at is not None:
        return
    stay.proof = _plain(proof, frozenset(("profile", "left", "processes", "seconds", "is_new")))
    stay.wiped_at = clock.now()
    is_proved = stay.proof.get("left") == 0 and stay.proof.get("processes") == 0
    publish(KioskWiped(town_id=kiosk.town_id, kiosk_id=kiosk.id, is_proved=is_proved))
    for one in queries.open_orders(kiosk):
        if one.kind is OrderKind.WIPE and one.stay_code == stay.code:
            one.done_at, one.outcome = clock.now(), "done"


def raise_alarms() -> int:
    """Kiosks of which three heartbeats in a row did not arrive. Returns how many are new."""
    limit = queries.unheard_since()
    count = 0
    for kiosk in queries.kiosks():
        if kiosk.silent_at is None and kiosk.seen_at is not None and kiosk.seen_at < limit:
            kiosk.silent_at = clock.now()
            publish(KioskSilent(town_id=kiosk.town_id, kiosk_id=kiosk.id))
            stream.tell(queries.fleet_of(kiosk.town_id), "kiosk", {})
            count += 1
    return count


def change(
    kiosk: Kiosk,
    by: Account,
    *,
    name: str,
    booth: Resource | None,
    procedure: Procedure | None,
    librarian_phone: str,
    volume: int,
) -> None:
    look_again(kiosk)
    if booth is not None and booth.id not in {one.id for one in queries.free_booths(kiosk)}:
        raise BoothTaken
    kiosk.name, kiosk.librarian_phone, kiosk.volume = name, librarian_phone, volume
    kiosk.booth, kiosk.booth_id = booth, booth.id if booth else None
    kiosk.procedure, kiosk.procedure_id = procedure, procedure.id if procedure else None
    _tell_that_it_changed(kiosk, by)


def stop_serving(kiosk: Kiosk, by: Account, reason: str) -> None:
    """Out of service: nobody can book its place, and its screen says so. Who is in a call stays."""
    look_again(kiosk)
    kiosk.out_of_service = reason
    if kiosk.booth is not None:
        schedule.change_resource(kiosk.booth, is_active=False)
    _tell_that_it_changed(kiosk, by)
    stream.tell(queries.screen_of(kiosk.id), "go", {"to": "", "unless": "call"})


def serve_again(kiosk: Kiosk, by: Account) -> None:
    look_again(kiosk)
    kiosk.out_of_service = ""
    if kiosk.booth is not None:
        schedule.change_resource(kiosk.booth, is_active=True)
    _tell_that_it_changed(kiosk, by)
    stream.tell(queries.screen_of(kiosk.id), "go", {"to": "", "unless": "call"})


def remove(kiosk: Kiosk, by: Account) -> None:
    """Its key opens nothing any more. Whoever is at it is asked to go on by telephone."""
    look_again(kiosk)
    stay = queries.open_stay_of(kiosk)
    if stay is not None:
        end(stay, "removed")
    kiosk.key_digest, kiosk.removed_at, kiosk.booth_id = None, clock.now(), None
    db.session.flush()
    publish(KioskRemoved(town_id=kiosk.town_id, kiosk_id=kiosk.id, by_id=by.id))
    stream.tell(queries.fleet_of(kiosk.town_id), "kiosk", {})


def _tell_that_it_changed(kiosk: Kiosk, by: Account) -> None:
    db.session.flush()
    publish(
        KioskChanged(town_id=kiosk.town_id, kiosk_id=kiosk.id, by_id=by.id, serves=kiosk.serves)
    )
    stream.tell(queries.fleet_of(kiosk.town_id), "kiosk", {})


def _plain(sent: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Only known words with short values: a device tells facts, it does not fill the register."""
    kept: dict[str, Any] = {}
    for name in sorted(known & sent.keys()):
        value = sent[name]
        if isinstance(value, bool | int | float) or value is None:
            kept[name] = value
        elif isinstance(value, str):
            kept[name] = "".join(sign for sign in value if sign.isprintable())[:LONGEST_FACT]
    return kept


def _clock_off(said: Any, now: datetime) -> int:
    """By how many seconds the device's clock is wrong; 0 when it is right enough."""
    try:
        off = datetime.fromtimestamp(float(said), UTC) - now
    except (TypeError, ValueError, OverflowError, OSError):
        return 0
    return int(off.total_seconds()) if abs(off) > CLOCK_TOLERANCE else 0
