"""Refusals of the device test."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class FiguresGarbled(Refusal):
    status = 422
    message = _l("The test sent something that we do not understand. Please test again.")
