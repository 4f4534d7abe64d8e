"""With the keyboard alone, in Galician: from an empty register to the first booked visit."""

import re
import sqlite3
import time

import pytest
from playwright.sync_api import Page, expect

from tests.counter import close_counter, open_counter
from tests.journeys.test_everybody import look
from tests.journeys.test_passkeys import Device

pytestmark = pytest.mark.journey


def walk_to(page: Page, selector: str) -> None:
    """There with Tab, and the focus can be seen."""
    for _step in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached with Tab on {page.url}")


def write(page: Page, selector: str, text: str) -> None:
    walk_to(page, selector)
    page.keyboard.type(text)


def press(page: Page, selector: str, key: str = "Enter") -> None:
    walk_to(page, selector)
    page.keyboard.press(key)


def the_link(folder) -> str:
    """As whoever starts the house reads it on the terminal."""
    found = re.search(r"http://localhost:\d+/setup/[\w-]+", (folder / "counter.log").read_text())
    assert found, "no link was printed"
    return found[0]


@pytest.fixture
def empty(tmp_path):
    counter, process = open_counter(tmp_path, DEMO="false")
    yield counter
    assert close_counter(process) == 0


def test_a_town_from_nothing_to_its_first_visit(empty, a_page, tmp_path, record_property):
    page = a_page(390, bypass_csp=True, locale="gl-ES")
    device = Device(page)
    wrong: list[str] = []
    page.goto(the_link(tmp_path))
    begun = time.monotonic()
    wrong += look(page)

    write(page, "#name", "Sobreira")
    press(page, "#others-0", "Space")
    write(page, "#phone", "981 00 00 00")
    write(page, "#person", "Antía Lago")
    press(page, "#begin-go")
    page.locator("#begun-go").wait_for()
    expect(page.locator("html")).to_have_attribute("lang", "gl")
    wrong += look(page)
    press(page, "#begun-go")
    page.wait_for_url("**/desk/enrol/**")
    press(page, "#passkey-go")
    page.wait_for_url("**/office/")
    assert device.count() == 1
    wrong += look(page)
    press(page, "#go-on-setup")
    page.wait_for_url("**/office/setup")
    wrong += look(page)

    press(page, "#setup-next")
    page.wait_for_url("**/setup/office")
    wrong += look(page)
    write(page, "#name-gl", "Casa do Concello")
    write(page, "#address", "Praza do Cruceiro, 5")
    press(page, "#save")
    page.wait_for_url("**/office/setup")

    press(page, "#setup-next")
    page.wait_for_url("**/setup/procedures")
    wrong += look(page)
    press(page, "#save")
    page.wait_for_url("**/office/setup")

    press(page, "#setup-next")
    page.wait_for_url("**/people/invite")
    wrong += look(page)
    write(page, "#name", "Brais Somoza")
    press(page, "#save")
    page.locator("#people-address").wait_for()
    wrong += look(page)
    press(page, "#setup-next")
    page.wait_for_url("**/office/setup")

    press(page, "#setup-next")
    page.wait_for_url("**/setup/hours")
    wrong += look(page)
    press(page, "#save")
    page.wait_for_url("**/office/setup")

    press(page, "#setup-next")
    page.wait_for_url("**/setup/visit")
    wrong += look(page)
    write(page, "#phone", "600 12 34 56")
    press(page, "#save")
    page.locator("#test-visit").wait_for()
    lasted = time.monotonic() - begun
    wrong += look(page)
    press(page, "#test-visit")
    page.wait_for_url("**/gl/visits/**")
    wrong += look(page)

    register = sqlite3.connect(tmp_path / "ventanilla.db")
    visits = register.execute("SELECT status, phone, reads FROM visit").fetchall()
    register.close()
    assert visits == [("booked", "+34600123456", "gl")]
    assert wrong == []
    record_property("seconds", round(lasted, 1))
    print(f"from an empty register to the first visit: {lasted:.1f} s")  # noqa: T201 - the figure
