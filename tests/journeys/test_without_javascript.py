"""Everything up to the camera works without JavaScript, and leaves the same rows."""

import sqlite3

import pytest
from playwright.sync_api import Page, expect

from tests.counter import Counter
from tests.journeys.conftest import message_on_the_phone

pytestmark = pytest.mark.journey

ROWS = """
    SELECT visit.status, visit.channel, visit.language, visit.reads, visit.phone, visit.name,
           visit.needs, visit.version, (julianday(visit.ends_at) - julianday(visit.starts_at)),
           allocation.state, account.role, account.locale
    FROM visit
    JOIN allocation ON allocation.claim = visit.code
    JOIN account ON account.id = visit.citizen_id
    WHERE visit.code = ?
"""


def book(counter: Counter, page: Page, phone_page: Page, number: str) -> str:
    """Book the first telephone appointment, with a need, and return the visit's code."""
    page.goto(counter.at("sobreira", "/gl/"))
    page.locator("#q").fill("volante")
    page.locator("#search-go").click()
    page.locator("#procedure-volante").click()
    page.locator("#way-phone").click()
    page.locator("#needs-summary").click()
    page.locator('label[for="need-more_time"]').click()
    page.locator("#needs-apply").click()
    page.locator("a.slot").first.click()
    page.locator("#phone").fill("no é un número")
    page.locator("#who-send").click()
    expect(page.locator("#error-summary")).to_be_visible()
    expect(page.locator("#phone")).to_have_value("no é un número")
    page.locator("#phone").fill(number)
    page.locator("#name").fill("Xoán Rei")
    page.locator("#who-send").click()
    page.locator("#code").wait_for()
    code = message_on_the_phone(counter, phone_page, "sobreira", r"#(\d{6})")
    page.locator("#code").fill(code)
    page.locator("#code-confirm").click()
    page.wait_for_url("**?done=1")
    return page.url.split("/visits/")[1].split("?")[0]


def test_the_same_booking_with_and_without_javascript_leaves_the_same_rows(counter, a_page):
    telephone = a_page()
    with_it = book(counter, a_page(), telephone, "600 11 11 11")
    without = book(counter, a_page(java_script_enabled=False), telephone, "600 22 22 22")

    register = sqlite3.connect(counter.folder / "ventanilla.db")
    first, second = (register.execute(ROWS, (code,)).fetchall() for code in (with_it, without))
    register.close()

    assert len(first) == len(second) == 1
    assert [value for value in first[0] if value != "+34600111111"] == [
        value for value in second[0] if value != "+34600222222"
    ]
    assert first[0][0] == "booked"


def test_cancelling_without_javascript(counter, a_page):
    telephone, page = a_page(), a_page(java_script_enabled=False)
    code = book(counter, page, telephone, "600 33 33 33")
    page.locator("#visit-cancel").click()
    page.locator("#cancel-yes").click()

    expect(page.locator("#visit-again")).to_be_visible()
    assert page.url.endswith(f"/visits/{code}")
