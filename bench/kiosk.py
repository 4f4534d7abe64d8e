"""A kiosk: from a touch to the clerk's screen, the wipe, the silence of a device, and the bytes."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request

from browsers import browsers, somebody
from counter import Counter, a_free_port, opened
from figures import Figure, alone, progress, quantile
from pages import Wire, load
from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "kiosk"))

from ventanilla_kiosk import browser as device  # noqa: E402 - after the path of the kit
from ventanilla_kiosk import settings  # noqa: E402

TOWN = "vilaclara"
TOUCHES, WIPES = 12, 8
RING_MUST, RING_AIM = 3_000, 1_000  # milliseconds
WIPE_MUST, WIPE_AIM = 3_000, 1_000
PAGE_KILOBYTES = (60, 40)
AUDIO_KILOBYTES = 60
HEARTBEAT = 30
# When the clerk's page shows somebody new, on the clock that both browsers share.
WATCH = """
() => {
  const known = new Set([...document.querySelectorAll('[id^="row-"]')].map(({ id }) => id))
  window.seenAt = 0
  new MutationObserver(() => {
    const isNew = [...document.querySelectorAll('[id^="row-"]')].some(({ id }) => !known.has(id))
    if (isNew && !window.seenAt) window.seenAt = Date.now()
  }).observe(document.body, { childList: true, subtree: true })
}
"""
TOUCH = """
() => { window.name = String(Date.now()); document.getElementById('door-now').click() }
"""


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with opened(KIOSK_HEARTBEAT_SECONDS=str(HEARTBEAT)) as counter:
        progress("kiosk: silence of a device")
        silence = Silence(counter)
        progress("kiosk: what it says, rendered")
        found = of_audio(counter)
        with browsers(2) as (screen, desk):
            progress("kiosk: bytes of the start page")
            found += of_the_start_page(counter, somebody(screen, 1080).new_page())
            progress(f"kiosk: {TOUCHES} touches")
            pages = somebody(screen, 1080).new_page(), somebody(desk, 1280).new_page()
            found += of_a_touch(counter, *pages)
        progress(f"kiosk: {WIPES} wipes")
        found += of_the_wipe(counter)
        progress("kiosk: waiting for the alarm")
        return [*found, *silence.figures()]


def stand_there(counter: Counter, page: Page) -> None:
    page.goto(counter.at(TOWN, "/demo/"))
    page.locator("#demo-kiosk").click()
    page.wait_for_url("**/kiosk/")


def of_the_start_page(counter: Counter, page: Page) -> list[Figure]:
    """As the browser of each new person receives it, with an empty cache."""
    stand_there(counter, page)
    fresh = page.context.browser
    assert fresh is not None
    context = fresh.new_context(storage_state=page.context.storage_state())
    wire: Wire = load(context.new_page(), counter, "/ca/kiosk/")
    context.close()
    return [
        Figure(
            "start page, all bytes", wire.kilobytes(), "kB", *PAGE_KILOBYTES, note=wire.by_kind()
        )
    ]


def of_audio(counter: Counter) -> list[Figure]:
    begun = time.perf_counter()
    environment = {"VENTANILLA_INSTANCE": str(counter.folder), "VENTANILLA_DEMO": "true"}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "kiosks", "speak"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - begun
    sizes = [file.stat().st_size / 1000 for file in (counter.folder / "spoken").glob("*.opus")]
    said = ", ".join(done.stdout.split("\n")).strip(", ")
    return [
        Figure("audio, all clips", sum(sizes) / 1000, "MB", samples=len(sizes), note=said),
        Figure("audio, one clip p50", quantile(sizes, 0.5), "kB", samples=len(sizes)),
        Figure("audio, largest clip", max(sizes), "kB", AUDIO_KILOBYTES, samples=len(sizes)),
        Figure("audio, rendering all", seconds, "s"),
    ]


def _seen(clerk: Page) -> int:
    """When the clerk's page showed them; asked from here, because the page evaluates nothing."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if at := clerk.evaluate("window.seenAt"):
            return int(at)
        clerk.wait_for_timeout(20)
    raise AssertionError("nobody came to the clerk's page")


