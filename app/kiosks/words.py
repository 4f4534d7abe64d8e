"""How kiosks and what they do are named on screens."""

from datetime import timedelta

from flask import Flask
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core import clock
from app.kiosks import queries
from app.kiosks.models import Kiosk, OrderKind


def init_app(app: Flask) -> None:
    app.add_template_global(kiosk_state)
    app.add_template_global(order_name)
    app.add_template_global(outcome_of_order)
    app.add_template_global(how_long)


def kiosk_state(kiosk: Kiosk) -> tuple[str, str]:
    """What to say of it, and how seriously."""
    if kiosk.seen_at is None:
        return _("Not started yet"), "info"
    if kiosk.silent_at is not None or not kiosk.is_heard(queries.every()):
        return _("It does not answer"), "refusal"
    if kiosk.out_of_service:
        return _("Out of service"), "warning"
    if troubles_of(kiosk):
        return _("It needs somebody"), "warning"
    return _("It works"), "done"


def troubles_of(kiosk: Kiosk) -> list[str]:
    """What somebody has to look at, in words."""
    facts = kiosk.facts
    said = {
        "camera": _("There is no camera."),
        "microphone": _("There is no microphone."),
        "browser": _("The screen is not running."),
    }
    found = [words for name, words in said.items() if facts.get(name) is False]
    printer = str(facts.get("printer") or "")
    if printer == "no_paper":
        found.append(_("The printer has no paper."))
    elif printer not in ("", "ready", "none"):
        found.append(_("The printer does not work."))
    if facts.get("clock_off"):
        found.append(_("Its clock is wrong."))
    return found


def order_name(kind: str) -> str:
    return {
        OrderKind.WIPE.value: _("Erase"),
        OrderKind.SCAN.value: _("Scan"),
        OrderKind.PRINT.value: _("Print"),
        OrderKind.SOUND.value: _("Sound"),
        OrderKind.CHIME.value: _("Chime"),
        OrderKind.TEST.value: _("Test"),
        OrderKind.RESTART.value: _("Restart the screen"),
        OrderKind.REBOOT.value: _("Restart the device"),
    }[kind]


def outcome_of_order(outcome: str) -> str:
    return {
        "": _("asked for"),
        "done": _("done"),
        "no_paper": _("there is no paper"),
        "no_printer": _("there is no printer"),
        "stopped": _("the printer is stopped"),
        "no_scanner": _("there is no scanner"),
        "no_sound": _("there is no loudspeaker"),
        "busy": _("the device is busy"),
        "unplugged": _("it was unplugged"),
        "too_late": _("the person had left"),
    }.get(outcome, _("it did not work"))


def how_long(seconds: float | None) -> str:
    """`3 hours`, `2 days`: how long something has been so."""
    if seconds is None:
        return "–"
    length = timedelta(seconds=float(seconds))
    if length >= timedelta(days=1):
        return ngettext("%(num)s day", "%(num)s days", length.days)
    if length >= timedelta(hours=1):
        return ngettext("%(num)s hour", "%(num)s hours", int(length.total_seconds() // 3600))
    return ngettext("%(num)s minute", "%(num)s minutes", int(length.total_seconds() // 60))


def since(kiosk: Kiosk) -> float | None:
    return (clock.now() - kiosk.seen_at).total_seconds() if kiosk.seen_at else None
