"""Every screen of a kiosk in three languages, upright and lying: axe, millimetres, reach."""

import pytest
from playwright.sync_api import Page

from app.kiosks.prompts import all_keys
from tests.counter import Counter
from tests.journeys.test_everybody import faults
from tests.kiosks.screens import LYING, UPRIGHT, too_small

pytestmark = pytest.mark.journey

SCREENS = ("", "plain", "appointment", "appointment/phone", "appointment/number", "phone", "coming")


@pytest.mark.parametrize("size", [UPRIGHT, LYING], ids=["upright", "lying"])
def test_everything_can_be_read_hit_and_reached(counter: Counter, a_page, size):
    let_aranese_be_heard(counter)
    page = a_page(bypass_csp=True)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    wrong = [fault for lang in ("ca", "eu", "oc") for fault in all_of(counter, page, lang)]

    assert wrong == []


def let_aranese_be_heard(counter: Counter) -> None:
    """With recordings of the town, so that one language has a key more: Listen."""
    recordings = counter.folder / "prompts/oc"
    recordings.mkdir(parents=True)
    for key in all_keys():
        (recordings / f"{key}.opus").write_bytes(b"OggS " + key.encode())
    assert "oc: " in counter.flask("kiosks", "speak", "--language", "oc")


def all_of(counter: Counter, page: Page, lang: str) -> list[str]:
    """What is wrong with the screens of one language, as they are and low with high contrast."""
    page.goto(counter.at("vilaclara", "/demo/"))
    page.locator("#demo-kiosk").click()
    page.wait_for_url("**/kiosk/")
    wrong: list[str] = []
    page.goto(counter.at("vilaclara", f"/{lang}/kiosk/"))
    if page.locator("#listen").count() != (lang == "oc"):
        wrong.append(f"{lang}: Listen")

    def look(*, is_low: bool) -> None:
        wrong.extend(too_small(page, is_low=is_low))
        wrong.extend(faults(page))

    def all_screens(*, is_low: bool) -> None:
        for screen in SCREENS:
            page.goto(counter.at("vilaclara", f"/{lang}/kiosk/{screen}"))
            look(is_low=is_low)
        page.goto(counter.at("vilaclara", f"/{lang}/kiosk/appointment/number"))
        page.locator(".pad[data-ready]").wait_for()
        for digit in "12345678":
            page.locator(f"#digit-{digit}").click()
        page.locator("#pad-send").click()
        page.locator("#pad-wrong").wait_for()
        look(is_low=is_low)

    all_screens(is_low=False)
    page.goto(counter.at("vilaclara", f"/{lang}/kiosk/"))
    page.locator("#look-low").click()
    page.locator('#look-low[aria-pressed="true"]').wait_for()
    page.locator("#look-contrast").click()
    page.locator('#look-contrast[aria-pressed="true"]').wait_for()
    all_screens(is_low=True)
    page.goto(counter.at("vilaclara", f"/{lang}/kiosk/"))
    page.locator("#door-now").click()
    page.wait_for_url("**/kiosk/call")
    page.locator('#call[data-state="waiting"]').wait_for()
    look(is_low=True)
    page.locator("#finish").click()
    page.wait_for_url("**/kiosk/papers")
    look(is_low=True)
    page.locator("#papers-taken").click()
    page.wait_for_url("**/kiosk/")
    return wrong
