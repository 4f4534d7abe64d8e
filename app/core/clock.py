"""What time it is. Tests may stop it; nothing else reads the machine's clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: str) -> date:
    """The date on the wall of somebody in that zone."""
    return now().astimezone(ZoneInfo(zone)).date()
