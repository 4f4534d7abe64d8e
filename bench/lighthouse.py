"""What Lighthouse says of the pages that people on telephones open first."""

import argparse
import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from counter import ROOT, Counter, opened
from figures import Figure, alone, progress
from visitor import Visitor, a_waiting_room

LIGHTHOUSE = "lighthouse@12.8.2"  # the last that runs on Node 20
PLACE = ROOT / "build/lighthouse"  # with what it brings: 185 MB, five times the other tools
TOWN = "vilaclara"
RUNS = 3
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


def measure(wanted: argparse.Namespace) -> list[Figure]:
    found = []
    progress("lighthouse: installing it, the first time")
    PLACE.mkdir(parents=True, exist_ok=True)
    words = ["npm", "install", "--prefix", str(PLACE), "--no-audit", "--no-fund", LIGHTHOUSE]
    subprocess.run(words, check=True, capture_output=True, timeout=300)
    program = PLACE / "node_modules/.bin/lighthouse"
    with opened() as counter:
        for looked in pages(counter):
            progress(f"lighthouse: {looked.name}")
            runs = [report(program, counter, looked) for _ in range(RUNS)]
            found += _figures(looked, runs)
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
    """One visit, on a slow line as Lighthouse simulates it (its own defaults)."""
    cookie = "; ".join(f"{name}={value}" for name, value in looked.cookies.items())
    done = subprocess.run(
        [
            *(str(program), counter.at(TOWN, looked.path), "--output=json", "--quiet"),
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
            *([f"--extra-headers={json.dumps({'Cookie': cookie})}"] if cookie else []),
            *(["--preset=desktop"] if looked.is_large else []),
        ],
        env={**os.environ, "CHROME_PATH": "/usr/bin/chromium"},
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    found = dict(json.loads(done.stdout))
    assert urlsplit(found["finalDisplayedUrl"]).path == urlsplit(looked.path).path, "led elsewhere"
    return found


def _figures(looked: Looked, runs: list[dict[str, Any]]) -> list[Figure]:
    found, name = [], looked.name
    for category, must in MUST.items():
        if category == "seo" and not looked.is_found:
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
    for audit, (unit, must) in TIMES.items():
        value = median(run["audits"][audit]["numericValue"] for run in runs)
        found.append(Figure(f"lighthouse, {name}, {audit}", value, unit, must, samples=len(runs)))
    return found


if __name__ == "__main__":
    alone(measure, __doc__)
