"""Refusals about the rules of a town."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class RuleRefused(Refusal):
    """A rule that would say nothing, or the opposite of another. Nothing was changed."""

    status = 422
    field = ""  # where on the form it is mended


class DayMarked(RuleRefused):
    message = _l("That day is on the list already. Remove it first, or choose another.")
    field = "day"


class DayOver(RuleRefused):
    message = _l("That day has already passed. Choose today or a later day.")
    field = "day"


class SeasonBackwards(RuleRefused):
    message = _l("The last day is before the first one. Change one of the two.")
    field = "last_day"


class SeasonClosed(RuleRefused):
    message = _l("It must close later than it opens. Change one of the two.")
    field = "closes"


class LengthsMissing(RuleRefused):
    message = _l("Write how many minutes it lasts, in at least one way of attending.")
    field = "video"


class NameTaken(RuleRefused):
    message = _l("Another procedure has this name in its address already. Choose another one.")
    field = "slug"


class SharesTooLarge(RuleRefused):
    message = _l("The three shares together must leave something for everybody: at most 95 %.")
    field = "same_day_percent"


class NumberUnfit(RuleRefused):
    """A number that is too small or too large."""

    def __init__(self, field: str, least: int, most: int) -> None:
        self.field = field
        self.message: Any = _(
            "Write a number between %(least)s and %(most)s.", least=least, most=most
        )


class RegionUnknown(RuleRefused):
    message = _l("We do not know the holidays of that region. Choose one of the list.")
    field = "region"


class StepUnfit(RuleRefused):
    message = _l("Choose a step that fits into an hour: 5, 10, 15, 20, 30 or 60 minutes.")
    field = "grid_minutes"
