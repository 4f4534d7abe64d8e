"""A busy day on one machine: people read, people book, people wait, and people write in calls.

    .venv/bin/python bench/load.py --many 2000 --calls 200 --seconds 20 --processes 1 2 4

Everybody lives in this process and in gevent, as the server does: a person who waits costs a few
kilobytes and no thread. (Locust is made of the same gevent, but has a person hold one request at a
time; a person who waits holds a stream all day.) The register is SQLite and then PostgreSQL with
Redis, each with as many web processes as were asked for: first at the pace of a busy day, which has
limits, then as fast as it goes, which says how much there is to spare. All of it ends in
`--minutes`: what there was no time for is said to be not measured.
"""

from gevent import monkey

monkey.patch_all()

import argparse
import json
import random
import sys
import time
from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import gevent
from counter import ROOT, Counter, opened
from figures import Figure, keep, progress, quantile, table
from gevent import socket
from visitor import Visitor

sys.path.insert(0, str(ROOT))  # the house is served from its folder, never installed

from app import create_app
from app.booking.forms import written_start
from app.core.db import db, transaction
from app.queue import services as queue
from app.towns.tenant import every_town, speak_for
from tests import postgres, town
from tests.redis import a_redis

READERS, SHARE_OF_BOOKINGS = 32, 0.05
AT_THE_DOOR = 100
PLACE = "load"
CLERKS_WHO_ARE_BOOKED = 40
PATIENCE = 30.0  # of whoever asks something
AT_MOST_BEFORE = 90.0  # seconds, for everybody who waits to have come in


@dataclass(frozen=True)
class Pace:
    """Seconds between the pages of one reader, and between the letters of one call."""

    name: str
    page: float
    letter: float


BUSY = Pace("a busy day", 1.6, 5.0)  # 20 pages a second, and with 200 calls 40 letters
FLAT_OUT = Pace("flat out", 0.05, 1.0)


@dataclass
class Heard:
    """Milliseconds by what was asked, and how often it went wrong."""

    times: dict[str, list[float]] = field(default_factory=dict)
    statuses: Tally[str] = field(default_factory=Tally)

    def note(self, what: str, status: int, begun: float) -> None:
        self.times.setdefault(what, []).append((time.perf_counter() - begun) * 1000)
        self.statuses[f"{what} {status}"] += 1

    @property
    def failed(self) -> int:
        return sum(
            count for told, count in self.statuses.items() if int(told.rpartition(" ")[2]) >= 500
        )


class Waiting:
    """Somebody with a live connection, who reads whatever comes."""

    def __init__(self, counter: Counter, path: str) -> None:
        self.line = socket.create_connection(("127.0.0.1", counter.port), timeout=PATIENCE)
        host = f"{PLACE}.localhost:{counter.port}"
        self.line.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert b"200" in self.line.recv(4096).split(b"\r\n", 1)[0]
        self.line.settimeout(None)
        self.is_there = True
        self.job = gevent.spawn(self._listen)

    def _listen(self) -> None:
        try:
            while self.line.recv(65536):
                pass
        except OSError:
            pass
        self.is_there = False


def prepared(folder: Path, register: str, calls: int) -> tuple[list[str], str]:
    """A town with visits in progress, for the calls, and one that is waited with."""
    made = create_app(
        INSTANCE=str(folder), DATABASE_URL=register, SMS_PROVIDER="memory", TESTING=True
    )
    with made.app_context(), every_town(), transaction():
        place = town.a_town(PLACE, early_minutes=60 * 24 * 30)
        offered = town.a_procedure()
        wish, codes = None, []
        for number in range(calls + 1):
            clerk = town.a_clerk(offered, name=f"Clerk {number}")
            wish = wish or town.a_wish(place, offered)
            at = town.tomorrow_at(9)
            visit = town.a_visit(wish, at, f"+3470{number:07d}")
            queue.arrive(visit)
            if number < calls:
                queue.call(clerk, visit)
            codes.append(visit.code)
            db.session.commit()
        for number in range(CLERKS_WHO_ARE_BOOKED):
            town.a_clerk(offered, name=f"Free {number}")
        db.session.commit()
        speak_for(None)
        db.session.remove()
        db.engine.dispose()
    return codes[:-1], codes[-1]


