"""How long each person of a line will wait: the line is played forward many times, by chance.

Times are minutes from now. Nobody is foreseen but the people of the line: a walk-in who comes
later stands behind them. A counter is never held back for an appointment about to begin, because
the queue does not hold it back either: it calls whoever is next.

* Attentions are lognormal: L. Brown and others, "Statistical analysis of a telephone call center",
  Journal of the American Statistical Association 100 (2005).
* How long an attention has lasted tells how long it still will: W. Whitt, "Predicting queueing
  delays", Management Science 45 (1999).
* Each person's draws are spread evenly over what can happen, which steadies the result: M. McKay,
  R. Beckman, W. Conover, "A comparison of three methods for selecting values of input variables
  in the analysis of output from a computer code", Technometrics 21 (1979).
"""

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heapreplace
from statistics import NormalDist, fmean, median, quantiles
from typing import Protocol

STEP = 5  # minutes: what is told is a multiple of it
# The longest must hold for eight in ten. 0.85 leaves room for figures that are a little wrong:
# means a tenth too short, or attentions that vary more than was thought.
MIDDLE, SAFE = 0.50, 0.85  # the share of worlds in which the wait is over by each end of the range
LIKELY_ENOUGH = 0.5  # attended in fewer worlds than this share, nothing is promised

SPREAD = 0.5  # standard deviation of the logarithms of attentions of one kind
NARROWEST, WIDEST = 0.1, 1.0  # spreads beyond these come from few or wrong records
ENOUGH = 20  # past attentions that need no prior figure beside them

NORMAL = NormalDist()
DECILES_APART = 2 * NORMAL.inv_cdf(0.9)  # from the first to the ninth, in standard deviations
FAR_TAIL = 8.0  # standard deviations: beyond, the normal tail is written by its leading term


@dataclass(frozen=True)
class Counter:
    """One clerk on duty. They call the next when the schedule allows it and nobody is with them.

    `free_in` is the schedule's word alone (a shift that begins, a break that ends); how much the
    present attention still takes is drawn from `serving`, its expected length as a whole, and
    `elapsed`, what it has lasted already. After `leaves_in` they take nobody new.
    """

    id: int
    free_in: float
    elapsed: float = 0.0
    serving: float = 0.0
    leaves_in: float | None = None


@dataclass(frozen=True)
class Waiting:
    """One person of the line, whose attention should take `minutes` at one of the counters `able`.

    `due_in` is the time of an appointment, negative when it has passed; walk-ins have none.
    `arrived` is how long ago they came in. Who is not here yet comes when they are due, or at once
    when they are overdue, with the chance `shows`.
    """

    key: int
    minutes: float
    able: frozenset[int]
    priority: int = 0
    arrived: float = 0.0
    due_in: float | None = None
    is_here: bool = True
    shows: float = 1.0

    def __post_init__(self) -> None:
        if self.due_in is None and not self.is_here:
            raise ValueError("Who is not here must have a time to come.")


@dataclass(frozen=True)
class Forecast:
    """A range of minutes from now, and the share of worlds in which the person is attended.

    Both ends are None when that share is too small to promise anything.
    """

    shortest: int | None
    longest: int | None
    attended: float


class Range(Protocol):
    """What somebody was told: a forecast, or a row of the register with the same two ends."""

    @property
    def shortest(self) -> int | None: ...

    @property
    def longest(self) -> int | None: ...


@dataclass(frozen=True)
class Calibration:
    """How true past ranges were. Of no people at all, every figure is zero.

    `covered` is the share who waited no longer than the longest they were told, `within` of whom
    the range held, `earlier` attended before its shortest end. Errors are against the middle of
    the range, positive for who waited longer; errors and widths are minutes.
    """

    count: int = 0
    covered: float = 0.0
    within: float = 0.0
    earlier: float = 0.0
    median_error: float = 0.0
    mean_width: float = 0.0


def forecast(
    counters: Iterable[Counter],
    line: Iterable[Waiting],
    *,
    rounds: int = 200,
    seed: int = 0,
    spread: float = SPREAD,
) -> dict[int, Forecast]:
    """The wait of everybody in the line, by key.

    A counter takes, of those present whom it is able to attend, first the appointments that are
    due, by their time; then walk-ins, by priority and arrival; then appointments that came early.

    The same seed gives the same forecast, however the line is sorted. Each person draws their own
    chances, so that who joins or leaves changes nothing in the attentions of the others.
    """
    people = sorted(line, key=_turn)
    play = _Play(sorted(counters, key=lambda counter: counter.id), people, rounds, seed, spread)
    waits: list[list[float]] = [[] for _ in people]
    for number in range(rounds):
        for turn, wait in play.world(number):
            waits[turn].append(wait)
    return {
        person.key: _promise(sorted(found), rounds)
        for person, found in zip(people, waits, strict=True)
    }


