"""Things that break at night, on purpose and under load; and what must be true afterwards.

    python -m tests.faults --minutes 5 --seed 7

opens a house of two servers on PostgreSQL and Redis, lets people read and book, breaks something
every few seconds, heals it, and writes build/faults.md. `tests/core/test_faults.py` does a little
of it each time.
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path

import sqlalchemy as sa

from app.booking.models import Status, Visit
from app.core import relays
from app.core.db import db
from app.messaging.models import Message, MessageState
from app.towns.tenant import every_town
from tests import clocks, postgres, town
from tests import relay as coturn
from tests.counter import a_free_port
from tests.fleet import Fleet, until
from tests.messaging.twilio_stand_in import StandIn
from tests.redis import RunningRedis, a_redis
from tests.storm import Person, Stormed, a_place, kill, workers_of

HEALING_SECONDS = 90
STEP_SECONDS = 20 * 60  # of a clock: longer than a time is kept, and than a worker may be silent


class Line:
    """A line between two machines that can be cut, go dead or become slow."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.door.getsockname()[1])
        self.is_dead, self.seconds = threading.Event(), 0.0
        self.ends: set[socket.socket] = set()
        self.lock = threading.Lock()
        threading.Thread(target=self._open, daemon=True).start()

    def _open(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.door.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.to), timeout=5)
                except OSError:
                    near.close()
                    continue
                far.settimeout(None)
                with self.lock:
                    self.ends |= {near, far}
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while told := one.recv(65536):
                while self.is_dead.is_set():
                    time.sleep(0.05)
                if self.seconds:
                    time.sleep(self.seconds)
                other.sendall(told)
        self._hang_up(one, other)

    def _hang_up(self, *ends: socket.socket) -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            with self.lock:
                self.ends.discard(end)

    def cut(self) -> None:
        """Every conversation ends in the middle."""
        with self.lock:
            ends = tuple(self.ends)
        self._hang_up(*ends)

    def close(self) -> None:
        self.is_dead.clear()
        self.door.close()
        self.cut()


class Relayed:
    """A relay that may be killed, and somebody behind it who sends back what they hear."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        folder.mkdir()
        self.relay = coturn.written_down(folder)
        self.process = coturn.open_relay(self.relay)
        stack.callback(self.kill)
        self.echo = a_free_port()
        words = ["turnutils_peer", "-L", "127.0.0.1", "-p", str(self.echo)]
        stack.enter_context(_running(words))

    @property
    def setting(self) -> dict[str, str]:
        return {"urls": self.relay.url, "secret": self.relay.secret}

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)

    def start(self) -> None:
        self.process = coturn.open_relay(self.relay)

    def carries(self, house: "House") -> bool:
        """Whether what the house hands out now opens it, and five messages come back."""
        with house.door.app.app_context():
            house.door.app.config["TURN_SERVERS"] = [self.setting]
            (own,) = relays.servers_for("somebody")
        return coturn.through(self.relay, own["username"], own["credential"], self.echo)[0]


@contextmanager
def _running(words: list[str]) -> Iterator[None]:
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


class House:
    """Two servers, all of what they stand on, and people who want something of them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.register = postgres.Server(synchronous_commit="on")
        stack.callback(self.register.end)
        self.found: list[str] = []  # what went wrong while something was broken
        self.line = Line(self.register.port)
        stack.callback(self.line.close)
        self.redis: RunningRedis = stack.enter_context(a_redis(folder))
        self.twilio = stack.enter_context(StandIn())
        self.relays = [Relayed(folder / f"relay{number}", stack) for number in range(2)]
        place = self.register.address
        self.fleet = Fleet(
            folder,
            self.twilio,
            2,
            register=place.replace(str(self.register.port), str(self.line.port)),
            redis=self.redis.address,
            relay=json.dumps([one.setting for one in self.relays]),
            have_clocks=clocks.can_be_made(),
        )
        stack.callback(self.fleet.end)
        self.door: Stormed = self.fleet.second_door()
        stack.callback(self.door.close)
        with self.door.errand():
            self.place, _, _ = a_place("faults", 8, padron=20)

    def children(self, *words: bytes) -> list[int]:
        """The processes of this house whose command says all of that."""
        found = []
        mark = f"VENTANILLA_INSTANCE={self.fleet.folder}\0".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (folder / "cmdline").read_bytes()
                told = (folder / "environ").read_bytes()
                if mark in told and all(word in command for word in words):
                    found.append(int(folder.name))
        return found


