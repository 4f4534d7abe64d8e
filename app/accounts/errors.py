"""Refusals about people."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class InvitationOver(Refusal):
    status = 410
    message = _l("This invitation has been used or has expired. Ask the town hall for a new one.")
