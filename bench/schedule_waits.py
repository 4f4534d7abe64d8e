"""How true the waits are that people are told: a month of waiting rooms, played without the house.

The player knows nothing of how the house forecasts. Attentions are lognormal, but each procedure
has its own spread and its own mean; people come early or late, or not at all; clerks rest when they
have a moment, need a while between two people and go home at the end of their hours. Whoever comes
in is told a range there and then, from what a counter can know: who is at a desk, who waits, who
has an appointment soon, and how long attentions have taken before. Their real wait is compared.
"""

import argparse
import math
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from multiprocessing import get_context
from statistics import fmean
from typing import Any

import schedule_house  # noqa: F401 - from here on the house can be found
from figures import Figure, alone, progress, quantile
from schedule_province import (
    GRID_MINUTES,
    PLACES,
    SEED,
    SPANISH_SHARE,
    TRADES,
    ZONE,
    Place,
    Request,
    Trade,
    Window,
    clerks,
    days,
    requests,
    windows,
)

from app.queue import waits

BOOKED = 0.5  # minutes of appointments, of the minutes of duty
WALK_INS = 0.4  # minutes of those who come without one
NO_SHOWS = 0.08
PUNCTUALITY = (-6.0, 5.0)  # minutes after the appointment: mean and standard deviation
GIVEN_UP = 15.0  # minutes after which nobody expects who has not come
FORESEEN = 90.0  # minutes ahead: later appointments do not matter to who comes now
FORESEEN_SHOWS = 0.9  # how many of a hundred the counter thinks will come
BREAK = (10.0, 20.0)  # how long a rest is; nobody knows beforehand when it ends
BETWEEN = (0.3, 1.5)  # minutes from one person to the next
REST_AFTER = 180.0  # minutes of duty from which on there is a rest
LAST_TICKET = 30.0  # minutes before the end after which nobody is let in without an appointment
RUSH = ((9.0, 0.7), (10.0, 1.3), (12.0, 1.6), (13.0, 1.0), (24.0, 0.5))  # until, how many come
BUSIEST = max(share for _, share in RUSH)
MEANS = (0.65, 1.05)  # an attention, of the minutes that are kept for it
SPREADS = (0.25, 0.85)  # of the logarithms; the house takes one for all
PAST = 40  # attentions of each procedure that the house remembers

MUST_COVER, AIM_TO_COVER = 80, 85


@dataclass(frozen=True)
class Habit:
    """How long a procedure really takes, and what the house has learnt of it."""

    mean: float
    spread: float
    learnt: float = 0.0
    learnt_spread: float = 0.0

    def drawn(self, chance: random.Random) -> float:
        return chance.lognormvariate(math.log(self.mean) - self.spread**2 / 2, self.spread)


@dataclass(eq=False)
class Person:
    """Somebody who comes. Minutes of the day; no `due` without an appointment."""

    key: int
    trade: Trade
    able: frozenset[int]  # desks
    comes: float
    due: float | None = None
    shows: bool = True


@dataclass(eq=False)
class Desk:
    """A clerk between two minutes of the day."""

    id: int
    starts: float
    ends: float
    rests_at: float
    serving: Person | None = None
    since: float = 0.0
    is_resting: bool = False
    has_rested: bool = False

    def is_there(self, now: float) -> bool:
        return self.starts <= now < self.ends and not self.is_resting

    def is_idle(self, now: float) -> bool:
        return self.is_there(now) and self.serving is None


@dataclass(frozen=True)
class Outcome:
    """What one person was told, and what came of it. Whoever is never called waits for ever."""

    told: waits.Forecast
    real: float
    has_appointment: bool
    found_somebody: bool  # able, and at their desk


def measure(wanted: argparse.Namespace) -> list[Figure]:
    progress("waits: a month of waiting rooms in five towns")
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        found = [outcome for some in pool.map(month_of, PLACES) for outcome in some]
    return _figures(found)


