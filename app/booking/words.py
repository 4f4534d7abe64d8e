"""How a need and a state of a visit are called on screens."""

from collections.abc import Iterable

from flask import Flask, g
from flask_babel import gettext as _

from app.booking.models import Need, Status, Visit
from app.core.phones import readable, takes_messages
from app.messaging import queries as messages
from app.towns.models import Procedure


def init_app(app: Flask) -> None:
    app.add_template_global(need_name)
    app.add_template_filter(need_name)
    app.add_template_global(readable, "readable_phone")
    app.add_template_global(takes_messages)
    app.add_template_global(is_unreached)
    app.add_template_filter(unbroken)
    app.add_template_global(status_name)
    app.add_template_global(names_of)


def unbroken(phone: str) -> str:
    """A telephone that stays on one line."""
    return phone.replace(" ", "\u00a0")


def need_name(need: str) -> str:
    return {
        Need.MORE_TIME.value: _("I need more time"),
        Need.LSE.value: _("A sign-language interpreter (LSE)"),
        Need.LSC.value: _("A sign-language interpreter (LSC)"),
        Need.COMPANION.value: _("Somebody will be with me"),
    }[need]


def status_name(status: str) -> str:
    return {
        Status.HELD.value: _("Not confirmed yet"),
        Status.BOOKED.value: _("Booked"),
        Status.WAITING.value: _("Waiting"),
        Status.CALLED.value: _("Called"),
        Status.IN_SERVICE.value: _("With a clerk"),
        Status.SERVED.value: _("Done"),
        Status.EXPIRED.value: _("Not confirmed in time"),
        Status.CANCELLED.value: _("Cancelled"),
        Status.NO_SHOW.value: _("Did not come"),
        Status.LEFT.value: _("Left the waiting room"),
    }[status]


def names_of(procedures: Iterable[Procedure]) -> str:
    """One after the other, in the language spoken now."""
    return ", ".join(procedure.name_in() for procedure in procedures)


def is_unreached(visit: Visit) -> bool:
    """Whether the newest message about it did not arrive, so that somebody should call."""
    if "unreached" not in g:  # asked once, however many visits the page shows
        g.unreached = messages.unreached("visit")
    return visit.code in g.unreached
