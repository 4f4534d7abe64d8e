"""By keyboard, read aloud, enlarged, in the colours of the device, and on paper."""

import io
import re

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from tests.journeys.access import entrances
from tests.journeys.access.walk import see_as

pytestmark = pytest.mark.journey

TIMES = "/eu/procedures/volante/times?channel=video"
WEEKDAYS = ["astelehen", "astearte", "asteazken", "ostegun", "ostiral", "larunbat", "igande"]
# Whether the middle of whatever has the focus can be seen, and is not under something else.
SEEN = """() => {
    const one = document.activeElement
    const box = one.getBoundingClientRect()
    const top = document.elementFromPoint(
        Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1),
        Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1))
    const label = one.labels?.[0]
    return one === document.body || one.contains(top) || top?.contains(one) || label?.contains(top)
        ? '' : one.outerHTML.slice(0, 90)
}"""


def test_what_is_swapped_keeps_the_focus_and_is_told_once(house, walker):
    page = walker.fresh(390)
    page.goto(house.at(TIMES))
    page.evaluate(
        """() => {
            window.told = []
            new MutationObserver(() => told.push(document.getElementById('announce').textContent))
                .observe(document.getElementById('announce'), { childList: true })
        }"""
    )
    day = page.locator("a.day:not([aria-current])").first
    name = day.get_attribute("id")
    day.press("Enter")
    expect(page.locator(f"#{name}")).to_have_attribute("aria-current", "date")

    expect(page.locator(f"#{name}")).to_be_focused()
    expect(page.locator("#announce")).to_have_text(page.locator("#slots-day").inner_text())
    assert page.evaluate("told.length") == 1

    page.goto(house.at("/eu/"))
    page.locator("#q").fill("zzzz")
    page.locator("#q").press("Enter")
    page.locator("#procedures-count").wait_for()

    assert page.evaluate("document.activeElement.id") in {"q", "search-go"}
    expect(page.locator("#announce")).to_contain_text("zzzz")


def test_the_focus_is_seen_on_the_smallest_screen(house, walker):
    """320 by 256: a window of 1280 by 1024 enlarged four times."""
    page = walker.fresh(320)
    page.set_viewport_size({"width": 320, "height": 256})
    hidden: list[str] = []
    for path in ("/eu/", TIMES, "/eu/accessibility"):
        page.goto(house.at(path))
        for _ in range(40):
            page.keyboard.press("Tab")
            hidden += [f"{path}: {what}" for what in [page.evaluate(SEEN)] if what]
    entrances._form(house, page, "eu")
    for _ in range(25):
        page.keyboard.press("Tab")
        hidden += [f"who books: {what}" for what in [page.evaluate(SEEN)] if what]

    assert hidden == []


def test_what_is_chosen_can_be_told_apart_in_forced_colours(house, walker):
    page = walker.fresh(1080, "forced colours")
    page.goto(house.at(TIMES))
    chosen, other = page.locator("a.day[aria-current]"), page.locator("a.day:not([aria-current])")
    slot = page.locator("a.slot").first
    before = _picture(slot)
    slot.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")

    assert _differ(_picture(chosen.first), _picture(other.first)) > 0.02
    assert _differ(before, _picture(slot)) > 0.02
    page.locator("a.slot").first.click()
    page.locator("#who-send").wait_for()
    page.evaluate("document.activeElement.blur()")
    button = _picture(page.locator("#who-send"))
    assert len(button.getcolors(1 << 20) or ()) > 2, "a button has no border that is seen"


def _picture(one: Locator) -> Image.Image:
    """With what is drawn around it: a ring of focus stands outside."""
    page = one.page
    one.scroll_into_view_if_needed()
    box = one.bounding_box()
    assert box
    around = {
        "x": max(box["x"] - 6, 0),
        "y": max(box["y"] - 6, 0),
        "width": box["width"] + 12,
        "height": box["height"] + 12,
    }
    return Image.open(io.BytesIO(page.screenshot(clip=around))).convert("RGB")


def _differ(one: Image.Image, other: Image.Image) -> float:
    """The share of the points that are not the same."""
    size = (min(one.width, other.width), min(one.height, other.height))
    here, there = one.crop((0, 0, *size)), other.crop((0, 0, *size))
    changed = ImageChops.difference(here, there).convert("L").point(lambda value: value > 32)
    return sum(changed.tobytes()) / (size[0] * size[1])


def test_what_was_booked_is_one_sheet_of_paper_with_all_that_matters(house, walker):
    page = walker.fresh(390)
    entrances._booked(house, page, "eu")
    sheet = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, tagged=True)))
    text = re.sub(r"\s+", " ", sheet.pages[0].extract_text())

    assert len(sheet.pages) == 1
    assert sheet.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert re.search(r"\d\d?:\d\d", text)
    assert any(day in text for day in WEEKDAYS)
    assert re.search(r"900\s?\d{3}\s?\d{3}|\+34", text), "no telephone to call"
    assert page.locator("#language-eu").inner_text() not in text


def test_the_call_begins_with_the_keyboard_alone(house, walker):
    page = walker.fresh(390)
    see_as(page, 390, "light")
    entrances._booked(house, page, "eu")
    press_on(page, "#visit-enter")
    expect(page.locator("#call")).to_have_attribute("data-state", "waiting")

    for _ in range(8):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body")
    assert page.evaluate("!document.activeElement.closest('[hidden], [inert]')")


def press_on(page: Page, selector: str) -> None:
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{selector} cannot be reached with Tab")


def test_a_piece_keeps_what_it_shows_while_the_house_is_in_trouble(house, walker):
    """Also when it is not we who answer, but what stands before us."""
    page = walker.fresh(390)
    page.goto(house.at("/demo/"))
    shown = page.locator("#messages").inner_html()
    page.route(
        "**/demo/phone", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>")
    )
    for _ in range(2):
        page.wait_for_event("response", lambda answer: answer.status == 502)

    assert page.locator("#messages").inner_html() == shown

    page.unroute("**/demo/phone")
    page.wait_for_event("response", lambda answer: answer.url.endswith("/demo/phone"))
    expect(page.locator("#messages")).to_be_visible()
    assert "Bad gateway" not in page.locator("body").inner_text()