def month_of(place: Place) -> list[Outcome]:
    """Every day of the month in one town."""
    chance = random.Random(f"{SEED} waits {place.slug}")
    habits = _habits()
    staff = [clerk for clerk in clerks() if clerk.place == place]
    hours, booked = _by_day(windows(staff)), _appointments(place)
    found: list[Outcome] = []
    for day in days():
        desks = [_desk(number, window, chance) for number, window in enumerate(hours[day])]
        people = _with_appointment(booked[day], hours[day], chance)
        people += _without(place, hours[day], len(people), chance)
        found += _Room(desks, people, habits, chance, seed=day.toordinal()).play()
    return found


Happening = Callable[[Any, float], None]  # to a desk or a person, at a minute of the day


class _Room:
    """One waiting room on one day."""

    def __init__(
        self,
        desks: list[Desk],
        people: list[Person],
        habits: dict[str, Habit],
        chance: random.Random,
        seed: int,
    ) -> None:
        self.seed = seed  # of the forecasts: chance must not repeat itself day after day
        self.desks, self.people, self.habits, self.chance = desks, people, habits, chance
        self.spread = fmean(habit.learnt_spread for habit in habits.values())
        self.waiting: list[Person] = []
        self.told: dict[int, waits.Forecast] = {}
        self.waited: dict[int, float] = {}
        self.alone: set[int] = set()  # who found nobody able at a desk
        self.events: list[tuple[float, int, Happening, Desk | Person]] = []
        self.order = count()

    def play(self) -> list[Outcome]:
        for desk in self.desks:
            for at in (desk.starts, desk.rests_at):
                self._later(at, self._look_around, desk)
        for person in self.people:
            if person.shows:
                self._later(person.comes, self._come, person)
        while self.events:
            now, _, happens, who = heappop(self.events)
            happens(who, now)
            self._call(now)
        return [
            Outcome(
                told,
                self.waited.get(key, math.inf),
                has_appointment=self.people[key].due is not None,
                found_somebody=key not in self.alone,
            )
            for key, told in self.told.items()
        ]

    def _later(self, at: float, happens: Happening, who: Desk | Person) -> None:
        heappush(self.events, (at, next(self.order), happens, who))

    def _look_around(self, desk: Desk, now: float) -> None:
        """Their hours begin, or it is time for a rest: nothing more has happened."""

    def _come(self, person: Person, now: float) -> None:
        self.waiting.append(person)
        told = waits.forecast(
            self._counters(now), self._line(now), seed=self.seed, spread=self.spread
        )
        self.told[person.key] = told[person.key]
        if not any(desk.is_there(now) for desk in self.desks if desk.id in person.able):
            self.alone.add(person.key)

    def _finish(self, desk: Desk, now: float) -> None:
        desk.serving = None

    def _return(self, desk: Desk, now: float) -> None:
        desk.is_resting = False

    def _call(self, now: float) -> None:
        """Whoever has nobody before them rests if it is time, or calls the next."""
        for desk in self.chance.sample(self.desks, len(self.desks)):
            if not desk.is_idle(now):
                continue
            if now >= desk.rests_at and not desk.has_rested:
                desk.is_resting = desk.has_rested = True
                desk.since = now
                self._later(now + self.chance.uniform(*BREAK), self._return, desk)
                continue
            mine = [person for person in self.waiting if desk.id in person.able]
            if mine:
                self._attend(desk, min(mine, key=lambda person: _turn(person, now)), now)

    def _attend(self, desk: Desk, person: Person, now: float) -> None:
        self.waiting.remove(person)
        self.waited[person.key] = now - person.comes
        desk.serving, desk.since = person, now
        lasts = self.habits[person.trade.slug].drawn(self.chance)
        self._later(now + lasts + self.chance.uniform(*BETWEEN), self._finish, desk)

    def _counters(self, now: float) -> list[waits.Counter]:
        """Of everybody who is at their desk now: when their hours end, and who is before them."""
        return [
            waits.Counter(
                id=desk.id,
                free_in=0.0,
                elapsed=now - desk.since if desk.serving else 0.0,
                serving=self.habits[desk.serving.trade.slug].learnt if desk.serving else 0.0,
                leaves_in=desk.ends - now,
            )
            for desk in self.desks
            if desk.is_there(now)
        ]

    def _line(self, now: float) -> list[waits.Waiting]:
        """Who waits, and who has an appointment soon and has not come yet."""
        found = [self._waiting(person, now, is_here=True) for person in self.waiting]
        for person in self.people:
            is_out = person.due is not None and (not person.shows or person.comes > now)
            if is_out and -GIVEN_UP < person.due - now < FORESEEN:
                found.append(self._waiting(person, now, is_here=False))
        return found

    def _waiting(self, person: Person, now: float, *, is_here: bool) -> waits.Waiting:
        return waits.Waiting(
            key=person.key,
            minutes=self.habits[person.trade.slug].learnt,
            able=person.able,
            arrived=now - person.comes if is_here else 0.0,
            due_in=None if person.due is None else person.due - now,
            is_here=is_here,
            shows=1.0 if is_here else FORESEEN_SHOWS,
        )


