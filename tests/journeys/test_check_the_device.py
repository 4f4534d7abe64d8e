"""Testing the device at home, by keyboard, with the line measured through a real relay."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests import relay as coturn
from tests.counter import Counter, close_counter, open_counter
from tests.journeys.conftest import message_on_the_phone
from tests.journeys.test_everybody import look

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def behind_a_relay(tmp_path_factory):
    """A counter whose calls go through a relay and no other way."""
    if not coturn.is_installed():
        pytest.skip("COTURN IS NOT INSTALLED: relays were NOT tried (apt-packages.txt)")
    with coturn.a_relay(tmp_path_factory.mktemp("relay")) as relay:
        opened, process = open_counter(
            tmp_path_factory.mktemp("counter"),
            SMS_CODES_PER_ADDRESS_HOUR="10000",
            TURN_SERVERS=json.dumps([{"urls": [relay.url], "secret": relay.secret}]),
            ICE_POLICY="relay",
        )
        yield opened
        assert close_counter(process) == 0


def a_booked_visit(counter: Counter, page: Page, phone: Page) -> None:
    """Book the first time offered today in Basque; the page of the visit is open."""
    page.goto(counter.at("etxalde", "/eu/procedures/padron/times?channel=video"))
    page.locator("a.slot").first.click()
    page.locator("input[name=phone]").fill("612345678")
    page.locator("#who-form button, main form button").first.click()
    expect(page.locator("input[name=code]")).to_be_visible()
    page.locator("input[name=code]").fill(
        message_on_the_phone(counter, phone, "etxalde", r"#(\d{6})")
    )
    page.locator("main form button").first.click()
    expect(page.locator("#visit-check")).to_be_visible()


def test_everything_is_tested_by_keyboard_and_the_line_through_the_relay(behind_a_relay, a_page):
    page, phone = a_page(), a_page()
    a_booked_visit(behind_a_relay, page, phone)

    page.locator("#visit-check").press("Enter")
    page.locator("#check-start").press("Enter")
    expect(page.locator("#check-heard")).to_be_focused(timeout=20_000)
    during = look(page)
    page.keyboard.press("Enter")

    expect(page.locator("#check-result .notice--done")).to_be_visible(timeout=20_000)
    page.locator("#check-figures").press("Enter")
    expect(page.locator("#check-result")).to_contain_text("Bidean galduta: % 0")
    assert during + look(page) == []
    for step in ("camera", "microphone", "loudspeaker", "line"):
        expect(page.locator(f"[data-part={step}]")).to_have_attribute("data-state", "good")


def test_whoever_says_no_reads_where_to_allow_it(behind_a_relay, playwright, a_page):
    """Without the flag that says yes for us, a headless browser says no."""
    page, phone = a_page(), a_page()
    a_booked_visit(behind_a_relay, page, phone)
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )

    page.locator("#visit-check").click()
    page.locator("#check-start").click()
    page.locator("#check-heard").click()

    expect(page.locator("#check-result .notice--warning")).to_be_visible(timeout=20_000)
    expect(page.locator("[data-part=camera-words]")).to_contain_text("Sakatu helbidearen")
    expect(page.locator("#check-result")).to_contain_text("+34\u00a0900")
    assert look(page) == []
