"""How long each person of a line will wait: played forward, told with care, and held to it."""

import math
import random
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.queue import waits
from app.queue.waits import STEP, Calibration, Counter, Forecast, Waiting
from app.schedule import planning

unhurried = settings(deadline=None, max_examples=40)  # a busy machine is not a wrong forecast

EVERY_COUNTER = frozenset(range(1, 7))
skills = st.frozensets(st.sampled_from(sorted(EVERY_COUNTER)))
lengths = st.sampled_from([5, 8, 12, 20, 30])
clerks = st.builds(
    Counter,
    id=st.just(0),
    free_in=st.sampled_from([0, 0, 0, 20]),
    elapsed=st.floats(0, 60),
    serving=st.sampled_from([0, 8, 15]),
)
walk_ins = st.builds(
    Waiting,
    key=st.just(0),
    minutes=lengths,
    able=skills,
    priority=st.integers(0, 2),
    arrived=st.floats(0, 60),
)
appointments = st.builds(
    Waiting,
    key=st.just(0),
    minutes=lengths,
    able=skills,
    arrived=st.floats(0, 60),
    due_in=st.floats(-20, 60),
    is_here=st.booleans(),
    shows=st.floats(0, 1),
)


def numbered(rows, name):
    return [replace(row, **{name: number}) for number, row in enumerate(rows, start=1)]


crews = st.lists(clerks, min_size=1, max_size=5).map(lambda rows: numbered(rows, "id"))
walk_in_lines = st.lists(walk_ins, max_size=8).map(lambda rows: numbered(rows, "key"))
lines = st.lists(walk_ins | appointments, max_size=8).map(lambda rows: numbered(rows, "key"))


def a_counter(number=1, **facts):
    return Counter(number, **{"free_in": 0, **facts})


def a_person(key, minutes=10, able=EVERY_COUNTER, **facts):
    return Waiting(key, minutes, frozenset(able), **facts)


def a_line(people, minutes=10):
    """Walk-ins who came in one by one: the first is number 1."""
    return [a_person(key, minutes, arrived=people - key) for key in range(1, people + 1)]


def exactly(counters, line):
    """The waits when every attention lasts what it should."""
    told = waits.forecast(counters, line, spread=0)
    return {key: forecast.shortest for key, forecast in told.items()}


def by_rank(forecast):
    """To compare forecasts: no promise is longer than any."""
    ends = (forecast.shortest, forecast.longest)
    return tuple(math.inf if end is None else end for end in ends)


# The line played forward


@pytest.mark.parametrize(("ahead", "count", "minutes"), [(4, 2, 15), (5, 3, 12), (0, 1, 15)])
def test_with_attentions_half_way_the_middle_is_what_the_length_of_the_line_says(
    ahead, count, minutes
):
    counters = [a_counter(n, elapsed=minutes / 2, serving=minutes) for n in range(1, count + 1)]

    told = waits.forecast(counters, a_line(ahead + 1, minutes))[ahead + 1]

    expected = planning.wait_now(ahead, count, minutes)
    assert (told.shortest + told.longest) / 2 == pytest.approx(expected, abs=STEP)
    assert told.shortest - STEP < expected < told.longest
    assert told.attended == 1


def test_a_free_counter_takes_the_first_at_once():
    assert waits.forecast([a_counter()], a_line(1))[1] == Forecast(0, 5, 1.0)


def test_ranges_are_told_in_fives_rounded_up():
    told = waits.forecast([a_counter(free_in=11)], a_line(3))

    assert (told[1].shortest, told[1].longest) == (15, 15)
    assert {end % 5 for person in told.values() for end in (person.shortest, person.longest)} == {0}


def test_the_more_uncertain_the_attentions_the_wider_the_range():
    def width(spread):
        told = waits.forecast([a_counter()], a_line(6), spread=spread)[6]
        return told.longest - told.shortest

    assert width(0) == 0 < width(0.3) < width(0.9)


def test_an_attention_about_to_end_is_waited_for_less_than_one_just_begun():
    def wait(elapsed):
        counter = a_counter(elapsed=elapsed, serving=15)
        return waits.forecast([counter], a_line(1), spread=0.3)[1].longest

    assert wait(14) < wait(0)


def test_an_attention_that_lasts_far_too_long_is_expected_to_go_on_for_longer():
    def wait(elapsed, spread=0.5):
        counter = a_counter(elapsed=elapsed, serving=15)
        return waits.forecast([counter], a_line(1), spread=spread)[1].shortest

    assert wait(10) < wait(300) < wait(3000) < 3000
    assert wait(3000, spread=0.05) >= 0
    assert wait(3000, spread=0) == 0


