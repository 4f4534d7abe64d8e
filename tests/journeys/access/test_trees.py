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
from playwright.sync_api import Page, expect

from app.accounts.models import Role
from tests.journeys.access import entrances
from tests.journeys.access.walk import Walker
from tests.screens import Screen

pytestmark = pytest.mark.journey

TREES = Path(__file__).parent / "trees"
DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
BY_HOUR = (
    "#place, #line, #next-person, [aria-labelledby=now-title]"  # who waits, comes, is there now
)
BY_MACHINE = "[data-part=speaks], [data-part=captioning-box]"  # who is heard, what the browser can
# Cameras that blink less: two of them are enough for a busy machine.
SLOW = "--use-fake-device-for-media-stream=fps=5"
PASSING = (
    (
        re.compile(
            rf"\b(?:today|tomorrow|(?:on )?(?:{DAYS}),? \d+(?: (?:{MONTHS}))?(?: \d{{4}})?)\b", re.I
        ),
        "DAY",
    ),
    (re.compile(r"(?<=Code of your visit: )\w+"), "CODE"),
    (re.compile(r"(?<!level=)\d(?:[\d:\u00a0 ]*\d)?"), "#"),
    (re.compile(r"\b(?:(?:No|Weak|Fair|Good) line|Only sound|The line is \w+)\b"), "LINE"),
    (re.compile(r"/url: .*"), "/url"),
)


def tree_of(page: Page, part: str) -> str:
    """Without what depends on the hour, without what passes, and with what repeats itself once."""
    kept: list[str] = []
    for line in page.locator(part).aria_snapshot().splitlines():
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


def compare(page: Page, name: str, part: str = "body") -> list[str]:
    """A busy machine takes its time until a page is what it is to be."""
    file = TREES / f"{name}.yaml"
    page.wait_for_load_state()
    page.add_style_tag(content=f":is({BY_HOUR}, {BY_MACHINE}) {{ display: none !important }}")
    if os.environ.get("TREES") == "write":
        page.wait_for_timeout(3_000)
        file.write_text(tree_of(page, part))
    for _ in range(100):
        found = tree_of(page, part)
        if file.read_text() == found:
            return []
        page.wait_for_timeout(200)
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


def test_a_kiosk_is_read_in_its_order(house, walker):
    page, wrong = walker.fresh(1080), []
    entrances.stand_before(house, page, "en")
    for name, way in (
        ("kiosk, start", ""),
        ("kiosk, in plain language", "plain"),
        ("kiosk, an appointment", "appointment"),
        ("kiosk, on the phone", "phone"),
        ("kiosk, the digits", "appointment/number"),
    ):
        page.goto(house.counter.at(entrances.LIBRARY, f"/en/kiosk/{way}"))
        wrong += compare(page, name)
    page.locator("#digit-1").click()
    expect(page.locator("#announce")).to_have_text("1")
    page.locator("#pad-send").click()
    page.locator(".pad__wrong").wait_for()
    wrong += compare(page, "kiosk, wrong digits")
    page.goto(house.counter.at(entrances.LIBRARY, "/en/kiosk/"))
    page.locator("#door-now").click()
    page.wait_for_url("**/kiosk/call")
    wrong += compare(page, "kiosk, waiting")
    page.locator("#finish").click()
    page.wait_for_url("**/kiosk/papers")
    wrong += compare(page, "kiosk, the end")

    assert not wrong, "\n".join(wrong)


def test_a_call_is_read_in_its_order_on_both_sides(house, a_browser):
    house.speak("en")
    people = Walker(house, a_browser(SLOW))
    citizen, clerk, wrong = people.fresh(390), people.fresh(1280), []
    entrances._booked(house, citizen, "en")
    visit = citizen.url.partition("?")[0]
    wrong += the_device(citizen, visit)
    citizen.goto(visit)
    citizen.locator("#visit-enter").click()
    citizen.wait_for_url("**/wait")
    wrong += compare(citizen, "the waiting room")
    with entrances.called(house, clerk, visit.rpartition("/")[2]):
        wrong += compare(citizen, "the waiting room, called")
        wrong += compare(clerk, "the clerk, who calls")
        entrances.talk(citizen, clerk)
        clerk.locator("#ask-volante-consulta").click()
        wrong += compare(citizen, "the call, asked")
        wrong += compare(clerk, "the clerk, who asks")
        for page, name in ((citizen, "the call, opened"), (clerk, "the clerk, opened")):
            page.locator("#call-write").click()
            expect(page.locator("#call-pen")).to_be_focused()
            page.locator("#call-more").click()
            expect(page.locator("#call-share")).to_be_focused()
            wrong += compare(page, name, "#call")
        clerk.locator("#call-hang-up").click()
        wrong += compare(clerk, "the clerk, before hanging up", "dialog[open]")

    assert not wrong, "\n".join(wrong)


def the_device(page: Page, visit: str) -> list[str]:
    """Tested before the visit, at home."""
    page.goto(f"{visit}/check")
    wrong = compare(page, "the device")
    page.locator("#check-start").click()
    page.locator("#check-heard").wait_for()
    wrong += compare(page, "the device, halfway")
    page.locator("#check-heard").click()
    page.locator("#check-result .notice").wait_for()
    return [*wrong, *compare(page, "the device, tested")]
