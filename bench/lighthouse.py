"""What Lighthouse says of the pages that people on telephones open first."""

import argparse
import json
import os
import subprocess
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from counter import opened
from figures import Figure, alone, progress

LIGHTHOUSE = "lighthouse@12.8.2"  # the last that runs on Node 20
TOWN = "benimar"
PAGES = {
    "home": "/va/",
    "procedure": "/va/procedures/volante",
    "times": "/va/procedures/volante/times?channel=video",
    "help": "/va/help",
    "desk, sign in": "/desk/sign-in",
}
RUNS = 3
MUST = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 95}
AIM = dict.fromkeys(MUST, 100)
NOT_FOR_SEARCH = {"desk, sign in"}  # search engines are asked to stay out of the desk
TIMES = {
    "first-contentful-paint": ("ms", 1500),
    "largest-contentful-paint": ("ms", 2000),
    "total-blocking-time": ("ms", 100),
    "cumulative-layout-shift": ("", 0.05),
}


def measure(wanted: argparse.Namespace) -> list[Figure]:
    found = []
    with TemporaryDirectory(prefix="ventanilla-bench-") as place, opened() as counter:
        progress("lighthouse: installing it")
        words = ["npm", "install", "--prefix", place, "--no-audit", "--no-fund", LIGHTHOUSE]
        subprocess.run(words, check=True, capture_output=True, timeout=180)
        program = Path(place) / "node_modules/.bin/lighthouse"
        for name, path in PAGES.items():
            progress(f"lighthouse: {name}")
            url = f"http://{TOWN}.localhost:{counter.port}{path}"
            runs = [report(program, url) for _ in range(RUNS)]
            found += _figures(name, runs)
    return found


def report(program: Path, url: str) -> dict[str, Any]:
    """One visit with a telephone on a slow line, simulated (Lighthouse's own defaults)."""
    done = subprocess.run(
        [
            *(str(program), url, "--output=json", "--quiet"),
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
        ],
        env={**os.environ, "CHROME_PATH": "/usr/bin/chromium"},
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    return dict(json.loads(done.stdout))


def _figures(name: str, runs: list[dict[str, Any]]) -> list[Figure]:
    found = []
    for category, must in MUST.items():
        if category == "seo" and name in NOT_FOR_SEARCH:
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
