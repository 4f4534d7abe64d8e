"""Many people in waiting rooms, each with a live connection; and how news reaches them."""

import argparse
import resource
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from counter import Counter, opened
from figures import Figure, alone, progress, quantile
from visitor import Visitor, a_waiting_room

TOWN = "vilaclara"
AT_THE_DOOR = 100  # how many come in at the same time
PATIENCE = 90.0  # seconds until everybody must be in
LONGEST_NEWS = 15.0
NEWS_FOR_ALL, NEWS_FOR_ONE, PAGES = 6, 20, 40
SILENCE = 4.0
OPENS, NEWS = b"retry:", b"event: state"
MUST, AIM = 2000, 5000


@dataclass
class Person:
    """One live connection: when it was asked for, when it was open, when its last news came."""

    asked: float
    opened: float = 0.0
    told: float = 0.0
    tail: bytes = b""


class Crowd:
    """Everybody who waits, in one loop over sockets, so that the crowd itself costs little."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.selector = selectors.DefaultSelector()
        self.knocking = self.lost = self.told = 0
        self.people: list[Person] = []

    def come(self, addresses: list[str]) -> list[Person]:
        """Open a connection to each address, a hundred at a time."""
        outside, before = deque(addresses), len(self.people)
        end = time.perf_counter() + PATIENCE
        while (outside or self.knocking) and time.perf_counter() < end:
            while outside and self.knocking < AT_THE_DOOR:
                self._knock(outside.popleft())
            self.listen(0.2)
        return self.people[before:]

    def hear(self, act: Callable[[], object], audience: list[Person]) -> list[float]:
        """Milliseconds from the act until each of the audience has the news."""
        self.told = 0
        begun = time.perf_counter()
        actor = threading.Thread(target=act)
        actor.start()
        while self.told < len(audience) and time.perf_counter() - begun < LONGEST_NEWS:
            self.listen(0.1)
        actor.join()
        return [(one.told - begun) * 1000 for one in audience if one.told > begun]

    def listen(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            self._read(key.fileobj, key.data)  # type: ignore[arg-type]

    def leave(self) -> None:
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self.selector.close()

    @property
    def inside(self) -> int:
        return len(self.people) - self.knocking - self.lost

    def _knock(self, address: str) -> None:
        person = Person(time.perf_counter())
        line = socket.create_connection(("127.0.0.1", self.counter.port))
        host = f"{TOWN}.localhost:{self.counter.port}"
        line.sendall(f"GET {address} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        line.setblocking(False)
        self.selector.register(line, selectors.EVENT_READ, person)
        self.people.append(person)
        self.knocking += 1

    def _read(self, line: socket.socket, person: Person) -> None:
        try:
            arrived = line.recv(65536)
        except ConnectionError:
            arrived = b""
        now = time.perf_counter()
        if not arrived:
            self.selector.unregister(line)
            line.close()
            self.lost += 1
            self.knocking -= not person.opened
            return
        text = person.tail + arrived
        if not person.opened and OPENS in text:
            person.opened = now
            self.knocking -= 1
        if NEWS in text:
            person.told = now
            self.told += 1
        person.tail = text[-len(NEWS) + 1 :]


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with opened() as counter:
        crowd = Crowd(counter)
        try:
            return _of_waiting(counter, crowd, min(wanted.many, _most_files()))
        finally:
            crowd.leave()


def _of_waiting(counter: Counter, crowd: Crowd, many: int) -> list[Figure]:
    host = Visitor(counter, TOWN)
    common, own = a_waiting_room(host), a_waiting_room(host)
    host.get("/ca/")
    before = counter.memory()
    progress(f"waiting: {many} people come in")
    begun = time.perf_counter()
    one, *everybody = crowd.come([f"{path}/room/stream" for path in [own, *[common] * (many - 1)]])
    lasted, memory = time.perf_counter() - begun, counter.memory()
    inside = [person for person in everybody if person.opened]
    each = (memory - before) * 1000 / max(1, crowd.inside)
    door = _p([(person.opened - person.asked) * 1000 for person in inside], 0.95)
    found = [
        Figure("people waiting, connections open", crowd.inside, "", MUST, AIM, "≥", many),
        Figure("until all were in", lasted, "s", note=f"each p95 {door}"),
        Figure(
            "memory of the server with them",
            memory,
            "MB",
            note=f"{before:.0f} MB without · {each:.0f} kB each",
        ),
    ]
    if crowd.inside < many:  # a server that is full may not answer anything else either
        return found
    return [*found, _of_silence(counter, crowd), *_of_news(host, crowd, one, inside, (common, own))]


def _of_silence(counter: Counter, crowd: Crowd) -> Figure:
    progress("waiting: silence")
    work = counter.processor_seconds()
    end = time.perf_counter() + SILENCE
    while time.perf_counter() < end:
        crowd.listen(0.1)
    idle = (counter.processor_seconds() - work) / SILENCE * 100
    return Figure("processor while nothing happens", idle, "%", note="of one core, both workers")


def _of_news(
    host: Visitor, crowd: Crowd, one: Person, others: list[Person], visits: tuple[str, str]
) -> list[Figure]:
    progress("waiting: news")
    host.connection.close()  # the server closes a line that was silent for long: take another
    common, own = visits
    for_all: list[float] = []
    for number in range(NEWS_FOR_ALL):
        for_all += crowd.hear(_news(host, common, number), others)
    for_one: list[float] = []
    for number in range(NEWS_FOR_ONE):
        for_one += crowd.hear(_news(host, own, number), [one])
    pages = [_milliseconds(lambda: host.get("/ca/")) for _ in range(PAGES)]
    return [
        _times("one event to all of them, p99", for_all, 0.99, NEWS_FOR_ALL * len(others)),
        _times("one event to one of them, p95", for_one, 0.95, NEWS_FOR_ONE),
        _times("home page meanwhile, p95", pages, 0.95, PAGES),
    ]


def _times(name: str, times: list[float], part: float, expected: int) -> Figure:
    note = f"p50 {_p(times, 0.5)}"
    if len(times) < expected:
        note += f" · {expected - len(times)} of {expected} never came"
    value = quantile(times, part) if times else None
    return Figure(name, value, "ms", samples=len(times), note=note)


def _news(host: Visitor, visit: str, number: int) -> Callable[[], object]:
    """Out of the waiting room and in again: each is told to whoever looks at that visit."""
    step = "leave" if number % 2 == 0 else "wait"

    def act() -> None:
        answer = host.post(f"{visit}/{step}")
        assert answer.status == 303, f"{step} answered {answer.status}"

    return act


def _milliseconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


def _p(times: list[float], part: float) -> str:
    return f"{quantile(times, part):.0f} ms" if times else "–"


def _most_files() -> int:
    """Raise what this process may open as far as it is allowed; the counter keeps its own limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most - 100


if __name__ == "__main__":
    alone(measure, __doc__)
