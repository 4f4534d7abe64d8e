"""A kiosk as it is installed: the shipped policy, the launcher's own flags, and its agent."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Error, Locator, Page, Playwright, expect

from tests.counter import Counter, a_free_port
from tests.journeys.test_the_main_job import REMEMBER_CONNECTIONS, talks

pytestmark = pytest.mark.journey

KIT = Path(__file__).parents[2] / "kiosk"
POLICY = KIT / "root/usr/share/ventanilla-kiosk/policy.json"
# Only this browser sees the policy: it stands in a place of its own over /etc/chromium.
APART = """#!/bin/sh
exec unshare --mount sh -c \
  'mount --bind {folder} /etc/chromium && exec /usr/bin/chromium "$@"' sh "$@"
"""
# No window manager makes it as large as the screen, as cage does.
FOR_THE_TEST = (
    *("--no-sandbox", "--use-fake-device-for-media-stream"),
    *("--window-position=0,0", "--window-size=1080,1920"),
)
# What somebody with a keyboard would try. None of it may open anything.
KEYS = (
    *("ctrl+t", "ctrl+n", "ctrl+shift+n", "ctrl+o", "ctrl+p", "ctrl+s", "ctrl+u", "ctrl+h"),
    *("ctrl+j", "ctrl+l", "ctrl+shift+i", "F1", "F11", "F12", "alt+Left", "alt+Home", "alt+f"),
)
CLOSING = ("ctrl+w", "ctrl+shift+w", "ctrl+shift+q", "alt+F4")
# Tenths of a second. A browser that falls several times in a row rests for half a minute by itself.
PATIENCE = 900


@dataclass
class Display:
    """A screen of X, and a keyboard that somebody has plugged in."""

    process: subprocess.Popen[bytes]
    name: str

    def press(self, key: str) -> None:
        self._told("mousemove", "540", "400", "key", key)

    def everything(self) -> list[str]:
        """All that is shown: menus, bubbles and handles too."""
        return self._told("search", "--onlyvisible", "--name", ".*").split()

    def windows(self) -> list[str]:
        """The titles of what covers the screen."""
        found = []
        for one in self._told("search", "--onlyvisible", "--name", ".").split():
            size = self._told("getwindowgeometry", "--shell", one)
            if re.search(r"WIDTH=(\d+)", size) and int(re.search(r"WIDTH=(\d+)", size)[1]) > 600:
                found.append(self._told("getwindowname", one))
        return found

    def shows_only_the_town(self) -> bool:
        for _ in range(300):
            shown = self.windows()
            if len(shown) == 1 and "Vilaclara" in shown[0]:
                return True
            time.sleep(0.2)
        return False

    def _told(self, *words: str) -> str:
        here = {**os.environ, "DISPLAY": self.name}
        done = subprocess.run(["xdotool", *words], env=here, capture_output=True, check=False)
        return done.stdout.decode()


@pytest.fixture
def display() -> Iterator[Display]:
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1080x1920x24", "-nolisten", "tcp"]
    process = subprocess.Popen(words, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as told:
        name = told.readline().strip()
    yield Display(process, f":{name}")
    process.terminate()
    process.wait(20)


@dataclass
class Device:
    """A kiosk that runs: its agent, and a way into its browser for the test."""

    process: subprocess.Popen[bytes]
    port: int
    local: int
    folder: Path
    playwright: Playwright

    def profiles(self) -> list[str]:
        return [one.name for one in (self.folder / "scratch").glob("profile-*")]

    def has_one_profile(self, *, other_than: str = "") -> bool:
        for _ in range(PATIENCE):
            if len(self.profiles()) == 1 and self.profiles() != [other_than]:
                return True
            time.sleep(0.1)
        return False

    def page(self) -> Page:
        """What is on the screen now, to be looked into. Each person has another browser."""
        for _ in range(PATIENCE):
            with suppress(OSError, Error):
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/json") as answer:
                    shown = [one["url"] for one in json.load(answer) if one["type"] == "page"]
                if any(address.endswith("/kiosk/") for address in shown):
                    over = f"http://127.0.0.1:{self.port}"
                    found = self.playwright.chromium.connect_over_cdp(over).contexts[0].pages[0]
                    found.set_default_timeout(30_000)
                    found.locator("body[data-ready]").wait_for()
                    return found
            time.sleep(0.1)
        raise AssertionError((self.folder / "agent.log").read_text())

    def kill_its_browser(self) -> str:
        """Whichever runs, as a fall does. Returns the name of its profile."""
        for _ in range(PATIENCE):
            for one in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
                for number in one.read_text().split():
                    with suppress(OSError):
                        words = Path(f"/proc/{number}/cmdline").read_text()
                        if profile := re.search(r"--user-data-dir=\S*/(profile-\w+)/", words):
                            os.kill(int(number), signal.SIGKILL)
                            return profile[1]
            time.sleep(0.1)
        raise AssertionError("no browser runs")

    def shown(self) -> str:
        """What its own page says, before it is let in."""
        for _ in range(PATIENCE):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.local}/") as answer:
                    text = answer.read().decode()
                if "<strong>" in text:
                    return text.partition("<strong>")[2].partition("</strong>")[0]
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError("the device shows no code")


@dataclass
class Fingers:
    """What touches the glass. A finger that lifts may end the browser it touched."""

    page: Page

    def __post_init__(self) -> None:
        self.session = self.page.context.new_cdp_session(self.page)

    def tap(self, thing: Locator) -> None:
        self.press(*middle_of(thing), milliseconds=60)

    def press(self, x: float, y: float, *, milliseconds: float) -> None:
        self.send("touchStart", (x, y))
        time.sleep(milliseconds / 1000)
        with suppress(Error):
            self.send("touchEnd")

    def move(self, *steps: tuple[tuple[float, float], ...]) -> None:
        """Each step is where the fingers are, one or two of them."""
        self.send("touchStart", *steps[0])
        for step in steps[1:]:
            self.send("touchMove", *step)
            time.sleep(0.02)
        self.send("touchEnd")

    def send(self, kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def middle_of(thing: Locator) -> tuple[float, float]:
    thing.wait_for()
    box = thing.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def written_policy(folder: Path, origin: str, local: int, *, whole: bool) -> Path:
    """As `configure` writes it; the key that keeps out tests is left out where one drives."""
    policy = json.loads(POLICY.read_text().replace("@ORIGIN@", origin))
    policy["URLAllowlist"][-1] = f"http://127.0.0.1:{local}"
    if not whole:
        del policy["DeveloperToolsAvailability"]
    managed = folder / "etc/policies/managed"
    managed.mkdir(parents=True)
    (managed / "ventanilla.json").write_text(json.dumps(policy))
    program = folder / "chromium"
    program.write_text(APART.format(folder=folder / "etc"))
    program.chmod(0o755)
    return program


def start(
    counter: Counter, folder: Path, playwright: Playwright, display: str, *, whole: bool
) -> Device:
    """As it is shipped, on a screen of X. Where it is not whole, the test may look into it."""
    port, local, town = a_free_port(), a_free_port(), counter.at("vilaclara", "")
    program = written_policy(folder, town, local, whole=whole)
    flags = [*FOR_THE_TEST, *([] if whole else [f"--remote-debugging-port={port}"])]
    own = {
        **{"town": town, "connect_to": "127.0.0.1", "browser": str(program), "flags": flags},
        **{"scratch": str(folder / "scratch"), "state": str(folder / "state")},
        "local_port": local,
    }
    (folder / "kiosk.json").write_text(json.dumps(own))
    log = (folder / "agent.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "ventanilla_kiosk", str(folder / "kiosk.json")],
        env={**os.environ, "PYTHONPATH": str(KIT), "DISPLAY": display},
        stdout=log,
        stderr=log,
    )
    log.close()
    return Device(process, port, local, folder, playwright)


@pytest.fixture
def a_device(counter: Counter, display: Display, playwright: Playwright) -> Iterator[object]:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("ONLY ROOT PUTS A POLICY APART: the kiosk was NOT tried with it")
    started: list[Device] = []

    def make(*, whole: bool) -> Device:
        # Short: the socket of a browser in its profile has a name of 108 letters at most.
        folder = Path(tempfile.mkdtemp(prefix="kiosk-", dir="/tmp"))
        started.append(start(counter, folder, playwright, display.name, whole=whole))
        return started[-1]

    yield make
    for one in started:
        one.process.terminate()
        one.process.wait(20)
        shutil.rmtree(one.folder)


def let_in(counter: Counter, page: Page, device: Device, name: str) -> None:
    page.goto(counter.at("vilaclara", "/demo/"))
    page.get_by_role("button", name="Bernat Oriol Sala").click()
    page.wait_for_url("**/office/")
    page.goto(counter.at("vilaclara", "/office/kiosks/approve"))
    page.locator("#code").fill(device.shown())
    page.locator("#name").fill(name)
    page.locator("#approve-go").click()
    page.wait_for_url("**/office/kiosks/")


def asked(counter: Counter, question: str, *values: str) -> list[tuple[object, ...]]:
    register = sqlite3.connect(counter.folder / "ventanilla.db")
    rows = register.execute(question, values).fetchall()
    register.close()
    return rows


def until(counter: Counter, question: str, *values: str) -> list[tuple[object, ...]]:
    for _ in range(PATIENCE):
        if rows := asked(counter, question, *values):
            return rows
        time.sleep(0.1)
    raise AssertionError(question)


def test_with_the_whole_policy_no_key_leads_out_of_it(counter, a_page, a_device, display):
    """Nobody can look into this browser: what it shows stands in its window and in the register."""
    device = a_device(whole=True)
    let_in(counter, a_page(1280), device, "Sala d’actes")
    open_stay = (
        "SELECT s.code FROM kiosk_stay s JOIN kiosk k ON k.id = s.kiosk_id"
        " WHERE k.name = 'Sala d’actes' AND s.session_code != '' AND s.ended_at IS NULL"
    )
    until(counter, open_stay)
    assert display.shows_only_the_town(), display.windows()
    policy = json.loads((device.folder / "etc/policies/managed/ventanilla.json").read_text())
    assert policy["DeveloperToolsAvailability"] == 2

    [(stay,)] = until(counter, open_stay)

    for key in KEYS:
        display.press(key)
        assert display.shows_only_the_town(), (key, display.windows())
    # The keys did arrive: whoever presses one has begun.
    until(counter, f"{open_stay} AND s.begun_at IS NOT NULL AND s.code = ?", stay)
    for key in CLOSING:
        display.press(key)
        assert display.shows_only_the_town(), (key, display.windows())
        assert device.has_one_profile()

    # Whatever ends the browser: another one, another stay, and the proof of the wipe before it.
    killed = device.kill_its_browser()
    [(proof,)] = until(
        counter,
        "SELECT proof FROM kiosk_stay WHERE json_extract(proof, '$.profile') = ?",
        killed,
    )
    assert {json.loads(proof)[name] for name in ("left", "processes")} == {0}
    assert device.has_one_profile(other_than=killed)
    assert display.shows_only_the_town(), display.windows()


OWN_CAMERA = """document.querySelector('[data-part="own-video"]').srcObject.getVideoTracks()[0]"""
WATCH = """() => {
    window.menus = []
    addEventListener('contextmenu', (event) => window.menus.push(event.defaultPrevented))
}"""
LOOK = """() => ({
    scale: visualViewport.scale,
    moved: [visualViewport.offsetLeft, visualViewport.offsetTop, scrollX, scrollY],
    menus: window.menus.filter((wasRefused) => !wasRefused).length,
    chosen: String(getSelection()),
    marked: [...document.querySelectorAll('input, textarea')]
      .map((one) => one.selectionEnd - one.selectionStart).filter(Boolean).length,
})"""
STILL = {"scale": 1, "moved": [0] * 4, "menus": 0, "chosen": "", "marked": 0}


def no_gesture_does_anything(screen: Page, display: Display) -> None:
    """Pinch, long press, two taps, two fingers, and a finger that comes from each edge."""
    fingers, address, shown = Fingers(screen), screen.url, display.everything()
    size = screen.evaluate("[innerWidth, innerHeight]")
    right, bottom = size[0] - 2, size[1] - 2
    middle, centre = right / 2, bottom / 2
    screen.evaluate(WATCH)
    screen.evaluate(
        "addEventListener('touchstart', () => { window.felt = (window.felt ?? 0) + 1 })"
    )

    for apart in (range(40, 400, 40), range(400, 40, -40)):
        fingers.move(*(((middle - way, 500), (middle + way, 500)) for way in apart))
    fingers.move(*(((middle - 80, y), (middle + 80, y)) for y in range(300, 1500, 100)))
    for way in (1, -1):
        across = [(((0 if way > 0 else right) + way * far, centre),) for far in range(0, 900, 60)]
        along = [((middle, (0 if way > 0 else bottom) + way * far),) for far in range(0, 900, 60)]
        fingers.move(*across)
        fingers.move(*along)
    texts = "h1, .kiosk__town, label, .pad__input, .kiosk__address"
    for thing in screen.locator(texts).all():
        x, y = middle_of(thing)
        fingers.press(x, y, milliseconds=900)
        for _ in range(2):
            fingers.press(x, y, milliseconds=30)

    assert screen.evaluate("window.felt") > 8, "nothing felt those fingers"
    found = screen.evaluate(LOOK)
    assert found == STILL, (address, size, found)
    assert screen.url == address
    assert display.everything() == shown


def test_one_touch_a_call_and_nothing_left(counter, a_page, a_device, display):
    """The journey of whoever comes into the library: nobody is asked anything on the way."""
    device = a_device(whole=False)
    office, clerk = a_page(1280), a_page(1280)
    let_in(counter, office, device, "Sala de lectura")
    clerk.add_init_script(REMEMBER_CONNECTIONS)
    clerk.goto(counter.at("vilaclara", "/demo/"))
    clerk.get_by_role("button", name="Yasmina El Idrissi Roca").click()
    clerk.wait_for_url("**/desk/")
    screen = device.page()

    # No other address opens, of whatever kind.
    here = screen.url
    for other in (
        *(
            counter.at("etxalde"),
            counter.at("vilaclara", "/ca/"),
            counter.at("vilaclara", "/demo/"),
        ),
        *("file:///etc/passwd", f"view-source:{here}", f"http://127.0.0.1:{counter.port}/"),
    ):
        with (
            screen.expect_event("framenavigated"),  # the page that says so, in its place
            pytest.raises(Error, match="ERR_BLOCKED_BY_ADMINISTRATOR"),
        ):
            screen.goto(other)

    # Fingers do what keys on the screen say, and nothing else.
    for path in ("/ca/kiosk/phone", "/ca/kiosk/appointment/number", "/ca/kiosk/"):
        screen.goto(counter.at("vilaclara", path))
        screen.locator("body[data-ready]").wait_for()
        if "number" in path:  # they leave it half typed
            screen.locator(".pad[data-ready]").wait_for()
            for digit in "123":
                Fingers(screen).tap(screen.locator(f"#digit-{digit}"))
            expect(screen.locator(".pad__input")).to_have_value("123")
        no_gesture_does_anything(screen, display)

    # One touch.
    screen.add_init_script(REMEMBER_CONNECTIONS)
    Fingers(screen).tap(screen.locator("#door-now"))
    screen.wait_for_url("**/kiosk/call")
    asks = "(name) => navigator.permissions.query({ name }).then(({ state }) => state)"
    names = ("camera", "microphone", "geolocation")
    assert [screen.evaluate(asks, one) for one in names] == ["granted", "granted", "denied"]
    [(visit, stay)] = until(
        counter,
        "SELECT v.code, s.code FROM visit v JOIN kiosk_stay s ON s.visit_id = v.id"
        " JOIN kiosk k ON k.id = s.kiosk_id"
        " WHERE k.name = 'Sala de lectura' AND s.ended_at IS NULL AND v.phone = ''"
        " ORDER BY s.id DESC LIMIT 1",
    )
    clerk.locator(f"#call-{visit}").click()
    clerk.wait_for_url("**/desk/visits/*")
    expect(screen.locator("#call")).to_have_attribute("data-state", "ringing", timeout=30_000)
    Fingers(screen).tap(screen.locator("#call-enter"))
    for page in (screen, clerk):
        expect(page.locator("#call")).to_have_attribute("data-state", "talking", timeout=30_000)
        talks(page)

    # Somebody pulls the camera out: both go on with the voice, and it comes back by itself.
    screen.evaluate(f"{OWN_CAMERA}.dispatchEvent(new Event('ended'))")
    expect(screen.locator('[data-part="trouble"]')).to_contain_text("Sense càmera")
    expect(screen.locator('[data-part="trouble"]')).to_contain_text("biblioteca")
    screen.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    expect(screen.locator('[data-part="trouble"]')).to_be_hidden()

    # The clerk ends it; what is asked then is whether a paper was left behind.
    clerk.locator("#outcome").fill("Hem enviat el volant.")
    clerk.locator("#next_steps").fill("Res més.")
    clerk.locator("#outcome-save").click()
    screen.wait_for_url("**/kiosk/after*")
    expect(screen.locator("main")).to_contain_text("Res més.")
    Fingers(screen).tap(screen.locator("#after-finish"))
    screen.wait_for_url("**/kiosk/papers")
    expect(screen.locator("h1")).to_have_text("Heu recollit els papers?")
    before, [profile] = screen.context.cookies(), device.profiles()
    Fingers(screen).tap(screen.locator("#papers-taken"))

    # Another browser on another folder, which holds nothing of them; the device has proved it.
    [(proof,)] = until(
        counter, "SELECT proof FROM kiosk_stay WHERE code = ? AND wiped_at IS NOT NULL", stay
    )
    told = json.loads(proof)
    assert (told["profile"], told["left"], told["processes"]) == (profile, 0, 0)
    screen = device.page()
    expect(screen.locator("#door-now")).to_be_visible()
    assert device.has_one_profile(other_than=profile)
    values = {one["value"] for one in before if len(one["value"]) > 2}  # a language may return
    assert values, "there was nothing to be wiped"
    assert not values & {one["value"] for one in screen.context.cookies()}
    assert screen.evaluate("localStorage.length + sessionStorage.length") == 0
    assert screen.evaluate("indexedDB.databases().then((found) => found.length)") == 0
    past = screen.context.new_cdp_session(screen).send("Page.getNavigationHistory")["entries"]
    assert {one["url"] for one in past} <= {here, counter.at("vilaclara", "/kiosk/")}
    for file in (device.folder / "scratch").rglob("*"):
        with suppress(OSError):
            assert visit.encode() not in (file.read_bytes() if file.is_file() else b"")
    screen.goto(counter.at("vilaclara", "/ca/kiosk/appointment/number"))
    expect(screen.locator(".pad__input")).to_have_value("")
    office.goto(counter.at("vilaclara", "/office/kiosks/"))
    expect(office.locator("#fleet")).to_contain_text("Sala de lectura")
