"""How cost grows: with the visits of a town, with the towns of a house, with the people who wait.

    .venv/bin/python bench/growth.py --visits 1000 10000 100000 1000000 --towns 1 10 100 500

draws `bench/curves/*.svg`. Pages are asked for in this process, one after the other, so that what
is measured is the work and not the queue: the processor's milliseconds, of this process and of the
register's own, which hardly depend on who else is busy. The note has the time that passed.
`--registers postgresql` asks that one alone. What there was no time for is said to be not measured.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from counter import descendants, processor_seconds_of
from curves import Curve, draw
from figures import Figure, keep, machine, progress, table
from flask import Flask, g
from flask_migrate import upgrade
from schedule_house import ROOT

from app import create_app
from app.booking import services as booking
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db, transaction
from app.core.upkeep.jobs import know_the_sizes
from app.queue import services as queue
from app.towns.models import Town
from app.towns.tenant import speak_for, town_of
from tests import postgres, town

CURVES = ROOT / "bench/curves"
TIMES = 9
PLACE = "growth"


@dataclass(frozen=True)
class Cost:
    """Milliseconds of one asking: what the processors worked, and what passed."""

    worked: float
    passed: float


@dataclass
class Trial:
    """Sizes that grow one after the other, as long as there is time."""

    app: Flask
    register: postgres.Server | None
    end: float
    found: dict[str, list[tuple[int, Cost | None]]]

    def grown(
        self,
        sizes: Sequence[int],
        grow: Callable[[int], None],
        measured: Callable[[], dict[str, Cost]],
    ) -> None:
        """To grow takes as much longer as the size is larger; to ask takes what it took."""
        growing, asking = 0.0, 0.0  # seconds for each, and seconds of all askings
        for size in sizes:
            begun = time.monotonic()
            if begun + growing * size + asking > self.end:
                for points in self.found.values():
                    points.append((size, None))
                continue
            grow(size)
            grown = time.monotonic()
            growing = (grown - begun) / size
            progress(f"growth: {size} after {grown - begun:.0f} s")
            for name, cost in measured().items():
                self.found.setdefault(name, []).append((size, cost))
            asking = time.monotonic() - grown

    def cost(self, act: Callable[[], object]) -> Cost:
        """The first asking builds what the others find, and does not count."""
        act()
        times, before = [], self._worked()
        for _ in range(TIMES):
            begun = time.perf_counter()
            act()
            times.append((time.perf_counter() - begun) * 1000)
        return Cost((self._worked() - before) * 1000 / TIMES, median(times))

    def _worked(self) -> float:
        """Of this process and of the register's, which stay as long as we do."""
        worked = time.process_time()
        if self.register:
            for pid in descendants(self.register.process.pid):
                with suppress(OSError):
                    worked += processor_seconds_of(pid)
        return worked


@contextmanager
def a_house(kind: str, end: float) -> Iterator[Trial]:
    with TemporaryDirectory(prefix="ventanilla-growth-") as name:
        server = postgres.Server() if kind == "postgresql" else None
        address = server.address if server else f"sqlite:///{name}/ventanilla.db"
        made = create_app(
            TESTING=True,
            INSTANCE=name,
            SECRET_KEY="a key that only the measurements know",  # noqa: S106 - it guards nothing
            SMS_PROVIDER="memory",
            DATABASE_URL=address,
            WRITES_PER_MINUTE=1_000_000,
        )
        with made.app_context():
            upgrade()
            yield Trial(made, server, end, {})
            speak_for(None)
            db.session.remove()
            db.engine.dispose()
        if server:
            server.end()


def a_working_town(slug: str = PLACE) -> tuple[Town, Visit]:
    """One with a desk and five clerks; and a visit of which the past is made."""
    place = town.a_town(slug, early_minutes=60 * 24 * 30)
    offered = town.a_procedure()
    for number in range(5):
        town.a_clerk(offered, name=f"Clerk {number}")
    visit = town.a_visit(town.a_wish(place, offered), town.tomorrow_at(9))
    db.session.commit()
    return place, visit


def let_years_pass(visit: Visit, until: int) -> None:
    """Copies of that visit, served on days gone by, until the town has had so many."""
    there = db.session.scalar(sa.select(sa.func.count()).select_from(Visit)) or 0
    numbers = sa.select(sa.literal(there).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < until - 1))
    sqlite = db.engine.dialect.name == "sqlite"
    told = sa.cast(numbers.c.n, sa.String)
    ago = clock.now() - timedelta(days=1)
    changed = {
        "code": sa.literal("g") + told,
        "form_token": sa.literal("growth-") + told,
        "status": sa.literal("served"),
        "phone": sa.literal("+346") + told,
        "starts_at": sa.func.datetime(ago.strftime("%F %T"), sa.literal("-") + told + " minutes")
        if sqlite
        else sa.literal(ago) - numbers.c.n * sa.text("interval '1 minute'"),
    }
    changed["ends_at"] = changed["starts_at"]
    table = Visit.__table__
    unique = {
        column.name
        for index in (*table.indexes, *table.constraints)
        if getattr(index, "unique", False) or isinstance(index, sa.UniqueConstraint)
        for column in index.columns
    }
    names = [
        column.name
        for column in table.columns
        if column.name != "id"
        and (column.name not in unique or column.name in changed or not column.nullable)
    ]
    values = [changed.get(name, table.c[name]) for name in names]
    rows = (
        sa.select(*values).select_from(table.join(numbers, sa.true())).where(table.c.id == visit.id)
    )
    with transaction():
        db.session.execute(sa.insert(table).from_select(names, rows))
        if not sqlite:  # PostgreSQL does it by itself
            db.session.execute(sa.text("ANALYZE"))
        know_the_sizes()  # as the worker of a house does, for a file


