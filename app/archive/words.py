"""How files, their states and the reasons to look at them are called."""

from datetime import datetime
from typing import Any

from flask import Flask
from flask_babel import gettext as _
from flask_babel import ngettext

from app.archive.models import HoldReason, StoredFile
from app.archive.queries import State
from app.archive.terms import TERMS, known
from app.core.i18n import clock_time, date_in_words
from app.towns.models import Town

UNITS = ("kB", "MB", "GB", "TB")


def init_app(app: Flask) -> None:
    app.add_template_global(moment)
    for word in (purpose_name, file_state, file_size, file_problem, hold_reason_name):
        app.add_template_global(word)
    app.add_template_global(reader_name)
    app.add_template_global(reading_reason)


def purpose_name(purpose: str) -> str:
    return str(TERMS[known(purpose)].label)


def state_name(state: State) -> str:
    return {
        State.OPEN: _("In use"),
        State.BLOCKED: _("Blocked"),
        State.HELD: _("Kept for a judge or an authority"),
        State.DAMAGED: _("Damaged"),
        State.ENDED: _("Destroyed"),
    }[state]


def file_state(file: StoredFile) -> tuple[str, str]:
    """The state in words, and the colour of its tag."""
    if file.is_destroyed:
        return _("Destroyed"), "quiet"
    if file.problem:
        return _("Damaged"), "refusal"
    if file.blocked_at:
        return _("Blocked"), "warning"
    return _("In use"), "done"


def file_problem(problem: str) -> str:
    return {
        "missing": _("Its bytes are not in the store."),
        "size": _("It is shorter or longer than it was kept."),
        "changed": _("Its bytes are not as they were kept."),
        "unlike": _("It opens, and says something else than it did."),
        "key": _("Its key is not in this installation."),
    }.get(problem, problem)


def file_size(size: int) -> str:
    """In the unit that a person would use."""
    if size < 1000:
        return str(ngettext("%(num)s byte", "%(num)s bytes", size))
    left, units = size / 1000, iter(UNITS)
    unit = next(units)
    while left >= 1000 and unit != UNITS[-1]:
        left, unit = left / 1000, next(units)
    return f"{left:.0f} {unit}" if left >= 10 else f"{left:.1f} {unit}"


def moment(instant: datetime, town: Town) -> str:
    """A day and an hour on the wall of the town."""
    day = date_in_words(instant.astimezone(town.zone).date())
    return f"{day}, {clock_time(instant, town.time_zone)}"


def hold_reason_name(reason: Any) -> str:
    return {
        HoldReason.COURT.value: _("A judge"),
        HoldReason.PROSECUTOR.value: _("The public prosecutor"),
        HoldReason.AUTHORITY.value: _("Another administration, in its duties"),
        HoldReason.CLAIM.value: _("A claim for damages"),
    }.get(str(reason), str(reason))


def look_reason_name(reason: str) -> str:
    """Why somebody of the office opens a file: who needs it, or a duty of the house."""
    return {
        "person": _("The person asked for it"),
        "check": _("To check that it can be read"),
    }.get(reason) or hold_reason_name(reason)


def reading_reason(why: str) -> str:
    """Why a file was read: what the house notes by itself, or what somebody of the office said."""
    noted = {
        "check by its code": _("Checked with its code"),
        "copy of their own act": _("A copy for whom it is about"),
        "own copy": _("A copy for whom it is about"),
        "the act of the visit": _("In the page of its visit"),
        "paper read": _("Read during the visit"),
        "paper together": _("Looked at together"),
        "paper download": _("Downloaded"),
    }
    reason, _colon, reference = why.partition(": ")
    return noted.get(why) or (f"{look_reason_name(reason)}: {reference}" if reference else why)


def reader_name(reader: str, names: dict[int, str]) -> str:
    """`names`: of the staff, by their numbers. A citizen is a number to whoever reads."""
    kind, _colon, number = reader.partition(":")
    if kind == "account" and number.isdecimal():
        return names.get(int(number)) or _("Person %(number)s", number=number)
    if kind == "house":
        return _("The house by itself")
    return _("Somebody with a link")