def steady(told: Range | None, now: Forecast, reason: str = "") -> Forecast:
    """What to tell somebody who was told a range before: it goes down freely, up a step at a time.

    With a reason to show beside it (a slug, "clerk_left"), it is told as it is. So is a range
    after none, or none after a range: that is no longer wait, it is another answer.
    """
    if told is None or reason:
        return now
    return replace(
        now,
        shortest=_eased(told.shortest, now.shortest),
        longest=_eased(told.longest, now.longest),
    )


def jumps(told: Range | None, now: Forecast) -> bool:
    """Whether the range grows by more than a step, and so needs a reason to be told as it is."""
    return steady(told, now) != now


def typical(minutes: Iterable[float], fallback: float) -> tuple[float, float]:
    """The mean length of past attentions and the spread of its logarithm, deaf to a few oddities.

    A tenth at either end does not count: attentions opened by mistake, or never closed. While
    there are few, `fallback` (a mean, in minutes) and the usual spread weigh for those missing.
    """
    logs = sorted(math.log(length) for length in minutes if length > 0)
    if len(logs) < 2:
        return fallback, SPREAD
    odd = len(logs) // 10
    deciles = quantiles(logs, n=10, method="inclusive")
    spread = min(max((deciles[-1] - deciles[0]) / DECILES_APART, NARROWEST), WIDEST)
    mean = math.exp(fmean(logs[odd : len(logs) - odd]) + spread**2 / 2)
    trust = min(len(logs) / ENOUGH, 1.0)
    return trust * mean + (1 - trust) * fallback, trust * spread + (1 - trust) * SPREAD


def calibration(outcomes: Iterable[tuple[int, int, float]]) -> Calibration:
    """What came of ranges that were told: shortest, longest, and the minutes it really took."""
    known = list(outcomes)
    if not known:
        return Calibration()
    return Calibration(
        count=len(known),
        covered=fmean(real <= longest for _, longest, real in known),
        within=fmean(shortest <= real <= longest for shortest, longest, real in known),
        earlier=fmean(real < shortest for shortest, _, real in known),
        median_error=median(real - (shortest + longest) / 2 for shortest, longest, real in known),
        mean_width=fmean(longest - shortest for shortest, longest, _ in known),
    )


def _turn(person: Waiting) -> tuple[bool, float, int, float, int]:
    """Appointments by time, then walk-ins by priority and arrival; a key decides between equals."""
    due = person.due_in
    return due is None, due or 0.0, -person.priority, -person.arrived, person.key


class _Play:
    """The line and its counters, ready to be played forward as many times as rounds.

    People are numbered by turn. They lie in piles of those who only differ in their turn, whose
    it is on top: nobody is ever taken but from a top, so a counter compares a few people and not
    the whole line.
    """

    def __init__(
        self,
        counters: Sequence[Counter],
        people: Sequence[Waiting],
        rounds: int,
        seed: int,
        spread: float,
    ) -> None:
        self.due = [-math.inf if person.due_in is None else person.due_in for person in people]
        self.is_here = [person.is_here for person in people]
        self.lengths = [_lengths(person, rounds, seed, spread) for person in people]
        self.comes = [_comings(person, rounds, seed) for person in people]
        piles = defaultdict(list)
        for turn, person in reversed(list(enumerate(people))):
            piles[person.able, person.due_in is None, person.is_here].append(turn)
        self.piles = list(piles.values())
        self.reach = [
            [n for n, (able, *_) in enumerate(piles) if counter.id in able] for counter in counters
        ]
        self.leaves = [
            math.inf if counter.leaves_in is None else counter.leaves_in for counter in counters
        ]
        self.freedoms = [_freedoms(counter, rounds, seed, spread) for counter in counters]

    def world(self, number: int) -> Iterator[tuple[int, float]]:
        """Who is attended in that round, by turn, and after how long."""
        piles = [[turn for turn in pile if self.comes[turn][number]] for pile in self.piles]
        reach = [[piles[n] for n in mine] for mine in self.reach]
        free = [(*freedom[number], n) for n, freedom in enumerate(self.freedoms)]
        heapify(free)
        while free:
            now, luck, n = free[0]
            pile, until = self.next_of(reach[n], now)
            if now >= self.leaves[n] or until == math.inf:
                heappop(free)
                continue
            if pile:
                turn = pile.pop()
                yield turn, now
                until = now + self.lengths[turn][number]
            heapreplace(free, (until, luck, n))

    def next_of(self, piles: Sequence[list[int]], now: float) -> tuple[list[int] | None, float]:
        """The pile with the next person on top, and now; or nobody, and when somebody comes."""
        chosen, first, comes = None, 2 * len(self.due), math.inf
        for pile in piles:
            if not pile:
                continue
            turn = pile[-1]
            if self.due[turn] > now:
                if not self.is_here[turn]:
                    comes = min(comes, self.due[turn])
                    continue
                turn += len(self.due)  # who came early stands behind everybody else
            if turn < first:
                chosen, first = pile, turn
        return chosen, now if chosen else comes


