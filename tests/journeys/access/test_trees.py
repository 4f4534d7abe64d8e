"""What a reader of screens is given on the main ways: each name, role and state, in their order.

The trees are kept in `trees/`, to be read through. When a screen changes on purpose,

    TREES=write .venv/bin/pytest tests/journeys/access/test_trees.py

writes them anew; read what has changed before keeping it. Numbers, days and codes are left out, and
what repeats itself stands once.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from app.accounts.models import Role
from tests.journeys.access import entrances
from tests.screens import Screen

pytestmark = pytest.mark.journey

TREES = Path(__file__).parent / "trees"
DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
BY_HOUR = (
    "#place, [aria-labelledby=now-title]"  # who waits before, and whether somebody is there now
)
PASSING = (
    (
        re.compile(
            rf"\b(?:today|tomorrow|(?:on )?(?:{DAYS}),? \d+(?: (?:{MONTHS}))?(?: \d{{4}})?)\b", re.I
        ),
        "DAY",
    ),
    (re.compile(r"(?<=Code of your visit: )\w+"), "CODE"),
    (re.compile(r"(?<!level=)\d(?:[\d:\u00a0 ]*\d)?"), "#"),
    (re.compile(r"/url: .*"), "/url"),
)


def tree_of(page: Page) -> str:
    """Without what depends on the hour, without what passes, and with what repeats itself once."""
    page.evaluate(
        "(some) => document.querySelectorAll(some).forEach((one) => one.remove())", BY_HOUR
    )
    kept: list[str] = []
    for line in page.locator("body").aria_snapshot().splitlines():
        for pattern, word in PASSING:
            line = pattern.sub(word, line)
        if line.strip() == "- /url" or (kept and kept[-1] == line):
            continue
        kept.append(line)
    text = "\n".join(kept)
    # One of many alike, each with its child.
    for depth in (1, 2, 3):
        text = re.sub(rf"((?:^.*\n){{{depth}}})\1+", r"\1", text + "\n", flags=re.M).rstrip()
    return text + "\n"


def compare(page: Page, name: str) -> list[str]:
    found, file = tree_of(page), TREES / f"{name}.yaml"
    if os.environ.get("TREES") == "write":
        file.write_text(found)
    if file.read_text() == found:
        return []
    return [f"{name} is read in another way than {file.name} says:\n{found}"]


def test_a_booking_is_read_in_its_order(house, walker):
    page, wrong = walker.fresh(390), []
    for name, path in (
        ("home", "/en/"),
        ("procedure", "/en/procedures/volante"),
        ("nothing found", "/en/procedures?q=zzzz"),
    ):
        page.goto(house.at(path))
        wrong += compare(page, name)
    entrances._form_with_errors(house, page, "en")
    wrong += compare(page, "who books, with errors")
    entrances._code(house, page, "en")
    wrong += compare(page, "the code")
    entrances._booked(house, page, "en")
    wrong += compare(page, "booked")

    assert not wrong, "\n".join(wrong)


def test_the_desk_is_read_in_its_order(house, walker):
    house.speak("en")
    wrong: list[str] = []
    for name, path in (("the desk", "/desk/search?q=zzzz"), ("my desk", "/desk/my-desk")):
        page = walker.open(Screen(name, path, Role.CLERK), "en", 1280)
        wrong += compare(page, name)

    assert not wrong, "\n".join(wrong)
