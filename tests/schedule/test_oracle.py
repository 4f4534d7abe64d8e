"""Random small houses: what is offered, against a count of every minute of everybody."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import product

import time_machine
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.accounts import services as accounts
from app.accounts.models import Role
from app.booking import queries as booking
from app.core.db import db
from app.schedule import queries, services
from app.schedule.errors import TimeTaken
from app.schedule.models import (
    ACTIVE,
    Allocation,
    AllocationState,
    Resource,
    ResourceKind,
    Shift,
    Skill,
)
from app.schedule.queries import Wish
from app.towns.models import Procedure, Town
from tests import town

MONDAY = date(2026, 11, 30)
TUESDAY = MONDAY + timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)  # on the wall, as Monday begins
EARLY = MIDNIGHT + timedelta(hours=7)
DAY = 24 * 60  # minutes

Windows = tuple[tuple[int, int], ...]  # minutes of a day


@dataclass(frozen=True)
class Trade:
    """A procedure: how long it takes, and what is kept free around it on video."""

    minutes: int
    buffer: tuple[int, int]


@dataclass(frozen=True)
class Person:
    name: str
    skills: frozenset[int]
    languages: tuple[str, ...]
    days: tuple[Windows, Windows]
    channels: tuple[str, ...]

    @cached_property
    def there(self) -> frozenset[int]:
        return frozenset(
            day * DAY + minute
            for day, windows in enumerate(self.days)
            for begin, end in windows
            for minute in range(begin, end)
        )


@dataclass(frozen=True)
class Ask:
    """Somebody wants something and takes one of the times on offer: which, by its number."""

    trade: int
    channel: str
    reads: str
    pick: int = 0


@dataclass(frozen=True)
class Absence:
    person: int
    begin: int
    length: int


@dataclass(frozen=True)
class World:
    grid: int
    trades: tuple[Trade, ...]
    people: tuple[Person, ...]
    desks: tuple[int, ...]  # what each needs after a visit
    absences: tuple[Absence, ...]
    asks: tuple[Ask, ...]


MONDAYS: tuple[Windows, ...] = (
    ((540, 600),),
    ((545, 635),),
    ((570, 630),),
    ((540, 580), (590, 650)),
)
TUESDAYS: tuple[Windows, ...] = ((), ((540, 585),))
PEOPLE = "Ana", "Bea", "Cai", "Duna", "Enric"


def a_world(chance: random.Random) -> World:
    """A short and busy morning, and some of the next; who does what is left to chance."""
    trades = tuple(
        Trade(
            chance.choice((10, 20, 45)), chance.choice(((0, 0), (0, 0), (5, 0), (0, 10), (10, 5)))
        )
        for _ in range(chance.randint(2, 3))
    )
    people = tuple(a_person(chance, name, len(trades)) for name in PEOPLE[: chance.randint(2, 5)])
    return World(
        grid=chance.choice((5, 10, 15)),
        trades=trades,
        people=people,
        desks=tuple(chance.choice((0, 5)) for _ in range(chance.choice((0, 2, 3)))),
        absences=tuple(an_absence(chance, len(people)) for _ in range(chance.randint(0, 2))),
        asks=tuple(an_ask(chance, len(trades)) for _ in range(chance.randint(4, 12))),
    )


def a_person(chance: random.Random, name: str, trades: int) -> Person:
    return Person(
        name=name,
        skills=frozenset(chance.sample(range(trades), chance.randint(1, trades))),
        languages=chance.choice((("ca", "es"), ("es",), ("ca",))),
        days=(chance.choice(MONDAYS), chance.choice(TUESDAYS)),
        channels=chance.choice((("video", "in_person"), ("video", "in_person"), ("video",))),
    )


def an_ask(chance: random.Random, trades: int) -> Ask:
    return Ask(
        trade=chance.randrange(trades),
        channel=chance.choice(("video", "video", "in_person")),
        reads=chance.choice(("ca", "es")),
        pick=chance.randrange(8),
    )


def an_absence(chance: random.Random, people: int) -> Absence:
    return Absence(
        person=chance.randrange(people),
        begin=chance.choice((0, 0, DAY)) + chance.randrange(540, 650, 15),
        length=chance.choice((7, 30)),
    )


# The chance is given by its seed: what it leaves to it is spread as chance would, not as by habit.
worlds = st.builds(a_world, st.randoms(use_true_random=True))


@dataclass
class House:
    """A world in the register."""

    world: World
    place: Town
    procedures: list[Procedure]
    people: dict[str, Resource]
    desks: list[Resource]
    booked: dict[str, tuple[Wish, int]] = field(default_factory=dict)  # by claim: and its start

    def wish(self, ask: Ask) -> Wish | None:
        return booking.wish_for(self.place, self.procedures[ask.trade], ask.channel, ask.reads)

    def reserve(self, wish: Wish, start: int, claim: str) -> None:
        services.reserve(wish, moment(start), claim=claim)
        self.booked[claim] = wish, start

    def around(self, wish: Wish) -> tuple[int, int]:
        if wish.channel != "video":
            return 0, 0
        return self.world.trades[self.procedures.index(wish.procedure)].buffer

    def can(self, person: Person, wish: Wish) -> bool:
        return (
            self.procedures.index(wish.procedure) in person.skills
            and wish.language in person.languages
            and wish.channel in person.channels
        )

    def every_wish(self) -> list[Wish]:
        """Whatever can be wished for, each thing once."""
        trades, found = range(len(self.procedures)), {}
        with queries.one_look():
            for one in product(trades, ("video", "in_person"), ("ca", "es")):
                if wish := self.wish(Ask(*one)):
                    found[self.key(wish)] = wish
        return list(found.values())

    def key(self, wish: Wish) -> tuple[int, str, str]:
        return self.procedures.index(wish.procedure), wish.channel, wish.language

    def times(self, wishes: Sequence[Wish]) -> dict[tuple[int, str, str], set[int]]:
        return {self.key(wish): starts(wish) for wish in wishes}

    def directly_free(self, wish: Wish) -> set[int]:
        """Every start at which it could be without anybody changing hands, by counting."""
        before, behind = self.around(wish)
        taken: dict[int, set[int]] = defaultdict(set)
        for row in rows():
            taken[row.resource_id] |= set(range(*minutes_of(row)))
        found = set()
        for person in self.world.people:
            if self.can(person, wish):
                free = person.there - taken[self.people[person.name].id]
                found |= self._fitting(free, before, wish.minutes + behind)
        if wish.channel == "in_person" and self.desks:
            tidy, at_desk = max(self.world.desks), set()
            for desk in self.desks:
                free = set(range(2 * DAY)) - taken[desk.id]
                at_desk |= self._fitting(free, 0, wish.minutes + tidy)
            found &= at_desk
        return found

    def _fitting(self, free: Set[int], before: int, behind: int) -> set[int]:
        return {
            start
            for start in range(0, 2 * DAY, self.world.grid)
            if all(minute in free for minute in range(start - before, start + behind))
        }

    def check(self) -> None:
        """Nobody is with two at once, and everything is with somebody fit who is there."""
        names = {resource.id: name for name, resource in self.people.items()}
        people = {person.name: person for person in self.world.people}
        taken: Counter[tuple[int, int]] = Counter()
        with_clerk, at_desk = Counter(), Counter()
        for row in rows():
            begin, end = minutes_of(row)
            taken.update((row.resource_id, minute) for minute in range(begin, end))
            if row.state is AllocationState.BLOCKED:
                continue
            wish, start = self.booked[row.claim]
            if row.resource_id in names:
                with_clerk[row.claim] += 1
                person = people[names[row.resource_id]]
                before, behind = self.around(wish)
                assert (begin, end) == (start - before, start + wish.minutes + behind)
                assert self.can(person, wish), "somebody unfit"
                assert set(range(begin, end)) <= person.there, "somebody who is not there"
            else:
                at_desk[row.claim] += 1
                tidy = max(self.world.desks)
                assert (begin, end) == (start, start + wish.minutes + tidy)
        assert set(taken.values()) <= {1}, "two at once"
        assert with_clerk == Counter(list(self.booked))
        in_person = [one for one, (wish, _) in self.booked.items() if wish.channel == "in_person"]
        assert at_desk == Counter(in_person if self.desks else [])


def rows() -> Sequence[Allocation]:
    return db.session.scalars(db.select(Allocation).where(Allocation.state.in_(ACTIVE))).all()


def minutes_of(row: Allocation) -> tuple[int, int]:
    return minute_of(row.starts_at), minute_of(row.ends_at)


def minute_of(at: datetime) -> int:
    return int((at - MIDNIGHT).total_seconds()) // 60


def moment(minute: int) -> datetime:
    return MIDNIGHT + timedelta(minutes=minute)


def wall(minute: int) -> time:
    return time(minute // 60, minute % 60)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written meanwhile is gone afterwards."""
    until = db.session.begin_nested()
    try:
        yield
    finally:
        until.rollback()