def read(counter: Counter, heard: Heard, pace: Pace, until: float, number: int) -> None:
    """95 pages of a hundred are read; five are a booking."""
    chance, turn = random.Random(f"{pace.name} {number}"), 0
    gevent.sleep(number / READERS * pace.page)
    visitor = Visitor(counter, PLACE)
    times = "/ca/procedures/padron/times?channel=video"
    while time.perf_counter() < until:
        turn += 1
        begun = time.perf_counter()
        try:
            if chance.random() < SHARE_OF_BOOKINGS:
                book(counter, heard, chance, number * 10_000 + turn)
            else:
                answer = visitor.get(chance.choice(("/ca/", times, "/ca/help")))
                heard.note("page", answer.status, begun)
        except OSError:
            heard.note("page", 599, begun)
            visitor = Visitor(counter, PLACE)
        gevent.sleep(max(0.0, pace.page - (time.perf_counter() - begun)))


def book(counter: Counter, heard: Heard, chance: random.Random, number: int) -> None:
    visitor = Visitor(counter, PLACE)
    at = town.tomorrow_at(8) + timedelta(
        days=chance.randrange(20), minutes=20 * chance.randrange(30)
    )
    path = f"/ca/visits/new?procedure=padron&channel=video&starts={written_start(at)}"
    if visitor.get(path).status != 200 or not visitor.form_token:
        return
    begun = time.perf_counter()
    answer = visitor.post(path, token=visitor.form_token, phone=f"6{number:08d}", name="Load")
    heard.note("booking", answer.status, begun)
    visitor.connection.close()


def in_the_call(counter: Counter, code: str) -> Visitor:
    """Somebody whose call has begun: their page is there."""
    visitor = Visitor(counter, PLACE)
    visitor.get(f"/ca/visits/{code}/wait")
    return visitor


def write(
    counter: Counter, heard: Heard, pace: Pace, until: float, visitor: Visitor, code: str
) -> None:
    """Letters of somebody in a call: each is a signal that the other side receives at once."""
    chance = random.Random(f"{pace.name} {code}")
    gevent.sleep(chance.random() * pace.letter)
    window, turn = f"{chance.randrange(10**16):016d}", 0
    kind = {"Content-Type": "application/json", "X-CSRFToken": visitor.page_token}
    while time.perf_counter() < until:
        turn += 1
        begun = time.perf_counter()
        body = json.dumps({"window": window, "seq": turn, "text": "a"})
        try:
            answer = visitor._ask("POST", f"/ca/visits/{code}/room/text", body, kind)
            heard.note("letter", answer.status, begun)
        except OSError:
            heard.note("letter", 599, begun)
            visitor.connection.close()  # it opens again by itself
        gevent.sleep(max(0.0, pace.letter - (time.perf_counter() - begun)))


def come_in(counter: Counter, own: str, many: int) -> list[Waiting]:
    """Everybody who waits, a hundred at a time, or as many as the time allows."""
    crowd: list[Waiting] = []
    until = time.perf_counter() + AT_MOST_BEFORE
    path = f"/ca/visits/{own}/room/stream"
    while len(crowd) < many and time.perf_counter() < until:
        at_the_door = min(AT_THE_DOOR, many - len(crowd))
        some = [gevent.spawn(Waiting, counter, path) for _ in range(at_the_door)]
        gevent.joinall(some, timeout=PATIENCE)
        came = [one.value for one in some if one.value]
        if not came:
            break
        crowd += came
    return crowd


def of_load(
    name: str, counter: Counter, wanted: argparse.Namespace, codes: list[str], own: str
) -> list[Figure]:
    before = counter.memory()
    crowd = come_in(counter, own, wanted.many)
    progress(f"load: {name}: {len(crowd)} wait")
    calls = [(in_the_call(counter, code), code) for code in codes]
    found = [
        figure
        for pace in (BUSY, FLAT_OUT)
        for figure in at_a_pace(f"{name}, {pace.name}", pace, counter, wanted, calls)
    ]
    still = sum(one.is_there for one in crowd)
    memory = f"{counter.memory():.0f} MB, {before:.0f} without"
    for one in crowd:
        one.job.kill()
        one.line.close()
    many = wanted.many
    found.append(Figure(f"{name}: still waiting", still, "", many, many, "=", many, memory))
    return found


