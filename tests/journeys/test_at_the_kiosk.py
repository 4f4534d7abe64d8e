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
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from tests.counter import Counter, a_free_port

pytestmark = pytest.mark.journey

KIT = Path(__file__).parents[2] / "kiosk"
POLICY = KIT / "root/usr/share/ventanilla-kiosk/policy.json"
# Only this browser sees the policy: it stands in a place of its own over /etc/chromium.
APART = """#!/bin/sh
exec unshare --mount sh -c \
  'mount --bind {folder} /etc/chromium && exec /usr/bin/chromium "$@"' sh "$@"
"""
FOR_THE_TEST = ("--no-sandbox", "--use-fake-device-for-media-stream")
# What somebody with a keyboard would try. None of it may open anything.
KEYS = (
    *("ctrl+t", "ctrl+n", "ctrl+shift+n", "ctrl+o", "ctrl+p", "ctrl+s", "ctrl+u", "ctrl+h"),
    *("ctrl+j", "ctrl+l", "ctrl+shift+i", "F1", "F11", "F12", "alt+Left", "alt+Home", "alt+f"),
)
CLOSING = ("ctrl+w", "ctrl+shift+w", "ctrl+shift+q", "alt+F4")


@dataclass
class Display:
    """A screen of X, and a keyboard that somebody has plugged in."""

    process: subprocess.Popen[bytes]
    name: str

    def press(self, key: str) -> None:
        self._told("mousemove", "540", "400", "key", key)

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

    def browser_process(self) -> int:
        """The first of its processes: the agent started it."""
        for one in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            for number in one.read_text().split():
                if b"--user-data-dir" in Path(f"/proc/{number}/cmdline").read_bytes():
                    return int(number)
        raise AssertionError("no browser runs")

    def shown(self) -> str:
        """What its own page says, before it is let in."""
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.local}/") as answer:
                    text = answer.read().decode()
                if "<strong>" in text:
                    return text.partition("<strong>")[2].partition("</strong>")[0]
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError("the device shows no code")


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


def start(counter: Counter, folder: Path, playwright: Playwright, display: str = "") -> Device:
    """On a screen of X it is as it is shipped. Without one, the test may look into its browser."""
    whole = bool(display)
    port, local, town = a_free_port(), a_free_port(), counter.at("vilaclara", "")
    program = written_policy(folder, town, local, whole=whole)
    for_a_look = ["--headless=new", f"--remote-debugging-port={port}"]
    flags = [*FOR_THE_TEST, *([] if whole else for_a_look)]
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
def a_device(counter: Counter, playwright: Playwright) -> Iterator[object]:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("ONLY ROOT PUTS A POLICY APART: the kiosk was NOT tried with it")
    started: list[Device] = []

    def make(display: str = "") -> Device:
        # Short: the socket of a browser in its profile has a name of 108 letters at most.
        folder = Path(tempfile.mkdtemp(prefix="kiosk-", dir="/tmp"))
        started.append(start(counter, folder, playwright, display))
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
    for _ in range(200):
        if rows := asked(counter, question, *values):
            return rows
        time.sleep(0.1)
    raise AssertionError(question)


def test_with_the_whole_policy_no_key_leads_out_of_it(counter, a_page, a_device, display):
    """Nobody can look into this browser: what it shows stands in its window and in the register."""
    device = a_device(display.name)
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
        assert len(device.profiles()) == 1

    # Whatever ends the browser: another one, another stay, and the proof of the wipe before it.
    before = device.profiles()
    [(stay,)] = until(counter, open_stay)
    os.kill(device.browser_process(), signal.SIGKILL)
    until(counter, f"{open_stay} AND s.code != ?", stay)
    assert display.shows_only_the_town(), display.windows()
    assert len(device.profiles()) == 1
    assert device.profiles() != before
    [(proof,)] = asked(counter, "SELECT proof FROM kiosk_stay WHERE code = ?", stay)
    assert {json.loads(proof)[name] for name in ("left", "processes")} == {0}
