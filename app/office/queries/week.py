"""What a week looks like on a person's door, and a year on that of the town hall."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from app.core import clock
from app.core.i18n import current_slug
from app.schedule import queries as schedule
from app.schedule.models import Resource, ShiftException
from app.schedule.queries import Absence, Window
from app.towns import queries as towns
from app.towns.models import Closure, Layer, Town
from app.towns.queries.closed import ClosedDay, Row, closed_days, days_between, official

DAY = timedelta(days=1)


@dataclass
class DayOfWork:
    """One day of somebody: the hours they are there, and why those and not others."""

    day: date
    windows: list[Window] = field(default_factory=list)
    exceptions: list[ShiftException] = field(default_factory=list)
    closed: ClosedDay | None = None
    is_shorter: bool = False
    absences: list[Absence] = field(default_factory=list)
    visits: int = 0


def monday_of(day: date) -> date:
    return day - day.weekday() * DAY


def week_of(town: Town, resource: Resource, monday: date) -> list[DayOfWork]:
    """Seven days of somebody, as the rules say."""
    sunday = monday + 6 * DAY
    days = {day: DayOfWork(day) for day in days_between(monday, sunday)}
    roster = schedule.roster_of(town)
    if person := roster.people.get(resource.id):
        for window in roster.windows(person, monday, sunday):
            days[window.opens.astimezone(town.zone).date()].windows.append(window)
    for row in schedule.exceptions_of(resource.id, monday, sunday):
        days[row.day].exceptions.append(row)
    for closed in closed_between(town, monday, sunday, resource.office_id).values():
        days[closed.day].closed = closed
    for season in towns.seasons():
        for one in days.values():
            is_here = season.office_id in (None, resource.office_id)
            one.is_shorter = one.is_shorter or (is_here and season.covers(one.day))
    for absence in schedule.absences_of(resource.id):
        for one in days.values():
            begin, end = bounds(one.day, town)
            if absence.starts_at < end and absence.ends_at > begin:
                one.absences.append(absence)
    begin, end = bounds(monday, town)[0], bounds(sunday, town)[1]
    for start in schedule.visits_taken(resource.id, begin, end):
        days[start.astimezone(town.zone).date()].visits += 1
    return list(days.values())


def weeks_of_all(
    town: Town, people: Sequence[Resource], monday: date
) -> dict[int, list[list[Window]]]:
    """For everybody, the hours of each of those seven days; loaded once."""
    roster = schedule.roster_of(town)
    found: dict[int, list[list[Window]]] = {}
    for one in people:
        found[one.id] = [[] for _ in range(7)]
        if person := roster.people.get(one.id):
            for window in roster.windows(person, monday, monday + 6 * DAY):
                day = window.opens.astimezone(town.zone).date()
                found[one.id][(day - monday).days].append(window)
    return found


def bounds(day: date, town: Town) -> tuple[datetime, datetime]:
    """From when to when that day lasts on the wall of the town."""
    return clock.days(day, day, town.zone)


def closed_between(
    town: Town, first: date, last: date, office_id: int | None
) -> dict[date, ClosedDay]:
    rows = [Row(one.office_id, one.day, one.reason, one.is_open) for one in towns.closures()]
    return dict(closed_days(town.region, rows, first, last, office_id, current_slug()))


@dataclass(frozen=True)
class MarkedDay:
    """A day that somebody closes, or that the town opens all the same."""

    day: date
    layer: Layer
    reason: str
    row: Closure | None = None  # what the town wrote; None for the calendar's own
    is_open: bool = False
    is_overruled: bool = False  # the calendar closes it and the town opens


def year_of(town: Town, year: int) -> list[MarkedDay]:
    """All four layers of one year, one under the other."""
    own = [one for one in towns.closures() if one.day.year == year]
    opened = {one.day for one in own if one.is_open and one.office_id is None}
    language = current_slug() if current_slug() in ("es", "ca") else "es"
    calendar = official(town.region, year, language) if town.region else ()
    found = [
        MarkedDay(one.day, one.layer, one.reason, is_overruled=one.day in opened)
        for one in calendar
    ]
    found += [MarkedDay(one.day, one.layer, one.reason, one, one.is_open) for one in own]
    order = list(Layer)
    return sorted(found, key=lambda one: (one.day, order.index(one.layer)))
