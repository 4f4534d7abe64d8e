"""What a page costs, and how much of that are its questions to the register.

    .venv/bin/python bench/reads.py

Milliseconds of processor in this process, with 10,000 visits in an SQLite register; and the time of
one errand to Redis, which is what a cache there would cost instead of a question.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import redis
import sqlalchemy as sa
from figures import Figure, alone, progress
from flask import g
from growth import a_house, a_working_town, let_years_pass

from app.core.db import db
from tests import town
from tests.redis import a_redis

TIMES = 20
VISITS = 10_000
PAGES = (
    ("the first page", "/ca/"),
    ("a procedure", "/ca/procedures/padron"),
    ("times", "/ca/procedures/padron/times?channel=video"),
    ("help", "/ca/help"),
)


class Questions:
    """How many there were, and what the register worked for them."""

    def __init__(self) -> None:
        self.many, self.seconds = 0, 0.0
        sa.event.listen(db.engine, "before_cursor_execute", self._asks)
        sa.event.listen(db.engine, "after_cursor_execute", self._was_told)

    def _asks(self, connection: Any, cursor: Any, text: str, given: Any, one: Any, _: Any) -> None:
        one.begun = time.thread_time()

    def _was_told(
        self, connection: Any, cursor: Any, text: str, given: Any, one: Any, _: Any
    ) -> None:
        self.many += 1
        self.seconds += time.thread_time() - one.begun


@contextmanager
def a_line() -> Iterator[redis.Redis]:
    with (
        TemporaryDirectory(prefix="ventanilla-reads-") as name,
        a_redis(Path(name)) as server,
        redis.Redis.from_url(server.address) as line,
    ):
        yield line


def of_redis() -> Figure:
    with a_line() as line:
        line.set("page", b"x" * 2000)
        times = []
        for _ in range(500):
            begun = time.thread_time()
            line.get("page")
            times.append((time.thread_time() - begun) * 1000)
    return Figure("an errand to Redis", median(times), "ms", samples=500, note="2 kB, this side")


def measure(wanted: argparse.Namespace) -> list[Figure]:
    progress("reads: pages and their questions")
    found = [of_redis()]
    with a_house("sqlite", time.monotonic() + 300) as trial:
        place, visit = a_working_town()
        let_years_pass(visit, VISITS)
        client, base = trial.app.test_client(), town.base(place)

        def ask(path: str) -> None:
            for name in list(g):
                g.pop(name)
            assert client.get(base + path).status_code == 200

        questions = Questions()
        for name, path in PAGES:
            ask(path)
            questions.many, questions.seconds = 0, 0.0
            begun = time.thread_time()
            for _ in range(TIMES):
                ask(path)
            whole = (time.thread_time() - begun) * 1000 / TIMES
            told = questions.seconds * 1000 / TIMES
            note = f"{questions.many / TIMES:.0f} questions, {told:.2f} ms of it"
            found.append(Figure(f"{name}, whole", whole, "ms", samples=TIMES, note=note))
    return found


if __name__ == "__main__":
    alone(measure, __doc__)
