"""A kiosk as it is installed: the shipped policy, the launcher's own flags, and its agent."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from app.core.i18n import LANGUAGES
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
FOR_THE_TEST = ("--headless=new", "--no-sandbox", "--use-fake-device-for-media-stream")


@dataclass
class Device:
    """A kiosk that runs: its agent, and a way into its browser for the test."""

    process: subprocess.Popen[bytes]
    port: int
    local: int
    folder: Path
    playwright: Playwright
    browser: Browser | None = None

    def page(self) -> Page:
        """The page on the screen now. Each person has another browser."""
        for _ in range(150):
            try:
                address = f"http://127.0.0.1:{self.port}"
                self.browser = self.playwright.chromium.connect_over_cdp(address, timeout=5_000)
                found = [one for one in self.browser.contexts[0].pages if "/kiosk/" in one.url]
                if found:
                    found[0].set_default_timeout(20_000)
                    return found[0]
                self.browser.close()
            except Exception:
                time.sleep(0.1)
            time.sleep(0.1)
        raise AssertionError((self.folder / "agent.log").read_text())

    def profiles(self) -> list[str]:
        return [one.name for one in (self.folder / "scratch").glob("profile-*")]

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


def written_policy(folder: Path, origin: str, *, whole: bool) -> Path:
    """As `configure` writes it; the key that keeps out tests is left out where one drives."""
    policy = json.loads(POLICY.read_text().replace("@ORIGIN@", origin))
    if not whole:
        del policy["DeveloperToolsAvailability"]
    managed = folder / "etc/policies/managed"
    managed.mkdir(parents=True)
    (managed / "ventanilla.json").write_text(json.dumps(policy))
    program = folder / "chromium"
    program.write_text(APART.format(folder=folder / "etc"))
    program.chmod(0o755)
    return program


def start(counter: Counter, folder: Path, playwright: Playwright, *, whole: bool) -> Device:
    port, local, town = a_free_port(), a_free_port(), counter.at("vilaclara", "")
    program = written_policy(folder, town, whole=whole)
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
        env={**os.environ, "PYTHONPATH": str(KIT)},
        stdout=log,
        stderr=log,
    )
    log.close()
    return Device(process, port, local, folder, playwright)


@pytest.fixture
def a_device(counter: Counter, playwright: Playwright, tmp_path: Path) -> Iterator[object]:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("ONLY ROOT PUTS A POLICY APART: the kiosk was NOT tried with it")
    started: list[Device] = []

    def make(*, whole: bool = False) -> Device:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(start(counter, folder, playwright, whole=whole))
        return started[-1]

    yield make
    for one in started:
        one.process.terminate()
        one.process.wait(20)


def let_in(counter: Counter, page: Page, device: Device, name: str) -> None:
    page.goto(counter.at("vilaclara", "/demo/"))
    page.get_by_role("button", name="Bernat Oriol Sala").click()
    page.wait_for_url("**/office/")
    page.goto(counter.at("vilaclara", "/office/kiosks/approve"))
    page.locator("#code").fill(device.shown())
    page.locator("#name").fill(name)
    page.locator("#approve-go").click()
    page.wait_for_url("**/office/kiosks/")


def asked(counter: Counter, question: str) -> list[tuple[object, ...]]:
    register = sqlite3.connect(counter.folder / "ventanilla.db")
    rows = register.execute(question).fetchall()
    register.close()
    return rows


def until(counter: Counter, question: str) -> list[tuple[object, ...]]:
    for _ in range(200):
        if rows := asked(counter, question):
            return rows
        time.sleep(0.1)
    raise AssertionError(question)


def test_one_touch_a_call_and_nothing_left(counter, a_page, a_device):
    office, clerk = a_page(1280), a_page(1280)
    device = a_device()
    let_in(counter, office, device, "Sala de lectura")
    screen = device.page()

    # The policy: camera and microphone without a question, and no other way out.
    asks = "(name) => navigator.permissions.query({ name }).then(({ state }) => state)"
    assert [screen.evaluate(asks, name) for name in ("camera", "microphone")] == ["granted"] * 2
    assert screen.evaluate(asks, "geolocation") == "denied"
    start_page = screen.url
    for other in (
        *(
            counter.at("etxalde"),
            counter.at("vilaclara", "/ca/"),
            counter.at("vilaclara", "/demo/"),
        ),
        *("file:///etc/passwd", "chrome://settings", f"view-source:{start_page}"),
        f"http://127.0.0.1:{counter.port}/",
    ):
        with pytest.raises(Exception, match="ERR_|interrupted"):
            screen.goto(other)
    screen = device.page() if "/kiosk/" in screen.url else screen
    screen.goto(start_page)

    # One touch.
    clerk.goto(counter.at("vilaclara", "/demo/"))
    clerk.locator("#be-1").click()
    clerk.wait_for_url("**/desk/")
    screen.add_init_script(REMEMBER_CONNECTIONS)
    clerk.add_init_script(REMEMBER_CONNECTIONS)
    screen.locator("#door-now").click()
    screen.wait_for_url("**/kiosk/call")
    row = until(
        counter,
        "SELECT code, phone FROM visit WHERE code IN (SELECT v.code FROM visit v"
        " JOIN kiosk_stay s ON s.visit_id = v.id WHERE s.ended_at IS NULL)",
    )
    assert row[0][1] == ""
    clerk.reload()
    clerk.locator(f"#call-{row[0][0]}").click()
    clerk.wait_for_url("**/desk/visits/*")
    expect(screen.locator("#call")).to_have_attribute("data-state", "ringing")
    screen.locator("#call-enter").click()
    for page in (screen, clerk):
        expect(page.locator("#call")).to_have_attribute("data-state", "talking")
        talks(page)

    # The clerk does something at the kiosk.
    clerk.locator("#remote-louder").click()
    expect(screen.locator("#volume")).to_have_text("80")
    clerk.locator("#remote-page").select_option("office")
    clerk.locator("#remote-show").click()
    expect(screen.locator("#page-shown")).to_be_visible()
    clerk.locator("#remote-hide").click()
    expect(screen.locator("#shown")).to_be_hidden()

    # The end: other cookies, no storage, no history, another folder.
    before, profiles = screen.context.cookies(), device.profiles()
    assert len(profiles) == 1
    screen.locator("#finish").click()
    screen.wait_for_url("**/kiosk/papers")
    screen.locator("#papers-taken").click()
    proof = until(
        counter, "SELECT proof FROM kiosk_stay WHERE wiped_at IS NOT NULL AND begun_at IS NOT NULL"
    )
    assert {json.loads(proof[0][0])[name] for name in ("left", "processes")} == {0}
    screen = device.page()
    expect(screen.locator("#door-now")).to_be_visible()
    assert device.profiles() != profiles
    assert len(device.profiles()) == 1
    names = {(one["name"], one["value"]) for one in before}
    assert not names & {(one["name"], one["value"]) for one in screen.context.cookies()}
    assert screen.evaluate("localStorage.length + sessionStorage.length") == 0
    assert screen.evaluate("indexedDB.databases().then((found) => found.length)") == 0
    screen.evaluate("history.back()")
    screen.wait_for_timeout(500)
    expect(screen.locator("#door-now")).to_be_visible()
    office.goto(counter.at("vilaclara", "/office/kiosks/"))
    expect(office.locator("#fleet")).to_contain_text("Sala de lectura")


def test_with_the_whole_policy_it_starts_and_belongs_to_the_town(counter, a_page, a_device):
    """Nobody can look into this browser: what it shows, the register knows."""
    device = a_device(whole=True)
    let_in(counter, a_page(1280), device, "Sala d’actes")

    found = until(
        counter,
        "SELECT s.session_code FROM kiosk_stay s JOIN kiosk k ON k.id = s.kiosk_id"
        " WHERE k.name = 'Sala d’actes' AND s.session_code != '' AND s.ended_at IS NULL",
    )

    assert len(found) == 1
    policy = json.loads((device.folder / "etc/policies/managed/ventanilla.json").read_text())
    assert policy["DeveloperToolsAvailability"] == 2
    assert len(policy["URLAllowlist"]) == len(LANGUAGES) + 2