@pytest.mark.parametrize("elapsed", [5, 15, 30])
def test_what_remains_is_what_the_attentions_that_lasted_that_long_still_took(elapsed):
    chance = random.Random(5)
    mu = math.log(60) - 0.5**2 / 2
    past = (chance.lognormvariate(mu, 0.5) for _ in range(20_000))
    rests = sorted(length - elapsed for length in past if length > elapsed)

    told = waits.forecast([a_counter(elapsed=elapsed, serving=60)], a_line(1), rounds=400)[1]

    assert told.shortest - STEP - 1 < rests[len(rests) // 2] < told.shortest + 1
    assert told.longest - STEP - 1 < rests[len(rests) * 85 // 100] < told.longest + 1


def test_whoever_is_on_a_break_is_waited_for():
    assert exactly([a_counter(free_in=20)], a_line(2)) == {1: 20, 2: 30}
    assert exactly([a_counter(free_in=5, elapsed=2, serving=12)], a_line(1)) == {1: 10}


def test_walk_ins_go_by_priority_and_then_by_arrival():
    line = [a_person(1, arrived=30), a_person(2, arrived=40), a_person(3, arrived=1, priority=1)]

    assert exactly([a_counter()], line) == {3: 0, 2: 10, 1: 20}


def test_an_appointment_that_is_due_goes_first_and_one_that_came_early_goes_last():
    line = [
        a_person(1, arrived=50, priority=5),
        a_person(2, arrived=5, due_in=-1),
        a_person(3, arrived=2, due_in=-4),
        a_person(4, arrived=60, due_in=45),
    ]

    assert exactly([a_counter()], line) == {3: 0, 2: 10, 1: 20, 4: 30}


def test_who_came_early_goes_first_from_the_minute_they_are_due():
    line = [*a_line(3), a_person(4, due_in=15)]

    assert exactly([a_counter()], line) == {1: 0, 2: 10, 4: 20, 3: 30}


def test_who_is_not_here_is_not_called_before_they_are_due():
    line = [a_person(1, due_in=25, is_here=False), a_person(2), a_person(3, due_in=30)]

    assert exactly([a_counter()], line) == {2: 0, 3: 10, 1: 25}


def test_who_is_late_and_not_here_may_come_at_any_moment():
    line = [a_person(1, due_in=-8, is_here=False), a_person(2)]

    assert exactly([a_counter()], line) == {1: 0, 2: 10}


def test_who_is_not_here_must_have_a_time():
    with pytest.raises(ValueError, match="time to come"):
        a_person(1, is_here=False)


def test_a_person_whom_one_counter_can_attend_waits_for_that_counter():
    counters = [a_counter(1), a_counter(2, free_in=35)]
    line = [a_person(1, able={2}, arrived=9), a_person(2, arrived=5), a_person(3, arrived=1)]

    assert exactly(counters, line) == {1: 35, 2: 0, 3: 10}


def test_of_two_free_counters_either_may_take_the_first():
    """So whoever needs the one with wide skills is promised neither the best nor the worst."""
    line = [a_person(1, 20, arrived=9), a_person(2, 20, able={2})]

    told = waits.forecast([a_counter(1), a_counter(2)], line, spread=0)

    assert told[1] == Forecast(0, 5, 1.0)
    assert told[2].longest == 20


def test_nobody_is_promised_anything_when_no_counter_can_attend_them():
    told = waits.forecast([a_counter(1)], [a_person(1, able={2}), a_person(2)])

    assert told[1] == Forecast(None, None, 0.0)
    assert told[2].shortest == 0
    assert waits.forecast([], a_line(1)) == {1: Forecast(None, None, 0.0)}
    assert waits.forecast([a_counter()], []) == {}


def test_who_leaves_takes_nobody_new():
    leaving, staying = a_counter(1, leaves_in=15), a_counter(2, free_in=30)

    assert exactly([leaving], a_line(3)) == {1: 0, 2: 10, 3: None}
    assert exactly([leaving, staying], a_line(3)) == {1: 0, 2: 10, 3: 30}
    assert exactly([a_counter(leaves_in=0)], a_line(1)) == {1: None}


def test_nothing_is_promised_to_whom_a_leaving_counter_will_rarely_reach():
    told = waits.forecast([a_counter(leaves_in=28)], a_line(6))

    shares = [told[key].attended for key in range(1, 7)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1 > 0.5 > shares[-1] > 0
    assert all((told[key].shortest is None) == (told[key].attended < 0.5) for key in told)


def test_who_may_not_show_up_shortens_the_wait_of_the_rest():
    def told(shows):
        booked = a_person(1, due_in=5, is_here=False, shows=shows)
        return waits.forecast([a_counter(free_in=10)], [booked, a_person(2)], spread=0)

    def ends(shows):
        return told(shows)[2].shortest, told(shows)[2].longest

    assert ends(1) == ends(0.9) == (20, 20)
    assert ends(0.4) == (10, 20)
    assert ends(0.1) == ends(0) == (10, 10)
    assert told(0.9)[1].attended == pytest.approx(0.9)


@unhurried
@given(crews, lines, st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_listed_changes_nothing(counters, line, chance):
    told = waits.forecast(counters, line, rounds=30)

    counters, line = (chance.sample(rows, len(rows)) for rows in (counters, line))

    assert waits.forecast(counters, line, rounds=30) == told


def test_the_same_seed_gives_the_same_forecast_and_another_one_differs_little():
    counters = [a_counter(n, elapsed=4 * n, serving=15) for n in (1, 2)]
    line = [*a_line(8, 13), a_person(9, due_in=10, is_here=False, shows=0.8)]

    told = waits.forecast(counters, line, seed=7)

    assert waits.forecast(counters, line, seed=7) == told
    for other in range(5):
        for key, forecast in waits.forecast(counters, line, seed=other).items():
            assert forecast.shortest == pytest.approx(told[key].shortest, abs=STEP)
            assert forecast.longest == pytest.approx(told[key].longest, abs=STEP)


@unhurried
@given(crews, walk_in_lines)
def test_one_counter_more_never_lengthens_the_wait_of_a_walk_in(counters, line):
    line = [replace(person, able=EVERY_COUNTER) for person in line]
    before = waits.forecast(counters, line, rounds=30)

    after = waits.forecast([*counters, a_counter(6)], line, rounds=30)

    assert all(by_rank(after[key]) <= by_rank(before[key]) for key in before)


@unhurried
@given(crews, walk_in_lines, walk_ins)
def test_who_comes_behind_changes_nothing_for_those_ahead(counters, line, last):
    before = waits.forecast(counters, line, rounds=30)

    last = replace(last, key=99, priority=0, arrived=-1)
    after = waits.forecast(counters, [*line, last], rounds=30)

    assert {key: after[key] for key in before} == before


@unhurried
@given(crews, lines)
def test_a_range_has_both_ends_in_order_or_none(counters, line):
    for told in waits.forecast(counters, line, rounds=30).values():
        assert (told.shortest is None) == (told.longest is None) == (told.attended < 0.5)
        assert 0 <= told.attended <= 1
        if told.shortest is not None:
            assert 0 <= told.shortest <= told.longest
            assert told.longest >= STEP


# What is told


@pytest.mark.parametrize(
    ("told", "now", "reason", "said"),
    [
        ((10, 20), (15, 25), "", (15, 25)),
        ((10, 20), (30, 40), "", (15, 25)),
        ((10, 20), (10, 40), "", (10, 25)),
        ((10, 20), (0, 5), "", (0, 5)),
        ((10, 20), (5, 40), "", (5, 25)),
        ((10, 20), (30, 40), "clerk_left", (30, 40)),
        ((10, 20), (None, None), "", (None, None)),
        ((None, None), (30, 40), "", (30, 40)),
        (None, (30, 40), "", (30, 40)),
    ],
)
def test_what_is_told_grows_a_step_at_a_time_unless_there_is_a_reason(told, now, reason, said):
    before = told and Forecast(*told, 1.0)

    assert waits.steady(before, Forecast(*now, 0.9), reason) == Forecast(*said, 0.9)


def test_only_a_growth_of_more_than_a_step_needs_a_reason():
    told = Forecast(10, 20, 1.0)

    assert waits.jumps(told, Forecast(10, 30, 1.0))
    assert not waits.jumps(told, Forecast(15, 25, 1.0))
    assert not waits.jumps(told, Forecast(0, 5, 1.0))
    assert not waits.jumps(told, Forecast(None, None, 0.1))
    assert not waits.jumps(None, Forecast(30, 40, 1.0))


ranges = st.lists(st.integers(0, 40).map(lambda n: n * STEP), min_size=2, max_size=2).map(sorted)


@given(ranges, ranges)
def test_told_again_and_again_the_range_arrives_where_it_should(start, end):
    told, now = Forecast(*start, 1.0), Forecast(*end, 1.0)

    for _ in range(40):
        before, told = told, waits.steady(told, now)
        assert told.shortest <= before.shortest + STEP
        assert told.shortest <= told.longest <= before.longest + STEP

    assert told == now


# What attentions usually last


def test_without_past_attentions_the_prior_figure_is_used():
    assert waits.typical([], 12) == (12, waits.SPREAD)
    assert waits.typical([40], 12) == (12, waits.SPREAD)


def test_past_attentions_count_more_the_more_there_are():
    means = [waits.typical([20] * count, 10)[0] for count in (2, 5, 10, 20, 40)]
    settled = 20 * math.exp(waits.NARROWEST**2 / 2)

    assert means == pytest.approx(
        [10 + (settled - 10) * share for share in (0.1, 0.25, 0.5, 1.0, 1.0)]
    )


def test_many_past_attentions_tell_their_mean_and_their_spread():
    chance = random.Random(3)
    past = [15 * chance.lognormvariate(-0.18, 0.6) for _ in range(4000)]

    mean, spread = waits.typical(past, 99)

    assert mean == pytest.approx(15, rel=0.05)
    assert spread == pytest.approx(0.6, rel=0.05)


def test_attentions_opened_by_mistake_or_never_closed_hardly_count():
    chance = random.Random(4)
    past = [15 * chance.lognormvariate(-0.125, 0.5) for _ in range(90)]

    mean, spread = waits.typical(past, 99)
    odd_mean, odd_spread = waits.typical([*past, 0, 0.05, 0.1, 0.1, 480, 480, 700], 99)

    assert odd_mean == pytest.approx(mean, rel=0.1)
    assert odd_spread == pytest.approx(spread, rel=0.3)


# How true it was


def test_calibration_says_how_true_past_ranges_were():
    outcomes = [(10, 20, 10.0), (10, 20, 20.0), (10, 20, 4.0), (0, 5, 9.5), (20, 40, 31.0)]

    assert waits.calibration(outcomes) == Calibration(
        count=5, covered=0.8, within=0.6, earlier=0.2, median_error=1.0, mean_width=11.0
    )


def test_calibration_of_nobody_is_empty():
    assert waits.calibration([]) == Calibration()


@dataclass(eq=False)
class Citizen:
    key: int
    comes: float
    due: float | None
    expected: int
    lasts: float
    begins: float = math.inf


def a_morning(chance):
    """Four hours of walk-ins by chance and appointments every nine minutes, one in ten missed."""
    comings, now = [], chance.expovariate(1 / 12)
    while now < 240:
        comings.append((now, None))
        now += chance.expovariate(1 / 12)
    for due in range(0, 240, 9):
        comes = due + chance.uniform(-10, 0) if chance.random() < 0.9 else math.inf
        comings.append((comes, due))
    return [
        Citizen(key, comes, due, minutes, minutes * chance.lognormvariate(-0.125, 0.5))
        for key, (comes, due) in enumerate(comings)
        for minutes in [chance.choice([8, 12, 20])]
    ]


def seen_at(now, citizens, attended):
    """What the register knows at that minute, in the words of a forecast."""
    counters = [
        Counter(n, 0, now - whom.begins, whom.expected) if whom else Counter(n, 0)
        for n, whom in enumerate(attended, start=1)
    ]
    line = [
        a_person(
            whom.key,
            whom.expected,
            arrived=max(now - whom.comes, 0),
            due_in=None if whom.due is None else whom.due - now,
            is_here=whom.comes <= now,
            shows=0.9,
        )
        for whom in citizens
        if whom.begins == math.inf
        if whom.comes <= now or (whom.due is not None and whom.due >= now)
    ]
    return counters, line


def outcomes_of(citizens, count):
    """The morning minute by minute at so many counters: what each was told on coming in."""
    attended, told, outcomes = [None] * count, {}, []
    for now in range(-10, 600):
        for n, whom in enumerate(attended):
            if whom and now >= whom.begins + whom.lasts:
                attended[n] = None
        room = [whom for whom in citizens if whom.comes <= now and whom.begins == math.inf]
        for whom in room:
            if whom.key not in told:
                counters, line = seen_at(now, citizens, attended)
                told[whom.key] = (now, waits.forecast(counters, line, rounds=60)[whom.key])
        while None in attended and room:
            due = [whom for whom in room if whom.due is not None and whom.due <= now]
            walk_ins = [whom for whom in room if whom.due is None]
            early = [whom for whom in room if whom not in due and whom not in walk_ins]
            first = (
                sorted(due, key=lambda whom: whom.due)
                + sorted(walk_ins, key=lambda whom: whom.comes)
                + sorted(early, key=lambda whom: whom.due)
            )[0]
            room.remove(first)
            first.begins = now
            attended[attended.index(None)] = first
            asked, forecast = told[first.key]
            outcomes.append((forecast.shortest, forecast.longest, now - asked))
    return outcomes


def test_at_least_eight_in_ten_wait_no_longer_than_they_were_told():
    chance = random.Random(2026)

    outcomes = [outcome for _ in range(6) for outcome in outcomes_of(a_morning(chance), 3)]

    waited = [outcome for outcome in outcomes if outcome[2] > 0]
    assert len(waited) > 100
    assert waits.calibration(outcomes).covered >= 0.85
    assert waits.calibration(waited).covered >= 0.80
    assert waits.calibration(waited).mean_width < 20
