"""Every screen for everybody: axe finds nothing, nothing overflows, targets are large."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.core.i18n import LANGUAGES
from tests.counter import Counter
from tests.journeys.conftest import message_on_the_phone

pytestmark = pytest.mark.journey

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = (
    ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa"]  # every level
    + ["best-practice"]
)
PAGES = (
    "",
    "procedures?q=padro",
    "procedures?q=zzzz",
    "procedures/volante",
    "procedures/volante/times",
    "procedures/volante/times?channel=phone&needs=more_time",
    "help",
    "privacy",
    "accessibility",
    "nothing",
)
SMALL_TARGETS = """
    () => [...document.querySelectorAll('a, button, input:not([type=hidden]), summary, textarea')]
        .filter((element) => element.checkVisibility())
        .filter((element) => !element.closest('.visually-hidden, .skip-link'))
        .filter((element) => !(element.matches('p a, li p a, td a') && element.closest('p')))
        .filter((element) => !element.matches('input[type=checkbox], input[type=radio]'))
        .map((element) => [element.outerHTML.slice(0, 90), element.getBoundingClientRect()])
        .filter(([, box]) => box.width > 0 && (box.height < 43.5 || box.width < 43.5))
        .map(([what, box]) => `${what} ${Math.round(box.width)}×${Math.round(box.height)}`)
"""


def faults(page: Page) -> list[str]:
    """What axe says of the page as it is now, one line a fault."""
    page.evaluate(AXE.read_text() + ";undefined")
    found = page.evaluate(
        "(tags) => axe.run(document, { runOnly: { type: 'tag', values: tags } })", TAGS
    )
    return [
        f"{page.url} {fault['id']}: {node['html'][:120]}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]


def look(page: Page) -> list[str]:
    """Everything wrong with this screen."""
    wrong = faults(page)
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if over > 0:
        wrong.append(f"{page.url} is {over} px too wide")
    wrong += [f"{page.url} small: {target}" for target in page.evaluate(SMALL_TARGETS)]
    return wrong


@pytest.mark.parametrize("lang", LANGUAGES)
def test_public_pages_in_every_language(standing_counter: Counter, a_page, lang):
    counter = standing_counter
    page = a_page(390, bypass_csp=True)
    wrong = []
    for path in PAGES:
        page.goto(counter.at("benimar", f"/{lang}/{path}"))
        wrong += look(page)
    page.goto(f"http://localhost:{counter.port}/{lang}/")
    wrong += look(page)
    page.set_viewport_size({"width": 320, "height": 700})
    for path in PAGES[:6]:
        page.goto(counter.at("benimar", f"/{lang}/{path}"))
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        wrong += [f"{page.url} is {over} px too wide at 320"] if over > 0 else []

    assert wrong == []


def test_the_whole_booking_with_the_keyboard_alone(counter: Counter, a_page):
    page, telephone = a_page(390, bypass_csp=True), a_page()
    wrong: list[str] = []

    def press_on(selector: str, key: str = "Enter") -> None:
        """Walk there with Tab, see that the focus shows, and press."""
        for _ in range(250):
            page.keyboard.press("Tab")
            if page.evaluate("(s) => document.activeElement.matches(s)", selector):
                outline = page.evaluate(
                    "() => getComputedStyle(document.activeElement).outlineWidth"
                )
                assert float(outline.removesuffix("px")) >= 2, f"{selector} shows no focus"
                page.keyboard.press(key)
                return
        raise AssertionError(f"{selector} cannot be reached with Tab")

    page.goto(counter.at("benimar", "/va/"))
    press_on("#procedure-volante")
    page.wait_for_url("**/procedures/volante")
    press_on("#way-video")
    page.wait_for_url("**/times**")
    press_on("a.slot")
    page.locator("#phone").wait_for()
    wrong += look(page)
    press_on("#who-send")
    expect(page.locator("#error-summary")).to_be_focused()
    wrong += look(page)
    press_on("#error-summary a")
    expect(page.locator("#phone")).to_be_focused()
    page.keyboard.type("612 34 56 78")
    press_on("#who-send")
    page.locator("#code").wait_for()
    wrong += look(page)
    code = message_on_the_phone(counter, telephone, "benimar", r"#(\d{6})")
    press_on("#code", "0")
    page.keyboard.press("Backspace")
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.wait_for_url("**?done=1")
    wrong += look(page)
    press_on("#visit-cancel")
    page.locator("#cancel-yes").wait_for()
    wrong += look(page)
    press_on("#cancel-yes")
    page.locator("#visit-again").wait_for()
    wrong += look(page)

    assert wrong == []


def test_the_desk_and_the_demonstration(counter: Counter, a_page):
    page = a_page(1280, bypass_csp=True)
    wrong = []
    for path in ("/demo/", "/demo/phone", "/desk/sign-in"):
        page.goto(counter.at("penalta", path))
        wrong += look(page)
    page.goto(counter.at("penalta", "/demo/"))
    page.locator("#demo-wait").click()
    page.wait_for_url("**/wait")
    wrong += look(page)
    page.goto(counter.at("penalta", "/demo/"))
    page.get_by_role("button", name="Rosalía").or_(page.locator("[id^=be-]")).first.click()
    page.wait_for_url("**/desk/")
    wrong += look(page)

    assert wrong == []
