"""How the days of the week are called."""

from babel.dates import get_day_names
from flask_babel import get_locale


def weekday_name(weekday: int) -> str:
    """0 is Monday."""
    return str(get_day_names("wide", "stand-alone", get_locale() or "es")[weekday])
