"""Two makes of browser in one call: Debian's Firefox at home, Debian's Chromium at the counter."""

import pytest
from playwright.sync_api import expect

from tests import firefox
from tests.journeys import test_the_call as direct
from tests.journeys.test_the_main_job import REMEMBER_CONNECTIONS, talks

pytestmark = pytest.mark.journey

if not firefox.is_installed():
    pytest.skip(
        "FIREFOX IS NOT INSTALLED: two makes of browser were NOT tried (apt-packages.txt)",
        allow_module_level=True,
    )

STATE = "async (wanted) => document.querySelector('#call')?.dataset.state === wanted"
SEES = """
    async () => {
        const video = document.querySelector('.call__person video')
        if (!video || video.videoWidth < 320) return false
        const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight)
        const drawing = canvas.getContext('2d', { willReadFrequently: true })
        const look = () => {
            drawing.drawImage(video, 0, 0)
            return drawing.getImageData(0, 0, canvas.width, canvas.height).data
        }
        const before = look()
        await new Promise((done) => setTimeout(done, 700))
        const after = look()
        return before.some((value) => value > 60) && before.some((value, at) => value !== after[at])
    }
"""
HEARS = "async () => !!document.querySelector('.call__person[data-speaking]')"
READS = "async (words) => document.querySelector('#call-text').textContent.includes(words)"


@pytest.fixture
def home(tmp_path):
    with firefox.a_firefox(tmp_path) as window:
        yield window


def test_firefox_at_home_and_chromium_at_the_counter(counter, home, a_page):
    clerk = a_page(1280, bypass_csp=True)
    clerk.add_init_script(REMEMBER_CONNECTIONS)
    home.goto(counter.at("sobreira", "/demo/"))
    home.click("#demo-wait")
    home.wait(STATE, "waiting")
    code = home.url.split("/visits/")[1].split("/")[0]
    direct.called(counter, clerk, code, "sobreira")
    home.wait(STATE, "ringing")
    home.click("#call-enter")

    home.wait(STATE, "talking")
    direct.state(clerk, "talking")
    talks(clerk)
    home.wait(SEES)
    home.wait(HEARS)

    home.click("#call-write")
    home.type("#call-pen", "Ola desde Firefox")
    expect(clerk.locator('[data-part="writing"]')).to_contain_text("Ola desde Firefox")
    clerk.locator("#call-pen").fill("Lémolo ben.\n")
    home.wait(READS, "Lémolo ben.")

    home.click("#call-camera")
    expect(clerk.locator('[data-part="unseen"]:visible')).to_have_count(1)
    home.click("#call-camera")
    expect(clerk.locator('[data-part="unseen"]:visible')).to_have_count(0)
    direct.hang_up(clerk)
    home.wait(STATE, "over")
