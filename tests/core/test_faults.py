"""A little of what `make faults` does for as long as one likes: one fault of the worst kinds."""

import pytest

from tests import clocks, faults, postgres

pytestmark = pytest.mark.storm


@pytest.fixture
def house(tmp_path):
    if postgres.programs() is None:
        pytest.skip("POSTGRESQL IS NOT INSTALLED: nothing was broken")
    if not clocks.can_be_made():
        pytest.skip("NO COMPILER IS INSTALLED: nothing was broken (apt-packages.txt)")
    with faults.a_house(tmp_path) as opened:
        yield opened
    assert not opened.twilio.faults


def test_whatever_breaks_nothing_is_booked_twice_lost_or_told_twice(house):
    worst = (
        *(faults.web_killed, faults.database_killed, faults.redis_killed),
        *(faults.line_cut, faults.worker_killed, faults.relay_killed),
        *(fault for fault in faults.FAULTS if fault.__name__.startswith("clock")),
    )

    report = faults.tried(house, iter(worst), people=3, seed=1, pause=2)

    assert report.losses == []
    assert sum(report.faults.values()) == len(worst)
    assert report.heard.statuses["read 200"] > 0
    assert report.heard.confirmed


def test_the_report_says_what_was_lost():
    heard = faults.Heard()
    heard.statuses["read 200"] = 3
    report = faults.Report(faults.Tally(web_killed=2), heard, ["told twice: x"], 9.0, [1.5])

    text = report.written()

    assert "2 faults in 9 s, 3 answers awaited, 0 visits confirmed, **1 losses**" in text
    assert "* told twice: x" in text
    assert "| web killed | 2 |" in text


def test_each_kind_of_fault_has_its_turn():
    names = [fault.__name__ for fault, _ in zip(faults.at_random(3, 60), range(15), strict=False)]

    assert len(set(names)) == len(faults.FAULTS) == 15
