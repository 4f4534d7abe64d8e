"""Open data: whoever knows the table and how it is made finds nobody in it."""

from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.insight import queries, sheets
from app.insight.queries import By, period_of
from app.insight.queries.open_data import FEWEST, TOTAL, protected
from tests import town
from tests.insight.simulated import some_visits

ROWS, COLUMNS = ("a", "b", "c"), ("x", "y", "z")


# Counts go to 7, but whoever looks at a table does not know that: they think of as much again.
THINKABLE = range(15)


def all_tables_that_look_like_it(told, rows, columns):
    """Every way in which what is not told could be, for somebody who tries them all."""
    inner = [(row, column) for row in rows for column in columns]
    sums = [
        (wanted, [one for one in inner if row in ("all", one[0]) and column in (TOTAL, one[1])])
        for (row, column), wanted in told.items()
        if wanted is not None and (row, column) not in inner
    ]

    def fill(table, hidden):
        for wanted, cells in sums:
            known = [table[cell] for cell in cells if cell in table]
            if sum(known) > wanted or (len(known) == len(cells) and sum(known) < wanted):
                return
        if not hidden:
            yield table
        for guess in THINKABLE if hidden else ():
            yield from fill({**table, hidden[0]: guess}, hidden[1:])

    known = {cell: told[cell] for cell in inner if told[cell] is not None}
    return fill(known, [cell for cell in inner if cell not in known])


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(ROWS[:2]), st.sampled_from(COLUMNS)), st.integers(0, 7)
    )
)
@settings(max_examples=60, deadline=None)
def test_nothing_that_is_not_told_can_be_worked_out(counts):
    told = protected(counts, ROWS[:2], COLUMNS, "all")
    hidden = [cell for cell, count in told.items() if count is None and cell[0] != "all"]
    inner = [cell for cell in hidden if cell[1] != TOTAL]
    assume(len(inner) <= 4)  # to try them all

    could_be = {cell: set() for cell in inner}
    is_there = False
    for table in all_tables_that_look_like_it(told, ROWS[:2], COLUMNS):
        is_there = True
        for cell, values in could_be.items():
            values.add(table[cell])
        if all(len(values) > 1 for values in could_be.values()):
            break

    assert is_there, "what is true is one of them"
    for cell, values in could_be.items():
        assert len(values) > 1, f"{cell} is known from the rest"


@given(
    st.dictionaries(st.tuples(st.sampled_from(ROWS), st.sampled_from(COLUMNS)), st.integers(0, 30))
)
@settings(deadline=None)
def test_what_is_told_is_true_and_no_small_count_is_told(counts):
    told = protected(counts, ROWS, COLUMNS, "all")

    for (row, column), count in told.items():
        some = [
            number
            for (one, other), number in counts.items()
            if row in ("all", one) and column in (TOTAL, other)
        ]
        assert count is None or count == sum(some)
        assert count is None or count == 0 or count >= FEWEST


def test_a_table_without_small_counts_is_told_whole():
    counts = {(row, column): 10 for row in ROWS for column in COLUMNS}

    assert None not in protected(counts, ROWS, COLUMNS, "all").values()


def test_one_small_count_takes_others_with_it():
    counts = {(row, column): 10 for row in ROWS for column in COLUMNS}
    counts["a", "x"] = 2

    told = protected(counts, ROWS, COLUMNS, "all")

    assert [count for count in told.values() if count is None] == [None] * 4


def test_a_month_of_a_town_adds_up():
    import random

    place = town.a_town()
    visits = some_visits(random.Random(7), [town.a_procedure()], 60, days=25)
    months = {period_of(one.starts_at.astimezone(place.zone).date(), By.MONTH) for one in visits}
    found = 0
    for month in months:
        table = queries.open_table(place, month, month + timedelta(days=40))
        total = table.cells[("total", "total"), "total"]
        found += total or 0
        assert all(one is None or one == 0 or one >= FEWEST for one in table.cells.values())

    assert found > 0


@pytest.mark.parametrize(
    "text", ["=1+1", "+34600", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", " =1", "%0a=1"]
)
def test_a_sheet_works_nothing_out(text):
    assert sheets.safe(text).startswith("'")


@pytest.mark.parametrize("value", ["Padró", "-3", "-3.5", 7, 1.25, None, "a=b"])
def test_a_sheet_keeps_what_is_harmless(value):
    assert not sheets.safe(value).startswith("'")
