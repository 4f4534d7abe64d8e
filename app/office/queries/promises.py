"""The visits that a rule breaks, and what could be done about each: given, moved, cancelled, kept.

Every offer is tried out for good, one after the other, and taken back with the rest of the look: a
clerk or a time is offered to one visit only, so that any choice among the offers can be made.
"""

import enum
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from app.booking import queries as booking
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.schedule import queries as schedule
from app.schedule.models import Resource
from app.schedule.queries import Broken, Why, Wish
from app.towns import queries as towns
from app.towns.models import Channel, Town
from app.towns.tenant import every_town

# Nobody is moved to a time that the message about it could hardly precede.
TIME_TO_TELL = timedelta(hours=2)
REACHES = tuple(map(timedelta, (1, 7, 30)))


class Action(enum.StrEnum):
    """What can be done about a visit that the rules break."""

    GIVE = "give"
    MOVE = "move"
    CANCEL = "cancel"
    KEEP = "keep"


@dataclass(frozen=True)
class Offer:
    """What could be done: give it to that clerk at its time, or move it to that time."""

    give_to: int | None = None
    give_name: str = ""
    move_to: datetime | None = None


@dataclass(frozen=True)
class Promise:
    """A visit that the rules break. Of a visit of another town the page shows neither who nor what.

    `best` is what is chosen unless somebody chooses otherwise.
    """

    visit: Visit
    why: Why
    without: str  # who or what would not be there
    is_ours: bool
    offer: Offer = Offer()

    @property
    def actions(self) -> list[Action]:
        found = []
        if self.offer.give_to:
            found.append(Action.GIVE)
        if self.is_ours and self.offer.move_to:
            found.append(Action.MOVE)
        if self.is_ours and self.visit.status is Status.BOOKED:
            found.append(Action.CANCEL)
        return [*found, Action.KEEP]

    @property
    def best(self) -> Action:
        first = self.actions[0]
        return Action.KEEP if first is Action.CANCEL else first

    @property
    def facts(self) -> tuple[str, ...]:
        """All that somebody reads before they decide."""
        visit, offer = self.visit, self.offer
        told = (visit.code, visit.version, visit.starts_at, self.why, self.without)
        return tuple(map(str, (*told, offer.give_to, offer.move_to)))


@dataclass(frozen=True)
class Unattended:
    """A procedure that nobody would attend in that way."""

    slug: str
    name: str
    channel: Channel


@dataclass(frozen=True)
class Look:
    """What a change would do, to be shown before it is made.

    `holds`: people who are booking one of those times right now. `minutes`: of attention, more or
    fewer, in the next two weeks. `times`: of the usual length, more or fewer next week. `most`: for
    how many visits something was looked for.
    """

    promises: tuple[Promise, ...] = ()
    unattended: tuple[Unattended, ...] = ()
    holds: int = 0
    minutes: int = 0
    most: int = 0
    times: int = 0

    @property
    def is_too_much(self) -> bool:
        """Whether there are more visits than offers were looked for."""
        return len(self.promises) > self.most

    @property
    def is_harmless(self) -> bool:
        return not (self.promises or self.unattended)

    @property
    def mark(self) -> str:
        """Two looks with one mark show the same."""
        shown = [promise.facts for promise in self.promises]
        shown += [(one.slug, one.channel.value) for one in self.unattended]
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:24]


def promises_of(town: Town, broken: Sequence[Broken]) -> tuple[list[Promise], int]:
    """The visits behind those taken times, each once, and how many are only being booked."""
    claims: dict[str, list[Broken]] = {}
    for one in broken:
        claims.setdefault(one.claim, []).append(one)
    with every_town():
        rows = db.session.scalars(
            sa.select(Visit)
            .where(Visit.code.in_(claims))
            .options(
                selectinload(Visit.procedure), selectinload(Visit.also), selectinload(Visit.town)
            )
        )
        visits = {visit.code: visit for visit in rows}
        ids = {one.resource_id for one in broken}
        named = db.session.execute(
            sa.select(Resource.id, Resource.name).where(Resource.id.in_(ids))
        )
        names = {row.id: row.name for row in named}
    found, holds = [], 0
    for claim, pieces in claims.items():
        visit = visits.get(claim)
        if visit is None or not visit.is_live:
            holds += 1
            continue
        without = ", ".join(dict.fromkeys(names[piece.resource_id] for piece in pieces))
        found.append(Promise(visit, pieces[0].why, without, visit.town_id == town.id))
    found.sort(key=lambda promise: (promise.visit.starts_at, promise.visit.code))
    return found, holds


def broken_now(town: Town) -> list[Promise]:
    """Every promise of this town that cannot be kept as things stand."""
    found, _holds = promises_of(town, schedule.broken_promises(town))
    return found


def wish_to_keep(visit: Visit) -> Wish | None:
    """What this visit was promised: as long, and in the same language. None when nobody can."""
    wish = booking.wish_of(visit)
    if wish is None or wish.language != visit.language:
        return None
    return replace(wish, minutes=visit.minutes, is_staff=True)


def nearest_time(wish: Wish, around: datetime) -> datetime | None:
    """The free start nearest to that instant which leaves time to tell whoever has it."""
    earliest = clock.now() + TIME_TO_TELL
    day = around.astimezone(wish.town.zone).date()
    for reach in REACHES:
        found = [
            free.starts_at
            for free in schedule.free_times(wish, day - reach, day + reach)
            if free.starts_at >= earliest and free.starts_at != around
        ]
        if found:
            return min(found, key=lambda start: (abs(start - around), start))
    return None


def unattended(town: Town) -> dict[tuple[str, Channel], Unattended]:
    """What the town offers and nobody attends, in whatever language."""
    found = {}
    for procedure in towns.procedures():
        for channel in procedure.channels:
            if booking.wish_for(town, procedure, channel.value, town.languages[0]) is None:
                key = (procedure.slug, channel)
                found[key] = Unattended(procedure.slug, procedure.name_in(), channel)
    return found


def times_next_week(town: Town) -> int:
    """How many visits of the usual length clerks could attend from Monday to Sunday."""
    today = clock.today(town.time_zone)
    monday = today + timedelta(days=7 - today.weekday())
    lengths = sorted(minutes for one in towns.procedures() for minutes in one.minutes.values())
    if not lengths:
        return 0
    return schedule.open_minutes(town, 7, monday) // int(lengths[len(lengths) // 2])
