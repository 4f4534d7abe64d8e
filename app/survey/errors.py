"""Refusals about the survey."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class AlreadyAnswered(Refusal):
    message = _l("You have already answered. Thank you very much.")


class NotOverYet(Refusal):
    message = _l("The questions come after the visit. Come back to this page then.")
