"""The same calls with a media server in the middle: Janus, as it is shipped."""

import pytest
from playwright.sync_api import expect

from tests import janus
from tests.journeys import test_the_call as direct
from tests.journeys.test_the_main_job import talks

pytestmark = pytest.mark.journey

if not janus.is_installed():
    pytest.skip(
        "JANUS IS NOT INSTALLED: larger calls were NOT tried (apt-packages.txt)",
        allow_module_level=True,
    )

LONG = direct.LONG


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with janus.a_media_server(tmp_path_factory.mktemp("janus")) as opened:
        yield opened


@pytest.fixture
def through(tmp_path_factory, server):
    """A counter whose towns have all chosen the server in the middle: a clerk is busy in none."""
    with janus.a_counter_through(server, tmp_path_factory.mktemp("counter")) as opened:
        yield opened


def carried_by(kind, *pages):
    for page in pages:
        expect(page.locator("#call")).to_have_attribute("data-media", kind, timeout=LONG)


def fresh_pictures(page):
    """Pictures go on arriving by some connection that is open now."""
    page.wait_for_function(
        """async () => {
            let frames = 0
            for (const connection of window.connections) {
                if (connection.connectionState !== 'connected') continue
                for (const report of (await connection.getStats()).values())
                    if (report.type === 'inbound-rtp') frames += report.framesDecoded ?? 0
            }
            const before = window.framesBefore ?? frames
            window.framesBefore = frames
            return frames > before
        }""",
        polling=500,
        timeout=LONG,
    )


def test_five_people_talk_and_one_shows_a_screen(through, a_page, a_browser):
    direct.test_five_people_talk_and_a_sixth_hears_why_not(through, a_page, a_browser)


def test_a_deaf_person_writes_from_the_waiting_room_to_the_end(through, a_page):
    direct.test_a_deaf_person_writes_from_the_waiting_room_to_the_end(through, a_page)


def test_a_second_window_takes_the_call_over(through, a_page):
    direct.test_a_second_window_takes_the_call_over(through, a_page)


def test_a_reload_comes_back_and_a_media_server_that_dies_is_done_without(through, server, a_page):
    citizen, clerk = a_page(390, bypass_csp=True), a_page(1280, bypass_csp=True)
    direct.a_call(through, citizen, clerk)
    for page in (citizen, clerk):
        talks(page)
    carried_by("janus", citizen, clerk)

    citizen.reload()
    for page in (citizen, clerk):
        direct.state(page, "talking")
    talks(citizen)
    carried_by("janus", citizen)

    server.close()
    server.open()
    for page in (citizen, clerk):
        fresh_pictures(page)
        direct.state(page, "talking")
    carried_by("janus", citizen, clerk)

    server.close()
    carried_by("mesh", citizen, clerk)
    for page in (citizen, clerk):
        direct.state(page, "talking")
        fresh_pictures(page)
    server.open()
    direct.hang_up(clerk)
    direct.state(citizen, "over")
