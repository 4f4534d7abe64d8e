"""What recording costs: the browser that draws and encodes it, the house that takes it."""

import argparse
import os
import re
import sqlite3
import subprocess
import sys
import time

from browsers import browsers, somebody
from counter import ROOT, Counter, descendants, opened, processor_seconds_of
from figures import Figure, alone, progress
from playwright.sync_api import Browser, Page, expect

TOWN, PROCEDURE = "vilaclara", "volante"
SECONDS = 60
LONG = 60_000
SENT = "SELECT coalesce(sum(size), 0), count(*) FROM piece"
MADE = "SELECT (julianday(kept_at) - julianday(ended_at)) * 86400, duration_ms, size FROM segment"


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with opened() as counter, browsers(2) as (left, right):
        command(counter, "recordings", "rule", TOWN, PROCEDURE, "may")
        citizen, clerk = a_call(counter, left, right)
        progress("recording: a minute of the call alone")
        before = spent(counter, right, SECONDS, clerk)
        begin(citizen, clerk)
        progress("recording: a minute recorded")
        during = spent(counter, right, SECONDS, clerk)
        clerk.locator("#recorder-stop").click()
        expect(clerk.locator("#recorder")).to_have_attribute("data-state", "kept", timeout=LONG)
        return _figures(counter, before, during)


def _figures(
    counter: Counter, before: tuple[float, float], during: tuple[float, float]
) -> list[Figure]:
    with sqlite3.connect(counter.folder / "ventanilla.db") as register:
        sent, pieces = register.execute(SENT).fetchone()
        waited, duration, size = register.execute(MADE).fetchone()
    minutes = duration / 60_000
    browser, house = (
        (after - first) / SECONDS * 100 for first, after in zip(before, during, strict=True)
    )
    return [
        Figure("sent while recording", sent / minutes / 1e6, "MB a minute", samples=pieces),
        Figure("the file that plays", size / minutes / 1e6, "MB a minute", samples=1),
        Figure("browser of the clerk, above the call", browser, "% of a core", samples=1),
        Figure("the house, above the call", house, "% of a core", samples=1),
        Figure("from the end to the file", waited, "s", samples=1),
    ]


def spent(counter: Counter, browser: Browser, seconds: int, page: Page) -> tuple[float, float]:
    """Processor seconds of the clerk's browser and of the house in that time."""
    ours = [counter.process.pid, *descendants(counter.process.pid)]
    theirs = browser_processes(page)
    first = [sum(map(processor_seconds_of, pids)) for pids in (theirs, ours)]
    time.sleep(seconds)
    last = [sum(map(processor_seconds_of, pids)) for pids in (theirs, ours)]
    return last[0] - first[0], last[1] - first[1]


def browser_processes(page: Page) -> list[int]:
    """Every process of that browser: it names them itself."""
    session = page.context.browser.new_browser_cdp_session()
    told = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return [one["id"] for one in told]


def a_call(counter: Counter, left: Browser, right: Browser) -> tuple[Page, Page]:
    citizen, clerk = somebody(left).new_page(), somebody(right, 1280).new_page()
    citizen.goto(counter.at(TOWN, "/demo/"))
    citizen.locator("#demo-wait").click()
    citizen.wait_for_url("**/wait")
    code = citizen.url.split("/visits/")[1].split("/")[0]
    clerk.goto(counter.at(TOWN, "/demo/"))
    clerk.locator("#be-1").click()
    clerk.wait_for_url("**/desk/")
    clerk.locator(f"#call-{code}").click()
    citizen.locator("#call-enter").click()
    expect(clerk.locator("#call")).to_have_attribute("data-state", "talking", timeout=LONG)
    return citizen, clerk


def begin(citizen: Page, clerk: Page) -> None:
    clerk.locator("#recorder-ask").click()
    citizen.locator("#recording-yes").click()
    clerk.locator("#recorder-start").click()
    expect(clerk.locator("#beside-call")).to_have_attribute("data-take", re.compile("."))


def command(counter: Counter, *words: str) -> None:
    """`flask …` on that installation."""
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *words],
        cwd=ROOT,
        env={**os.environ, "VENTANILLA_INSTANCE": str(counter.folder), "VENTANILLA_DEMO": "true"},
        check=True,
        capture_output=True,
    )


if __name__ == "__main__":
    alone(measure, __doc__)