@dataclass
class Heard:
    """What people were told."""

    statuses: Tally[str] = field(default_factory=Tally)
    confirmed: list[str] = field(default_factory=list)  # the telephones that were told "booked"
    odd: list[str] = field(default_factory=list)


class Visitor(threading.Thread):
    """Reads, and books now and then; who hears nothing goes on with something else."""

    def __init__(self, house: House, number: int, heard: Heard, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.house, self.number, self.heard, self.over = house, number, heard, over
        self.chance = random.Random(number)

    def run(self) -> None:
        turn = 0
        while not self.over.is_set():
            turn += 1
            counter = self.chance.choice(self.house.fleet.counters)
            who = Person(counter, self.house.place.slug, 10_000 * (self.number + 1) + turn)
            who.line.timeout = 20
            try:
                for _ in range(3):
                    self._note("read", who, who.ask("GET", "/ca/"))
                self._book(who, turn)
            except (OSError, HTTPException):
                self.heard.statuses["nothing heard"] += 1
                time.sleep(0.2)
            except AssertionError:  # a page that says "in a minute" has no form
                self._note("form", who, who.status)
                time.sleep(0.2)
            finally:
                who.line.close()

    def _book(self, who: Person, turn: int) -> None:
        slot = (turn * 7 + self.number * 31) % (24 * 8)
        at = town.tomorrow_at(7) + timedelta(days=slot // 24, minutes=20 * (slot % 24))
        who.ready_to_book("padron", at).press()
        self._note("hold", who, who.status)
        if who.status != 303:
            return
        if not until(lambda: self.over.is_set() or bool(self._code(who)), 25):
            return
        if not (code := self._code(who)):
            return
        who.ready_to_confirm(code).press()
        self._note("confirm", who, who.status)
        if who.status == 303:
            self.heard.confirmed.append(who.phone)

    def _code(self, who: Person) -> str:
        for form in reversed(self.house.twilio.received):
            if form["To"] == who.phone:
                return town.digits_sent(form["Body"])
        return ""

    def _note(self, what: str, who: Person, status: int) -> None:
        self.heard.statuses[f"{what} {status}"] += 1
        if status >= 500 and status != 503:
            self.heard.odd.append(f"{what} {status}: {who.text[:80]!r}")


# --- what breaks ---------------------------------------------------------------------------------


def _a_moment(chance: random.Random, most: float) -> None:
    time.sleep(chance.uniform(most / 4, most))


def web_killed(house: House, chance: random.Random) -> None:
    """kill -9 of a web process in the middle of whatever it does."""
    kill(chance.choice(workers_of(chance.choice(house.fleet.counters))))


def worker_killed(house: House, chance: random.Random) -> None:
    """kill -9 of a job worker."""
    if found := house.children(b"jobs", b"work"):
        kill(chance.choice(found))


def database_killed(house: House, chance: random.Random) -> None:
    """kill -9 of PostgreSQL, which comes back as its service manager would bring it."""
    house.register.kill()
    _a_moment(chance, 4)
    house.register.start()


def redis_killed(house: House, chance: random.Random) -> None:
    """kill -9 of Redis, which comes back a little later."""
    house.redis.kill()
    _a_moment(chance, 4)
    house.redis.start()


def redis_hangs(house: House, chance: random.Random) -> None:
    """Redis takes connections and answers nothing."""
    house.redis.stop_answering()
    _a_moment(chance, 5)
    house.redis.answer_again()


def line_cut(house: House, chance: random.Random) -> None:
    """Every connection between web and database ends in the middle."""
    house.line.cut()


def line_dead(house: House, chance: random.Random) -> None:
    """Partition: nothing passes between web and database, and nobody says so."""
    house.line.is_dead.set()
    _a_moment(chance, 8)
    house.line.cut()
    house.line.is_dead.clear()


def line_slow(house: House, chance: random.Random) -> None:
    """Each piece takes 50 ms longer, as from a slow disk of the database."""
    house.line.seconds = 0.05
    _a_moment(chance, 5)
    house.line.seconds = 0.0


def _step(seconds: int, says: str, name: str) -> Callable[[House, random.Random], None]:
    def fault(house: House, chance: random.Random) -> None:
        clock = chance.choice(house.fleet.clocks)
        clock.differ(seconds)
        _a_moment(chance, 8)
        clock.differ(0)

    fault.__doc__, fault.__name__ = says, name
    return fault


def relay_killed(house: House, chance: random.Random) -> None:
    """kill -9 of a relay: another one of the pool carries, and this one again once it is back."""
    lost, other = chance.sample(house.relays, 2)
    lost.kill()
    if not other.carries(house):
        house.found.append("the other relay carried nothing")
    lost.start()
    if not lost.carries(house):
        house.found.append("a relay that is back carries nothing")


def _twilio(mood: str, says: str) -> Callable[[House, random.Random], None]:
    def fault(house: House, chance: random.Random) -> None:
        house.twilio.mood = mood
        _a_moment(chance, 6)
        house.twilio.mood = "well"

    fault.__doc__, fault.__name__ = says, f"messages_{mood}"
    return fault


FAULTS: tuple[Callable[[House, random.Random], None], ...] = (
    *(web_killed, worker_killed, database_killed, redis_killed, redis_hangs),
    *(line_cut, line_dead, line_slow, relay_killed),
    _step(STEP_SECONDS, "The clock of one server is put forwards, and right again.", "clock_ahead"),
    _step(-STEP_SECONDS, "The clock of one server is put back, and right again.", "clock_behind"),
    _twilio("slow", "The message provider answers late."),
    _twilio("busy", "The message provider says: too many."),
    _twilio("unwell", "The message provider answers with its own mistakes."),
    _twilio("mumbling", "The message provider answers what nobody can read, having sent or not."),
)


# --- afterwards ----------------------------------------------------------------------------------


@dataclass
class Report:
    """What must be true, and is not."""

    faults: Tally[str]
    heard: Heard
    losses: list[str]
    seconds: float
    healed: list[float]

    def written(self) -> str:
        rows = [f"| {name.replace('_', ' ')} | {count} |" for name, count in self.faults.items()]
        told = [f"| {what} | {count} |" for what, count in sorted(self.heard.statuses.items())]
        return "\n".join(
            [
                "# Faults",
                "",
                f"{sum(self.faults.values())} faults in {self.seconds:.0f} s,"
                f" {sum(self.heard.statuses.values())} answers awaited,"
                f" {len(self.heard.confirmed)} visits confirmed, **{len(self.losses)} losses**.",
                f"Slowest recovery by itself: {max(self.healed, default=0):.1f} s.",
                "",
                "| Fault | Times |",
                "|---|---|",
                *rows,
                "",
                "| What people were told | Times |",
                "|---|---|",
                *told,
                "",
                "Losses: booked twice, confirmed and not there, told twice, an answer that is a"
                " mistake of ours, or a house that did not recover by itself.",
                "",
                *[f"* {loss}" for loss in self.losses],
                "",
            ]
        )


def is_well(house: House) -> bool:
    return all(counter.is_up() for counter in house.fleet.counters)


def losses(house: House, heard: Heard) -> list[str]:
    found = [f"a mistake of ours: {odd}" for odd in heard.odd] + house.found
    if not until(lambda: is_well(house), HEALING_SECONDS):
        return [*found, "the house did not recover by itself"]
    if not until(lambda: _waiting(house.door) == 0, 2 * HEALING_SECONDS):
        found.append(f"{_waiting(house.door)} messages never left")
    if not house.door.is_sound():
        found.append("somebody is in two places, or a visit has lost its time")
    booked = _booked(house.door)
    found += [
        f"confirmed and not there: {phone}" for phone in heard.confirmed if phone not in booked
    ]
    found += [f"told twice: {text}" for text, count in house.fleet.messages().items() if count > 1]
    return found


# The pauses between tries, and the patience with a worker that died, go by at once.
TIME_GOES_BY = (
    sa.text("UPDATE message SET try_at = now() WHERE state = 'queued' AND attempts > 0"),
    sa.text(
        "UPDATE message SET try_at = try_at - interval '1 hour'"
        " WHERE state = 'sending' AND try_at < now() - interval '30 seconds'"
    ),
)


def _waiting(door: Stormed) -> int:
    """How many messages should have left and have not. Those for another day are not due."""
    with door.app.app_context(), every_town():
        for step in TIME_GOES_BY:
            db.session.execute(step)
        db.session.commit()
        is_due = sa.or_(Message.state == MessageState.SENDING, Message.try_at <= sa.func.now())
        unsent = Message.state.in_((MessageState.QUEUED, MessageState.SENDING))
        count = db.session.scalar(sa.select(sa.func.count(Message.id)).where(unsent, is_due)) or 0
        db.session.remove()
    time.sleep(1)
    return count


def _booked(door: Stormed) -> set[str]:
    with door.app.app_context(), every_town():
        question = sa.select(Visit.phone).where(Visit.status == Status.BOOKED)
        found = {str(phone) for phone in db.session.scalars(question)}
        db.session.remove()
    return found


@contextmanager
def a_house(folder: Path) -> Iterator[House]:
    with ExitStack() as stack:
        yield House(folder, stack)


def tried(
    house: House,
    faults: Iterator[Callable[[House, random.Random], None]],
    *,
    people: int,
    seed: int,
    pause: float,
    tell: Callable[[str], None] = lambda text: None,
) -> Report:
    chance, heard, over = random.Random(seed), Heard(), threading.Event()
    injected: Tally[str] = Tally()
    healed: list[float] = []
    begun = time.monotonic()
    visitors = [Visitor(house, number, heard, over) for number in range(people)]
    for visitor in visitors:
        visitor.start()
    time.sleep(pause)
    for fault in faults:
        tell(fault.__name__)
        fault(house, chance)
        injected[fault.__name__] += 1
        at = time.monotonic()
        until(lambda: is_well(house), HEALING_SECONDS)
        healed.append(time.monotonic() - at)
        time.sleep(chance.uniform(pause / 2, pause))
    over.set()
    for visitor in visitors:
        visitor.join(timeout=60)
    found = losses(house, heard)
    return Report(injected, heard, found, time.monotonic() - begun, healed)


def at_random(seed: int, seconds: float) -> Iterator[Callable[[House, random.Random], None]]:
    """Each kind once, in any order, and again until the time is over."""
    chance, end = random.Random(seed), time.monotonic() + seconds
    while time.monotonic() < end:
        some = list(FAULTS)
        chance.shuffle(some)
        for fault in some:
            if time.monotonic() >= end:
                return
            yield fault


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--report", type=Path, default=Path("build/faults.md"))
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = tempfile.TemporaryDirectory(prefix="ventanilla-faults-")
    with folder as name, a_house(Path(name)) as house:
        report = tried(
            house,
            at_random(wanted.seed, wanted.minutes * 60),
            people=wanted.people,
            seed=wanted.seed,
            pause=3,
            tell=lambda text: sys.stderr.write(f"{text}\n") and None,
        )
    wanted.report.parent.mkdir(exist_ok=True)
    wanted.report.write_text(f"{report.written()}\nSeed {wanted.seed}, {os.cpu_count()} cores.\n")
    sys.stdout.write(report.written())
    return 1 if report.losses else 0


if __name__ == "__main__":
    sys.exit(main())
