"""Questions that mix what is offered with what is free, and what a visit's own page may offer."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from app.booking import queries as booking
from app.booking.models import Visit
from app.core import clock
from app.queue import queries as queue
from app.queue.queries import CLOSED, Intake
from app.schedule import queries as schedule
from app.schedule.queries import FreeTime
from app.towns.models import Channel, Procedure, Town

# How somebody at home can be attended, and so talk to us now.
FROM_AFAR = (Channel.VIDEO.value, Channel.PHONE.value)
# A visit that is nearer than this is not brought forward by the waiting list.
WORTH_ASKING = timedelta(days=1)


@dataclass(frozen=True)
class Way:
    """One channel of a procedure: how long it takes, in which language, its first free time, and
    whether somebody could talk to us that way now.
    """

    channel: str
    minutes: int
    language: str | None
    first: FreeTime | None
    now: Intake


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
                now=queue.intake(wish) if wish and channel.value in FROM_AFAR else CLOSED,
            )
        )
    return ways


def can_ask_for_earlier(visit: Visit) -> bool:
    """Whether it is far enough ahead for an earlier time to be of use."""
    return visit.can_be_moved and visit.starts_at > clock.now() + WORTH_ASKING


def is_late_comer(visit: Visit) -> bool:
    """Whether they had an appointment and came after it, so that they wait as one without."""
    if not visit.is_walk_in or visit.waiting_at is None:
        return False
    courtesy = timedelta(minutes=max(visit.town.late_minutes, 1))
    return visit.waiting_at > visit.starts_at + courtesy


@dataclass(frozen=True)
class Review:
    """What `make access` found when it last looked at every screen."""

    day: date
    screens: int
    languages: int
    looks: int
    faults: int


@cache
def last_look_at_every_page() -> Review | None:
    """It travels with the release; None in one that nobody has looked at whole."""
    kept = Path(__file__).parent / "data/access.json"
    if not kept.exists():
        return None
    found = json.loads(kept.read_text())
    counts = (found[name] for name in ("screens", "languages", "looks", "faults"))
    return Review(date.fromisoformat(found["day"]), *counts)
