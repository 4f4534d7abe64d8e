"""Who could take what: the search finds nearly every way there is, and never one that is not."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.schedule.matching import CHANGES, Agenda, Move, Piece, Placement, ones, runs

DAY = 60  # minutes
STEP = 5
MIXED = (10, 20, 45)
unhurried = settings(deadline=None, derandomize=True, database=None)


@dataclass(frozen=True)
class Day:
    """Who could do what and when, what is taken, and what somebody asks for. All minute by minute.

    Hours are kept by demand too: who is on duty for one thing may not be for another.
    """

    able: dict[str, tuple[int, ...]]
    hours: dict[tuple[int, str], tuple[int, int]]
    pieces: tuple[Piece, ...]
    asked: Piece

    @property
    def agenda(self) -> Agenda:
        return Agenda(
            self.pieces, self.able.__getitem__, lambda who, what: ones(*self.hours[who, what])
        )

    @property
    def movable(self) -> list[Piece]:
        return [one for one in self.pieces if not one.is_fixed and len(self.able[one.demand]) > 1]

    def may_take(self, who: int, piece: Piece) -> bool:
        if who not in self.able[piece.demand]:
            return False
        begin, end = self.hours[who, piece.demand]
        return begin <= piece.begin and piece.end <= end

    def is_free(self, who: int, piece: Piece) -> bool:
        return not any(one.resource == who and overlap(one, piece) for one in self.pieces)

    def takers(self) -> list[int]:
        """Whoever could take what is asked for without anybody else changing."""
        everybody = self.able[self.asked.demand]
        return [
            who
            for who in everybody
            if self.may_take(who, self.asked) and self.is_free(who, self.asked)
        ]

    def can_be_done(self) -> bool:
        """Whether any assignment at all of everything that may be moved leaves room: all tried."""
        kept = [one for one in self.pieces if one not in self.movable]
        return self._fits([self.asked, *self.movable], kept)

    def _fits(self, waiting: list[Piece], placed: list[Piece]) -> bool:
        if not waiting:
            return True
        piece, *rest = waiting
        return any(
            self._fits(rest, [*placed, replace(piece, resource=who)])
            for who in self.able[piece.demand]
            if self.may_take(who, piece)
            and not any(one.resource == who and overlap(one, piece) for one in placed)
        )

    def can_be_done_one_by_one(self) -> bool:
        """Whether changes make room, each to somebody fit who is free just then: all tried."""
        kept = [one for one in self.pieces if one not in self.movable]
        begun = tuple(one.resource for one in self.movable)
        seen, todo = {begun}, [begun]
        for holders in todo:
            now = [
                replace(one, resource=who) for one, who in zip(self.movable, holders, strict=True)
            ]
            day = replace(self, pieces=(*kept, *now))
            if day.takers():
                return True
            for number, piece in enumerate(now):
                for who in self.able[piece.demand]:
                    then = (*holders[:number], who, *holders[number + 1 :])
                    if then not in seen and self.may_take(who, piece) and day.is_free(who, piece):
                        seen.add(then)
                        todo.append(then)
        return False


def overlap(one: Piece, other: Piece) -> bool:
    return one.begin < other.end and other.begin < one.end


def a_day(
    chance: random.Random, lengths: tuple[int, ...], step: int, resources: tuple[int, ...]
) -> Day:
    """Up to six pieces, each with somebody who may have it, and one more that is asked for."""
    everybody = range(1, chance.choice(resources) + 1)
    demands = "abcd"[: chance.randint(2, 4)]
    able = {}
    hours = {}
    for what in demands:
        some = chance.sample(everybody, chance.randint(1, len(everybody)))
        able[what] = tuple(sorted(some))
    for who in everybody:
        begin, end = 0, DAY
        if chance.random() < 0.4:
            begin = chance.randrange(0, DAY // 2, STEP)
            end = chance.randrange(begin + STEP, DAY + 1, STEP)
        for what in demands:
            hours[who, what] = (begin, end)
    day = Day(able, hours, (), _asked(chance, demands, lengths, step))
    for _ in range(20):
        if len(day.pieces) == 6:
            break
        piece = _asked(chance, demands, lengths, step)
        able_and_free = replace(day, asked=piece).takers()
        if able_and_free:
            who = chance.choice(able_and_free)
            number, is_fixed = len(day.pieces) + 1, chance.random() < 0.1
            placed = replace(piece, id=number, resource=who, is_fixed=is_fixed)
            day = replace(day, pieces=(*day.pieces, placed))
    return day


def _asked(chance: random.Random, demands: str, lengths: tuple[int, ...], step: int) -> Piece:
    length = chance.choice(lengths)
    begin = chance.randrange(0, DAY - length + 1, step)
    return Piece(0, 0, begin, begin + length, chance.choice(demands))


days = st.builds(
    a_day,
    st.randoms(use_true_random=True),
    st.just(MIXED),
    st.just(STEP),
    st.just((2, 3, 4)),
)


def full_days(
    seed: int, lengths: tuple[int, ...], step: int, resources: tuple[int, ...]
) -> Iterator[Day]:
    """Days on which somebody must change hands for what is asked, and that is possible."""
    for number in count(seed):
        day = a_day(random.Random(number), lengths, step, resources)
        if not day.takers() and day.can_be_done():
            yield day


def ask(day: Day) -> Placement | None:
    return day.agenda.place(day.asked.demand, day.asked.begin, day.asked.end)


def carry_out(day: Day, placement: Placement) -> None:
    """As the register would: one change after the other, none ever over something else."""
    now = {piece.id: piece for piece in day.pieces}
    for move in placement.moves:
        piece = now.pop(move.id)
        assert piece in day.movable or piece.id in {done.id for done in placement.moves}
        assert piece.resource == move.resource, "it is not where the change says"
        there = [one for one in now.values() if one.resource == move.to]
        assert not any(overlap(one, piece) for one in there), "one stands on another"
        now[move.id] = replace(piece, resource=move.to)
    moved = {move.id for move in placement.moves}
    assert moved <= {piece.id for piece in day.movable}
    for number in moved:
        assert day.may_take(now[number].resource, now[number]), "somebody unfit has it now"
    after = replace(day, pieces=tuple(now.values()))
    assert placement.resource in after.takers()


def naive_runs(minutes: set[int], length: int) -> set[int]:
    return {one for one in minutes if all(one + more in minutes for more in range(length))}


def minutes_in(mask: int) -> set[int]:
    return {one for one in range(mask.bit_length()) if mask >> one & 1}


@given(begin=st.integers(-40, 80), end=st.integers(-40, 80))
@unhurried
def test_a_mask_holds_the_minutes_of_its_range_and_no_other(begin, end):
    assert minutes_in(ones(begin, end)) == {one for one in range(begin, end) if one >= 0}


@given(minutes=st.sets(st.integers(0, 90)), length=st.integers(1, 40))
@unhurried
def test_runs_begin_where_a_loop_would_say_so(minutes, length):
    mask = sum(1 << one for one in minutes)

    assert minutes_in(runs(mask, length)) == naive_runs(minutes, length)


@given(length=st.integers(1, 70))
@unhurried
def test_a_full_hour_has_a_run_of_every_length_up_to_an_hour(length):
    assert minutes_in(runs(ones(0, 60), length)) == set(range(60 - length + 1))


@given(day=days)
@settings(unhurried, max_examples=150)
def test_what_the_search_finds_can_be_carried_out_step_by_step(day):
    placement = ask(day)

    if placement:
        carry_out(day, placement)
        assert len({move.id for move in placement.moves}) <= CHANGES
        assert day.can_be_done()
    else:
        assert not day.takers()


@given(day=days)
@settings(unhurried, max_examples=60)
def test_nobody_changes_hands_while_somebody_is_free(day):
    placement = ask(day)

    if day.takers():
        assert placement.moves == ()
        assert placement.resource in day.takers()
    elif placement:
        assert placement.moves


@given(day=days)
@settings(unhurried, max_examples=60)
def test_asking_leaves_the_agenda_as_it_was(day):
    agenda = day.agenda
    first = agenda.place(day.asked.demand, day.asked.begin, day.asked.end)
    again = agenda.place(day.asked.demand, day.asked.begin, day.asked.end)

    assert first == again
    assert sorted(agenda.pieces(), key=lambda piece: piece.id) == list(day.pieces)
    for who in {who for who, _ in day.hours}:
        own = {m for p in day.pieces if p.resource == who for m in range(p.begin, p.end)}
        assert minutes_in(agenda.taken(who)) == own


@given(day=days)
@settings(unhurried, max_examples=60)
def test_a_start_is_sure_exactly_where_somebody_is_free(day):
    length = day.asked.end - day.asked.begin
    starts = minutes_in(day.agenda.starts(day.asked.demand, length))

    for begin in range(DAY):
        moved = replace(day, asked=replace(day.asked, begin=begin, end=begin + length))
        assert (begin in starts) == bool(moved.takers())


@given(day=days)
@settings(unhurried, max_examples=60)
def test_where_there_is_no_hope_nothing_at_all_can_be_done(day):
    length = day.asked.end - day.asked.begin
    hopes = minutes_in(day.agenda.hopes(day.asked.demand, length))

    for begin in set(range(0, DAY, STEP)) - hopes:
        moved = replace(day, asked=replace(day.asked, begin=begin, end=begin + length))
        assert not moved.can_be_done()
        assert ask(moved) is None


def test_hope_spares_the_search_most_of_what_cannot_be_done():
    told = Counter()
    for number in range(300):
        day = a_day(random.Random(number), MIXED, STEP, (2, 3, 4))
        if not day.can_be_done():
            hopes = day.agenda.hopes(day.asked.demand, day.asked.end - day.asked.begin)
            told["hope" if hopes >> day.asked.begin & 1 else "none"] += 1

    assert told["none"] > 4 * told["hope"]


@pytest.mark.parametrize("length", [15, 20])
def test_of_equal_lengths_on_one_grid_every_way_is_found(length):
    sample = list(islice(full_days(1, (length,), length, (2, 3, 4)), 120))

    found = [day for day in sample if ask(day)]

    assert len(found) >= 0.99 * len(sample)


def test_of_mixed_lengths_what_is_missed_needs_two_to_change_places_at_once():
    sample = list(islice(full_days(1, MIXED, STEP, (2, 3, 4)), 150))

    missed = [day for day in sample if not ask(day)]

    assert len(missed) <= 0.2 * len(sample)
    assert sum(day.can_be_done_one_by_one() for day in missed) <= 0.01 * len(sample)


def test_two_change_places_when_a_third_can_keep_one_of_them_meanwhile():
    """The long one and the short one swap, so that another short one stands beside the first."""
    able = {"any": (1, 2, 3), "one": (1,)}
    long, short = Piece(1, 1, 0, 40, "any"), Piece(2, 2, 0, 20, "any")
    hours = {(who, what): (0, 40) for who in (1, 2) for what in able}
    asked = Piece(0, 0, 20, 40, "one")
    day = Day(able, {**hours, (3, "any"): (40, 60)}, (long, short), asked)

    placement = ask(day)

    assert placement == Placement(1, (Move(1, 1, 3), Move(2, 2, 1), Move(1, 3, 2)))
    carry_out(day, placement)
    assert ask(replace(day, able={**able, "any": (1, 2)})) is None


def test_what_reaches_out_of_the_range_stays_where_it_is():
    able = {"any": (1, 2), "one": (1,)}
    agenda = Agenda([Piece(1, 1, -10, 20, "any")], able.__getitem__, lambda who, what: ones(0, 60))

    assert agenda.place("one", 0, 20) is None
    assert agenda.place("one", 20, 40) == Placement(1)


def test_of_those_who_are_free_the_least_flexible_is_taken_and_then_the_least_busy():
    able = {"any": (1, 2, 3)}
    pieces = [Piece(1, 1, 0, 10, "any"), Piece(2, 3, 0, 30, "any")]
    asked = ("any", 40, 50)

    def agenda(ranks):
        return Agenda(pieces, able.__getitem__, lambda who, what: ones(0, 60), ranks.__getitem__)

    assert agenda({1: 0, 2: 0, 3: 0}).place(*asked) == Placement(2)
    assert agenda({1: 0, 2: 1, 3: 0}).place(*asked) == Placement(1)
    assert agenda({1: 1, 2: 1, 3: 0}).place(*asked) == Placement(3)


def test_an_agenda_without_some_of_it_is_the_same_otherwise():
    able = {"any": (1,)}
    pieces = [Piece(1, 1, 0, 10, "any"), Piece(2, 1, 20, 30, "any"), Piece(3, 1, 30, 40)]
    agenda = Agenda(pieces, able.__getitem__, lambda who, what: ones(0, 60))

    lighter = agenda.without([2])

    assert lighter.pieces() == [pieces[0], pieces[2]]
    assert agenda.place("any", 20, 30) is None
    assert lighter.place("any", 20, 30) == Placement(1)
    assert lighter.place("any", 20, 31) is None


def test_absences_are_no_visits():
    pieces = [Piece(1, 1, 0, 10, "any"), Piece(2, 1, 20, 40, is_visit=False)]
    agenda = Agenda(pieces, {"any": (1,)}.__getitem__, lambda who, what: ones(0, 60))

    assert agenda.visits(1) == ones(0, 10)
    assert agenda.load(1, 5, 25) == 10


def test_an_attention_passes_through_as_many_hands_as_are_allowed_and_no_more():
    """Each can pass what they have only to the next; the last one has nothing."""
    for hands in (CHANGES, CHANGES + 1):
        able = {f"{who}": (who, who + 1) for who in range(1, hands + 1)}
        pieces = [Piece(who, who, 0, 10, f"{who}") for who in range(1, hands + 1)]
        able["asked"] = (1,)
        agenda = Agenda(pieces, able.__getitem__, lambda who, what: ones(0, 10))

        placement = agenda.place("asked", 0, 10)

        moves = tuple(Move(who, who, who + 1) for who in range(hands, 0, -1))
        assert placement == (Placement(1, moves) if hands == CHANGES else None)
