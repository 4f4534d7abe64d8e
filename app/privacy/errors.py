"""Refusals about somebody's data."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Missing, Refusal


class BeingAttended(Refusal):
    message = _l("You are being attended now. Ask for this again when the visit is over.")


class OnHold(Refusal):
    message = _l("A judge or an authority may need this data, so it cannot be destroyed yet.")


class NotYet(Refusal):
    message = _l("This data must be kept blocked until its day. Then it is destroyed by itself.")


class AlreadyBlocked(Refusal):
    message = _l("This data is blocked already.")


class AlreadyDestroyed(Refusal):
    message = _l("This data has been destroyed. There is nothing left to see.")


class AccessOver(Missing):
    status = 410
    message = _l("For your safety this page is open for fifteen minutes only. Ask for a new code.")