def _turn(person: Person, now: float) -> tuple[int, float]:
    """Appointments that are due, then walk-ins as they came, then who is early."""
    if person.due is None:
        return 1, person.comes
    return (0 if person.due <= now else 2), person.due


def _habits() -> dict[str, Habit]:
    """The same in every town: some procedures are always the same, others never."""
    chance = random.Random(f"{SEED} habits")
    found = {}
    for trade in TRADES:
        habit = Habit(trade.minutes * chance.uniform(*MEANS), chance.uniform(*SPREADS))
        past = [habit.drawn(chance) for _ in range(PAST)]
        learnt, learnt_spread = waits.typical(past, fallback=trade.minutes)
        found[trade.slug] = replace(habit, learnt=learnt, learnt_spread=learnt_spread)
    return found


def _by_day(duty: Sequence[Window]) -> defaultdict[date, list[Window]]:
    found: defaultdict[date, list[Window]] = defaultdict(list)
    for window in duty:
        found[window.day].append(window)
    return found


def _desk(number: int, window: Window, chance: random.Random) -> Desk:
    starts, ends = _minute(window.starts_at), _minute(window.ends_at)
    third = (ends - starts) / 3
    has_rest = ends - starts >= REST_AFTER
    rests_at = chance.uniform(starts + third, ends - third) if has_rest else ends
    return Desk(number, starts, ends, rests_at)


def _appointments(place: Place) -> defaultdict[date, list[tuple[Request, datetime]]]:
    """Everybody in their turn takes any time that suits them and that one of the clerks has."""
    chance = random.Random(f"{SEED} appointments {place.slug}")
    hours = _by_day(windows([clerk for clerk in clerks() if clerk.place == place]))
    free = {
        id(window): set(range(0, window.minutes, GRID_MINUTES))
        for some in hours.values()
        for window in some
    }
    found: defaultdict[date, list[tuple[Request, datetime]]] = defaultdict(list)
    for request in requests(clerks(), BOOKED):
        if request.place != place:
            continue
        length = range(0, request.minutes, GRID_MINUTES)
        fitting = [
            (window, start)
            for window in _suiting(request, hours)
            for start in free[id(window)]
            if all(start + minute in free[id(window)] for minute in length)
        ]
        if fitting:
            window, start = chance.choice(fitting)
            free[id(window)] -= {start + minute for minute in length}
            starts_at = window.starts_at + timedelta(minutes=start)
            found[window.day].append((request, starts_at))
    return found


def _suiting(request: Request, hours: defaultdict[date, list[Window]]) -> list[Window]:
    return [
        window
        for offset in range((request.last - request.first).days + 1)
        for window in hours[request.first + timedelta(days=offset)]
        if request.channel in window.channels and window.clerk.may_attend(request, is_pooled=False)
    ]


def _with_appointment(
    booked: list[tuple[Request, datetime]], hours: list[Window], chance: random.Random
) -> list[Person]:
    """Some are early, some late, some never come."""
    found = []
    for key, (request, starts_at) in enumerate(booked):
        due = _minute(starts_at)
        desks = (
            number
            for number, window in enumerate(hours)
            if request.channel in window.channels
            and window.clerk.may_attend(request, is_pooled=False)
        )
        comes = due if request.channel == "phone" else max(due + chance.gauss(*PUNCTUALITY), 0.0)
        shows = chance.random() >= NO_SHOWS
        found.append(Person(key, request.trade, frozenset(desks), comes, due, shows))
    return found


