"""Refusals about visits."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.errors import Missing, Refusal
from app.schedule.errors import TimePast, TimeTaken

__all__ = [
    "HoldOver",
    "NotCancellable",
    "TimePast",
    "TimeTaken",
    "TooManyHolds",
    "VisitChanged",
    "VisitMissing",
]


class VisitMissing(Missing):
    message = _l("We cannot find this visit. Check the link in the message we sent you.")


class HoldOver(Refusal):
    message: Any = _l("We could not keep your time any longer. Please choose again.")


class TooManyHolds(Refusal):
    status = 429
    message = _l("You have other bookings unfinished. Finish them, or wait ten minutes.")


class VisitChanged(Refusal):
    """Somebody else moved it on meanwhile: two windows, two clerks, the citizen and the clerk."""

    message = _l("This visit has changed meanwhile. Go back and look at it again.")


class NotCancellable(Refusal):
    message = _l("This visit cannot be cancelled any more. If you need help, call us.")
