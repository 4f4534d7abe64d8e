"""What Lighthouse says of the pages that people on telephones open first.

    make lighthouse                      # three runs of each page, marks and times
    make lighthouse RUNS=1 ONLY=marks    # what does not depend on how busy the machine is

Both end with a fault when a page misses what it must keep (`--hold`).
"""

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from browsers import CHROMIUM
from counter import ROOT, Counter, a_free_port, opened
from figures import Figure, progress, show
from playwright.sync_api import sync_playwright
from visitor import Visitor, a_waiting_room

LIGHTHOUSE = "lighthouse@12.8.2"  # the last that runs on Node 20
PLACE = ROOT / "build/lighthouse"  # with what it brings: 185 MB, five times the other tools
TRIES = 3
FLAGS = ["--no-sandbox", "--disable-gpu"]
TOWN = "vilaclara"
PARTS = ("marks", "times")
MUST = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 95}
AIM = dict.fromkeys(MUST, 100)
TIMES = {
    "first-contentful-paint": ("ms", 1500),
    "largest-contentful-paint": ("ms", 2000),
    "total-blocking-time": ("ms", 100),
    "cumulative-layout-shift": ("", 0.05),
}
A_PERSON = re.compile(rb"/demo/enter/(\w+)")


@dataclass(frozen=True)
class Looked:
    """A page, and as whom it is opened."""

    name: str
    path: str
    cookies: dict[str, str] = field(default_factory=dict)
    is_found: bool = True  # search engines are asked to stay out of the others
    is_large: bool = False  # a screen of a desk or of a library, not a telephone


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="PATH", help="write every figure there too")
    parser.add_argument("--runs", type=int, default=3, help="of each page (3)")
    parser.add_argument("--only", choices=PARTS, help="marks: without what a busy machine changes")
    parser.add_argument("--pages", nargs="*", help="some of them, by name")
    parser.add_argument("--hold", action="store_true", help="fail when a limit is missed")
    wanted = parser.parse_args()
    found = measure(wanted)
    show(found, wanted)
    return wanted.hold and any(figure.verdict == "MISSED" for figure in found)


def measure(wanted: argparse.Namespace) -> list[Figure]:
    found = []
    progress("lighthouse: installing it, the first time")
    PLACE.mkdir(parents=True, exist_ok=True)
    words = ["npm", "install", "--prefix", str(PLACE), "--no-audit", "--no-fund", LIGHTHOUSE]
    subprocess.run(words, check=True, capture_output=True, timeout=300)
    program = PLACE / "node_modules/.bin/lighthouse"
    with opened() as counter:
        for looked in pages(counter):
            if wanted.pages and looked.name not in wanted.pages:
                continue
            progress(f"lighthouse: {looked.name}")
            runs = [report(program, counter, looked) for _ in range(wanted.runs)]
            found += _figures(looked, runs, wanted.only)
    return found


def pages(counter: Counter) -> list[Looked]:
    citizen = Visitor(counter, TOWN)
    visit = a_waiting_room(citizen)
    return [
        Looked("home", "/ca/"),
        Looked("procedure", "/ca/procedures/volante"),
        Looked("times", "/ca/procedures/volante/times?channel=video"),
        Looked("visit", visit, is_found=False),
        Looked("kiosk, start", "/ca/kiosk/", at_a_kiosk(counter), is_found=False, is_large=True),
        Looked("desk, today", "/desk/", as_a_clerk(counter), is_found=False, is_large=True),
    ]


def at_a_kiosk(counter: Counter) -> dict[str, str]:
    visitor = Visitor(counter, TOWN)
    visitor.get("/demo/")
    visitor.get(urlsplit(visitor.post("/demo/kiosk").location).path)
    return visitor.cookies


def as_a_clerk(counter: Counter) -> dict[str, str]:
    visitor = Visitor(counter, TOWN)
    person = A_PERSON.search(visitor.get("/demo/").body)
    assert person, "the demonstration has no staff"
    visitor.post(f"/demo/enter/{person[1].decode()}")
    return visitor.cookies


def report(program: Path, counter: Counter, looked: Looked) -> dict[str, Any]:
    """One visit, on a slow line as Lighthouse simulates it (its own defaults).

    On a busy machine Lighthouse loses its browser now and then, and says so: then it tries again.
    """
    for tries_left in reversed(range(TRIES)):
        done = _visited(program, counter, looked)
        found = dict(json.loads(done.stdout or "{}"))
        broken = found.get("runtimeError", {}).get("message") or done.stderr[-2000:]
        if done.returncode == 0 and "runtimeError" not in found:
            break
        progress(f"lighthouse: {looked.name}: {broken}")
        if not tries_left:
            raise RuntimeError(f"Lighthouse broke off {TRIES} times at {looked.name}")
    assert urlsplit(found["finalDisplayedUrl"]).path == urlsplit(looked.path).path, "led elsewhere"
    return found


def _visited(program: Path, counter: Counter, looked: Looked) -> subprocess.CompletedProcess[str]:
    """A browser of its own, which has the session as a person's browser would have it."""
    port = a_free_port()
    with (
        TemporaryDirectory(prefix="ventanilla-lighthouse-") as profile,
        sync_playwright() as playing,
    ):
        browser = playing.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=[*FLAGS, f"--remote-debugging-port={port}"]
        )
        address = counter.at(TOWN, looked.path)
        browser.add_cookies(
            [
                {"name": name, "value": value, "url": address}
                for name, value in looked.cookies.items()
            ]
        )
        command = [
            *(str(program), address, "--output=json", "--quiet", f"--port={port}"),
            *(["--preset=desktop"] if looked.is_large else []),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
        browser.close()
    return done


def _figures(looked: Looked, runs: list[dict[str, Any]], only: str | None) -> list[Figure]:
    found, name = [], looked.name
    for category, must in MUST.items():
        if category == "seo" and not looked.is_found:
            continue
        if only and (category == "performance") is (only == "marks"):
            continue
        score = 100 * median(run["categories"][category]["score"] for run in runs)
        found.append(
            Figure(
                f"lighthouse, {name}, {category}",
                score,
                "",
                must,
                AIM[category],
                sign="≥",
                samples=len(runs),
            )
        )
    for audit, (unit, must) in TIMES.items() if only != "marks" else ():
        value = median(run["audits"][audit]["numericValue"] for run in runs)
        found.append(Figure(f"lighthouse, {name}, {audit}", value, unit, must, samples=len(runs)))
    return found


if __name__ == "__main__":
    sys.exit(main())
