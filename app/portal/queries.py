"""Questions that mix what is offered with what is free."""

from dataclasses import dataclass

from app.booking import queries as booking
from app.schedule import queries as schedule
from app.schedule.queries import FreeTime
from app.towns.models import Procedure, Town


@dataclass(frozen=True)
class Way:
    """One channel of a procedure: how long it takes, in which language, and its first free time."""

    channel: str
    minutes: int
    language: str | None
    first: FreeTime | None


def ways_to_be_attended(town: Town, procedure: Procedure, reads: str) -> list[Way]:
    ways = []
    for channel in procedure.channels:
        wish = booking.wish_for(town, procedure, channel.value, reads)
        ways.append(
            Way(
                channel=channel.value,
                minutes=int(procedure.minutes[channel.value]),
                language=wish.language if wish else None,
                first=schedule.first_free(wish) if wish else None,
            )
        )
    return ways
