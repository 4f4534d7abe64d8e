"""Every screen in every language, at every width and in every set of colours, and a page about it.

    make access

takes about half an hour on two cores. It can be stopped, and goes on where it was; or be made in
slices, one language or some minutes at a time:

    .venv/bin/python -m tests.journeys.access.matrix --languages eu oc --minutes 8

What was seen is kept in `build/access/`, screen by screen; `--anew` forgets it first. When all is
seen, the report is `build/access/index.html`, and its summary, from which the statement is written,
`app/portal/data/access.json`.
"""

import argparse
import json
import sys
import time
from collections import Counter as Count
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from html import escape
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from app.core.i18n import LANGUAGES
from tests.counter import AS_MANY_AS_THEY_LIKE
from tests.journeys.access import checks
from tests.journeys.access.entrances import asked, states
from tests.journeys.access.house import House, open_house
from tests.journeys.access.walk import Walker, at_a_glance, everything, see_as
from tests.journeys.conftest import CHROMIUM, FLAGS

ROOT = Path(__file__).parents[3]
KEPT = ROOT / "build/access"
REPORT = KEPT / "index.html"
SUMMARY = ROOT / "app/portal/data/access.json"
# Where the engines look too: each width and each set of colours once.
WHOLE = (("light", 390), ("dark", 320), ("forced colours", 1080), ("reduced motion", 1280))


@dataclass
class Seen:
    """One screen in one language."""

    screen: str
    looks: int = 0
    engine_runs: int = 0
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    kilobytes: float = 0
    requests: int = 0


def seen_in(lang: str) -> dict[str, Seen]:
    file = KEPT / f"{lang}.jsonl"
    if not file.exists():
        return {}
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return {line["screen"]: Seen(**line) for line in lines}


