"""Every screen in every language, at every width and in every set of colours, and a page about it.

    make access

looks at what changed since all of it was last seen (`made_of.py`): nothing in a few seconds, one
template in a minute or two, every screen in about half an hour on two cores. It can be stopped,
and goes on where it was; or be made in slices, one language or some minutes at a time:

    .venv/bin/python -m tests.journeys.access.matrix --languages eu oc --minutes 8

What was seen is kept in `build/access/`, screen by screen; what had a fault is looked at again,
and `--anew` forgets everything first. The report is `build/access/index.html`. Once all is seen
without a fault, `seen.json` says what it was made of, for the next time, and
`app/portal/data/access.json` sums it up: the statement is written from it. Both are committed.
"""

import argparse
import json
import sys
import time
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
from tests.journeys.access import checks, made_of
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
    made_of: str  # the sum of it
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    kilobytes: float = 0
    requests: int = 0


Sums = dict[str, dict[str, str]]  # of each screen, by language and name


def seen_in(lang: str) -> dict[str, Seen]:
    file = KEPT / f"{lang}.jsonl"
    if not file.exists():
        return {}
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return {line["screen"]: Seen(**line) for line in lines}


def what_there_is(found: made_of.Sums) -> tuple[Sums, Sums]:
    """The sums of all screens as they are, and as they were when last seen whole."""
    before, known = made_of.last_seen()
    now: Sums = {lang: {} for lang in LANGUAGES}
    then: Sums = {lang: {} for lang in LANGUAGES}
    with (
        TemporaryDirectory(prefix="ventanilla-access-") as place,
        open_house(Path(place), **AS_MANY_AS_THEY_LIKE) as house,
    ):
        for name, pieces in _made_of(house, found):
            for lang in LANGUAGES:
                parts = made_of.in_language(pieces, lang)
                now[lang][name] = made_of.sum_of(parts, found)
                if name in known:
                    then[lang][name] = made_of.sum_of(parts, before)
    return now, then


def _made_of(house: House, found: made_of.Sums) -> Iterator[tuple[str, frozenset[str]]]:
    for screen in [*house.screens, *asked()]:
        yield screen.name, made_of.of_screen(house.app, house.things, screen)
    for state in states():
        yield state.name, made_of.everything(found)


