"""Every screen in every language, at every width and in every set of colours, and a page about it.

    make access

takes about half an hour on two cores. What it finds goes into `build/access/index.html`, and its
summary into `app/portal/data/access.json`, from which the statement is written.
"""

import argparse
import json
import sys
import time
from collections import Counter as Count
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from app.core.i18n import LANGUAGES
from tests.conftest import AS_MANY_AS_THEY_LIKE
from tests.journeys.access import checks
from tests.journeys.access.entrances import asked, states
from tests.journeys.access.house import House, open_house
from tests.journeys.access.walk import Walker, at_a_glance, everything, see_as
from tests.journeys.conftest import CHROMIUM, FLAGS

ROOT = Path(__file__).parents[3]
REPORT = ROOT / "build/access/index.html"
SUMMARY = ROOT / "app/portal/data/access.json"
WHOLE = (("light", 390), ("light", 1280), ("dark", 390), ("forced colours", 1080))


@dataclass
class Found:
    """What one process saw."""

    screens: set[str] = field(default_factory=set)
    looks: int = 0
    engine_runs: int = 0
    faults: list[tuple[str, str, int, str, str]] = field(default_factory=list)
    undecided: Count[str] = field(default_factory=Count)

    def add(self, other: "Found") -> None:
        self.screens |= other.screens
        self.looks += other.looks
        self.engine_runs += other.engine_runs
        self.faults += other.faults
        self.undecided += other.undecided


def look_around(langs: list[str]) -> Found:
    """Every screen in these languages."""
    found = Found()
    with (
        TemporaryDirectory(prefix="ventanilla-access-") as place,
        sync_playwright() as playwright,
        open_house(Path(place), **AS_MANY_AS_THEY_LIKE) as house,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for lang in langs:
            house.speak(lang)
            walker = Walker(house, browser)
            for name, page in _pages(house, walker, lang):
                found.screens.add(name)
                _look(found, name, lang, page)
            walker.close()
            print(f"access: {lang}: {found.looks} looks, {len(found.faults)} faults", flush=True)
        browser.close()
    return found


def _pages(house: House, walker: Walker, lang: str) -> Iterator[tuple[str, Page]]:
    for screen in [*house.screens, *asked()]:
        yield screen.name, walker.open(screen, lang, 390, statuses=(200, 404))
    for state in states():
        page = walker.fresh(390)
        state.reach(house, page, lang)
        yield state.name, page
        page.context.close()


def _look(found: Found, name: str, lang: str, page: Page) -> None:
    """At every width in every set of colours; with both engines where it may make a difference."""
    for mode in checks.MODES:
        for width in checks.WIDTHS:
            see_as(page, width, mode)
            is_whole = (mode, width) in WHOLE
            wrong = everything(page) if is_whole else at_a_glance(page)
            if mode == "reduced motion":
                wrong += checks.still(page)
            found.looks += 1
            found.engine_runs += is_whole
            found.faults += [(name, lang, width, mode, fault) for fault in wrong]
    found.undecided.update(one.rule for one in checks.undecided(page))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--languages", nargs="*", default=list(LANGUAGES))
    parser.add_argument("--processes", type=int, default=2)
    wanted = parser.parse_args()
    begun = time.monotonic()
    shares = [wanted.languages[one :: wanted.processes] for one in range(wanted.processes)]
    found = Found()
    with ProcessPoolExecutor(wanted.processes, get_context("spawn")) as pool:
        for part in pool.map(look_around, [share for share in shares if share]):
            found.add(part)
    summary = {
        "day": datetime.now(UTC).date().isoformat(),
        "screens": len(found.screens),
        "languages": len(wanted.languages),
        "widths": list(checks.WIDTHS),
        "modes": list(checks.MODES),
        "looks": found.looks,
        "engine_runs": found.engine_runs,
        "engines": ["axe-core 4.14.1", "HTML_CodeSniffer 2.5.1"],
        "faults": len(found.faults),
        "undecided": dict(sorted(found.undecided.items())),
        "minutes": round((time.monotonic() - begun) / 60, 1),
    }
    if set(wanted.languages) == set(LANGUAGES):
        SUMMARY.parent.mkdir(parents=True, exist_ok=True)
        SUMMARY.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(_page(summary, found))
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    for fault in found.faults[:200]:
        print("  ", *fault)
    return bool(found.faults)


def _page(summary: dict[str, object], found: Found) -> str:
    facts = "".join(
        f"<tr><th scope=row>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
        for name, value in summary.items()
    )
    faults = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in fault) + "</tr>"
        for fault in found.faults
    )
    screens = "".join(f"<li>{escape(name)}</li>" for name in sorted(found.screens))
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Access: every screen</title>"
        f"<h1>Every screen, for everybody</h1><table>{facts}</table>"
        f"<h2>Faults</h2><table>{faults or '<tr><td>None.</td></tr>'}</table>"
        f"<h2>Screens</h2><ol>{screens}</ol></html>"
    )


if __name__ == "__main__":
    sys.exit(main())