def _without(
    place: Place, hours: list[Window], first_key: int, chance: random.Random
) -> list[Person]:
    """Walk-ins, more at some hours than at others, for what somebody there can still attend."""
    open_to_all = [window for window in hours if "in_person" in window.channels]
    opens = min(_minute(window.starts_at) for window in open_to_all)
    ends = max(_minute(window.ends_at) for window in open_to_all) - LAST_TICKET
    mean = sum(trade.minutes * trade.weight for trade in TRADES) / sum(t.weight for t in TRADES)
    duty = sum(window.minutes for window in open_to_all)
    a_minute = (
        WALK_INS * duty / mean / sum(_rush(minute) for minute in range(int(opens), int(ends)))
    )
    found: list[Person] = []
    at = opens
    while (at := at + chance.expovariate(a_minute * BUSIEST)) < ends:
        if chance.random() * BUSIEST > _rush(at):
            continue
        trade = chance.choices(TRADES, [trade.weight for trade in TRADES])[0]
        other = chance.random() > SPANISH_SHARE
        language = place.languages[0] if other else "es"
        able = frozenset(
            number
            for number, window in enumerate(hours)
            if "in_person" in window.channels
            and trade.slug in window.clerk.skills
            and language in window.clerk.languages
        )
        if any(_minute(hours[number].ends_at) - LAST_TICKET > at for number in able):
            found.append(Person(first_key + len(found), trade, able, at))
    return found


def _rush(minute: float) -> float:
    """How many come at that time, of what is usual."""
    return next(share for until, share in RUSH if minute < until * 60)


def _minute(instant: datetime) -> float:
    wall = instant.astimezone(ZONE)
    return wall.hour * 60 + wall.minute


def _figures(found: list[Outcome]) -> list[Figure]:
    promised = [one for one in found if one.told.longest is not None]
    result = waits.calibration(
        (one.told.shortest or 0, one.told.longest or 0, one.real) for one in promised
    )
    widths = [(one.told.longest or 0) - (one.told.shortest or 0) for one in promised]
    told_little = [one for one in promised if (one.told.longest or 0) <= waits.STEP]
    longer = [one for one in promised if (one.told.longest or 0) > waits.STEP]
    groups = {
        "with an appointment": [one for one in promised if one.has_appointment],
        "walk-ins": [one for one in promised if not one.has_appointment],
        "told 5 min": told_little,
        "told more": longer,
    }
    note = " · ".join(f"{name} {_covered(some):.0f} %" for name, some in groups.items())
    real = sorted(one.real for one in promised)
    people = len(promised)
    nobody = sum(not one.found_somebody for one in found)
    never = sum(math.isinf(one.real) for one in found)
    return [
        Figure(
            "waits, upper end was not exceeded",
            100 * result.covered,
            "%",
            MUST_COVER,
            AIM_TO_COVER,
            "≥",
            people,
            note,
        ),
        Figure("waits, within the range", 100 * result.within, "%", samples=people),
        Figure(
            "waits, width of the range, p50",
            quantile(widths, 0.5),
            "min",
            samples=people,
            note=f"mean {result.mean_width:.1f} · error p50 {result.median_error:+.1f} min",
        ),
        Figure(
            "waits, real wait, p50",
            quantile(real, 0.5),
            "min",
            samples=people,
            note=f"p85 {quantile(real, 0.85):.0f} min · p95 {quantile(real, 0.95):.0f} min",
        ),
        Figure(
            "waits, told no range",
            100 * (len(found) - people) / len(found),
            "%",
            samples=len(found),
            note=f"{nobody} found nobody at a desk · {never} were never called",
        ),
    ]


def _covered(some: list[Outcome]) -> float:
    return 100 * sum(one.real <= (one.told.longest or 0) for one in some) / max(len(some), 1)


if __name__ == "__main__":
    alone(measure, __doc__)
