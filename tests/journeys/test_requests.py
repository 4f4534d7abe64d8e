"""A clerk asks by keyboard alone; a citizen answers on a telephone, while they talk by video."""

import os

import pytest
from playwright.sync_api import Page, expect

from tests.counter import Counter
from tests.journeys.conftest import message_on_the_phone
from tests.journeys.test_everybody import look
from tests.journeys.test_who_is_there import ask_for, be_who_can_call, press_on

pytestmark = pytest.mark.journey


def keep_picture(page: Page, name: str) -> None:
    """For whoever wants to look: PICTURES names a folder."""
    folder = os.environ.get("PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=False)


def test_requests_are_answered_in_the_call_one_at_a_time(counter: Counter, a_page):
    citizen, phone = a_page(390, bypass_csp=True), a_page()
    clerk = a_page(1280, bypass_csp=True)
    wrong: list[str] = []
    ask_for(counter, citizen, phone, "volante", "600 71 72 01", "Uxía Rei")
    citizen.wait_for_url("**?done=1")
    citizen.locator("#visit-enter").click()
    citizen.wait_for_url("**/wait")
    code = citizen.url.split("/visits/")[1].split("/")[0]
    be_who_can_call(counter, clerk, code)
    citizen.locator("#call-enter").click()
    expect(citizen.locator("#call")).to_have_attribute("data-state", "talking")

    # Three things at once, with the keyboard: a text, data, and a signature in the clerk's words.
    press_on(clerk, "#ask-volante-consulta")
    expect(clerk.locator("#requests")).to_contain_text("Déixanos consultar")
    expect(clerk.locator("#ask-volante-consulta")).to_be_focused()
    press_on(clerk, "#ask-volante-datos")
    expect(clerk.locator("#kind")).to_be_focused()
    wrong += look(clerk)
    keep_picture(clerk, "clerk-form")
    press_on(clerk, "#lines", "Control+End")
    clerk.keyboard.type("Rúa Nova 4")
    press_on(clerk, "#ask-send")
    expect(clerk.locator("#ask-done")).to_be_focused()
    press_on(clerk, "#ask-free")
    expect(clerk.locator("#kind")).to_be_focused()
    clerk.locator("#kind").select_option("sign")
    press_on(clerk, "#title", "End")
    clerk.keyboard.type("Asine a súa solicitude")
    press_on(clerk, "#body", "End")
    clerk.keyboard.type("Pido o volante para o colexio.")
    press_on(clerk, "#ask-send")
    expect(clerk.locator(".requests__one")).to_have_count(3)
    wrong += look(clerk)
    keep_picture(clerk, "clerk-asked")

    # The citizen sees the first alone.
    card = citizen.locator(".asked__card")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("Déixanos consultar")
    wrong += look(citizen)
    keep_picture(citizen, "citizen-text")
    press_on(citizen, "[id^=asked-yes]")
    expect(citizen.locator("#asked-last")).to_be_focused()
    expect(card).to_contain_text("Son correctos estes datos?")
    expect(clerk.locator(".requests__one").first).to_have_attribute("data-state", "done")
    wrong += look(citizen)
    keep_picture(citizen, "citizen-data")

    # One of the data is wrong.
    citizen.locator("#asked-value-3").fill("Rúa Nova 14")
    press_on(citizen, "[id^=asked-yes]")
    expect(card).to_contain_text("Pido o volante para o colexio.")
    expect(clerk.locator("#requests")).to_contain_text("Rúa Nova 14")

    # The signature takes a code of its own.
    press_on(citizen, "[id^=asked-yes]")
    citizen.locator("#code").wait_for()
    wrong += look(citizen)
    keep_picture(citizen, "citizen-code")
    digits = message_on_the_phone(counter, phone, "sobreira", r"#(\d{6})")
    citizen.locator("#code").fill(digits)
    press_on(citizen, "[id^=asked-code]")
    expect(card).to_have_count(0)
    expect(clerk.locator('.requests__one[data-state="done"]')).to_have_count(3)
    keep_picture(citizen, "citizen-done")

    # One is withdrawn while it is on the screen; a no is an answer; the same is asked again.
    press_on(clerk, "#ask-volante-documento")
    expect(card).to_contain_text("foto")
    keep_picture(citizen, "citizen-paper")
    press_on(clerk, "[id^=withdraw]")
    expect(card).to_have_count(0)
    press_on(clerk, "[id^=repeat]")
    expect(card).to_have_count(1)
    press_on(citizen, "[id^=asked-no]")
    expect(clerk.locator('.requests__one[data-state="refused"]')).to_have_count(1)

    # The script, by keyboard, without losing the place.
    step = clerk.locator(".steps__tick").first
    press_on(clerk, f"#{step.get_attribute('id')}", "Space")
    expect(step).to_have_attribute("aria-pressed", "true")
    expect(step).to_be_focused()
    keep_picture(clerk, "clerk-script")

    expect(citizen.locator("#call")).to_have_attribute("data-state", "talking")
    wrong += look(clerk) + look(citizen)
    assert wrong == []
