"""Every screen of a kiosk in three languages, upright and lying: axe, millimetres, reach."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from app.kiosks.prompts import all_keys
from tests.counter import Counter
from tests.journeys.test_everybody import faults
from tests.kiosks.screens import LYING, UPRIGHT, too_small

pytestmark = pytest.mark.journey

LANGUAGES = ("va", "eu", "oc")
SCREENS = ("", "plain", "appointment", "appointment/phone", "appointment/number", "phone", "coming")


@pytest.mark.parametrize("size", [UPRIGHT, LYING], ids=["upright", "lying"])
def test_everything_can_be_read_hit_and_reached(counter: Counter, a_page, size):
    """What axe looks at is the same both ways: it looks once."""
    let_everybody_be_heard(counter)
    page = a_page(bypass_csp=True)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    wrong = []

    for lang in LANGUAGES:
        stand_there(counter, page, lang)
        assert page.locator("#listen").count() == 1
        for is_low in screens(counter, page, lang):
            wrong += too_small(page, is_low=is_low)
            wrong += faults(page) if size is LYING else []

    assert wrong == []


def test_who_is_silent_is_asked_and_then_forgotten(standing_counter: Counter, a_page):
    page = a_page()
    page.clock.install()
    page.set_viewport_size({"width": UPRIGHT[0], "height": UPRIGHT[1]})
    stand_there(standing_counter, page, "eu")
    page.locator("body[data-ready]").wait_for()
    asked = page.locator("#idle-title")

    page.clock.fast_forward(600_000)
    expect(asked).to_be_hidden()  # nobody has touched it yet
    page.locator("h1").click()
    page.clock.fast_forward(85_000)
    expect(asked).to_be_hidden()
    page.clock.fast_forward(10_000)
    expect(asked).to_be_visible()
    assert too_small(page) == []
    page.mouse.click(5, 5)  # anywhere
    expect(asked).to_be_hidden()

    page.clock.fast_forward(95_000)
    expect(asked).to_be_visible()
    cookie = page.context.cookies()
    page.clock.fast_forward(60_000)
    page.wait_for_url("**/ca/kiosk/")  # a clean start, in the language of the town
    assert not {one["value"] for one in cookie} & {one["value"] for one in page.context.cookies()}


def let_everybody_be_heard(counter: Counter) -> None:
    """With recordings of the town, so that each language has a key more: Listen."""
    for lang in LANGUAGES:
        recordings = counter.folder / "prompts" / lang
        recordings.mkdir(parents=True)
        for key in all_keys():
            (recordings / f"{key}.opus").write_bytes(f"OggS {lang} {key}".encode())
    wanted = [word for lang in LANGUAGES for word in ("--language", lang)]
    assert "oc: " in counter.flask("kiosks", "speak", *wanted)


def stand_there(counter: Counter, page: Page, lang: str) -> None:
    page.goto(counter.at("vilaclara", "/demo/"))
    page.locator("#demo-kiosk").click()
    page.locator('[data-screen="start"][data-ready]').wait_for()
    page.goto(counter.at("vilaclara", f"/{lang}/kiosk/"))


def screens(counter: Counter, page: Page, lang: str) -> Iterator[bool]:
    """Each of them to be looked at, as they are and low with high contrast; says which."""
    yield from the_ones_before_a_visit(counter, page, lang, is_low=False)
    page.goto(counter.at("vilaclara", f"/{lang}/kiosk/"))
    for key in ("low", "contrast"):
        page.locator(f"#look-{key}").click()
        page.locator(f'#look-{key}[aria-pressed="true"]').wait_for()
    yield from the_ones_before_a_visit(counter, page, lang, is_low=True)
    page.goto(counter.at("vilaclara", f"/{lang}/kiosk/"))
    page.locator("#door-now").click()
    page.wait_for_url("**/kiosk/call")
    page.locator('#call[data-state="waiting"]').wait_for()
    yield True
    page.locator("#finish").click()
    page.wait_for_url("**/kiosk/papers")
    yield True
    page.locator("#papers-taken").click()
    page.locator('[data-screen="start"][data-ready]').wait_for()


def the_ones_before_a_visit(
    counter: Counter, page: Page, lang: str, *, is_low: bool
) -> Iterator[bool]:
    for screen in SCREENS:
        page.goto(counter.at("vilaclara", f"/{lang}/kiosk/{screen}"))
        yield is_low
    page.goto(counter.at("vilaclara", f"/{lang}/kiosk/appointment/number"))
    page.locator(".pad[data-ready]").wait_for()
    for digit in "12345678":
        page.locator(f"#digit-{digit}").click()
    page.locator("#pad-send").click()
    page.locator("#pad-wrong").wait_for()
    yield is_low
