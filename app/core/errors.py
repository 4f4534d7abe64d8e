"""Refusals: what cannot be done, said to the person who asked."""

from typing import Any

from flask_babel import lazy_gettext as _l


class Refusal(Exception):
    """Something the house does not do. `message` is the sentence the person reads."""

    status = 409
    message: Any = _l("This cannot be done now. Please try again in a moment.")
    retry_after: int | None = None  # seconds until it may work

    def __str__(self) -> str:
        return str(self.message)


class Missing(Refusal):
    """What was asked for is not here, or not yours: both look the same."""

    status = 404
    message = _l("This page does not exist, or the link is no longer valid.")


class Busy(Refusal):
    """The register is busy or full; nothing was written."""

    status = 503
    message = _l(
        "We could not save this just now. Nothing was changed. Please try again in a minute."
    )


class TooMany(Refusal):
    """Somebody asks faster than a person would. Nothing was lost and nobody is punished."""

    status = 429
    message = _l("There have been too many attempts. Please wait a few minutes and try again.")
    retry_after = 300

    def __init__(self, retry_after: int | None = None) -> None:
        self.retry_after = retry_after or type(self).retry_after