@contextmanager
def house_of(world: World) -> Iterator[House]:
    """The world as it is after everybody has asked, early on Monday; gone afterwards."""
    with undone(), time_machine.travel(EARLY, tick=False):
        yield build(world)


def build(world: World) -> House:
    """The last of them comes when half have asked: what went before could now be otherwise."""
    *first, last = world.people
    house = empty(world, first)
    for number, ask in enumerate(world.asks):
        if number == len(world.asks) // 2:
            employ(house, last)
            for absence in world.absences:
                be_away(house, absence)
        wish = house.wish(ask)
        if wish and (offered := starts(wish)):
            house.reserve(wish, sorted(offered)[ask.pick % len(offered)], f"{number}")
    return house


def empty(world: World, people: Sequence[Person]) -> House:
    """Everybody is employed, in that order, and nothing is taken."""
    place = town.a_town(grid_minutes=world.grid)
    procedures = [
        town.a_procedure(f"p{number}", trade.minutes, buffers={"video": list(trade.buffer)})
        for number, trade in enumerate(world.trades)
    ]
    for procedure in procedures:
        procedure.office_id = procedures[0].office_id
    house = House(world, place, procedures, {}, [])
    for person in people:
        employ(house, person)
    for tidy in world.desks:
        desk = Resource(
            kind=ResourceKind.DESK,
            name="Desk",
            office_id=procedures[0].office_id,
            buffer_minutes=tidy,
        )
        house.desks.append(desk)
    db.session.add_all(house.desks)
    db.session.flush()
    return house