def _lengths(person: Waiting, rounds: int, seed: int, spread: float) -> list[float]:
    """How long their attention takes in each round."""
    scale = person.minutes * math.exp(-(spread**2) / 2)  # the median of a lognormal of that mean
    chances = _chances(f"{seed} length {person.key}", rounds)
    return [scale * math.exp(spread * NORMAL.inv_cdf(chance)) for chance in chances]


def _comings(person: Waiting, rounds: int, seed: int) -> list[bool]:
    """Whether they come, in each round."""
    if person.is_here:
        return [True] * rounds
    return [chance < person.shows for chance in _chances(f"{seed} comes {person.key}", rounds)]


def _freedoms(counter: Counter, rounds: int, seed: int, spread: float) -> list[tuple[float, float]]:
    """For each round, when the counter is free, and its luck: of two free at once, who is quicker.

    Not always the same one, so that a person whom few can attend is not promised that the
    counter with wide skills will be left for them.
    """
    luck = _chances(f"{seed} luck {counter.id}", rounds)
    if not counter.serving:
        return [(counter.free_in, quickness) for quickness in luck]
    chances = _chances(f"{seed} remains {counter.id}", rounds)
    remains = (_remaining(counter, chance, spread) for chance in chances)
    return [(max(counter.free_in, rest), quick) for rest, quick in zip(remains, luck, strict=True)]


def _remaining(counter: Counter, chance: float, spread: float) -> float:
    """What remains of an attention that has lasted that long, more with less `chance`.

    It comes from the tail of the lognormal beyond what has passed.
    """
    if not spread:
        return max(counter.serving - counter.elapsed, 0.0)
    centre = math.log(counter.serving) - spread**2 / 2
    passed = (math.log(counter.elapsed) - centre) / spread if counter.elapsed > 0 else -math.inf
    if passed < FAR_TAIL:
        point = -NORMAL.inv_cdf(chance * math.erfc(passed / math.sqrt(2)) / 2)
    else:
        point = math.sqrt(passed**2 - 2 * math.log(chance))
    return max(math.exp(centre + spread * point) - counter.elapsed, 0.0)


def _chances(name: str, rounds: int) -> list[float]:
    """As many numbers between 0 and 1 as rounds, evenly spread, in an order that is the name's."""
    chance = random.Random(name)  # noqa: S311 - chance, not cryptography
    order = [chance.random() for _ in range(rounds)]
    return [(n + 0.5) / rounds for n in sorted(range(rounds), key=order.__getitem__)]


def _promise(waits: Sequence[float], rounds: int) -> Forecast:
    """From the waits, ascending, of the worlds where the person is attended."""
    attended = len(waits) / rounds
    if attended < LIKELY_ENOUGH:
        return Forecast(None, None, attended)
    shortest, longest = (waits[math.ceil(share * len(waits)) - 1] for share in (MIDDLE, SAFE))
    return Forecast(_in_steps(shortest), max(_in_steps(longest), STEP), attended)


def _in_steps(minutes: float) -> int:
    """Rounded up. Less than a tenth of a second is not a wait."""
    return STEP * math.ceil(minutes / STEP - 1e-3 / STEP)


def _eased(before: int | None, after: int | None) -> int | None:
    return after if before is None or after is None else min(after, before + STEP)
