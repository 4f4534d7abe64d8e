"""How many clerks a line needs, and how long people wait in it: arithmetic, without a register.

Arrivals by chance (Poisson), attentions of exponential length, one line in order of arrival.

* Erlang C, everybody waits: A. K. Erlang, "Solution of some problems in the theory of
  probabilities of significance in automatic telephone exchanges" (1917).
* Erlang A, people lose patience and leave: O. Garnett, A. Mandelbaum, M. Reiman, "Designing a
  call center with impatient customers", Manufacturing & Service Operations Management 4 (2002).

Arrivals are people per hour, times are minutes, shares and chances go from 0 to 1.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass

NEGLIGIBLE = 50.0  # a state e**50 times rarer than the likeliest one no longer counts


@dataclass(frozen=True)
class Demand:
    """Who comes to one line. Without `patience_minutes` (a mean), nobody leaves: Erlang C."""

    arrivals_per_hour: float
    service_minutes: float
    patience_minutes: float | None = None

    def __post_init__(self) -> None:
        _refuse_unless_positive("Arrivals per hour", self.arrivals_per_hour)
        _refuse_unless_positive("The minutes of an attention", self.service_minutes)
        if self.patience_minutes is not None:
            _refuse_unless_positive("The minutes of patience", self.patience_minutes)

    @property
    def load(self) -> float:
        """Clerks who would be busy all the time if everybody were attended (erlangs)."""
        return self.arrivals_per_hour * self.service_minutes / 60


def busy_share(demand: Demand, clerks: int) -> float:
    """The share of their time that clerks are attending."""
    return min(1.0, demand.load * (1 - share_leaving(demand, clerks)) / clerks)


def chance_of_waiting(demand: Demand, clerks: int) -> float:
    """The chance of finding every clerk busy. A line that only grows makes everybody wait."""
    _refuse_without_clerks(clerks)
    if demand.patience_minutes is None:
        return _erlang_c(demand.load, clerks)
    return min(1.0, math.fsum(_line(demand, clerks, demand.patience_minutes)))


def share_leaving(demand: Demand, clerks: int) -> float:
    """The share of all who come that leaves before being attended: none when all are patient."""
    _refuse_without_clerks(clerks)
    if demand.patience_minutes is None:
        return 0.0
    return mean_wait(demand, clerks) / demand.patience_minutes


def mean_wait(demand: Demand, clerks: int) -> float:
    """Mean minutes in the line, of all who come: who never waits and who leaves count too.

    Infinite when people are patient and clerks too few: the line only grows.
    """
    _refuse_without_clerks(clerks)
    if demand.patience_minutes is None:
        spare = clerks - demand.load
        wait = _erlang_c(demand.load, clerks) * demand.service_minutes
        return wait / spare if spare > 0 else math.inf
    line = _line(demand, clerks, demand.patience_minutes)
    people = math.fsum(length * chance for length, chance in enumerate(line))
    return people * 60 / demand.arrivals_per_hour


def share_within(demand: Demand, clerks: int, minutes: float) -> float:
    """The share of all who come that a clerk attends after `minutes` of waiting or fewer."""
    _refuse_without_clerks(clerks)
    _refuse_unless_time("The minutes to wait", minutes)
    if demand.patience_minutes is None:
        spare = clerks - demand.load
        late = _erlang_c(demand.load, clerks) * math.exp(
            -max(spare, 0.0) * minutes / demand.service_minutes
        )
        return 1 - late
    line = _line(demand, clerks, demand.patience_minutes)
    in_time = _chances_in_time(demand, clerks, demand.patience_minutes, minutes, len(line))
    missed = math.fsum(chance * (1 - good) for chance, good in zip(line, in_time, strict=True))
    return max(0.0, 1 - missed)


def clerks_needed(
    arrivals_per_hour: float,
    service_minutes: float,
    *,
    within_minutes: float,
    share: float,
    patience_minutes: float | None = None,
) -> int:
    """The fewest clerks who attend that share of all who come within those minutes."""
    demand = Demand(arrivals_per_hour, service_minutes, patience_minutes)
    if not 0 < share < 1:
        raise ValueError("The share to reach must lie between 0 and 1, and be neither.")

    def are_enough(clerks: int) -> bool:
        return share_within(demand, clerks, within_minutes) >= share

    plenty = math.ceil(demand.load)
    while not are_enough(plenty):
        plenty *= 2
    return bisect_left(range(plenty), True, lo=1, key=are_enough)


def square_root_staffing(
    arrivals_per_hour: float, service_minutes: float, *, comfort: float = 1.0
) -> int:
    """A first figure: the load and `comfort` times its square root, rounded up.

    With 1 about one in five waits. S. Halfin, W. Whitt, "Heavy-traffic limits for queues with
    many exponential servers", Operations Research 29 (1981).
    """
    load = Demand(arrivals_per_hour, service_minutes).load
    _refuse_unless_positive("The comfort", comfort)
    return math.ceil(load + comfort * math.sqrt(load))


def wait_now(ahead: int, clerks: int, service_minutes: float) -> float:
    """Minutes until attended, with every clerk busy and `ahead` people before in the line.

    The queue-length estimate (QL): W. Whitt, "Predicting queueing delays", Management
    Science 45 (1999).
    """
    _refuse_without_clerks(clerks)
    _refuse_unless_positive("The minutes of an attention", service_minutes)
    if ahead < 0:
        raise ValueError("The people ahead cannot be fewer than none.")
    return (ahead + 1) * service_minutes / clerks


def _erlang_c(load: float, clerks: int) -> float:
    """Through Erlang B, clerk by clerk: no power and no factorial to overflow."""
    if load >= clerks:
        return 1.0
    blocked = 1.0
    for clerk in range(1, clerks + 1):
        blocked = load * blocked / (clerk + load * blocked)
    return clerks * blocked / (clerks - load * (1 - blocked))


def _line(demand: Demand, clerks: int, patience: float) -> list[float]:
    """Chances that every clerk is busy and 0, 1, 2… people wait (Erlang A, in equilibrium).

    Logarithms keep hundreds of clerks, and lines that are far too long, within a float.
    """
    leaving = demand.service_minutes / patience  # people lost during an attention, for each waiting
    logs = [0.0]
    likeliest = 0.0
    while len(logs) <= clerks or logs[-1] > likeliest - NEGLIGIBLE:
        present = len(logs)
        ending = min(present, clerks) + max(present - clerks, 0) * leaving
        logs.append(logs[-1] + math.log(demand.load / ending))
        likeliest = max(likeliest, logs[-1])
    weights = [math.exp(log - likeliest) for log in logs]
    total = math.fsum(weights)
    return [weight / total for weight in weights[clerks:]]


def _chances_in_time(
    demand: Demand, clerks: int, patience: float, minutes: float, count: int
) -> list[float]:
    """For who finds 0, 1, 2… people waiting: the chance of being attended within those minutes.

    With `n` ahead the line moves `n + 1` times, ever slower as those ahead leave. The time that
    takes makes 1 - exp(-time / patience) a beta variable, and of those the chance is a sum of
    negative binomial terms.
    """
    rate = clerks * patience / demand.service_minutes  # attentions that end during one patience
    passed = -math.expm1(-minutes / patience)
    if passed == 0:
        return [0.0] * count
    log_term = -(rate + 1) * minutes / patience
    late = math.exp(log_term)
    chances = []
    for ahead in range(count):
        stays = rate / (rate + ahead + 1)
        chances.append(stays * max(0.0, 1 - late))
        log_term += math.log(passed * (rate + ahead + 1) / (ahead + 1))
        late += math.exp(log_term)
    return chances


def _refuse_without_clerks(clerks: int) -> None:
    if clerks < 1:
        raise ValueError("There must be at least one clerk.")


def _refuse_unless_positive(what: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{what} must be a number above zero.")


def _refuse_unless_time(what: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{what} must be zero or a number above it.")