def of_everything(trial: Trial, place: Town) -> dict[str, Cost]:
    """What people and clerks ask most."""
    app = trial.app
    client, base = app.test_client(), town.base(place)
    clerk = app.test_client()
    offered = town.the_procedure("padron")
    staff = town.a_clerk(offered, name="Measured")
    db.session.commit()
    town.enter(clerk, staff)
    wish = town.a_wish(place, offered)
    number = iter(range(100))

    def page(of: object, path: str) -> Callable[[], None]:
        def ask() -> None:
            for name in list(g):  # one context is open all the time, and must remember nobody
                g.pop(name)
            answer = of.get(base + path)  # type: ignore[attr-defined]
            assert answer.status_code == 200, (path, answer.status_code)

        return ask

    def book() -> None:
        with transaction():
            count = next(number)
            at = town.tomorrow_at(10) + timedelta(days=count // 12 + 1, minutes=20 * (count % 12))
            booking.book(town.a_hold(wish, at, f"+34611000{count:03d}"))

    return {
        "home": trial.cost(page(client, "/ca/")),
        "times": trial.cost(page(client, "/ca/procedures/padron/times?channel=video")),
        "the day at the desk": trial.cost(page(clerk, "/desk/")),
        "a booking": trial.cost(book),
    }


def with_visits(trial: Trial, sizes: Sequence[int]) -> None:
    place, visit = a_working_town()
    trial.grown(sizes, lambda size: let_years_pass(visit, size), lambda: _asked(trial, place))


def with_towns(trial: Trial, sizes: Sequence[int]) -> None:
    place, _ = a_working_town()
    made = iter(range(1, 10_000))

    def grow(size: int) -> None:
        while (db.session.scalar(sa.select(sa.func.count()).select_from(Town)) or 0) < size:
            a_working_town(f"town-{next(made)}")
            db.session.expunge_all()
        speak_for(place.id)

    trial.grown(sizes, grow, lambda: _asked(trial, db.session.merge(place)))


def _asked(trial: Trial, place: Town) -> dict[str, Cost]:
    with town_of(place.id):
        return of_everything(trial, place)


def with_waiting(trial: Trial, sizes: Sequence[int]) -> None:
    """What a tick of the waiting room costs, however many are in it."""
    place, _ = a_working_town()
    wish = town.a_wish(place, town.the_procedure("padron"))
    came = iter(range(1_000_000))

    def grow(size: int) -> None:
        waiting = sa.select(sa.func.count(Visit.id)).where(Visit.status == Status.WAITING)
        while (db.session.scalar(waiting) or 0) < size:
            count = next(came)
            at = town.tomorrow_at(8) + timedelta(days=1 + count // 60, minutes=10 * (count % 60))
            with transaction():
                queue.arrive(town.a_visit(wish, at, f"+3462{count:07d}"))

    def tick() -> None:
        with transaction():
            queue.tell_waits(place)

    trial.grown(sizes, grow, lambda: {"waits told again": trial.cost(tick)})


def figures(what: str, kind: str, trial: Trial) -> list[Figure]:
    return [
        Figure(
            f"{name}, {size:,.0f} {what}, {kind}",
            cost and cost.worked,
            "ms",
            samples=TIMES if cost else 0,
            note=f"{cost.passed:.0f} ms passed" if cost else "there was no time for it",
        )
        for name, points in trial.found.items()
        for size, cost in points
    ]


def curves(trial: Trial) -> list[Curve]:
    return [
        Curve(name, [(size, cost.worked) for size, cost in points if cost])
        for name, points in trial.found.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--visits", type=int, nargs="*", default=[1_000, 10_000, 100_000, 1_000_000]
    )
    parser.add_argument("--towns", type=int, nargs="*", default=[1, 10, 100, 500])
    parser.add_argument("--waiting", type=int, nargs="*", default=[10, 50, 100, 200])
    parser.add_argument("--registers", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--curves", type=Path, default=CURVES)
    parser.add_argument("--minutes", type=float, default=6, help="of all of it, at most (6)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write every figure there too")
    wanted = parser.parse_args()
    rows: list[Figure] = []
    parts = [
        (kind, what, sizes, measure)
        for kind in wanted.registers
        for what, sizes, measure in (
            ("waiting", wanted.waiting, with_waiting),
            ("towns", wanted.towns, with_towns),
            ("visits", wanted.visits, with_visits),
        )
        if sizes
    ]
    end = time.monotonic() + wanted.minutes * 60
    for number, (kind, what, sizes, measure) in enumerate(parts):
        share = (end - time.monotonic()) / (len(parts) - number)
        with a_house(kind, time.monotonic() + share) as trial:
            measure(trial, sizes)
        title = f"Milliseconds of processor by {what}, {kind}, {machine()['cores']} cores"
        draw(wanted.curves / f"{what}-{kind}.svg", title, what, "ms", curves(trial))
        rows += figures(what, kind, trial)
    print(table(rows))
    if wanted.json:
        keep(wanted.json, rows)


if __name__ == "__main__":
    main()
