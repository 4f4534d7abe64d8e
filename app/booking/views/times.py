"""When: the days that have times, and the times of one of them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Response, request, url_for

from app.booking import queries
from app.booking.views.door import MOST_IN_ONE_VISIT, asked, bp
from app.core import clock
from app.core.htmx import page_or_fragment
from app.core.security import everyone
from app.schedule import queries as schedule
from app.schedule.queries import DayTimes, FreeTime, Wish
from app.towns.models import Channel, Town

DAYS_SHOWN = 14
PARTS = (("night", 7), ("morning", 14), ("afternoon", 20), ("evening", 24))
MANY_TIMES = 40  # above this only the first part of the day is unfolded


@dataclass(frozen=True)
class Links:
    """Where the ways, the days and the times of the page lead: to a new visit, or to move one."""

    endpoint: str
    kept: dict[str, Any]
    to: str  # what the start is added to

    def same(self, **changed: Any) -> str:
        """This page, with something changed."""
        return url_for(self.endpoint, **{**self.kept, **changed})


@bp.get("/procedures/<slug>/times")
@everyone
def times(slug: str) -> Response:
    look = asked(slug, with_others=True)
    procedure = look.procedure
    return page_or_fragment(
        "booking/times.html",
        "booking/_slots.html",
        procedure=procedure,
        channels=procedure.channels,
        channel=look.channel,
        needs=look.needs,
        all_needs=queries.needs_on_offer(look.town),
        also=look.also,
        others=look.others,
        booth=look.booth,
        booths=queries.booths(look.town) if look.channel == Channel.VIDEO else [],
        is_too_much=len(look.also) > MOST_IN_ONE_VISIT,
        links=Links(
            "booking.times",
            {"slug": slug, **look.link},
            url_for(".new", procedure=slug, **look.link, starts=""),
        ),
        **slots(look.town, look.wish()),
    )


def slots(town: Town, wish: Wish | None, usual: date | None = None) -> dict[str, Any]:
    """The days that have times, the day looked at, and its times by parts.

    Without a day in the address it is the usual one, when it has times, or the first that has.
    """
    today = clock.today(town.time_zone)
    days = _days(wish, today) if wish else {}
    day = _day_asked(wish, today) or (usual if usual and days.get(usual) else None)
    day = day or next((day for day, times in days.items() if times), today)
    return {
        "wish": wish,
        "today": today,
        "day": day,
        "days": days,
        "parts": _parts_of_day(wish, day, days) if wish else {},
        "many_times": MANY_TIMES,
    }


def _days(wish: Wish, today: date) -> DayTimes:
    """The times of the next days; when they are all taken, those of the first day that has any."""
    count = min(DAYS_SHOWN, wish.horizon_days + 1)
    times = schedule.free_times(wish, today, today + timedelta(days=count - 1))
    if not times and (later := schedule.first_free(wish)):
        times = schedule.free_times(wish, later.day, later.day)
    return schedule.by_day(times, today, count)


def _day_asked(wish: Wish | None, today: date) -> date | None:
    """The day of the link, when it can be booked."""
    asked = clock.day_of(request.args.get("day"))
    return asked if wish and asked and today <= asked <= wish.last_day else None


def _parts_of_day(wish: Wish, day: date, days: DayTimes) -> dict[str, list[FreeTime]]:
    """The day's times by parts. Mornings end at two in the afternoon in Spain."""
    parts: dict[str, list[FreeTime]] = {"night": [], "morning": [], "afternoon": [], "evening": []}
    times = days[day] if day in days else schedule.free_times(wish, day, day)
    zone = wish.town.zone
    for free in times:
        hour = free.starts_at.astimezone(zone).hour
        part = next(name for name, ends in PARTS if hour < ends)
        parts[part].append(free)
    return parts
