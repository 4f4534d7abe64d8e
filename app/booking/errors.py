"""Refusals about visits."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.errors import Missing, Refusal
from app.schedule.errors import TimePast, TimeTaken

__all__ = [
    "AlreadyOnTheList",
    "HoldOver",
    "NotCancellable",
    "NotMovable",
    "PhoneNeeded",
    "OfferOver",
    "TimePast",
    "TimeTaken",
    "TooManyHolds",
    "TooManyVisits",
    "VisitChanged",
    "VisitMissing",
    "WayNotPossible",
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


class NotMovable(Refusal):
    message = _l("The time of this visit cannot be changed any more. If you need help, call us.")


class TooManyVisits(Refusal):
    message = _l("You already have several visits booked. Cancel one you do not need, or call us.")


class WayNotPossible(Refusal):
    message = _l("This cannot be done that way. Choose another way, or call us.")


class PhoneNeeded(Refusal):
    message = _l("We have no telephone of this person. Write one down, or choose another way.")


class OfferOver(Refusal):
    message = _l("This time is no longer kept for you. We tell you when another is free.")


class AlreadyOnTheList(Refusal):
    message = _l("You are already on the list. We send you a message when a time is free.")
