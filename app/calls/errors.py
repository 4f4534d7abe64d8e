"""Refusals in a call."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Missing, Refusal


class NotCalledYet(Refusal):
    message = _l("You have not been called yet. Please wait a little longer.")


class Replaced(Refusal):
    message = _l("This call is now open in another window.")


class NotInTheRoom(Missing):
    message = _l("That person is not in this call.")


class TooLarge(Refusal):
    status = 413
    message = _l("That message is too large for the call.")


class Garbled(Refusal):
    status = 400
    message = _l("The call sent something that we do not understand.")
