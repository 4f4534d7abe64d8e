"""Every screen for everybody: each address, each state of a visit, what lies folded, each dialogue.

Each screen is looked at whole in one language, at one width and in one set of colours; which ones
changes from day to day, so that a week sees most of them. `make access` looks at all of them.
"""

from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Playwright

from app.core import clock
from app.core.i18n import LANGUAGES
from tests.conftest import AS_MANY_AS_THEY_LIKE
from tests.journeys.access import checks
from tests.journeys.access.entrances import asked, states
from tests.journeys.access.house import House, open_house
from tests.journeys.access.left_out import LEFT_OUT
from tests.journeys.access.walk import Walker, dialogs, everything
from tests.journeys.conftest import CHROMIUM, FLAGS

pytestmark = pytest.mark.journey

PARTS = 4
COMBINATIONS = list(product(LANGUAGES, checks.WIDTHS, checks.MODES))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("access"), **AS_MANY_AS_THEY_LIKE) as opened:
        yield opened


@pytest.fixture
def walker(house: House, playwright: Playwright) -> Iterator[Walker]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield Walker(house, browser)
    browser.close()


def turn_of(number: int) -> tuple[str, int, str]:
    """The language, the width and the colours in which that screen is looked at today."""
    day = clock.now().date().toordinal()
    return COMBINATIONS[(number * 37 + day * 11) % len(COMBINATIONS)]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_screen_is_for_everybody(house, walker, part):
    wrong: list[str] = []
    staff_reads = turn_of(part)[0]
    house.speak(staff_reads)
    for number, screen in enumerate(house.screens):
        if number % PARTS != part:
            continue
        lang, width, mode = turn_of(number)
        lang = staff_reads if screen.who else lang
        page = walker.open(screen, lang, width, mode)
        found = everything(page)
        if mode == "reduced motion":
            found += checks.still(page)
        for name in dialogs(page):
            found += [f"dialogue {name}: {fault}" for fault in checks.faults(page)]
        wrong += [f"{screen.name} in {lang}, {width} px, {mode}: {fault}" for fault in found]

    assert not wrong, "\n".join(wrong)


def test_what_is_asked_in_a_link_and_what_comes_on_the_way(house, walker):
    wrong: list[str] = []
    for number, screen in enumerate(asked()):
        lang, width, mode = turn_of(number)
        page = walker.open(screen, lang, width, mode, statuses=(200, 404))
        wrong += [
            f"{screen.name} in {lang}, {width} px, {mode}: {fault}" for fault in everything(page)
        ]
    for number, state in enumerate(states()):
        lang, width, mode = turn_of(number + 5)
        page = walker.fresh(width, mode)
        state.reach(house, page, lang)
        wrong += [
            f"{state.name} in {lang}, {width} px, {mode}: {fault}" for fault in everything(page)
        ]
        page.context.close()

    assert not wrong, "\n".join(wrong)


def test_no_address_is_left_out_without_a_reason(house):
    left = {rule for rule, why in house.left_out.items() if not why.startswith("is ")}

    assert left - LEFT_OUT.keys() == set(), "look at it in a journey; say which in left_out.py"
    assert LEFT_OUT.keys() <= {rule.rule for rule in house.app.url_map.iter_rules()}
    assert len(house.screens) > 100
