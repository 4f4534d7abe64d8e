"""With the keyboard alone: book two errands, move the visit, wait for an earlier time, cancel."""

import pytest
from playwright.sync_api import Page, expect

from tests.counter import Counter
from tests.journeys.conftest import message_on_the_phone
from tests.journeys.test_everybody import look

pytestmark = pytest.mark.journey

MANY_TABS = 300


def press_on(page: Page, selector: str, key: str = "Enter") -> None:
    """Walk there with Tab, see that the focus shows, and press."""
    for _ in range(MANY_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
            assert float(outline.removesuffix("px")) >= 2, f"{selector} shows no focus"
            page.keyboard.press(key)
            return
    raise AssertionError(f"{selector} cannot be reached with Tab")


def type_into(page: Page, selector: str, text: str) -> None:
    press_on(page, selector, "End")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_book_move_wait_for_an_earlier_time_and_cancel(counter: Counter, a_page):
    page, telephone = a_page(390, bypass_csp=True), a_page()
    wrong: list[str] = []

    page.goto(counter.at("sobreira", "/gl/procedures/volante/times?channel=video"))
    press_on(page, "#also-summary")
    press_on(page, "#also-padron", "Space")
    press_on(page, "#also-apply")
    page.wait_for_url("**also=padron**")
    wrong += look(page)
    press_on(page, "a.slot")
    page.locator("#phone").wait_for()
    type_into(page, "#phone", "612 00 00 77")
    page.locator("#code").wait_for()
    code = message_on_the_phone(counter, telephone, "sobreira", r"#(\d{6})")
    type_into(page, "#code", code)
    page.wait_for_url("**?done=1")
    wrong += look(page)
    visit = page.url.split("?")[0]
    first = page.locator(".ticket__when").inner_text()

    press_on(page, "#visit-move")
    page.wait_for_url("**/move")
    wrong += look(page)
    page.locator("a.day").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("a.day").last).to_have_attribute("aria-current", "date")
    expect(page.locator("a.day").last).to_be_focused()
    press_on(page, "a.slot")
    page.locator("#move-yes").wait_for()
    wrong += look(page)
    press_on(page, "#move-yes")
    page.wait_for_url("**?moved=1")
    wrong += look(page)
    assert page.locator(".ticket__when").inner_text() != first

    press_on(page, "#visit-earlier-ask")
    page.locator("#visit-earlier").wait_for()
    wrong += look(page)

    press_on(page, "#visit-channel")
    page.locator("#channel-no").wait_for()
    wrong += look(page)
    press_on(page, "#channel-no")
    page.wait_for_url(visit)

    press_on(page, "#visit-cancel")
    page.locator("#cancel-yes").wait_for()
    press_on(page, "#cancel-yes")
    page.locator("#visit-again").wait_for()
    wrong += look(page)

    assert wrong == []


def test_talk_to_somebody_now_go_away_and_leave_the_line(counter: Counter, a_page):
    page, telephone = a_page(390, bypass_csp=True), a_page()
    wrong: list[str] = []

    page.goto(counter.at("sobreira", "/gl/procedures/volante"))
    wrong += look(page)
    press_on(page, "#now-video")
    page.locator("#phone").wait_for()
    wrong += look(page)
    type_into(page, "#phone", "612 00 00 78")
    page.locator("#code").wait_for()
    code = message_on_the_phone(counter, telephone, "sobreira", r"#(\d{6})")
    type_into(page, "#code", code)
    page.wait_for_url("**/wait")
    wrong += look(page)
    press_on(page, "#wait-away")
    page.locator("#visit-back-to-wait").wait_for()
    expect(page.locator("#place")).to_be_visible()
    wrong += look(page)
    press_on(page, "#visit-leave")
    page.locator("#leave-yes").wait_for()
    wrong += look(page)
    press_on(page, "#leave-yes")
    page.locator("#visit-again").wait_for()

    assert wrong == []
