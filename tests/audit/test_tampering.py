"""Whatever is done to the record afterwards is found, and where."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.chain import FIRST, Kind, Line, Reader

BEGIN = datetime(2026, 11, 26, 9, tzinfo=UTC)


@dataclass
class Record:
    """Twelve lines as they were written, and a hand that does something to them."""

    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number in range(1, 13):
            self.lines.append(a_line(number, self.lines[-1].digest if self.lines else FIRST))

    def change(self, number: int, *, again: bool = False, **fields: object) -> None:
        line = self.lines[number - 1]._replace(**fields)
        if again:
            line = line._replace(digest=line.digest_as(line.number))
        self.lines[number - 1] = line

    def renumber(self) -> None:
        self.lines = [line._replace(number=n) for n, line in enumerate(self.lines, 1)]

    def swap(self, one: int, other: int) -> None:
        lines = self.lines
        lines[one - 1], lines[other - 1] = lines[other - 1], lines[one - 1]
        self.renumber()

    def put_in(self, number: int, *, sound: bool) -> None:
        before = self.lines[number - 2].digest if number > 1 else FIRST
        line = a_line(number, before, name="Invented")
        if not sound:
            line = line._replace(digest="f" * 64)
        self.lines.insert(number - 1, line)
        self.renumber()

    def found(self) -> list[str]:
        return [str(fault) for fault in Reader().read(self.lines).faults]


def a_line(number: int, previous: str, name: str = "VisitHeld") -> Line:
    facts = {"town_id": 1, "visit_id": number, "said": "ñandú"}
    at = BEGIN + timedelta(minutes=number)
    line = Line(1, number, 2, at, "visitor", "a" * 32, name, facts, number, None, previous, "")
    return line._replace(digest=line.digest_as(number))


@pytest.fixture
def record() -> Record:
    return Record()


def test_an_untouched_record_is_whole(record):
    reader = Reader().read(record.lines)

    assert reader.faults == []
    assert reader.lines == 12
    assert reader.last == (12, record.lines[-1].digest)


@pytest.mark.parametrize("number", [1, 5, 12])
@pytest.mark.parametrize(
    "fields",
    [
        {"name": "VisitBooked"},
        {"author": "account:9"},
        {"address": "b" * 32},
        {"happened_at": BEGIN},
        {"facts": {"visit_id": 999}},
        {"visit_id": 999},
        {"account_id": 3},
        {"previous": "c" * 64},
        {"digest": "d" * 64},
        {"town_id": 2},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_an_edited_line_is_named(record, number, fields):
    record.change(number, **fields)

    assert f"edited: line {number}" in record.found()
    assert len(record.found()) == 1


@pytest.mark.parametrize("number", [1, 5, 11])
def test_an_edited_line_whose_digest_was_made_again_is_named(record, number):
    record.change(number, name="VisitBooked", again=True)

    assert record.found() == [f"edited: line {number}"]


@pytest.mark.parametrize(("first", "last"), [(1, 1), (5, 5), (5, 8), (2, 11)])
def test_deleted_lines_are_counted(record, first, last):
    del record.lines[first - 1 : last]

    where = f"line {first}" if first == last else f"{first} to {last}"
    assert record.found() == [f"missing: {where}"]


@pytest.mark.parametrize(("first", "last"), [(1, 1), (5, 5), (5, 7), (3, 10)])
def test_deleted_lines_are_counted_also_when_the_rest_was_renumbered(record, first, last):
    del record.lines[first - 1 : last]
    record.renumber()

    where = f"line {first}" if first == last else f"{first} to {last}"
    assert record.found() == [f"missing: {where}"]


@pytest.mark.parametrize(("one", "other"), [(1, 2), (5, 6), (3, 9), (11, 12), (1, 12)])
def test_exchanged_lines_are_both_named(record, one, other):
    record.swap(one, other)

    assert record.found() == [f"moved: {one} to {other}"]


@pytest.mark.parametrize("sound", [True, False])
@pytest.mark.parametrize("number", [1, 2, 6, 12])
def test_a_line_put_in_is_named(record, number, sound):
    record.put_in(number, sound=sound)

    assert record.found() == [f"inserted: line {number}"]


def test_three_lines_put_in_together_are_named_together(record):
    for number in (5, 6, 7):
        record.put_in(number, sound=True)

    assert record.found() == ["inserted: 5 to 7"]


def test_several_wrongs_are_each_named(record):
    record.change(2, name="Other")
    record.change(9, author="account:1", again=True)
    del record.lines[5]

    assert record.found() == ["edited: line 2", "missing: line 6", "edited: line 9"]


def test_a_tail_that_was_cut_cannot_be_seen_in_the_lines_alone(record):
    """Which is why the last line is stamped every day."""
    del record.lines[8:]

    assert record.found() == []


def test_a_line_of_the_first_weeks_is_checked_as_it_was_spelled(record):
    line = record.lines[0]._replace(spelling=1, address="")
    line = line._replace(digest=line.digest_as(1))

    assert Reader().read([line]).faults == []
    assert Reader().read([line._replace(spelling=2)]).faults != []


@given(
    number=st.integers(1, 12),
    name=st.text(max_size=20),
    author=st.text(max_size=20),
    again=st.booleans(),
)
def test_any_other_words_in_a_line_are_found_there(number, name, author, again):
    record = Record()
    before = record.lines[number - 1]
    record.change(number, name=name, author=author, again=again)
    is_same = (name, author) == (before.name, before.author)
    is_new_end = number == 12 and again  # nothing was written after it: only a stamp tells

    found = Reader().read(record.lines).faults

    assert [(f.kind, f.first) for f in found] == (
        [] if is_same or is_new_end else [(Kind.EDITED, number)]
    )
