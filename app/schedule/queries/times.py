"""What can be offered: every start is a time for which somebody was found to take it.

Every instant is UTC. Starts stand on a grid of wall-clock minutes counted from local midnight, so
that a time shown now still exists a minute later whatever its length. What is answered here is
derived from rules minus allocations and is never authoritative: `services.reserve` looks again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from app.core import clock
from app.core.db import db
from app.core.i18n import LANGUAGES
from app.schedule.demand import Demand, clerk_demand
from app.schedule.matching import Agenda, Move
from app.schedule.models import ResourceKind
from app.schedule.queries.outlook import Outlook, outlook_for
from app.schedule.queries.people import allocations_of
from app.schedule.queries.roster import DAY, Person, Roster, after, grid, roster_of
from app.towns.models import Channel, Procedure, Town

# Staff may book further ahead than the public.
STAFF_HORIZON_DAYS = 180
FEW_DAYS = 3  # how far the first look for a first free time goes


@dataclass(frozen=True)
class Staff:
    """The clerks who attend all of some procedures, among everybody of the pool."""

    roster: Roster
    procedure_ids: frozenset[int]

    @cached_property
    def people(self) -> tuple[Person, ...]:
        return tuple(
            person
            for person in self.roster.of_kind(ResourceKind.CLERK)
            if self.procedure_ids <= person.skills
        )

    def on_channel(self, channel: str) -> list[Person]:
        """Those of them who attend on that channel in some shift."""
        channels: dict[int, set[str]] = {}
        for (resource_id, _when), own in (
            *self.roster.patterns.items(),
            *self.roster.exceptions.items(),
        ):
            for hours in own:
                channels.setdefault(resource_id, set()).update(hours.channels)
        return [
            person
            for person in self.people
            if channel in channels.get(person.id, ())
            and self.roster.is_at_hand(person, channel, self.procedure_ids)
        ]


@dataclass(frozen=True)
class Wish:
    """What somebody asks for: procedures, how, in which language, for how long; and of whom.

    `also`: what else is done in the same visit. `sign`: the sign language of an interpreter.
    `booth_id`: the kiosk they will use. `clerk_id`: this clerk and no other. `given_to`: to this
    clerk now, though anybody may take it over later. `releasing`: the claim of a visit that would
    be moved, whose own time counts as free. `is_staff`: asked by staff.
    """

    town: Town
    procedure: Procedure
    channel: str
    language: str
    minutes: int
    staff: Staff
    also: tuple[Procedure, ...] = ()
    sign: str = ""
    booth_id: int | None = None
    clerk_id: int | None = None
    given_to: int | None = None
    releasing: str = ""
    is_staff: bool = False

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    @property
    def procedures(self) -> tuple[Procedure, ...]:
        return (self.procedure, *self.also)

    @property
    def notice(self) -> timedelta:
        if self.is_staff:
            return timedelta()
        own = [one.notice_minutes for one in self.procedures if one.notice_minutes is not None]
        return timedelta(minutes=max(own) if own else self.town.notice_minutes)

    @property
    def horizon_days(self) -> int:
        own = [one.horizon_days for one in self.procedures if one.horizon_days is not None]
        days = min(own) if own else self.town.horizon_days
        return max(days, STAFF_HORIZON_DAYS) if self.is_staff else days

    @property
    def last_day(self) -> date:
        return clock.today(self.town.time_zone) + timedelta(days=self.horizon_days)

    def needs(self) -> tuple["Need", ...]:
        """One line for each resource that it takes, in the order of their kinds."""
        roster = self.staff.roster
        before = max(one.buffer(self.channel)[0] for one in self.procedures)
        behind = max(one.buffer(self.channel)[1] for one in self.procedures)
        ids = [one.id for one in self.procedures]
        clerk = clerk_demand(self.channel, self.language, ids, self.clerk_id or self.given_to)
        kept = clerk_demand(self.channel, self.language, ids, self.clerk_id)
        found = [Need(clerk, before, behind, kept)]
        if self.channel == Channel.IN_PERSON:
            office = self.procedure.office_id
            if desks := roster.desks_of(office):
                desk = Demand(ResourceKind.DESK, self.channel, office_id=office)
                found.append(Need(desk.text, 0, _longest_buffer(desks)))
        if self.booth_id:
            booth = Demand(ResourceKind.BOOTH, self.channel, resource_id=self.booth_id)
            known = roster.people.get(self.booth_id)
            found.append(Need(booth.text, 0, known.buffer_minutes if known else 0))
        if self.sign:
            signer = Demand(ResourceKind.INTERPRETER, self.channel, sign=self.sign)
            found.append(Need(signer.text, 0, 0))
        return tuple(found)


@dataclass(frozen=True)
class Need:
    """One resource that a wish takes, and the minutes kept free around the attention.

    `kept`: what the register remembers of it, when that is less than what was asked for.
    """

    demand: str
    before: int
    behind: int
    kept: str = ""


@dataclass(frozen=True)
class FreeTime:
    """A start that can be kept."""

    starts_at: datetime
    ends_at: datetime
    day: date  # on the town's wall


@dataclass(frozen=True)
class Taking:
    """One resource to be taken, buffers included."""

    resource_id: int
    starts_at: datetime
    ends_at: datetime
    demand: str


@dataclass(frozen=True)
class Plan:
    """How a start is kept: what has to change hands first, and then who takes what."""

    moves: tuple[Move, ...]
    takes: tuple[Taking, ...]

    @property
    def clerk_id(self) -> int:
        """The clerk is the first line of every wish."""
        return self.takes[0].resource_id


DayTimes = dict[date, list[FreeTime]]


def staff_of(*procedures: Procedure) -> Staff:
    """Whoever attends all of these, on any channel and in any language."""
    town = db.session.get_one(Town, procedures[0].town_id)
    return Staff(roster_of(town), frozenset(one.id for one in procedures))


def afresh(wish: Wish) -> Wish:
    """The same wish under the rules as they are now."""
    return replace(wish, staff=staff_of(*wish.procedures))


def language_for(staff: Staff, channel: str, wanted: str) -> str | None:
    """The language in which somebody can attend: the one wanted or the nearest; None if nobody can.

    Nearest: the reader's own chain of understanding, then the town's languages in their order.
    """
    spoken = {slug for person in staff.on_channel(channel) for slug in person.languages}
    town_first = sorted(spoken, key=lambda slug: (slug != "es", slug))
    for slug in (wanted, *LANGUAGES[wanted].fallback, *town_first):
        if slug in spoken:
            return slug
    return None


def free_times(wish: Wish, first: date, last: date) -> list[FreeTime]:
    """Every start from `first` to `last` (local dates, inclusive) that can be kept."""
    first, last = _within_reach(wish, first, last)
    if last < first:
        return []
    look = _outlook(wish, first, last)
    return list(_starts(wish, look, _agenda(wish, look), first, last))


def free_at(wish: Wish, starts_at: datetime) -> FreeTime | None:
    """That very start, if it can still be kept."""
    day = starts_at.astimezone(wish.town.zone).date()
    first, last = _within_reach(wish, day, day)
    if last < first:
        return None
    look = _outlook(wish, day, day)
    return next(_starts(wish, look, _agenda(wish, look), day, day, only=starts_at), None)


def first_free(wish: Wish) -> FreeTime | None:
    """The first start that can be kept: soon, else up to the horizon."""
    today, horizon = clock.today(wish.town.time_zone), wish.last_day
    soon = min(today + timedelta(days=FEW_DAYS - 1), horizon)
    for first, last in ((today, soon), (soon + DAY, horizon)):
        if last < first:
            continue
        look = _outlook(wish, first, last)
        found = next(_starts(wish, look, _agenda(wish, look), first, last), None)
        if found:
            return found
    return None


def nearest(wish: Wish, around: datetime, count: int = 4) -> list[FreeTime]:
    """The free starts nearest to that instant, in order of time."""
    day = around.astimezone(wish.town.zone).date()
    near: list[FreeTime] = []
    for reach in map(timedelta, (1, 7, 30)):
        near = free_times(wish, day - reach, day + reach)
        if len(near) >= count:
            break
    near.sort(key=lambda free: abs(free.starts_at - around))
    return sorted(near[:count], key=lambda free: free.starts_at)


def by_day(times: Sequence[FreeTime], first: date, count: int) -> DayTimes:
    """Those times under the local date on which each begins; days without any are there too."""
    found: DayTimes = {first + timedelta(days=offset): [] for offset in range(count)}
    for free in times:
        found.setdefault(free.day, []).append(free)
    return found


def plan_at(wish: Wish, starts_at: datetime) -> Plan | None:
    """Who would take that start, which must be one of those offered; None when it is not."""
    day = starts_at.astimezone(wish.town.zone).date()
    first, last = _within_reach(wish, day, day)
    if last < first:
        return None
    look = _outlook(wish, day, day)
    agenda = _agenda(wish, look)
    free = next(_starts(wish, look, agenda, day, day, only=starts_at), None)
    return _plan(wish, look, agenda, free) if free else None


def on_duty(wish: Wish, at: datetime) -> list[int]:
    """Whoever could serve this wish and is in a shift at that instant."""
    day = at.astimezone(wish.town.zone).date()
    look = _outlook(wish, day, day)
    demand, minute = wish.needs()[0].demand, look.at(at)
    return [one for one in look.roster.able(demand) if look.duty(one, demand) >> minute & 1]


def _starts(
    wish: Wish,
    look: Outlook,
    agenda: Agenda,
    first: date,
    last: date,
    *,
    only: datetime | None = None,
) -> Iterator[FreeTime]:
    """The starts of those days, in order. A start that needs a change of hands is tried here.

    With `only`, that start and no other: whoever books a time does not pay for those before it.
    """
    needs = wish.needs()
    sure, hope = -1, -1
    for need in needs:
        length = need.before + wish.minutes + need.behind
        now = agenda.starts(need.demand, length)
        sure &= now << need.before
        hope &= (now | agenda.hopes(need.demand, length)) << need.before
    if not hope:
        return
    earliest = clock.now() + wish.notice
    size = (look.length + 7) // 8 + 1
    whole = (1 << 8 * size) - 1
    is_sure, is_hope = ((mask & whole).to_bytes(size, "little") for mask in (sure, hope))
    day = first
    while day <= last:
        if _has_room(wish, look, agenda, day):
            starts = grid(day, wish.town.time_zone, wish.town.grid_minutes)
            for starts_at in after(starts, earliest):
                if only and starts_at != only:
                    continue
                at = look.at(starts_at)
                byte, bit = at >> 3, 1 << (at & 7)
                if not is_hope[byte] & bit:
                    continue
                free = FreeTime(starts_at, starts_at + wish.length, day)
                if is_sure[byte] & bit or _plan(wish, look, agenda, free):
                    yield free
        day += DAY


def _plan(wish: Wish, look: Outlook, agenda: Agenda, free: FreeTime) -> Plan | None:
    """Who takes it. Kinds of resources share nobody, so each need is placed by itself."""
    at = look.at(free.starts_at)
    moves: list[Move] = []
    takes: list[Taking] = []
    for need in wish.needs():
        begin, end = at - need.before, at + wish.minutes + need.behind
        found = agenda.place(need.demand, begin, end)
        if found is None:
            return None
        moves.extend(found.moves)
        kept = need.kept or need.demand
        takes.append(Taking(found.resource, look.moment(begin), look.moment(end), kept))
    return Plan(tuple(moves), tuple(takes))


def _has_room(wish: Wish, look: Outlook, agenda: Agenda, day: date) -> bool:
    """Whether that day's shares leave room for one more of this wish.

    Of the time of those who could attend it, absences apart, a share is for people who come
    without a time, one for whom staff book on the telephone, and one is opened on the day itself.
    """
    kept = max(one.walk_in_percent for one in wish.procedures)
    if not wish.is_staff:
        kept += max(one.staff_percent for one in wish.procedures)
        if day > clock.today(wish.town.time_zone):
            kept += max(one.same_day_percent for one in wish.procedures)
    if not kept:
        return True
    demand = wish.needs()[0].demand
    today = look.day_mask(day)
    capacity = booked = 0
    for resource in look.roster.able(demand):
        duty = look.duty(resource, demand) & today
        visits = agenda.visits(resource) & duty
        absences = agenda.taken(resource) & duty & ~visits
        capacity += (duty & ~absences).bit_count()
        booked += visits.bit_count()
    return (booked + wish.minutes) * 100 <= capacity * (100 - kept)


def _within_reach(wish: Wish, first: date, last: date) -> tuple[date, date]:
    return max(first, clock.today(wish.town.time_zone)), min(last, wish.last_day)


def _outlook(wish: Wish, first: date, last: date) -> Outlook:
    return outlook_for(wish.town, first, last, wish.staff.roster, is_staff=wish.is_staff)


def _agenda(wish: Wish, look: Outlook) -> Agenda:
    """What is taken, the time of the visit that would be moved apart."""
    if not wish.releasing:
        return look.agenda
    return look.agenda.without(one.id for one in allocations_of(wish.releasing))


def _longest_buffer(people: Sequence[Person]) -> int:
    return max(person.buffer_minutes for person in people)
