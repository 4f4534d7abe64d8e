"""Refusals about people."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Missing, Refusal


class InvitationOver(Refusal):
    status = 410
    message = _l("This invitation has been used or has expired. Ask the town hall for a new one.")


class NotYourself(Refusal):
    message = _l("You cannot do this to yourself. Ask another supervisor.")


class PersonMissing(Missing):
    message = _l("This person does not work here.")
