"""Refusals about time."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class TimeTaken(Refusal):
    message = _l("Somebody has just taken that time. Please choose another.")


class TimePast(Refusal):
    message = _l("That time has already passed. Please choose another.")
