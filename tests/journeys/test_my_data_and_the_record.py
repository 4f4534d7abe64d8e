"""Two people who look after data: a citizen with her own, and an administrator with the record."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.counter import Counter
from tests.journeys.conftest import message_on_the_phone
from tests.journeys.test_everybody import look

pytestmark = pytest.mark.journey


def book(counter: Counter, page: Page, telephone: Page, number: str) -> str:
    """Book the first telephone appointment in Aranese; returns the address of the visit."""
    page.goto(counter.at("vilaclara", "/oc/procedures/volante/times?channel=phone"))
    page.locator("a.slot").first.click()
    page.locator("#phone").fill(number)
    page.locator("#name").fill("Neus Arró")
    page.locator("#who-send").click()
    page.locator("#code").wait_for()
    page.locator("#code").fill(message_on_the_phone(counter, telephone, "vilaclara", r"#(\d{6})"))
    page.locator("#code-confirm").click()
    page.wait_for_url("**?done=1")
    return page.url.split("?")[0]


def press(page: Page, selector: str, key: str = "Enter") -> None:
    """Walk there with Tab, and press."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            page.keyboard.press(key)
            return
    raise AssertionError(f"{selector} cannot be reached with Tab")


def test_a_citizen_sees_corrects_and_erases_with_the_keyboard_in_aranese(counter: Counter, a_page):
    page, telephone = a_page(390, bypass_csp=True), a_page()
    visit = book(counter, a_page(), telephone, "600 44 55 66")
    before = message_on_the_phone(counter, telephone, "vilaclara", r"#(\d{6})")
    wrong: list[str] = []

    page.goto(visit)
    press(page, "#visit-data")
    page.locator("#data-send").wait_for()
    wrong += look(page)
    press(page, "#data-send")
    page.locator("#code").wait_for()
    wrong += look(page)
    code = message_on_the_phone(counter, telephone, "vilaclara", rf"#(?!{before})(\d{{6}})")
    page.locator("#code").fill(code)
    page.keyboard.press("Enter")
    page.wait_for_url("**/data/mine")
    expect(page.locator("html")).to_have_attribute("lang", "oc-aranes")
    expect(page.locator("main")).to_contain_text("Neus Arró")
    wrong += look(page)
    press(page, "#data-correct")
    page.locator("#name").wait_for()
    wrong += look(page)
    page.locator("#name").fill("Neus Arró Vila")
    press(page, "#correct-save")
    expect(page.locator("main")).to_contain_text("Neus Arró Vila")
    page.set_viewport_size({"width": 1280, "height": 900})
    wrong += look(page)
    page.set_viewport_size({"width": 390, "height": 844})
    press(page, "#data-erase")
    page.locator("#erase-yes").wait_for()
    wrong += look(page)
    press(page, "#erase-yes")
    expect(page.locator("#error-summary")).to_be_focused()
    wrong += look(page)
    press(page, "#is_sure", " ")
    press(page, "#erase-yes")
    page.locator("#erased-home").wait_for()
    wrong += look(page)
    page.goto(visit)
    expect(page.locator("main")).not_to_contain_text("Neus")

    assert wrong == []


def test_an_administrator_reads_checks_and_sets_terms(counter: Counter, a_page):
    page = a_page(1280, bypass_csp=True)
    wrong: list[str] = []
    page.goto(counter.at("sobreira", "/demo/"))
    page.get_by_role("button", name="Antía Lago Seoane").click()
    page.wait_for_url("**/office/**")

    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("audit", "requests", "retention", "holds"):
            page.goto(counter.at("sobreira", f"/office/{path}"))
            wrong += look(page)
    expect(page.locator("html")).to_have_attribute("lang", "gl")
    page.goto(counter.at("sobreira", "/office/audit"))
    page.locator("#audit-verify").click()
    expect(page.locator("#check-result.notice--done")).to_be_visible()
    expect(page.locator("#not-qualified")).to_be_visible()
    page.locator("#kind").select_option("AuditVerified")
    page.locator("#audit-search").click()
    expect(page.locator("#lines tbody tr")).to_have_count(1)
    wrong += look(page)
    with page.expect_download() as caught:
        page.locator("#lines-download").click()
    assert re.search(r"audit\.csv$", caught.value.suggested_filename)
    page.goto(counter.at("sobreira", "/office/retention"))
    page.locator("#codes").fill("9999")
    page.locator("#retention-save").click()
    expect(page.locator("#codes-error")).to_be_visible()
    wrong += look(page)
    page.locator("#codes").fill("3")
    page.locator("#retention-save").click()
    expect(page.locator("#codes")).to_have_value("3")

    assert wrong == []
