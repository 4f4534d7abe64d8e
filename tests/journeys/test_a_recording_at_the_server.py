"""A part of a call is recorded by the media server, with a pause; the file says what was."""

import sqlite3

import pytest
from playwright.sync_api import expect

from tests import janus
from tests.journeys import test_a_recording as recording
from tests.journeys.test_the_call import a_call, hang_up

pytestmark = pytest.mark.journey

if not janus.is_installed():
    pytest.skip(
        "JANUS IS NOT INSTALLED: recording at the server was NOT tried (apt-packages.txt)",
        allow_module_level=True,
    )

LONG = recording.LONG
CITIZEN, CLERK = recording.CITIZEN, recording.CLERK


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with janus.a_media_server(tmp_path_factory.mktemp("janus")) as opened:
        yield opened


@pytest.fixture(scope="module")
def writing(tmp_path_factory, server):
    """A counter whose media server may write down what goes through it."""
    folder = tmp_path_factory.mktemp("counter")
    settings = {"JANUS_RECORDINGS": str(server.recordings)}
    with janus.a_counter_through(server, folder, **settings) as opened:
        with sqlite3.connect(folder / "ventanilla.db") as register:
            register.execute("UPDATE procedure SET recording = 'may'")
        yield opened


def test_a_part_is_recorded_by_the_server_with_a_pause(writing, server, a_page, tmp_path):
    voices = [recording.a_voice(tmp_path / f"{hertz}.wav", hertz) for hertz in (CITIZEN, CLERK)]
    citizen = a_page(flags=(voices[0],), bypass_csp=True, locale="gl-ES")
    clerk = a_page(1280, flags=(voices[1],), bypass_csp=True, locale="gl-ES")
    code = a_call(writing, citizen, clerk, recording.PLACE)
    assert not list(server.recordings.glob("*"))  # nobody has been asked

    recording.watch_the_recorder(clerk)
    recording.begin(citizen, clerk)
    citizen.locator("#call-write").click()
    citizen.locator("#call-pen").fill("Visc al carrer Nou\n")
    clerk.wait_for_timeout(5_000)
    clerk.locator("#recorder-card").click()
    for page in (citizen, clerk):
        recording.badge(page, "paused")
    clerk.wait_for_timeout(4_000)
    clerk.locator("#recorder-on").click()
    recording.badge(clerk, "recording")
    clerk.wait_for_timeout(6_000)
    clerk.locator("#recorder-stop").click()
    recording.badge(citizen, "closing")
    recorded = recording.recorded_for(clerk)
    expect(clerk.locator("#recorder")).to_have_attribute("data-state", "kept", timeout=2 * LONG)
    hang_up(clerk)
    assert not list(server.recordings.glob("*"))

    film = recording.the_film(writing, clerk, code)
    (tmp_path / "film.webm").write_bytes(film)
    told = recording.probe(film)
    assert [one["codec_name"] for one in told["streams"]] == ["vp8", "opus", "webvtt"]
    assert abs(float(told["format"]["duration"]) - recorded) < 1.5
    [(quiet, loud)] = recording.silences(film)
    for hertz in (CITIZEN, CLERK):
        assert recording.voice(film, hertz, 0, quiet) > -45
        assert recording.voice(film, hertz, loud, recorded) > -45
    text = recording.ffmpeg(film, "-map", "0:s", "-f", "webvtt", "-")
    assert "Visc al carrer Nou" in text
