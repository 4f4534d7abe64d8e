"""Some days of a pool in minutes: who is on duty, what is taken, and what could be given."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement, FunctionElement

from app.core import clock
from app.core.db import db
from app.schedule.absence import whole_absence
from app.schedule.demand import Demand, demand_of
from app.schedule.matching import Agenda, Piece, ones
from app.schedule.models import ACTIVE, Allocation, AllocationState, Resource, ResourceKind
from app.schedule.queries.roster import DAY, Roster, instant, remembered
from app.towns.models import Town
from app.towns.tenant import every_town

# How far beyond the days asked for the outlook reaches, so that what stands on their edges, and
# whatever may change hands because of it, is whole.
MARGIN = DAY


class Outlook:
    """A roster and an agenda over some days, both ends included, on the wall of one town.

    With `is_staff`, hours that are not for the public count too.
    """

    def __init__(
        self, town: Town, first: date, last: date, roster: Roster, *, is_staff: bool = False
    ) -> None:
        self.town = town
        self.first, self.last = first, last
        self.is_staff = is_staff
        self.roster = roster
        self.begin = instant(first, time(), town.time_zone) - MARGIN
        self.base = minute_of(self.begin)
        end = instant(last + DAY, time(), town.time_zone) + MARGIN
        self.length = minute_of(end) - self.base
        self._normal: dict[tuple[int, str], int] = {}
        self._guard: dict[tuple[int, str], int] = {}
        self._duty: dict[tuple[int, str], int] = {}
        self._shut: dict[tuple[int, int | None], int] = {}
        self._known: set[int] = set()
        self._away: dict[int, int] = {}
        self.agenda = Agenda(
            self._pieces(end),
            roster.able,
            self.duty,
            roster.flexibility,
        )

    def covers(self, first: date, last: date) -> bool:
        return self.first <= first and last <= self.last

    def at(self, moment: datetime) -> int:
        """The minute of this outlook in which that instant falls."""
        return minute_of(moment) - self.base

    def moment(self, minute: int) -> datetime:
        return self.begin + timedelta(minutes=minute)

    def day_mask(self, day: date) -> int:
        """The minutes of that day on the wall of the town."""
        zone = self.town.time_zone
        return ones(self.at(instant(day, time(), zone)), self.at(instant(day + DAY, time(), zone)))

    def duty(self, resource_id: int, text: str) -> int:
        """The minutes for which this resource is on duty for such a demand."""
        key = (resource_id, text)
        if key not in self._duty:
            demand = demand_of(text)
            self._duty[key] = self._duty_for(resource_id, demand)
        return self._duty[key]

    def away(self, resource_id: int) -> int:
        """The minutes of its absences, those in which a visit still stands included."""
        return self._away.get(resource_id, 0)

    def closed(self, resource_id: int, demand: Demand) -> int:
        """The minutes in which its own office, or that of what is asked for, is closed."""
        person = self.roster.people[resource_id]
        places = [self.roster.offices[one] for one in demand.procedures]
        mask = self._closed(person.town_id, person.office_id)
        for place in places:
            mask |= self._closed(*place)
        return mask

    def _pieces(self, end: datetime) -> list[Piece]:
        pieces, absences = taken_between(self.roster, self.begin, end, self.base)
        for resource_id, begin, ends in absences:
            minutes = ones(begin, min(ends, self.length))
            self._away[resource_id] = self._away.get(resource_id, 0) | minutes
        return pieces

    def _duty_for(self, resource_id: int, demand: Demand) -> int:
        self._know(resource_id)
        always = self._guard.get((resource_id, demand.channel), 0)
        normal = self._normal.get((resource_id, demand.channel), 0)
        for procedure_id in demand.procedures:
            if procedure_id in self.roster.offices:
                normal &= ~self._closed(*self.roster.offices[procedure_id])
        return (always | normal) & ~self.away(resource_id)

    def _know(self, resource_id: int) -> None:
        if resource_id in self._known:
            return
        self._known.add(resource_id)
        person = self.roster.people.get(resource_id)
        if person is None:
            return
        if self.roster.is_always_there(person):
            channel = "in_person" if person.kind is ResourceKind.DESK else "video"
            self._guard[resource_id, channel] = ones(0, self.length)
            return
        # One day more on each side: the wall of a lent clerk may be an hour away.
        for window in self.roster.windows(person, self.first - 2 * DAY, self.last + 2 * DAY):
            hours = window.hours
            if not (hours.is_public or self.is_staff):
                continue
            kept = self._guard if hours.is_guard else self._normal
            minutes = ones(self.at(window.opens), min(self.at(window.closes), self.length))
            for channel in hours.channels:
                kept[resource_id, channel] = kept.get((resource_id, channel), 0) | minutes

    def _closed(self, town_id: int, office_id: int | None) -> int:
        """The minutes in which that office is closed."""
        key = (town_id, office_id)
        if key not in self._shut:
            zone = self.roster.places[town_id].zone
            mask = 0
            for day in self.roster.closed(
                town_id, office_id, self.first - 2 * DAY, self.last + 2 * DAY
            ):
                opens, closes = instant(day, time(), zone), instant(day + DAY, time(), zone)
                mask |= ones(self.at(opens), min(self.at(closes), self.length))
            self._shut[key] = mask
        return self._shut[key]


def outlook_for(
    town: Town, first: date, last: date, roster: Roster, *, is_staff: bool = False
) -> Outlook:
    """The outlook over those days; a page that only reads loads those of the same days once.

    Days far apart have one each: a month for the sake of one day in the next costs the month twice.
    """
    known: list[Outlook] = remembered(("outlook", town.id, is_staff), list)
    kept = next((one for one in known if one.covers(first, last)), None)
    if kept is None:
        kept = Outlook(town, first, last, roster, is_staff=is_staff)
        known.append(kept)
    return kept


def taken_between(
    roster: Roster, begin: datetime, end: datetime, base: int
) -> tuple[list[Piece], list[tuple[int, int, int]]]:
    """What is taken then, and who is away from when to when, in minutes since `base`.

    A hold whose time is over takes nothing.
    """
    asked = {"places": list(roster.places), "begin": begin, "end": end, "now": clock.now()}
    with every_town():
        rows: Sequence[Any] = db.session.execute(TAKEN, asked).all()
    in_service, blocked = AllocationState.IN_SERVICE, AllocationState.BLOCKED
    pieces, absences = [], []
    for number, resource_id, starts, ends, demand, state, claim in rows:
        pieces.append(
            Piece(
                id=number,
                resource=resource_id,
                begin=starts - base,
                end=ends - base,
                demand=demand,
                is_fixed=state is in_service,
                is_visit=state is not blocked,
            )
        )
        if state is blocked and (whole := whole_absence(claim)):
            absences.append((resource_id, *(minute_of(moment) - base for moment in whole)))
    return pieces, absences


def minute_of(moment: datetime) -> int:
    """Whole minutes from the beginning of 1970 (UTC) to that instant."""
    return int(moment.timestamp()) // 60


class minute(FunctionElement[int]):
    """Minutes since 1970 of a column, plus some seconds: 59 to round up. A number costs less to
    read than an instant, and a month has thousands.
    """

    type = sa.Integer()
    inherit_cache = True

    def __init__(self, column: ColumnElement[datetime] | Any, seconds: int) -> None:
        super().__init__(column, sa.literal(seconds))


@compiles(minute, "sqlite")
def _on_sqlite(element: minute, compiler: Any, **options: Any) -> str:
    column, seconds = element.clauses
    return (
        f"(CAST(strftime('%s', {compiler.process(column, **options)}) AS INTEGER)"
        f" + {compiler.process(seconds, **options)}) / 60"
    )


@compiles(minute, "postgresql")
def _on_postgresql(element: minute, compiler: Any, **options: Any) -> str:
    column, seconds = element.clauses
    return (
        f"CAST(floor((extract(epoch FROM {compiler.process(column, **options)})"
        f" + {compiler.process(seconds, **options)}) / 60) AS INTEGER)"
    )


# Asked at every booking, and so built once: it costs as much to put together as to answer.
TAKEN = (
    sa.select(
        Allocation.id,
        Allocation.resource_id,
        minute(Allocation.starts_at, 0),
        minute(Allocation.ends_at, 59),
        Allocation.demand,
        Allocation.state,
        Allocation.claim,
    )
    .join(Resource, Resource.id == Allocation.resource_id)
    .where(
        Resource.town_id.in_(sa.bindparam("places", expanding=True)),
        Allocation.state.in_(ACTIVE),
        Allocation.starts_at < sa.bindparam("end"),
        Allocation.ends_at > sa.bindparam("begin"),
        sa.or_(
            Allocation.state != AllocationState.HELD, Allocation.expires_at > sa.bindparam("now")
        ),
    )
)
