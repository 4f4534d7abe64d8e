"""Every screen in every language, at every width and in every set of colours, and a page about it.

    make access

takes about half an hour on two cores. It can be stopped, and goes on where it was; or be made in
slices, one language or some minutes at a time:

    .venv/bin/python -m tests.journeys.access.matrix --languages eu oc --minutes 8

What was seen is kept in `build/access/`, screen by screen; what had a fault is looked at again,
and `--anew` forgets everything first. The report is `build/access/index.html`; once all is seen,
its summary, from which the statement is written, `app/portal/data/access.json`.
"""

import argparse
import json
import sys
import time
from collections import Counter as Count
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from html import escape
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Error, Page, sync_playwright

from app.core.i18n import LANGUAGES
from tests.counter import AS_MANY_AS_THEY_LIKE
from tests.journeys.access import checks
from tests.journeys.access.entrances import State, asked, states
from tests.journeys.access.house import House, open_house
from tests.journeys.access.walk import Walker, at_a_glance, everything, see_as
from tests.journeys.conftest import CHROMIUM, FLAGS
from tests.screens import Screen

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


def look_around(langs: list[str], until: float, share: int, shares: int) -> None:
    """This share of every screen in these languages that was not seen yet.

    Each language has a house of its own: what is handed from a kiosk to a telephone is soon over.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for lang in langs:
            with (
                TemporaryDirectory(prefix="ventanilla-access-") as place,
                open_house(Path(place), **AS_MANY_AS_THEY_LIKE) as house,
            ):
                house.speak(lang)
                walker, already = Walker(house, browser), seen_in(lang)
                with (KEPT / f"{lang}.jsonl").open("a") as file:
                    for name, opened in list(ways(house, walker, lang))[share::shares]:
                        if name in already or time.time() > until:
                            continue
                        if seen := _look_once(name, opened, walker):
                            file.write(json.dumps(asdict(seen), ensure_ascii=False) + "\n")
                            file.flush()
                walker.close()
                (KEPT / "screens.json").write_text(json.dumps(names_of(house)))
            print(f"access: {lang}: {len(seen_in(lang))} screens", flush=True)
        browser.close()


Opened = AbstractContextManager[Page]


def ways(house: House, walker: Walker, lang: str) -> Iterator[tuple[str, Callable[[], Opened]]]:
    """The name of each screen and how to be there."""

    def by_address(screen: Screen) -> Opened:
        return nullcontext(walker.open(screen, lang, 390, statuses=(200, 404)))

    @contextmanager
    def on_the_way(state: State) -> Iterator[Page]:
        page = walker.fresh(390)
        try:
            state.reach(house, page, lang)
            yield page
        finally:
            page.context.close()

    for screen in [*house.screens, *asked()]:
        yield screen.name, partial(by_address, screen)
    for state in states():
        yield state.name, partial(on_the_way, state)


def names_of(house: House) -> list[str]:
    return [one.name for one in (*house.screens, *asked(), *states())]


def _look_once(name: str, opened: Callable[[], Opened], walker: Walker) -> Seen | None:
    """None when it could not be opened: it stays unseen, and the next run tries again."""
    try:
        with opened() as page:
            seen = _look(name, page)
            seen.kilobytes, seen.requests = walker.load(page)
            return seen
    except (Error, AssertionError) as why:
        print(f"access: {name}: not seen: {str(why).splitlines()[0]}", flush=True)
        return None


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
    KEPT.mkdir(parents=True, exist_ok=True)
    for lang in wanted.languages:
        forget(lang, all_of_it=wanted.anew)
    until, shares = time.time() + 60 * wanted.minutes, wanted.processes
    with ProcessPoolExecutor(shares, get_context("spawn")) as pool:
        waits = [
            pool.submit(look_around, wanted.languages, until, share, shares)
            for share in range(shares)
        ]
        for one in waits:
            one.result()
    return report(json.loads((KEPT / "screens.json").read_text()))


def forget(lang: str, *, all_of_it: bool) -> None:
    """What had a fault is looked at again, for somebody may have mended it."""
    right = [one for one in seen_in(lang).values() if not (one.faults or all_of_it)]
    lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in right)
    (KEPT / f"{lang}.jsonl").write_text("".join(lines))


def report(names: list[str]) -> int:
    """The page about what was seen so far; and the summary, once everything was."""
    found = {
        lang: {name: one for name, one in seen_in(lang).items() if name in names}
        for lang in LANGUAGES
    }
    unseen = sum(len(set(names) - screens.keys()) for screens in found.values())
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
    if not unseen:
        SUMMARY.parent.mkdir(parents=True, exist_ok=True)
        SUMMARY.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(_page(summary, faults, found))
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    for fault in faults[:200]:
        print("  ", *fault)
    if unseen:
        print(f"{unseen} looks are still to be taken: run it again, it goes on where it was.")
    return bool(faults or unseen)


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