def of_a_touch(counter: Counter, screen: Page, clerk: Page) -> list[Figure]:
    """From the touch on the first door until the clerk's page shows the person who touched."""
    stand_there(counter, screen)
    clerk.goto(counter.at(TOWN, "/demo/"))
    clerk.locator("#be-1").click()
    clerk.wait_for_url("**/desk/")
    spoken = sum(
        len(urllib.request.urlopen(Request(address, headers=host)).read())
        for address, host in _clips(counter, screen)
    )
    times = []
    for _ in range(TOUCHES):
        clerk.evaluate(WATCH)
        screen.evaluate(TOUCH)
        screen.wait_for_url("**/kiosk/call")
        times.append(_seen(clerk) - int(screen.evaluate("window.name")))
        screen.locator("#finish").click()
        screen.locator("#papers-taken").click()
        screen.wait_for_url("**/kiosk/")
        clerk.reload()
    return [
        Figure("audio of the start page", spoken / 1000, "kB", AUDIO_KILOBYTES),
        Figure(
            "touch to the clerk p50",
            quantile(times, 0.5),
            "ms",
            RING_MUST,
            RING_AIM,
            samples=len(times),
        ),
        Figure(
            "touch to the clerk p95", quantile(times, 0.95), "ms", RING_MUST, samples=len(times)
        ),
    ]


def _clips(counter: Counter, screen: Page) -> Iterator[tuple[str, dict[str, str]]]:
    said = screen.locator("body").get_attribute("data-clips") or ""
    for path in said.split():
        host = {"Host": f"{TOWN}.localhost:{counter.port}"}
        yield f"http://127.0.0.1:{counter.port}{path}", host


def of_the_wipe(counter: Counter) -> list[Figure]:
    """A browser as the agent opens it, ended with all that it left, and until it shows a page."""
    wipes, starts = [], []
    with tempfile.TemporaryDirectory(prefix="kiosk-") as place:
        for _ in range(WIPES):
            port = a_free_port()
            own = settings.Settings(
                town=counter.at(TOWN, ""),
                scratch=place,
                flags=("--headless=new", "--no-sandbox", f"--remote-debugging-port={port}"),
            )
            begun = time.perf_counter()
            running = device.open_browser(own, counter.at(TOWN, "/ca/"), "stay")
            _until_it_shows(port)
            starts.append((time.perf_counter() - begun) * 1000)
            proof = device.wipe(running)
            assert (proof["left"], proof["processes"]) == (0, 0), proof
            wipes.append(proof["seconds"] * 1000)
    return [
        Figure("wipe p50", quantile(wipes, 0.5), "ms", WIPE_MUST, WIPE_AIM, samples=len(wipes)),
        Figure("wipe, slowest", max(wipes), "ms", WIPE_MUST, samples=len(wipes)),
        Figure(
            "a new browser shows its page p50", quantile(starts, 0.5), "ms", samples=len(starts)
        ),
    ]


def _until_it_shows(port: int) -> None:
    for _ in range(1200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
                if any("Vilaclara" in one["title"] for one in json.load(answer)):
                    return
        except OSError:
            pass
        time.sleep(0.025)
    raise AssertionError("the browser shows nothing")


class Silence:
    """A device that is heard once and then no more, beside everything else."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.key = _let_in(counter)
        _ask(counter, "heartbeat", {}, self.key)
        self.heard_at = time.time()

    def figures(self) -> list[Figure]:
        question = "SELECT count(*) FROM kiosk WHERE silent_at IS NOT NULL AND name = 'Silent'"
        while not self.counter.number(question):
            time.sleep(0.2)
        when = "SELECT strftime('%s', silent_at) FROM kiosk WHERE name = 'Silent'"
        seconds = self.counter.number(when) - self.heard_at
        most = 3 * HEARTBEAT + 15
        return [
            Figure(
                "silence until the alarm",
                seconds,
                "s",
                most,
                note=f"a heartbeat each {HEARTBEAT} s",
            )
        ]


def _let_in(counter: Counter) -> str:
    """Through everybody's doors: the device asks, and somebody of the town types its code."""
    asked = _ask(counter, "enrol", {"version": "bench"})
    with browsers(1) as (browser,):
        page = somebody(browser, 1280).new_page()
        page.goto(counter.at(TOWN, "/demo/"))
        page.get_by_role("button", name=re.compile("Bernat")).click()
        page.wait_for_url("**/office/")
        page.goto(counter.at(TOWN, "/office/kiosks/approve"))
        page.locator("#code").fill(asked["user_code"])
        page.locator("#name").fill("Silent")
        page.locator("#approve-go").click()
        page.wait_for_url("**/office/kiosks/")
    return str(_ask(counter, "key", {"device_code": asked["device_code"]})["key"])


def _ask(counter: Counter, what: str, said: dict[str, str], key: str = "") -> dict[str, str]:
    request = Request(
        f"http://127.0.0.1:{counter.port}/kiosk/device/{what}",
        data=json.dumps(said).encode(),
        headers={
            "Host": f"{TOWN}.localhost:{counter.port}",
            "Content-Type": "application/json",
            **({"Authorization": f"Bearer {key}"} if key else {}),
        },
    )
    with urllib.request.urlopen(request) as answer:
        found: dict[str, str] = json.load(answer)
        return found


if __name__ == "__main__":
    alone(measure, __doc__)
