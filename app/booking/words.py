"""How a need and a state of a visit are called on screens."""

from collections.abc import Iterable

from flask import Flask, g
from flask_babel import gettext as _

from app.booking.models import Need, OfficeReason, PriorityReason, Status, Visit
from app.core.i18n import in_language
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
    app.add_template_global(office_reason)
    app.add_template_global(priority_name)
    app.add_template_global(outcomes_of)
    app.add_template_global(outcome_name)


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


def office_reason(reason: str) -> str:
    """Why the office changed it: one of our sentences, or the words that somebody wrote."""
    return {
        OfficeReason.CLERK_AWAY.value: _("The person who was to attend you cannot come."),
        OfficeReason.CLOSED.value: _("The office is closed at that time."),
        OfficeReason.TECHNICAL.value: _("Something in our office does not work that day."),
        OfficeReason.ASKED.value: _("You asked us for it."),
    }.get(reason, reason)


def priority_name(reason: str) -> str:
    return {
        PriorityReason.AGE.value: _("Age"),
        PriorityReason.PREGNANCY.value: _("Pregnancy"),
        PriorityReason.DISABILITY.value: _("Disability or illness"),
        PriorityReason.CHILDREN.value: _("Small children"),
        PriorityReason.URGENT.value: _("It cannot wait"),
        PriorityReason.OUR_MISTAKE.value: _("They waited because of a mistake of ours"),
    }.get(reason, "")


def outcomes_of(procedure: Procedure) -> dict[str, str]:
    """How a visit for that procedure may end, by code; the usual ones unless it has its own."""
    if procedure.outcomes:
        return {code: str(in_language(names)) for code, names in procedure.outcomes.items()}
    return {
        "solved": _("Solved"),
        "begun": _("Begun: the town hall goes on with it"),
        "papers_missing": _("Papers are missing"),
        "elsewhere": _("It has to be done elsewhere"),
        "informed": _("Information given"),
    }


def outcome_name(visit: Visit) -> str:
    """The outcome of that visit in words; empty while there is none."""
    return outcomes_of(visit.procedure).get(visit.outcome_code, "")


def is_unreached(visit: Visit) -> bool:
    """Whether the newest message about it did not arrive, so that somebody should call."""
    if "unreached" not in g:  # asked once, however many visits the page shows
        g.unreached = messages.unreached("visit")
    return visit.code in g.unreached
