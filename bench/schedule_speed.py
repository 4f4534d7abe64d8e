"""Speed of the pages that look for a time, in a town with many rules and a full agenda."""

import argparse
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from counter import Counter, opened
from figures import Figure, alone, progress
from flask import Flask
from schedule_house import house
from schedule_load import CLERKS, HORIZON, RULES, SCARCE, TOWN, USUAL, VISITS, fill
from speed import PEOPLE, WARM_UP, Run
from storm import of_many_times
from visitor import Visitor

from app.booking import queries as booking
from app.core import clock
from app.core.db import transaction
from app.schedule import queries as schedule
from app.towns import queries as towns
from app.towns.tenant import town_of

SECONDS = 4.0
MOST_REQUESTS = 60  # of each person
MUST_SHOW_A_MONTH, MUST_FIND_THE_FIRST = 200, 300
MOST_STATEMENTS = 10
A_MONTH = 30  # days
FRAGMENT = {"HX-Request": "true"}


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with TemporaryDirectory(prefix="ventanilla-bench-") as place:
        folder = Path(place)
        progress(f"speed: a town with {CLERKS} clerks, {RULES} rules and {VISITS} visits to come")
        with house(folder) as app:
            with app.app_context(), transaction():
                fill()
            found = _of_statements(app)
        with opened(folder) as counter:
            found = _of_pages(counter) + found
            found += [replace(one, name=f"loaded, {one.name}") for one in of_many_times(counter)]
    return found


def _of_pages(counter: Counter) -> list[Figure]:
    progress("speed: the machine")
    live = _run(counter, "/health/live", {}, PEOPLE)
    note = f"p50 {live.p50:.0f} ms · load {os.getloadavg()[0]:.1f}"
    found = [
        Figure("loaded, /health/live, p95", live.p95, "ms", samples=len(live.times), note=note)
    ]
    for name, (path, headers, must) in _pages().items():
        progress(f"speed: {name}")
        by_oneself = _run(counter, path, headers, people=1)
        run = _run(counter, path, headers, PEOPLE)
        note = (
            f"p50 {run.p50:.0f} ms · {run.rate:.0f}/s · {run.work:.1f} ms of processor each"
            f" · one person p50 {by_oneself.p50:.0f} ms"
        )
        label = f"loaded, {name}, p95"
        found.append(Figure(label, run.p95, "ms", must, samples=len(run.times), note=note))
    return found


Page = tuple[str, dict[str, str], float]  # address, headers, the most milliseconds it may take


def _pages() -> dict[str, Page]:
    times = {slug: f"/ca/procedures/{slug}/times" for slug in (USUAL, SCARCE)}
    another = f"{times[USUAL]}?channel=video&day={_day(20)}"
    return {
        "month": (times[USUAL], {}, MUST_SHOW_A_MONTH),
        "month, scarce": (times[SCARCE], {}, MUST_SHOW_A_MONTH),
        "another day": (another, FRAGMENT, MUST_SHOW_A_MONTH),
        "procedure": (f"/ca/procedures/{USUAL}", {}, MUST_FIND_THE_FIRST),
        "procedure, scarce": (f"/ca/procedures/{SCARCE}", {}, MUST_FIND_THE_FIRST),
    }


def _run(counter: Counter, path: str, headers: dict[str, str], people: int) -> Run:
    """Whenever one is answered somebody else asks, until time or requests are over.

    Each on a connection of their own, which whoever of the workers is idle takes; connections
    that are kept may all be one worker's, and then the other has nothing to do.
    """
    together = threading.Barrier(people + 1)
    times: list[float] = []

    def ask_again_and_again() -> None:
        for _ in range(WARM_UP):
            _ask(counter, path, headers)
        together.wait()
        end = time.perf_counter() + SECONDS
        for _ in range(MOST_REQUESTS):
            times.append(_ask(counter, path, headers))
            if time.perf_counter() > end:
                return

    threads = [threading.Thread(target=ask_again_and_again) for _ in range(people)]
    for thread in threads:
        thread.start()
    together.wait()
    begun, work = time.perf_counter(), counter.processor_seconds()
    for thread in threads:
        thread.join()
    lasted, work = time.perf_counter() - begun, counter.processor_seconds() - work
    return Run(times, len(times) / lasted, work * 1000 / len(times))


def _ask(counter: Counter, path: str, headers: dict[str, str]) -> float:
    """Milliseconds until it is answered."""
    begun = time.perf_counter()
    visitor = Visitor(counter, TOWN)
    answer = visitor.get(path, **headers)
    lasted = (time.perf_counter() - begun) * 1000
    visitor.connection.close()
    assert answer.status == 200, f"{path} answered {answer.status}"
    return lasted


def _of_statements(app: Flask) -> list[Figure]:
    """What each page asks the register; and the search alone, over one day and over thirty."""
    found = []
    for name, (path, headers, _) in _pages().items():
        count = _statements(lambda path=path, headers=headers: _open(app, path, headers))
        found.append(Figure(f"loaded, {name}, statements", count, "", MOST_STATEMENTS, samples=2))
    first = _day(1)
    for slug in (USUAL, SCARCE):
        one, many = (
            _statements(lambda slug=slug, count=count: _search(app, slug, first, count))
            for count in (1, A_MONTH)
        )
        found.append(
            Figure(
                f"loaded, {slug}, statements of a month more than of a day",
                many - one,
                "",
                0,
                sign="=",
                samples=2,
                note=f"1 day {one} · {A_MONTH} days {many}",
            )
        )
    return found


def _statements(ask: Callable[[], None]) -> int:
    """The more of two askings: of a house that has just opened, and of one that knows its way."""
    counts = []
    for _ in range(2):
        with _listening() as sent:
            ask()
        counts.append(len(sent))
    return max(counts)


@contextmanager
def _listening() -> Iterator[list[str]]:
    sent: list[str] = []

    def remember(connection, cursor, statement, parameters, context, executemany):  # type: ignore[no-untyped-def]
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", remember)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", remember)


def _open(app: Flask, path: str, headers: dict[str, str]) -> None:
    answer = app.test_client().get(path, base_url=f"http://{TOWN}.localhost", headers=headers)
    assert answer.status_code == 200, f"{path} answered {answer.status_code}"


def _search(app: Flask, slug: str, first: date, count: int) -> None:
    with app.test_request_context(base_url=f"http://{TOWN}.localhost"):
        town = towns.town_of_host(f"{TOWN}.localhost")
        assert town
        with town_of(town.id):
            wish = booking.wish_for(town, towns.procedure_or_404(slug), "video", "eu")
            assert wish
            schedule.free_times(wish, first, first + timedelta(days=count - 1))


def _day(ahead: int) -> date:
    assert ahead <= HORIZON
    return clock.now().date() + timedelta(days=ahead)


if __name__ == "__main__":
    alone(measure, __doc__)