def look_around(left: Sums, until: float, share: int, shares: int) -> None:
    """This share of every screen that is still to be looked at.

    Each language has a house of its own: what is handed from a kiosk to a telephone is soon over.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for lang, sums in left.items():
            with (
                TemporaryDirectory(prefix="ventanilla-access-") as place,
                open_house(Path(place), **AS_MANY_AS_THEY_LIKE) as house,
            ):
                house.speak(lang)
                walker = Walker(house, browser)
                wanted = [way for way in ways(house, walker, lang) if way[0] in sums]
                with (KEPT / f"{lang}.jsonl").open("a") as file:
                    for name, opened in wanted[share::shares]:
                        if time.time() > until:
                            break
                        if seen := _look_once(name, sums[name], opened, walker):
                            file.write(json.dumps(asdict(seen), ensure_ascii=False) + "\n")
                            file.flush()
                walker.close()
            print(f"access: {lang}: {len(wanted[share::shares])} screens", flush=True)
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


def _look_once(name: str, what: str, opened: Callable[[], Opened], walker: Walker) -> Seen | None:
    """None when it could not be opened: it stays unseen, and the next run tries again."""
    try:
        with opened() as page:
            seen = _look(Seen(name, what), page)
            seen.kilobytes, seen.requests = walker.load(page)
            return seen
    except (Error, AssertionError) as why:
        print(f"access: {name}: not seen: {str(why).splitlines()[0]}", flush=True)
        return None


def _look(seen: Seen, page: Page) -> Seen:
    """At every width in every set of colours; with both engines where it may make a difference."""
    for mode in checks.MODES:
        for width in checks.WIDTHS:
            see_as(page, width, mode)
            is_whole = (mode, width) in WHOLE
            wrong = everything(page) if is_whole else at_a_glance(page)
            if mode == "reduced motion":
                wrong += checks.still(page)
            seen.faults += [(width, mode, fault) for fault in wrong]
    seen.undecided = sorted(set(checks.undecided(page)))
    for rule in set(seen.undecided) - checks.TRIAGED.keys():
        seen.faults.append(
            (width, mode, f"axe leaves {rule} to people: say in TRIAGED what they see")
        )
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--languages", nargs="*", choices=LANGUAGES, default=list(LANGUAGES))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=600, help="stop after these")
    parser.add_argument("--anew", action="store_true", help="forget what was seen before")
    wanted = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    found = made_of.sums()
    now, then = what_there_is(found)
    if wanted.anew:
        then = {lang: {} for lang in LANGUAGES}
    for lang in wanted.languages:
        forget(lang, {} if wanted.anew else now[lang])
    left = still_to_see(now, then)
    count = sum(len(left[lang]) for lang in wanted.languages)
    print(f"access: {count} screens to look at, of {len(now) * len(now['es'])}", flush=True)
    if count:
        until, shares = time.time() + 60 * wanted.minutes, wanted.processes
        asked_for = {lang: left[lang] for lang in wanted.languages if left[lang]}
        with ProcessPoolExecutor(shares, get_context("spawn")) as pool:
            waits = [
                pool.submit(look_around, asked_for, until, share, shares) for share in range(shares)
            ]
            for one in waits:
                one.result()
    return report(found, now, then, still_to_see(now, then))


def still_to_see(now: Sums, then: Sums) -> Sums:
    """What is not as it was when it was last seen whole, and was not looked at since."""
    return {
        lang: {
            name: one
            for name, one in sums.items()
            if one not in (then[lang].get(name), _sum_seen(seen, name))
        }
        for lang, sums in now.items()
        for seen in [seen_in(lang)]
    }


def _sum_seen(seen: dict[str, Seen], name: str) -> str | None:
    return seen[name].made_of if name in seen else None


def forget(lang: str, now: dict[str, str]) -> None:
    """What had a fault is looked at again, for somebody may have mended it; and what changed."""
    right = [
        one
        for one in seen_in(lang).values()
        if not one.faults and one.made_of == now.get(one.screen)
    ]
    lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in right)
    (KEPT / f"{lang}.jsonl").write_text("".join(lines))


def report(found: made_of.Sums, now: Sums, then: Sums, left: Sums) -> int:
    """The page about what was seen here; and once all of it was, without a fault, what is kept."""
    here = {lang: seen_in(lang) for lang in LANGUAGES}
    rows = [(lang, one) for lang, screens in here.items() for one in screens.values()]
    faults = [(one.screen, lang, *fault) for lang, one in rows for fault in one.faults]
    unseen = sum(len(names) for names in left.values())
    names = set[str]().union(*now.values())
    looks = len(checks.WIDTHS) * len(checks.MODES)
    summary: dict[str, object] = {
        "day": datetime.now(UTC).date().isoformat(),
        "screens": len(names),
        "languages": len(now),
        "widths": list(checks.WIDTHS),
        "modes": list(checks.MODES),
        "looks": (len(names) * len(now) - unseen) * looks,
        "engine_runs": (len(names) * len(now) - unseen) * len(WHOLE),
        "engines": ["axe-core 4.14.1", "HTML_CodeSniffer 2.5.1"],
        "faults": len(faults),
        "left_to_people": checks.TRIAGED,
    }
    if then != now and not (unseen or faults):
        SUMMARY.parent.mkdir(parents=True, exist_ok=True)
        SUMMARY.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
        made_of.keep(found, names)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(_page(summary, faults, here, left))
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    for fault in faults[:200]:
        print("  ", *fault)
    if unseen:
        print(f"{unseen} screens are still to be looked at: run it again, it goes on where it was.")
    return bool(faults or unseen)


def _page(
    summary: dict[str, object],
    faults: list[tuple[str, str, int, str, str]],
    found: dict[str, dict[str, Seen]],
    left: Sums,
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
        + "".join(f"<td>{_said(found[lang].get(name), name in left[lang])}</td>" for lang in found)
        + "</tr>"
        for name in sorted(
            {name for part in (found, left) for one in part.values() for name in one}
        )
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Access: every screen</title>"
        f"<h1>Every screen, for everybody</h1><table><caption>In all</caption>{facts}</table>"
        f"<h2>Faults</h2><table>{rows or '<tr><td>None.</td></tr>'}</table>"
        f"<h2>Screens</h2><table><tr><th scope=col>Screen</th>{heads}</tr>{screens}</table></html>"
    )


def _said(seen: Seen | None, is_left: bool) -> str:
    if seen is None:
        return "not seen" if is_left else "as before"
    weight = f", {seen.kilobytes} kB in {seen.requests} requests" if seen.requests else ""
    return f"{len(seen.faults)} faults{weight}" if seen.faults else f"right{weight}"


if __name__ == "__main__":
    sys.exit(main())