def at_a_pace(
    name: str,
    pace: Pace,
    counter: Counter,
    wanted: argparse.Namespace,
    calls: list[tuple[Visitor, str]],
) -> list[Figure]:
    heard = Heard()
    work, begun = counter.processor_seconds(), time.perf_counter()
    until = begun + wanted.seconds
    jobs = [gevent.spawn(read, counter, heard, pace, until, number) for number in range(READERS)]
    jobs += [
        gevent.spawn(write, counter, heard, pace, until, visitor, code) for visitor, code in calls
    ]
    gevent.joinall(jobs, timeout=wanted.seconds + PATIENCE)
    gevent.killall(jobs)
    lasted = time.perf_counter() - begun
    work = (counter.processor_seconds() - work) / lasted * 100
    pages, bookings = heard.times.get("page", []), heard.times.get("booking", [])
    letters = heard.times.get("letter", [])
    told = " · ".join(f"{count} × {what}" for what, count in sorted(heard.statuses.items()))
    answers = len(pages + bookings + letters) / lasted
    return [
        Figure(f"{name}: answers a second", answers, "/s", note=told),
        _p95(f"{name}: a page, p95", pages),
        _p95(f"{name}: a booking, p95", bookings),
        _p95(f"{name}: a letter of a call, p95", letters, must=500 if pace is BUSY else None),
        Figure(f"{name}: answers that are a mistake", heard.failed, "", 0, 0, "="),
        Figure(f"{name}: processor", work, "%"),
    ]


def _p95(name: str, times: list[float], must: float | None = None) -> Figure:
    value = quantile(times, 0.95) if times else None
    note = f"p50 {quantile(times, 0.5):.0f} ms" if times else ""
    return Figure(name, value, "ms", must, must, "≤", len(times), note)


@contextmanager
def a_register(kind: str, folder: Path) -> Iterator[dict[str, str]]:
    """The settings of that kind."""
    if kind == "sqlite":
        yield {"DATABASE_URL": f"sqlite:///{folder}/ventanilla.db"}
        return
    server = postgres.Server(fsync="on", synchronous_commit="on", full_page_writes="on")
    try:
        with a_redis(folder) as redis:
            yield {"DATABASE_URL": server.address, "REDIS_URL": redis.address}
    finally:
        server.end()


def measure(wanted: argparse.Namespace) -> list[Figure]:
    found: list[Figure] = []
    end, longest = time.monotonic() + wanted.minutes * 60, 0.0
    for kind in wanted.registers:
        with TemporaryDirectory(prefix="ventanilla-load-") as name, ExitStack() as stack:
            folder = Path(name)
            settings = stack.enter_context(a_register(kind, folder))
            codes: list[str] = []
            for processes in wanted.processes:
                title = f"{kind}, {processes} {'process' if processes == 1 else 'processes'}"
                if time.monotonic() + longest > end:
                    found.append(Figure(title, None, samples=0, note="there was no time for it"))
                    continue
                with opened(folder, **settings, WORKERS=str(processes)) as counter:
                    if not codes:
                        codes, own = prepared(folder, settings["DATABASE_URL"], wanted.calls)
                    begun = time.monotonic()
                    found += of_load(title, counter, wanted, codes, own)
                longest = max(longest, time.monotonic() - begun)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--many", type=int, default=2000, help="how many wait (2000)")
    parser.add_argument("--calls", type=int, default=200, help="how many calls write (200)")
    parser.add_argument("--seconds", type=float, default=20, help="of each (20)")
    parser.add_argument("--minutes", type=float, default=10, help="of all of it, at most (10)")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--registers", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--json", type=Path, metavar="PATH", help="write every figure there too")
    wanted = parser.parse_args()
    found = measure(wanted)
    print(table(found))
    if wanted.json:
        keep(wanted.json, found)


if __name__ == "__main__":
    main()
