"""Refusals of the post."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class ReportNotGenuine(Refusal):
    """The same for every mistake: who forges learns nothing."""

    status = 403
    message = _l("This page is for the message provider only.")


class NoKeyPressed(Refusal):
    """Nothing is told to whoever or whatever only listens."""

    status = 400
    message = _l("No key was pressed, so nothing is read aloud.")
