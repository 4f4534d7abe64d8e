"""Refusals about time."""

from datetime import time
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal
from app.schedule.words import weekday_name
from app.towns.errors import RuleRefused


class TimeTaken(Refusal):
    message = _l("Somebody has just taken that time. Please choose another.")


class TimePast(Refusal):
    message = _l("That time has already passed. Please choose another.")


class HoursEmpty(RuleRefused):
    message = _l("These hours have no length. Write an end later than the beginning.")
    field = "ends"


class HoursBackwards(RuleRefused):
    message = _l("These hours end before they begin. Change one of the two.")
    field = "ends"


class ValidityBackwards(RuleRefused):
    message = _l("The last day is before the first one. Change one of the two.")
    field = "valid_to"


class ChannelsMissing(RuleRefused):
    message = _l("Choose at least one way of attending people.")
    field = "channels"


class HoursOverlap(RuleRefused):
    """Two windows of the same resource would stand on one another."""

    field = "starts"

    def __init__(self, starts: time, ends: time, weekday: int | None = None) -> None:
        hours = f"{starts:%H:%M}–{ends:%H:%M}"
        if weekday is None:
            self.message: Any = _(
                "These hours overlap with %(hours)s of the same day. Change one of the two.",
                hours=hours,
            )
        else:
            self.message = _(
                "These hours overlap with %(day)s, %(hours)s. Change those, or choose others.",
                day=weekday_name(weekday),
                hours=hours,
            )


class DayPast(RuleRefused):
    message = _l("That day has already passed. Choose today or a later day.")
    field = "day"


class AbsencePast(RuleRefused):
    message = _l("An absence cannot begin in the past. Choose a later moment.")
    field = "starts"


class AbsenceBackwards(RuleRefused):
    message = _l("The absence ends before it begins. Change one of the two.")
    field = "ends"


class AbsenceEmpty(RuleRefused):
    message = _l("This absence has no length. Write an end later than the beginning.")
    field = "ends"


class AbsenceFull(RuleRefused):
    """Visits fill every minute of it."""

    message = _l("Visits take every minute of this absence. Give them another time first.")
    field = "starts"


class AbsenceTwice(RuleRefused):
    message = _l("There is another absence in that time already. Remove it, or choose another.")
    field = "starts"
