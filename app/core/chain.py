"""Whether a record is as it was written; if not, which lines are not, and what was done to them.

It knows nothing of the register: it reads lines in the order of their numbers. The record of a town
and the ledger of a meeting are both read by it, each with a line of its own.
"""

import enum
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain as joined
from typing import Any, NamedTuple, Protocol

FIRST = "0" * 64
MOST_SUSPECTS = 200  # of more unsound lines nobody asks any more who took whose place
FURTHEST = 64  # so many lines put in or taken out together are counted exactly


class Kind(enum.StrEnum):
    """What was done."""

    EDITED = "edited"  # this line says something else than it said
    MISSING = "missing"  # these lines are gone
    INSERTED = "inserted"  # nobody wrote this line when the others were written
    MOVED = "moved"  # these two lines stand in each other's place
    CUT = "cut"  # the last lines are gone: an older time stamp knows them
    REWRITTEN = "rewritten"  # all of it fits, but a time stamp knows another line here
    STAMP = "stamp"  # the time stamp itself does not fit, or was taken away


@dataclass(frozen=True)
class Fault:
    kind: Kind
    first: int
    last: int

    def as_row(self) -> dict[str, Any]:
        return {**asdict(self), "kind": self.kind.value}

    def __str__(self) -> str:
        lines = f"line {self.first}" if self.first == self.last else f"{self.first} to {self.last}"
        return f"{self.kind.value}: {lines}"


class Chained(Protocol):
    """What the reader asks of a line: its place, what it was written after, and its own digest."""

    @property
    def number(self) -> int: ...

    @property
    def previous(self) -> str: ...

    @property
    def digest(self) -> str: ...

    def is_sound(self, number: int) -> bool: ...

    @property
    def is_indexed_right(self) -> bool: ...


class Line(NamedTuple):
    """One line of a town's record, without its table."""

    town_id: int
    number: int
    spelling: int
    happened_at: datetime
    author: str
    address: str
    name: str
    facts: dict[str, Any]
    visit_id: int | None
    account_id: int | None
    previous: str
    digest: str

    def digest_as(self, number: int) -> str:
        """SHA-256 of the line, if that were its number, in a form that has only one spelling."""
        at = self.happened_at.isoformat(timespec="microseconds")
        told = (self.name, self.facts, self.previous)
        line: list[Any] = (
            [number, at, self.author, *told]
            if self.spelling == 1
            else [self.spelling, self.town_id, number, at, self.author, self.address, *told]
        )
        written = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()

    def is_sound(self, number: int) -> bool:
        return self.digest_as(number) == self.digest

    @property
    def is_indexed_right(self) -> bool:
        return (self.visit_id, self.account_id) == subjects_of(self.facts)


def subjects_of(facts: dict[str, Any]) -> tuple[int | None, int | None]:
    """The visit and the person that the facts name, by their numbers."""
    visit_id, account_id = facts.get("visit_id"), facts.get("account_id")
    return (
        visit_id if isinstance(visit_id, int) else None,
        account_id if isinstance(account_id, int) else None,
    )


class Reader:
    """Reads the lines once, remembers the last ones, and collects what does not fit.

    `number` and `digest` are where the record begins: nothing, or the line before its first.
    """

    def __init__(self, number: int = 0, digest: str = FIRST) -> None:
        self.recent: list[tuple[int, str]] = [(number, digest)]  # own number and digest
        self.shift = 0  # how far lines were renumbered to hide that others came or went
        self.lines = 0
        self.faults: list[Fault] = []
        self.suspects: list[Chained] = []
        self.digests: dict[int, str] = {}
        self.wanted: frozenset[int] = frozenset()

    @property
    def last(self) -> tuple[int, str]:
        return self.recent[-1]

    def read(self, lines: Iterable[Chained], wanted: Iterable[int] = ()) -> "Reader":
        """`wanted`: the numbers whose digests are asked for afterwards."""
        self.wanted = frozenset(wanted)
        for line, following in _with_the_next(lines):
            self.lines += 1
            self._look(line, following)
        self._settle_suspects()
        self.faults.sort(key=lambda fault: (fault.first, fault.last))
        return self

    def _look(self, line: Chained, following: Chained | None) -> None:
        number, (last_number, last_digest) = line.number - self.shift, self.last
        is_after_gap = number > last_number + 1
        if is_after_gap:
            self._tell(Kind.MISSING, last_number + 1 + self.shift, line.number - 1)
        if line.is_sound(number):
            if not is_after_gap and line.previous != last_digest:
                self._blame(last_number + self.shift)  # it is not what this one was written after
            if not line.is_indexed_right:
                self._tell(Kind.EDITED, line.number)
        elif came := self._newcomers_before(line, number):
            number -= came
        elif gone := self._gone_before(line, number, following):
            self._tell(Kind.MISSING, line.number, line.number + gone - 1)
            self.shift -= gone
            number += gone
        else:
            self.suspects.append(line)
        self.recent = [*self.recent[-FURTHEST:], (number, line.digest)]
        if line.number in self.wanted:
            self.digests[line.number] = line.digest

    def _newcomers_before(self, line: Chained, number: int) -> int:
        """How many lines just before this one were put in, and everything after renumbered."""
        for came in range(1, len(self.recent)):
            if line.previous != self.recent[-came - 1][1] or not line.is_sound(number - came):
                continue
            first = line.number - came
            if any(one.number >= first and one.is_sound(line.number) for one in self.suspects):
                return 0  # this line and that one changed places
            self.suspects = [one for one in self.suspects if one.number < first]
            self.faults = [fault for fault in self.faults if fault.first < first]
            self._tell(Kind.INSERTED, first, line.number - 1)
            self.recent = self.recent[:-came]
            self.shift += came
            return came
        return 0

    def _gone_before(self, line: Chained, number: int, following: Chained | None) -> int:
        """How many lines were taken out just before this one, and everything after renumbered."""
        for gone in range(1, FURTHEST):
            if line.is_sound(number + gone):
                is_next_too = following is None or following.is_sound(
                    following.number - self.shift + gone
                )
                return gone if is_next_too else 0
        return 0

    def _blame(self, number: int) -> None:
        """The line before was edited and its digest made again, unless we know worse of it."""
        is_known = any(fault.first <= number <= fault.last for fault in self.faults[-3:])
        if not is_known and not any(one.number == number for one in self.suspects[-3:]):
            self._tell(Kind.EDITED, number)

    def _settle_suspects(self) -> None:
        """Lines that are sound in each other's place were exchanged; the others were edited."""
        left = list(self.suspects)
        if len(left) <= MOST_SUSPECTS:
            places = {line.number: line for line in left}
            for line in self.suspects:
                place = next((n for n in places if n != line.number and line.is_sound(n)), None)
                if place is None or line not in left:
                    continue
                left = [one for one in left if one.number not in (line.number, place)]
                pair = sorted((line.number, place))
                self.faults.append(Fault(Kind.MOVED, pair[0], pair[1]))
        for line in left:
            self._tell(Kind.EDITED, line.number)

    def _tell(self, kind: Kind, first: int, last: int | None = None) -> None:
        self.faults.append(Fault(kind, first, last or first))


def _with_the_next(lines: Iterable[Chained]) -> Iterator[tuple[Chained, Chained | None]]:
    before: Chained | None = None
    for line in joined(lines, (None,)):
        if before is not None:
            yield before, line
        before = line