def employ(house: House, person: Person) -> None:
    account = accounts.employ(person.name, Role.CLERK, list(person.languages))
    resource = Resource(kind=ResourceKind.CLERK, name=person.name, account_id=account.id)
    db.session.add(resource)
    db.session.flush()
    house.people[person.name] = resource
    for trade in person.skills:
        db.session.add(Skill(resource_id=resource.id, procedure_id=house.procedures[trade].id))
    for weekday, windows in enumerate(person.days):
        for begin, end in windows:
            hours = {"starts": wall(begin), "ends": wall(end), "channels": list(person.channels)}
            db.session.add(Shift(resource_id=resource.id, weekday=weekday, **hours))
    db.session.flush()


def be_away(house: House, absence: Absence) -> bool:
    resource = house.people[house.world.people[absence.person].name]
    begin = moment(absence.begin)
    try:
        services.block(resource, begin, begin + timedelta(minutes=absence.length), "away")
    except TimeTaken:
        return False
    return True


def starts(wish: Wish, first: date = MONDAY, last: date = TUESDAY) -> set[int]:
    found = queries.free_times(wish, first, last)
    return {minute_of(free.starts_at) for free in found}


few = settings(deadline=None, derandomize=True, database=None, max_examples=6)


@given(world=worlds)
@settings(few, max_examples=16)
def test_whoever_is_free_is_offered_and_what_is_offered_can_be_kept(world):
    with house_of(world) as house:
        house.check()
        for wish in house.every_wish():
            offered, direct = starts(wish), house.directly_free(wish)

            assert direct <= offered
            by_change = sorted(offered - direct)
            for start in [*by_change[:3], *sorted(direct)[-1:]]:
                with undone():
                    house.reserve(wish, start, "new")
                    house.check()
                del house.booked["new"]
            for start in sorted(set(range(540, 660, world.grid)) - offered)[:1]:
                assert queries.plan_at(wish, moment(start)) is None


