"""What time it is. Tests may stop it; nothing else reads the machine's clock."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: str) -> date:
    """The date on the wall of somebody in that zone."""
    return now().astimezone(ZoneInfo(zone)).date()


def day_of(text: str | None) -> date | None:
    """A date of this century as it is typed or stands in an address: 2026-11-26."""
    if not text or not DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant in which that day begins on that wall, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def days(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the instant in which the first of those days begins to the end of the last."""
    return midnight(first, zone), midnight(last + timedelta(days=1), zone)
