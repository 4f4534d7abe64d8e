"""Who could take what: minutes as bits, and a bounded search that moves what may be moved.

Arithmetic without a register. A range of time is a number whose bit n is its n-th minute, so that
a month of a clerk is one number and finding every start of a long enough gap is a few shifts.

An attention that nobody can take as things stand may still be admitted by giving an earlier one
to somebody else, who may have to pass on another, and so on: an augmenting path. With attentions of
different lengths the exact question is expensive, so the search is bounded in changes and in steps.
It never answers yes without having found who takes each one; it may miss a yes.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

# How many attentions may change hands to admit one, and how many places are tried to find them.
CHANGES = 4
STEPS = 60
AROUND = 8 * 60  # minutes before and after that count as having much or little to do
NEW = -1  # the number of what is not yet on the agenda


def ones(begin: int, end: int) -> int:
    """The minutes of [begin, end); what lies before the range is left out."""
    begin = max(begin, 0)
    return ((1 << (end - begin)) - 1) << begin if end > begin else 0


def runs(mask: int, length: int) -> int:
    """The minutes at which `length` minutes of the mask, one after the other, begin."""
    done = 1
    while done < length:
        step = min(done, length - done)
        mask &= mask >> step
        done += step
    return mask


@dataclass(frozen=True)
class Piece:
    """A time taken on the agenda, in minutes of its range. `demand` says who else could take it.

    `is_fixed`: nobody may take it. `is_visit`: somebody is attended in it; else it is an absence.
    """

    id: int
    resource: int
    begin: int
    end: int
    demand: str = ""
    is_fixed: bool = False
    is_visit: bool = True


@dataclass(frozen=True)
class Move:
    """An allocation changes hands."""

    id: int
    resource: int
    to: int


@dataclass(frozen=True)
class Placement:
    """Who takes it, and what has to change hands before, in this order."""

    resource: int
    moves: tuple[Move, ...] = ()


class Agenda:
    """What is taken, by whom, over one range; and what could still be.

    `able`: those who can do what a demand asks for. `duty`: the minutes for which one of them is
    on duty for that demand. `rank`: whom to spare, the lowest is taken first; of equals, whoever
    has less to do around that time.
    """

    def __init__(
        self,
        pieces: Iterable[Piece],
        able: Callable[[str], Sequence[int]],
        duty: Callable[[int, str], int],
        rank: Callable[[int], Any] = lambda resource: 0,
    ) -> None:
        self._able = able
        self._duty = duty
        self._rank = rank
        self._drawn: dict[str, dict[int, set[str]]] = {}
        self._pieces: dict[int, list[Piece]] = {}
        self._begins: dict[int, list[int]] = {}
        self._taken: dict[int, int] = {}
        self._fixed: dict[int, int] = {}
        for piece in pieces:
            self._pieces.setdefault(piece.resource, []).append(piece)
        for resource, own in self._pieces.items():
            own.sort(key=lambda piece: (piece.begin, piece.id))
            self._begins[resource] = [piece.begin for piece in own]
            self._taken[resource] = _mask(own)
            self._fixed[resource] = _mask(piece for piece in own if self.is_fixed(piece))

    def pieces(self) -> list[Piece]:
        return [piece for own in self._pieces.values() for piece in own]

    def taken(self, resource: int) -> int:
        return self._taken.get(resource, 0)

    def fixed(self, resource: int) -> int:
        """The minutes taken by what nobody else may take."""
        return self._fixed.get(resource, 0)

    def free(self, resource: int, demand: str) -> int:
        """The minutes that this resource could still give to such a demand."""
        return self._duty(resource, demand) & ~self.taken(resource)

    def starts(self, demand: str, length: int) -> int:
        """Where somebody can take it as things stand."""
        found = 0
        for resource in self._able(demand):
            found |= runs(self.free(resource, demand), length)
        return found

    def hopes(self, demand: str, length: int) -> int:
        """Where it might be taken if others changed hands; elsewhere it certainly cannot.

        All who could be drawn into such a change need, minute by minute, one more who is free; and
        somebody able must be there without anything that is fixed.
        """
        able = self._able(demand)
        idle = 0
        for resource, demands in self.drawn_in(demand).items():
            duty = 0
            for known in demands:
                duty |= self._duty(resource, known)
            idle |= duty & ~self.taken(resource)
        if not idle:
            return 0
        there = 0
        for resource in able:
            bound = self._duty(resource, demand) & ~self.fixed(resource)
            there |= runs(bound, length)
        return runs(idle, length) & there

    def place(self, demand: str, begin: int, end: int) -> Placement | None:
        """Who takes [begin, end), without changing anything here; None when nobody was found."""
        able = self._on_duty(demand, begin, end)
        wanted = ones(begin, end)
        idle = [resource for resource in able if not self.taken(resource) & wanted]
        if idle:
            around = (begin - AROUND, end + AROUND)
            key = lambda one: (self._rank(one), self.load(one, *around), one)  # noqa: E731
            return Placement(min(idle, key=key))
        return _Search(self).settle((Piece(NEW, NEW, begin, end, demand),))

    def visits(self, resource: int) -> int:
        """The minutes of its visits, absences left out."""
        return _mask(piece for piece in self._pieces.get(resource, ()) if piece.is_visit)

    def load(self, resource: int, begin: int, end: int) -> int:
        """Minutes taken of that time."""
        return (self.taken(resource) & ones(begin, end)).bit_count()

    def without(self, ids: Iterable[int]) -> "Agenda":
        """The same agenda as if these allocations were not on it."""
        gone = frozenset(ids)
        rest = (piece for piece in self.pieces() if piece.id not in gone)
        return Agenda(rest, self._able, self._duty, self._rank)

    def is_fixed(self, piece: Piece) -> bool:
        return piece.is_fixed or not piece.demand or len(self._able(piece.demand)) < 2

    def on_duty(self, piece: Piece) -> list[int]:
        """Whoever could do what this piece asks for, and is there all the while."""
        return self._on_duty(piece.demand, piece.begin, piece.end)

    def _on_duty(self, demand: str, begin: int, end: int) -> list[int]:
        if begin < 0:
            return []  # nobody knows who is there before the range
        wanted = ones(begin, end)
        return [one for one in self._able(demand) if self._duty(one, demand) & wanted == wanted]

    def drawn_in(self, demand: str) -> dict[int, set[str]]:
        """Whoever could take part in making room, and for which demands."""
        if demand in self._drawn:
            return self._drawn[demand]
        drawn = self._drawn[demand] = {}
        todo = {demand}
        known: set[str] = set()
        while todo:
            text = todo.pop()
            known.add(text)
            for resource in self._able(text):
                if resource not in drawn:
                    drawn[resource] = set()
                    own = self._pieces.get(resource, ())
                    todo |= {p.demand for p in own if not self.is_fixed(p)} - known
                drawn[resource].add(text)
        return drawn

    def between(self, resource: int, begin: int, end: int) -> list[Piece]:
        """What this resource has that touches [begin, end). Its pieces never overlap."""
        own = self._pieces.get(resource)
        if not own:
            return []
        begins = self._begins[resource]
        first = bisect_left(begins, begin)
        if first and own[first - 1].end > begin:
            first -= 1
        return own[first : bisect_left(begins, end, first)]


class _Search:
    """Who else could take what stands in the way, and what stands in their way, and so on.

    Whatever is given a place keeps it, and what stood there looks for a place in its turn; when
    somewhere on the way nobody is left, the last choice is another. The agenda is only read.
    """

    def __init__(self, agenda: Agenda) -> None:
        self.agenda = agenda
        self._given: list[tuple[Piece, int]] = []  # the new one first
        self._kept: dict[int, int] = {}  # the minutes given, by resource
        self._sent: set[int] = set()  # whatever no longer stands where the agenda says
        self._fit: dict[int, list[int]] = {}
        self._steps = STEPS

    def settle(self, waiting: tuple[Piece, ...]) -> Placement | None:
        """Give all of these a place, whoever has the least choice first."""
        self._steps -= 1
        if not waiting:
            return self._in_order()
        choices = [(piece, self._places(piece)) for piece in waiting]
        piece, places = min(choices, key=lambda choice: len(choice[1]))
        rest = tuple(other for other in waiting if other is not piece)
        for in_the_way, resource in places:
            sent = {other.id for other in in_the_way}
            kept = self._kept.get(resource, 0)
            self._kept[resource] = kept | ones(piece.begin, piece.end)
            self._sent |= sent
            self._given.append((piece, resource))
            found = self.settle((*rest, *in_the_way))
            if found:
                return found
            self._given.pop()
            self._sent -= sent
            self._kept[resource] = kept
            if self._steps <= 0:
                break
        return None

    def _places(self, piece: Piece) -> list[tuple[list[Piece], int]]:
        """Who could take it, and what they would have to give away; those with the least first."""
        wanted = ones(piece.begin, piece.end)
        if piece.id not in self._fit:
            self._fit[piece.id] = [
                one
                for one in self.agenda.on_duty(piece)
                if one != piece.resource and not self.agenda.fixed(one) & wanted
            ]
        found = []
        for resource in self._fit[piece.id]:
            if self._kept.get(resource, 0) & wanted:
                continue
            in_the_way = self._standing(resource, piece)
            if len(self._sent) + len(in_the_way) <= CHANGES:
                found.append((in_the_way, resource))
        found.sort(key=lambda place: len(place[0]))
        return found

    def _standing(self, resource: int, piece: Piece) -> list[Piece]:
        """What of the agenda is still there, at the time of that piece."""
        there = self.agenda.between(resource, piece.begin, piece.end)
        return [other for other in there if other.id not in self._sent]

    def _in_order(self) -> Placement | None:
        """One change after the other, so that never two stand on one another; None if none is so.

        Of those that would go round in a circle, one waits with somebody who is free meanwhile.
        """
        taker, todo = self._given[0][1], self._given[1:]
        at = {piece.id: piece.resource for piece, _ in todo}
        moves: list[Move] = []
        while todo:
            step = self._next(todo, at) or self._aside(todo, at)
            if step is None:
                return None
            piece, to = step
            moves.append(Move(piece.id, at[piece.id], to))
            at[piece.id] = to
            todo = [(other, aim) for other, aim in todo if at[other.id] != aim]
        return Placement(taker, tuple(moves))

    def _next(self, todo: list[tuple[Piece, int]], at: dict[int, int]) -> tuple[Piece, int] | None:
        return next((step for step in todo if self._is_free(*step, at)), None)

    def _aside(self, todo: list[tuple[Piece, int]], at: dict[int, int]) -> tuple[Piece, int] | None:
        near = sorted(self.agenda.drawn_in(self._given[0][0].demand))
        for piece, _ in todo:
            if at[piece.id] == piece.resource:
                for resource in near:
                    if self._is_free(piece, resource, at):
                        return piece, resource
        return None

    def _is_free(self, piece: Piece, resource: int, at: dict[int, int]) -> bool:
        """Whether nothing is there at the time of that piece, with those as they stand now."""
        return not self._standing(resource, piece) and not any(
            at[other.id] == resource and other.begin < piece.end and piece.begin < other.end
            for other, _ in self._given[1:]
        )


def _mask(pieces: Iterable[Piece]) -> int:
    mask = 0
    for piece in pieces:
        mask |= ones(piece.begin, piece.end)
    return mask
