"""Papers in a call: photographed on a telephone, read by the clerk, and looked at together."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.counter import Counter
from tests.journeys.test_everybody import faults, look
from tests.journeys.test_the_call import a_call
from tests.papers.table import TABLES, film

pytestmark = pytest.mark.journey

LONG = 60_000
# The table under each page has a colour of its own: so one sees which page lies there.
LIES_THERE = """
    ([video, colour]) => {
        const element = document.querySelector(video)
        if (!element?.videoWidth) return false
        const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 64 })
        const drawing = canvas.getContext('2d')
        drawing.drawImage(element, 0, 0, 64, 64)
        const seen = drawing.getImageData(1, 60, 1, 1).data
        return colour.every((part, index) => Math.abs(part - seen[index]) < 26)
    }
"""


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("camera") / "pages.mjpeg")


def a_telephone(browser: Browser) -> Page:
    context = browser.new_context(viewport={"width": 390, "height": 844}, bypass_csp=True)
    context.set_default_timeout(LONG)
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"{page.url}: {error}"))
    return page


def photograph(citizen: Page, number: int) -> None:
    """That page, as soon as it lies under the camera, by the corners that were found."""
    expect(citizen.locator("#camera-take")).to_be_visible(timeout=LONG)
    finder = '[data-part="finder"]'
    citizen.wait_for_function(LIES_THERE, arg=[finder, list(TABLES[number - 1])], timeout=LONG)
    citizen.locator("#camera-take").click()
    citizen.locator("#camera-straighten").click()
    expect(citizen.locator("#camera-more")).to_be_visible(timeout=LONG)


def test_three_pages_are_photographed_in_the_call_and_the_clerk_reads_one_clean_paper(
    counter: Counter,
    a_browser: Callable[..., Browser],
    a_page: Callable[..., Page],
    camera: Path,
) -> None:
    citizen = a_telephone(a_browser(f"--use-file-for-fake-video-capture={camera}"))
    clerk = a_page(1280, bypass_csp=True)
    a_call(counter, citizen, clerk)

    citizen.locator("#beside-open").click()
    citizen.locator("#papers-photograph").click()
    for number in (1, 2):
        photograph(citizen, number)
        if number == 1:
            assert faults(citizen) == []
        citizen.locator("#camera-more").click()
    photograph(citizen, 3)
    assert faults(citizen) == []
    citizen.locator("#camera-send").click()

    ready = '.paper[data-state="ready"]'
    expect(citizen.locator(ready)).to_have_count(1, timeout=LONG)
    expect(clerk.locator('#beside-open [data-part="new"]')).to_be_visible(timeout=LONG)
    clerk.locator("#beside-open").click()
    expect(clerk.locator(ready)).to_contain_text("3", timeout=LONG)
    clerk.locator('[id^="paper-show-"]').click()

    # Both see the same page, and the citizen follows.
    for page in (clerk, citizen):
        expect(page.locator("#look")).to_have_attribute("data-page", "1", timeout=LONG)
    clerk.locator("#look-after").click()
    for page in (clerk, citizen):
        expect(page.locator("#look")).to_have_attribute("data-page", "2", timeout=LONG)
    clerk.locator("#look-mark").click()
    clerk.locator('#look [data-part="window"]').focus()
    clerk.keyboard.press("ArrowDown")
    clerk.keyboard.press("Enter")
    expect(citizen.locator('#look [data-part="marks"] i')).to_have_count(1, timeout=LONG)
    expect(citizen.locator('#look [data-part="pointer"]')).to_be_visible(timeout=LONG)
    for page in (clerk, citizen):
        assert faults(page) == []

    # Now the citizen shows, and closes it for both.
    citizen.locator("#look-take").click()
    citizen.locator("#look-before").click()
    expect(clerk.locator("#look")).to_have_attribute("data-page", "1", timeout=LONG)
    citizen.locator("#look-close").click()
    for page in (clerk, citizen):
        expect(page.locator("#look")).to_have_count(0, timeout=LONG)
        expect(page.locator("#call")).to_have_attribute(
            "data-state", re.compile("talking|back"), timeout=LONG
        )


DROP = """
    ([name, words]) => {
        const dragged = new DataTransfer()
        dragged.items.add(new File([words], name))
        const how = { dataTransfer: dragged, bubbles: true, cancelable: true }
        const event = new DragEvent('drop', how)
        document.querySelector('#paper-desk').dispatchEvent(event)
    }
"""


def test_papers_are_sent_before_the_visit_by_the_keyboard_alone(
    counter: Counter, a_page: Callable[..., Page], camera: Path, tmp_path: Path
) -> None:
    file = tmp_path / "volant.jpg"
    file.write_bytes(camera.read_bytes()[:200_000].split(b"\xff\xd9")[0] + b"\xff\xd9")
    citizen = a_page(390, bypass_csp=True)
    citizen.goto(counter.at("vilaclara", "/demo/"))
    citizen.locator("#demo-wait").click()
    citizen.wait_for_url("**/wait")
    code = citizen.url.split("/visits/")[1].split("/")[0]
    citizen.goto(counter.at("vilaclara", f"/eu/visits/{code}/papers"))
    assert look(citizen) == []

    citizen.locator("#papers-file").set_input_files(file)
    paper = citizen.locator(".paper")
    expect(paper).to_have_attribute("data-state", "ready", timeout=LONG)
    assert look(citizen) == []
    citizen.evaluate(DROP, ["virus.exe", "MZ"])
    refused = citizen.locator('.sending[data-step="refused"]')
    expect(refused).to_contain_text("PDF", timeout=LONG)
    assert look(citizen) == []
    paper.locator("button").focus()
    citizen.keyboard.press("Enter")
    expect(paper).to_have_attribute("data-state", "removed", timeout=LONG)
    paper.locator("button").focus()
    citizen.keyboard.press("Enter")
    expect(paper).to_have_attribute("data-state", "ready", timeout=LONG)
    paper.locator(".paper__name a").focus()
    citizen.keyboard.press("Enter")
    expect(citizen.locator(".sheets__page img")).to_be_visible(timeout=LONG)
    assert look(citizen) == []
