"""What people live through with so many clerks, one row for each number of them."""

import math
from dataclasses import dataclass

from app.schedule import planning


@dataclass(frozen=True)
class Staffing:
    """With that many clerks: shares from 0 to 1, minutes; `mean_wait` None when it has no end."""

    clerks: int
    busy: float
    waiting: float
    mean_wait: float | None
    in_time: float
    leaving: float
    is_enough: bool


@dataclass(frozen=True)
class StaffingPlan:
    """How many clerks are enough, and the numbers around that one."""

    enough: int
    rows: tuple[Staffing, ...]


def staffing(
    arrivals: float,
    minutes: float,
    *,
    within: float,
    share: float,
    patience: float | None = None,
    around: int = 3,
) -> StaffingPlan:
    """Erlang C, or Erlang A with patience, from the numbers that a supervisor knows."""
    demand = planning.Demand(arrivals, minutes, patience)
    enough = planning.clerks_needed(
        arrivals, minutes, within_minutes=within, share=share, patience_minutes=patience
    )
    first = max(1, enough - around)
    rows = tuple(
        _row(demand, clerks, within, enough) for clerks in range(first, enough + around + 1)
    )
    return StaffingPlan(enough, rows)


def lived_through(
    arrivals: float, minutes: float, clerks: int, *, within: float, patience: float | None = None
) -> Staffing:
    """What people live through with exactly so many clerks, enough or not."""
    return _row(planning.Demand(arrivals, minutes, patience), clerks, within, 1)


def _row(demand: planning.Demand, clerks: int, within: float, enough: int) -> Staffing:
    mean = planning.mean_wait(demand, clerks)
    return Staffing(
        clerks=clerks,
        busy=planning.busy_share(demand, clerks),
        waiting=planning.chance_of_waiting(demand, clerks),
        mean_wait=None if math.isinf(mean) else mean,
        in_time=planning.share_within(demand, clerks, within),
        leaving=planning.share_leaving(demand, clerks),
        is_enough=clerks >= enough,
    )
