"""How many clerks a line needs: the arithmetic, and the table printed for a supervisor."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.schedule import planning
from app.schedule.planning import Demand

TOLERANCE = 1e-9

crews = st.integers(1, 40)
arrivals = st.floats(0.5, 60)
lengths = st.floats(2, 45)
patiences = st.floats(2, 240)
waits = st.floats(0, 60)
patient_demands = st.builds(Demand, arrivals, lengths)
impatient_demands = st.builds(Demand, arrivals, lengths, patiences)
demands = patient_demands | impatient_demands

unhurried = settings(deadline=None, max_examples=60)  # a busy machine is not a wrong sum


@pytest.fixture
def plan(app):
    """What `flask schedule plan …` answers."""

    def run(words):
        return app.test_cli_runner().invoke(args=["schedule", "plan", *words.split()])

    return run


@pytest.mark.parametrize(
    ("clerks", "arrivals", "minutes", "busy", "waiting", "mean", "in_5", "in_10"),
    [
        (1, 3, 15, "0.750", "0.7500", "45.00", "0.310", "0.365"),
        (2, 6, 15, "0.750", "0.6429", "19.29", "0.456", "0.539"),
        (3, 9, 15, "0.750", "0.5678", "11.36", "0.558", "0.656"),
        (4, 12, 15, "0.750", "0.5094", "7.64", "0.635", "0.738"),
        (5, 16, 15, "0.800", "0.5541", "8.31", "0.603", "0.716"),
        (3, 10, 15, "0.833", "0.7022", "21.07", "0.406", "0.497"),
        (2, 4, 20, "0.667", "0.5333", "16.00", "0.549", "0.618"),
    ],
)
def test_patient_people_wait_as_erlang_said(
    clerks, arrivals, minutes, busy, waiting, mean, in_5, in_10
):
    demand = Demand(arrivals, minutes)

    assert f"{planning.busy_share(demand, clerks):.3f}" == busy
    assert f"{planning.chance_of_waiting(demand, clerks):.4f}" == waiting
    assert f"{planning.mean_wait(demand, clerks):.2f}" == mean
    assert f"{planning.share_within(demand, clerks, 5):.3f}" == in_5
    assert f"{planning.share_within(demand, clerks, 10):.3f}" == in_10
    assert planning.share_leaving(demand, clerks) == 0


@pytest.mark.parametrize(
    ("clerks", "demand", "waiting", "leaving", "mean"),
    [
        (2, Demand(6, 15, 15), "0.442", "18.7", "2.81"),
        (3, Demand(12, 15, 15), "0.577", "22.4", "3.36"),
        (3, Demand(14, 15, 20), "0.713", "26.7", "5.35"),
    ],
)
def test_impatient_people_leave_as_garnett_mandelbaum_and_reiman_said(
    clerks, demand, waiting, leaving, mean
):
    assert f"{planning.chance_of_waiting(demand, clerks):.3f}" == waiting
    assert f"{100 * planning.share_leaving(demand, clerks):.1f}" == leaving
    assert f"{planning.mean_wait(demand, clerks):.2f}" == mean


def test_with_patience_as_long_as_an_attention_whoever_is_there_leaves_at_the_same_pace():
    """Then the people present are Poisson, whoever attends them: a closed form to compare with."""
    load = 2.25
    alone = math.exp(-load) * sum(load**k / math.factorial(k) for k in range(3))

    assert planning.chance_of_waiting(Demand(9, 15, 15), 3) == pytest.approx(1 - alone)


@pytest.mark.parametrize("minutes", [0, 1, 5, 10, 45])
@pytest.mark.parametrize(("clerks", "demand"), [(2, Demand(6, 15, 15)), (3, Demand(14, 15, 20))])
def test_who_is_attended_in_time_agrees_with_the_density_of_the_wait(clerks, demand, minutes):
    """The wait on offer has a known density (Baccelli and Hébuterne 1981): add it up by strips."""
    arrivals, service, patience = demand.arrivals_per_hour / 60, 15, demand.patience_minutes
    weights = [1.0]
    for present in range(1, 200):
        ending = min(present, clerks) / service + max(present - clerks, 0) / patience
        weights.append(weights[-1] * arrivals / ending)
    chances = [weight / sum(weights) for weight in weights]

    def density(time):
        offered = arrivals * patience * (1 - math.exp(-time / patience))
        return chances[clerks - 1] * arrivals * math.exp(offered - clerks * time / service)

    strip = minutes / 20_000
    middles = [(number + 0.5) * strip for number in range(20_000)]
    attended = sum(density(time) * math.exp(-time / patience) for time in middles) * strip
    expected = sum(chances[:clerks]) + attended

    assert planning.share_within(demand, clerks, minutes) == pytest.approx(expected, abs=1e-7)


def test_a_line_that_only_grows_makes_everybody_wait_without_end():
    crowd = Demand(12, 15)

    assert planning.chance_of_waiting(crowd, 3) == 1
    assert planning.mean_wait(crowd, 3) == math.inf
    assert planning.share_within(crowd, 3, 600) == 0
    assert planning.busy_share(crowd, 3) == 1


@pytest.mark.parametrize(
    ("ahead", "clerks", "minutes", "wait"), [(4, 2, 15, 37.5), (5, 3, 12, 24), (0, 1, 15, 15)]
)
def test_who_waits_now_hears_how_long_from_those_ahead(ahead, clerks, minutes, wait):
    assert planning.wait_now(ahead, clerks, minutes) == wait


def test_a_first_figure_is_the_load_and_its_square_root():
    assert planning.square_root_staffing(16, 15) == 6
    assert planning.square_root_staffing(16, 15, comfort=2) == 8
    assert planning.square_root_staffing(100, 60, comfort=0.5) == 105


@unhurried
@given(demands, crews, waits)
def test_one_clerk_more_never_makes_anybody_wait_longer(demand, clerks, minutes):
    def now_and_with_one_more(question, *rest):
        return question(demand, clerks, *rest), question(demand, clerks + 1, *rest)

    waiting, waiting_less = now_and_with_one_more(planning.chance_of_waiting)
    mean, shorter = now_and_with_one_more(planning.mean_wait)
    leaving, leaving_less = now_and_with_one_more(planning.share_leaving)
    good, better = now_and_with_one_more(planning.share_within, minutes)

    assert waiting_less <= waiting + TOLERANCE
    assert shorter <= mean + TOLERANCE
    assert leaving_less <= leaving + TOLERANCE
    assert better >= good - TOLERANCE


@unhurried
@given(demands, crews, waits, st.floats(0, 60))
def test_whoever_is_attended_soon_is_also_attended_later(demand, clerks, minutes, more):
    at_once = 1 - planning.chance_of_waiting(demand, clerks)
    soon = planning.share_within(demand, clerks, minutes)
    later = planning.share_within(demand, clerks, minutes + more)
    ever = 1 - planning.share_leaving(demand, clerks)

    assert at_once - TOLERANCE <= soon <= later + TOLERANCE <= ever + 2 * TOLERANCE


@unhurried
@given(crews, st.floats(0.05, 0.95), lengths, waits)
def test_people_of_endless_patience_behave_as_erlang_said(clerks, busy, service, minutes):
    arrivals = busy * clerks * 60 / service
    patient, endless = Demand(arrivals, service), Demand(arrivals, service, 1e7 * service)

    def same(question, *rest):
        expected = pytest.approx(question(patient, clerks, *rest), rel=1e-3, abs=1e-5)
        return question(endless, clerks, *rest) == expected

    assert same(planning.chance_of_waiting)
    assert same(planning.mean_wait)
    assert same(planning.share_leaving)
    assert same(planning.share_within, minutes)


def pooled(town, towns):
    return Demand(town.arrivals_per_hour * towns, town.service_minutes, town.patience_minutes)


@unhurried
@given(demands, st.integers(1, 10), st.integers(2, 8))
def test_one_line_for_several_towns_never_lengthens_the_wait_nor_loses_more(town, clerks, towns):
    together, everybody = clerks * towns, pooled(town, towns)

    mean, shorter = planning.mean_wait(town, clerks), planning.mean_wait(everybody, together)
    lost, fewer = planning.share_leaving(town, clerks), planning.share_leaving(everybody, together)

    assert shorter <= mean + TOLERANCE
    assert fewer <= lost + TOLERANCE


@unhurried
@given(patient_demands, st.integers(1, 10), st.integers(2, 8), waits)
def test_one_line_for_several_towns_never_hurts_patient_people(town, clerks, towns, minutes):
    together, everybody = clerks * towns, pooled(town, towns)

    waiting = planning.chance_of_waiting(everybody, together)
    good = planning.share_within(everybody, together, minutes)

    assert waiting <= planning.chance_of_waiting(town, clerks) + TOLERANCE
    assert good >= planning.share_within(town, clerks, minutes) - TOLERANCE


def test_where_clerks_are_far_too_few_one_line_loses_fewer_but_leaves_nobody_free():
    """Apart, those who leave give the next one a free clerk now and then; together, hardly ever."""
    town = Demand(23.5, 23, 4)
    together, everybody = 7 * 3, pooled(town, 3)

    assert planning.share_leaving(everybody, together) < planning.share_leaving(town, 7)
    assert planning.mean_wait(everybody, together) < planning.mean_wait(town, 7)
    assert planning.chance_of_waiting(everybody, together) > planning.chance_of_waiting(town, 7)


@unhurried
@given(patient_demands, st.integers(2, 8), waits, st.floats(0.05, 0.99))
def test_one_line_for_several_towns_never_needs_more_clerks(town, towns, minutes, share):
    def needed(arrivals):
        return planning.clerks_needed(
            arrivals,
            town.service_minutes,
            within_minutes=minutes,
            share=share,
            patience_minutes=town.patience_minutes,
        )

    assert needed(town.arrivals_per_hour * towns) <= towns * needed(town.arrivals_per_hour)


@unhurried
@given(demands, waits, st.floats(0.01, 0.999))
def test_the_clerks_needed_reach_the_target_and_one_fewer_does_not(demand, minutes, share):
    clerks = planning.clerks_needed(
        demand.arrivals_per_hour,
        demand.service_minutes,
        within_minutes=minutes,
        share=share,
        patience_minutes=demand.patience_minutes,
    )

    assert planning.share_within(demand, clerks, minutes) >= share
    assert clerks == 1 or planning.share_within(demand, clerks - 1, minutes) < share


@unhurried
@given(st.integers(1, 200), st.floats(0.1, 2000), st.none() | patiences, st.floats(0, 600))
def test_two_hundred_clerks_and_any_crowd_stay_within_sense(clerks, arrivals, patience, minutes):
    demand = Demand(arrivals, 15, patience)
    shares = [
        planning.busy_share(demand, clerks),
        planning.chance_of_waiting(demand, clerks),
        planning.share_leaving(demand, clerks),
        planning.share_within(demand, clerks, minutes),
    ]

    assert all(0 <= share <= 1 for share in shares)
    assert planning.mean_wait(demand, clerks) >= 0


def test_two_hundred_clerks_agree_with_exact_fractions():
    load = Fraction(190)
    terms = [load**k / math.factorial(k) for k in range(200)]
    last = load**200 / math.factorial(200) * 200 / (200 - load)
    exact = float(last / (sum(terms) + last))

    assert planning.chance_of_waiting(Demand(190, 60), 200) == pytest.approx(exact, rel=1e-12)


@unhurried
@given(impatient_demands, crews)
def test_nobody_is_lost_in_the_sums(demand, clerks):
    """Who is attended keeps clerks busy exactly as long as an attention takes."""
    attended = demand.load * (1 - planning.share_leaving(demand, clerks))

    assert attended <= clerks + TOLERANCE
    assert planning.share_within(demand, clerks, 1e6) == pytest.approx(attended / demand.load)


@pytest.mark.parametrize("wrong", [0, -1, math.nan, math.inf])
@pytest.mark.parametrize("which", ["arrivals_per_hour", "service_minutes", "patience_minutes"])
def test_a_demand_without_sense_is_refused_with_a_sentence(which, wrong):
    fields = {"arrivals_per_hour": 9, "service_minutes": 15, "patience_minutes": 15, which: wrong}

    with pytest.raises(ValueError, match=r"must be a number above zero\.$"):
        Demand(**fields)


@pytest.mark.parametrize("clerks", [0, -1])
@pytest.mark.parametrize("demand", [Demand(9, 15), Demand(9, 15, 15)])
def test_a_line_without_clerks_is_refused(demand, clerks):
    for ask in (
        lambda: planning.busy_share(demand, clerks),
        lambda: planning.chance_of_waiting(demand, clerks),
        lambda: planning.share_leaving(demand, clerks),
        lambda: planning.mean_wait(demand, clerks),
        lambda: planning.share_within(demand, clerks, 10),
        lambda: planning.wait_now(3, clerks, 15),
    ):
        with pytest.raises(ValueError, match="at least one clerk"):
            ask()


@pytest.mark.parametrize("share", [-0.1, 0, 1, 80, math.nan])
def test_a_share_that_cannot_be_reached_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        planning.clerks_needed(9, 15, within_minutes=10, share=share)


def test_other_nonsense_is_refused_too():
    with pytest.raises(ValueError, match="zero or a number above"):
        planning.clerks_needed(9, 15, within_minutes=-1, share=0.8)
    with pytest.raises(ValueError, match="people ahead"):
        planning.wait_now(-1, 2, 15)
    with pytest.raises(ValueError, match="above zero"):
        planning.wait_now(1, 2, 0)
    with pytest.raises(ValueError, match="above zero"):
        planning.square_root_staffing(9, 15, comfort=0)


def test_the_table_marks_the_fewest_clerks_who_are_enough(plan):
    answer = plan("--arrivals 9 --minutes 15 --most 5")

    assert answer.exit_code == 0
    assert answer.output.splitlines() == [
        "clerks      busy      wait   mean wait   ≤ 5 min   ≤ 10 min",
        "     1   100.0 %   100.0 %      no end     0.0 %      0.0 %",
        "     2   100.0 %   100.0 %      no end     0.0 %      0.0 %",
        "     3    75.0 %    56.8 %    11.4 min    55.8 %     65.6 %",
        "     4    56.2 %    24.1 %     2.1 min    86.5 %     92.5 %   ← 80 % within 10 min",
        "     5    45.0 %     9.1 %     0.5 min    96.4 %     98.5 %",
    ]


def test_with_patience_the_table_says_who_leaves(plan):
    lines = plan("--arrivals 6 --minutes 15 --patience 15 --most 3").output.splitlines()

    assert lines[0].split()[-1] == "leave"
    assert "44.2 %" in lines[2]
    assert "2.8 min" in lines[2]
    assert "18.7 %" in lines[2]


def test_another_wait_has_its_own_column(plan):
    heading, _, second, *_ = plan("--arrivals 4 --minutes 20 --within 30").output.splitlines()

    assert heading.endswith("≤ 5 min   ≤ 10 min   ≤ 30 min")
    assert second.endswith("← 80 % within 30 min")


def test_one_line_for_three_towns_saves_two_clerks_in_six(plan):
    answer = plan("--arrivals 9 --minutes 15 --towns 3")

    assert answer.output.splitlines()[-1] == (
        "For 80 % within 10 min, 3 towns with a line each need 2 clerks each, 6 in all;"
        " one line for all of them needs 4 clerks."
    )


def test_a_target_beyond_the_table_is_said_and_not_marked(plan):
    answer = plan("--arrivals 9 --minutes 15 --most 3")

    assert "←" not in answer.output
    assert "80 % within 10 min needs 4 clerks, more than this table shows." in answer.output


@pytest.mark.parametrize(
    "words",
    [
        "--arrivals 0 --minutes 15",
        "--arrivals 9 --minutes -15",
        "--arrivals 9 --minutes 15 --patience 0",
        "--arrivals 9 --minutes 15 --share 1",
        "--arrivals 9 --minutes 15 --within -1",
        "--arrivals 9 --minutes 15 --most 0",
        "--arrivals 9 --minutes 15 --towns 1",
        "--arrivals nan --minutes 15",
        "--minutes 15",
    ],
)
def test_the_command_refuses_nonsense_in_a_sentence_and_without_a_trace(plan, words):
    answer = plan(words)

    assert answer.exit_code == 2
    assert "Error: " in answer.output
    assert "Traceback" not in answer.output
