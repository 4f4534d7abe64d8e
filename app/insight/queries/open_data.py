"""Figures that anybody may read: counts of whole months, in which nobody can be found.

A count below `FEWEST` is not told. It must not be worked out either, from the sums of its row and
its column: so others are left out with it (complementary suppression). The sums are cells of the
table like the rest. What is left out makes a net of rows and columns; a cell that is the only
bridge between two parts of that net can be worked out, and no such bridge stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from app.booking.models import Status
from app.insight.queries.figures import By, Fact, facts, percentile, period_of
from app.towns.models import Town

FEWEST = 5
TOTAL = "total"
ENDINGS = ("served", "no_show", "cancelled", "other")
Row = tuple[str, str]  # procedure and channel
ALL: Row = (TOTAL, TOTAL)

R = TypeVar("R")
Cell = tuple[R, str]


@dataclass(frozen=True)
class OpenTable:
    """One month: for each procedure and channel, how many visits ended how. None: not told."""

    month: date
    rows: tuple[Row, ...]
    cells: Mapping[Cell[Row], int | None]
    waits: Mapping[Row, float | None]  # the middle one, where enough people waited


def open_table(town: Town, month: date, last: date) -> OpenTable:
    """The month that begins that day and ends on `last`."""
    found = [one for one in facts(town, month, last) if period_of(one.day, By.MONTH) == month]
    counts: dict[Cell[Row], int] = {}
    waits: dict[Row, list[float]] = {}
    for fact in found:
        row = (fact.procedure, fact.channel)
        cell = (row, _ending(fact))
        counts[cell] = counts.get(cell, 0) + 1
        if fact.waited is not None:
            waits.setdefault(row, []).append(fact.waited)
    rows = sorted({row for row, _ending_of in counts})
    told = protected(counts, rows, ENDINGS, ALL)
    return OpenTable(
        month,
        (*rows, ALL) if rows else (),
        told,
        {row: percentile(some, 0.5) for row, some in waits.items() if len(some) >= FEWEST},
    )


def protected(
    counts: Mapping[Cell[R], int], rows: Sequence[R], columns: Sequence[str], all_rows: R
) -> dict[Cell[R], int | None]:
    """The table with its sums, without what would tell of fewer than five people."""
    whole: dict[Cell[R], int] = {}
    for row in rows:
        for column in columns:
            count = counts.get((row, column), 0)
            for cell in ((row, column), (row, TOTAL), (all_rows, column), (all_rows, TOTAL)):
                whole[cell] = whole.get(cell, 0) + count
    hidden = {cell for cell, count in whole.items() if 0 < count < FEWEST}
    while bridge := _a_bridge(hidden):
        hidden |= _cheapest(whole, hidden, bridge)
    return {cell: None if cell in hidden else count for cell, count in whole.items()}


def _cheapest(whole: Mapping[Cell[R], int], hidden: set[Cell[R]], bridge: Cell[R]) -> set[Cell[R]]:
    """What to leave out as well: three cells that make a square with it, as few people as can be.

    Only what is above zero protects: from zero nothing can be taken away. There always is such a
    square, for the sums of a row and of a column with somebody in them are above zero too.
    """
    row, column = bridge
    squares = [
        {(row, other), (one, column), (one, other)}
        for one in {cell[0] for cell in whole} - {row}
        for other in {cell[1] for cell in whole} - {column}
    ]
    good = [square for square in squares if all(whole[cell] > 0 for cell in square)]
    return min(
        good, key=lambda square: (sum(whole[one] for one in square - hidden), str(sorted(square)))
    )


def _a_bridge(hidden: set[Cell[R]]) -> Cell[R] | None:
    """A hidden cell without which its row and its column have no other way to each other."""
    for cell in sorted(hidden, key=str):
        row, column = ("row", cell[0]), ("column", cell[1])
        ways: dict[object, list[object]] = {}
        for other in hidden - {cell}:
            one, two = ("row", other[0]), ("column", other[1])
            ways.setdefault(one, []).append(two)
            ways.setdefault(two, []).append(one)
        seen, next_ones = {row}, [row]
        while next_ones:
            for place in ways.get(next_ones.pop(), []):
                if place not in seen:
                    seen.add(place)  # type: ignore[arg-type]
                    next_ones.append(place)  # type: ignore[arg-type]
        if column not in seen:
            return cell
    return None


def _ending(fact: Fact) -> str:
    if fact.status in (Status.SERVED, Status.NO_SHOW, Status.CANCELLED):
        return fact.status.value
    return "other"