@given(
    world=worlds,
    absence=st.builds(an_absence, st.randoms(use_true_random=True), st.just(2)),
)
@few
def test_an_absence_never_adds_a_time(world, absence):
    with house_of(world) as house:
        wishes = house.every_wish()
        before = house.times(wishes)
        assume(be_away(house, absence))

        assert all(now <= before[key] for key, now in house.times(wishes).items())


@given(
    world=worlds,
    late=st.builds(a_person, st.randoms(use_true_random=True), st.just("Flor"), st.just(2)),
)
@few
def test_one_more_clerk_never_takes_a_time_away(world, late):
    with house_of(world) as house:
        wishes = house.every_wish()
        before = house.times(wishes)
        employ(house, late)
        with queries.one_look():
            after = house.times([queries.afresh(wish) for wish in wishes])

        assert all(now >= before[key] for key, now in after.items())


@given(world=worlds, order=st.permutations(range(5)))
@few
def test_in_which_order_people_were_employed_changes_no_time(world, order):
    """The same visits with the same people, who are other numbers in the register."""
    with house_of(world) as house:
        before = house.times(house.every_wish())
        names = {resource.id: name for name, resource in house.people.items()}
        booked = {claim: house.key(wish) for claim, (wish, _) in house.booked.items()}
        desks = {desk.id: number for number, desk in enumerate(house.desks)}
        copies = [
            (
                names.get(row.resource_id),
                desks.get(row.resource_id),
                booked.get(row.claim),
                {name: getattr(row, name) for name in ("starts_at", "ends_at", "state", "claim")},
            )
            for row in rows()
        ]
    people = [world.people[number] for number in order if number < len(world.people)]
    with undone(), time_machine.travel(EARLY, tick=False):
        house = empty(world, people)
        wishes = {house.key(wish): wish for wish in house.every_wish()}
        for name, desk, key, fields in copies:
            resource = house.people[name] if name else house.desks[desk]
            demand = wishes[key].needs()[0 if name else 1].demand if key else ""
            db.session.add(Allocation(resource_id=resource.id, demand=demand, **fields))
        db.session.flush()

        assert house.times(list(wishes.values())) == before


@given(world=worlds, more=st.sampled_from((1, 5, 10)))
@few
def test_whatever_takes_longer_fits_nowhere_that_a_shorter_one_does_not(world, more):
    with house_of(world) as house:
        for wish in house.every_wish():
            assert starts(replace(wish, minutes=wish.minutes + more)) <= starts(wish)


@given(world=worlds)
@few
def test_a_day_has_the_same_times_whatever_other_days_are_asked_for(world):
    with house_of(world) as house:
        for wish in house.every_wish():
            both = starts(wish)

            assert starts(wish, MONDAY, MONDAY) == {start for start in both if start < DAY}
            assert starts(wish, TUESDAY, TUESDAY) == {start for start in both if start >= DAY}
            wide = starts(wish, MONDAY - timedelta(days=3), TUESDAY + timedelta(days=6))
            assert {start for start in wide if start < 2 * DAY} == both


@given(world=worlds, now=st.integers(530, 630), notice=st.sampled_from((0, 10)))
@few
def test_time_that_passes_takes_away_what_is_too_soon_and_nothing_else(world, now, notice):
    with house_of(world) as house:
        house.place.notice_minutes = notice
        wishes = house.every_wish()
        before = house.times(wishes)
        with time_machine.travel(moment(now), tick=False):
            after = house.times(wishes)

        assert after == {
            key: {start for start in offered if start >= now + notice}
            for key, offered in before.items()
        }


@given(world=worlds)
@few
def test_what_is_taken_and_given_back_might_never_have_been_taken(world):
    with house_of(world) as house:
        wishes = house.every_wish()
        before = house.times(wishes)
        for wish in wishes[:4]:
            for start in sorted(before[house.key(wish)] & house.directly_free(wish))[:1]:
                services.reserve(wish, moment(start), claim="new")
                assert services.free("new")

        assert house.times(wishes) == before