def look_around(langs: list[str], until: float) -> dict[str, int]:
    """Every screen in these languages that was not seen yet; how many of each are still unseen."""
    KEPT.mkdir(parents=True, exist_ok=True)
    unseen: dict[str, int] = {}
    with (
        TemporaryDirectory(prefix="ventanilla-access-") as place,
        sync_playwright() as playwright,
        open_house(Path(place), **AS_MANY_AS_THEY_LIKE) as house,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for lang in langs:
            house.speak(lang)
            walker = Walker(house, browser)
            already = seen_in(lang)
            names = {one.name for one in (*house.screens, *asked(), *states())}
            with (KEPT / f"{lang}.jsonl").open("a") as file:
                for name, page in _pages(house, walker, lang, set(already)):
                    seen = _look(name, page)
                    seen.kilobytes, seen.requests = walker.load(page)
                    file.write(json.dumps(asdict(seen), ensure_ascii=False) + "\n")
                    file.flush()
                    if time.time() > until:
                        break
            walker.close()
            unseen[lang] = len(names - seen_in(lang).keys())
            print(f"access: {lang}: {len(names)} screens, {unseen[lang]} unseen", flush=True)
        browser.close()
    return unseen


def _pages(
    house: House, walker: Walker, lang: str, already: set[str]
) -> Iterator[tuple[str, Page]]:
    for screen in [*house.screens, *asked()]:
        if screen.name not in already:
            yield screen.name, walker.open(screen, lang, 390, statuses=(200, 404))
    for state in states():
        if state.name not in already:
            page = walker.fresh(390)
            state.reach(house, page, lang)
            yield state.name, page
            page.context.close()


def _look(name: str, page: Page) -> Seen:
    """At every width in every set of colours; with both engines where it may make a difference."""
    seen = Seen(name)
    for mode in checks.MODES:
        for width in checks.WIDTHS:
            see_as(page, width, mode)
            is_whole = (mode, width) in WHOLE
            wrong = everything(page) if is_whole else at_a_glance(page)
            if mode == "reduced motion":
                wrong += checks.still(page)
            seen.looks += 1
            seen.engine_runs += is_whole
            seen.faults += [(width, mode, fault) for fault in wrong]
    seen.undecided = sorted(set(checks.undecided(page)))
    for rule in set(seen.undecided) - checks.TRIAGED.keys():
        seen.faults.append(
            (width, mode, f"axe leaves {rule} to people: say in TRIAGED what they see")
        )
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--languages", nargs="*", default=list(LANGUAGES))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=600, help="stop after these")
    parser.add_argument("--anew", action="store_true", help="forget what was seen before")
    wanted = parser.parse_args()
    for lang in wanted.languages if wanted.anew else ():
        (KEPT / f"{lang}.jsonl").unlink(missing_ok=True)
    until = time.time() + 60 * wanted.minutes
    shares = [wanted.languages[one :: wanted.processes] for one in range(wanted.processes)]
    unseen: dict[str, int] = {}
    with ProcessPoolExecutor(wanted.processes, get_context("spawn")) as pool:
        waits = [pool.submit(look_around, share, until) for share in shares if share]
        for one in waits:
            unseen |= one.result()
    return report(unseen)


def report(unseen: dict[str, int]) -> int:
    """The page about what was seen so far; and the summary, once everything was."""
    found = {lang: seen_in(lang) for lang in LANGUAGES}
    rows = [(lang, one) for lang, screens in found.items() for one in screens.values()]
    faults = [(one.screen, lang, *fault) for lang, one in rows for fault in one.faults]
    summary: dict[str, object] = {
        "day": datetime.now(UTC).date().isoformat(),
        "screens": len({one.screen for _, one in rows}),
        "languages": len([lang for lang in found if found[lang]]),
        "widths": list(checks.WIDTHS),
        "modes": list(checks.MODES),
        "looks": sum(one.looks for _, one in rows),
        "engine_runs": sum(one.engine_runs for _, one in rows),
        "engines": ["axe-core 4.14.1", "HTML_CodeSniffer 2.5.1"],
        "faults": len(faults),
        "undecided": dict(sorted(Count(rule for _, one in rows for rule in one.undecided).items())),
    }
    is_whole = not any(unseen.values()) and all(found.values())
    if is_whole:
        SUMMARY.parent.mkdir(parents=True, exist_ok=True)
        SUMMARY.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(_page(summary, faults, found))
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    for fault in faults[:200]:
        print("  ", *fault)
    if not is_whole:
        print("Not everything was seen yet: run it again, it goes on where it was.")
    return bool(faults) or not is_whole


def _page(
    summary: dict[str, object],
    faults: list[tuple[str, str, int, str, str]],
    found: dict[str, dict[str, Seen]],
) -> str:
    facts = "".join(
        f"<tr><th scope=row>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
        for name, value in summary.items()
    )
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in fault) + "</tr>"
        for fault in faults
    )
    heads = "".join(f"<th scope=col lang={LANGUAGES[lang].html}>{lang}</th>" for lang in found)
    screens = "".join(
        f"<tr><th scope=row>{escape(name)}</th>"
        + "".join(f"<td>{_said(found[lang].get(name))}</td>" for lang in found)
        + "</tr>"
        for name in sorted({name for seen in found.values() for name in seen})
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Access: every screen</title>"
        f"<h1>Every screen, for everybody</h1><table><caption>In all</caption>{facts}</table>"
        f"<h2>Faults</h2><table>{rows or '<tr><td>None.</td></tr>'}</table>"
        f"<h2>Screens</h2><table><tr><th scope=col>Screen</th>{heads}</tr>{screens}</table></html>"
    )


def _said(seen: Seen | None) -> str:
    if seen is None:
        return "not seen"
    weight = f", {seen.kilobytes} kB in {seen.requests} requests" if seen.requests else ""
    return f"{len(seen.faults)} faults{weight}" if seen.faults else f"right{weight}"


if __name__ == "__main__":
    sys.exit(main())
