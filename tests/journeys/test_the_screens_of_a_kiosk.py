"""Every screen of a kiosk in three languages, lying: axe, millimetres, reach."""

import pytest

from tests.counter import Counter
from tests.journeys.test_everybody import faults
from tests.kiosks.screens import LYING, too_small

pytestmark = pytest.mark.journey

SCREENS = ("", "plain", "appointment", "appointment/phone", "appointment/number", "phone", "coming")


@pytest.mark.parametrize("size", [LYING], ids=["lying"])
@pytest.mark.parametrize("lang", ["ca", "eu", "oc"])
def test_everything_can_be_read_hit_and_reached(counter: Counter, a_page, size, lang):
    page = a_page(bypass_csp=True)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(counter.at("vilaclara", "/demo/"))
    page.locator("#demo-kiosk").click()
    page.wait_for_url("**/kiosk/")
    wrong: list[str] = []

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
    page.wait_for_load_state()
    page.locator("#look-contrast").click()
    page.wait_for_load_state()
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

    assert wrong == []
