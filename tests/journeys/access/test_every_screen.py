"""Every screen for everybody: each address, each state of a visit, what is folded, each dialogue.

Each run looks at every screen in one language, at one width and in one set of colours; and at a
third of them closely: with the second engine, with the letters and the spacing that a reader
chooses, at every width and in every set of colours. What a run looks at changes from day to day:
three days see every screen closely, and three weeks in every language. `make access` looks at all
of it.
"""

from itertools import product

import pytest
from playwright.sync_api import Page

from app.core import clock
from app.core.i18n import LANGUAGES
from tests.journeys.access import checks
from tests.journeys.access.entrances import STATES, asked
from tests.journeys.access.walk import at_a_glance, dialogs, everything, quickly, see_as
from tests.left_out import LEFT_OUT

pytestmark = pytest.mark.journey

PARTS = 6  # so that whoever is free takes the next
LANGUAGES_IN_TURN = list(LANGUAGES)
SIZES = list(product(checks.WIDTHS, checks.MODES))


@pytest.fixture(scope="module")
def day() -> int:
    """One number for the whole run, though midnight passes."""
    return clock.now().date().toordinal()


def turn_of(number: int, day: int) -> tuple[int, str]:
    """The width and the colours in which that screen is looked at on that day."""
    return SIZES[(number * 5 + day) % len(SIZES)]


def language_of(number: int, day: int) -> str:
    return LANGUAGES_IN_TURN[(number + day) % len(LANGUAGES_IN_TURN)]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_screen_is_for_everybody(house, walker, day, part):
    wrong: list[str] = []
    staff_reads = language_of(part, day)
    house.speak(staff_reads)
    for number, screen in enumerate(house.screens):
        if number % PARTS != part:
            continue
        lang = staff_reads if screen.who else language_of(number // PARTS, day)
        width, mode = turn_of(number // PARTS, day)
        page = walker.open(screen, lang, width, mode)
        is_close = (number // PARTS + day) % 3 == 0
        found = [f"{width} px, {mode}: {fault}" for fault in look(page, is_close)]
        found += walker.weighed(screen, page)
        if is_close:
            found += in_every_size(page)
        wrong += [f"{screen.name} in {lang}, {fault}" for fault in found]

    assert not wrong, "\n".join(wrong)


def look(page: Page, is_close: bool) -> list[str]:
    found = everything(page) if is_close else quickly(page)
    for name in dialogs(page):
        found += [f"dialogue {name}: {fault}" for fault in checks.faults(page)]
    return found


def in_every_size(page: Page) -> list[str]:
    found: list[str] = []
    for width, mode in SIZES:
        see_as(page, width, mode)
        wrong = at_a_glance(page)
        if mode == "reduced motion":
            wrong += checks.still(page)
        found += [f"{width} px, {mode}: {fault}" for fault in wrong]
    return found


def test_what_is_asked_in_a_link(house, walker, day):
    wrong: list[str] = []
    for number, screen in enumerate(asked()):
        lang, (width, mode) = language_of(number, day), turn_of(number, day)
        page = walker.open(screen, lang, width, mode, statuses=(200, 404))
        wrong += [
            f"{screen.name} in {lang}, {width} px, {mode}: {fault}" for fault in everything(page)
        ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("number", range(len(STATES)), ids=lambda number: STATES[number].name)
def test_what_comes_on_the_way(house, walker, day, number):
    state = STATES[number]
    lang, (width, mode) = language_of(number, day), turn_of(number, day)
    page = walker.fresh(width, mode)
    state.reach(house, page, lang)
    found = everything(page)
    page.context.close()

    assert not found, "\n".join(f"{lang}, {width} px, {mode}: {fault}" for fault in found)


def test_no_address_is_left_out_without_a_reason(house):
    left = {rule for rule, why in house.left_out.items() if why.startswith("answers")}

    assert left - LEFT_OUT.keys() == set(), "say in left_out.py where it is looked at"
    assert LEFT_OUT.keys() <= {rule.rule for rule in house.app.url_map.iter_rules()}
    assert len(house.screens) > 100
