"""Server time of the booking pages: eight people at once, each on a kept connection."""

import argparse
import os
import threading
import time
from dataclasses import dataclass

from counter import Counter, opened
from figures import Figure, alone, progress, quantile
from visitor import Visitor, free_starts

TOWN = "vilaclara"
PEOPLE = 8
WARM_UP = 3  # requests of each person that are not counted
SECONDS = 5.0
MOST_REQUESTS = 100  # of each person
MUST, AIM = 200, 50


@dataclass
class Run:
    """The milliseconds of every request, how many a second, and what the server worked for one."""

    times: list[float]
    rate: float
    work: float

    @property
    def p50(self) -> float:
        return quantile(self.times, 0.5)

    @property
    def p95(self) -> float:
        return quantile(self.times, 0.95)


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with opened() as counter:
        return of_pages(counter)


def of_pages(counter: Counter) -> list[Figure]:
    found = [_figure("/health/live", run(counter, "/health/live"))]
    for name, path in pages(counter).items():
        progress(f"speed: {name}")
        alone_there = run(counter, path, people=1)
        figure = _figure(name, run(counter, path), MUST, AIM)
        figure.note += f" · one person p50 {alone_there.p50:.0f} ms"
        found.append(figure)
    found[0].note += f" · load {os.getloadavg()[0]:.1f}"
    return found


def _figure(name: str, run: Run, *limits: float) -> Figure:
    note = f"p50 {run.p50:.0f} ms · {run.rate:.0f}/s · {run.work:.1f} ms of processor each"
    return Figure(f"server, {name}, p95", run.p95, "ms", *limits, samples=len(run.times), note=note)


def pages(counter: Counter) -> dict[str, str]:
    """The way of somebody who books, on a day with as many times as the demonstration has."""
    visitor = Visitor(counter, TOWN)
    procedure = "/ca/procedures/padron"
    starts = free_starts(visitor, f"{procedure}/times?channel=video")
    return {
        "home": "/ca/",
        "procedure": procedure,
        "times": f"{procedure}/times?channel=video",
        "phone form": f"/ca/visits/new?procedure=padron&channel=video&starts={starts[-1]}",
    }


def run(counter: Counter, path: str, people: int = PEOPLE) -> Run:
    """Everybody asks again as soon as they are answered, until time or requests are over."""
    together = threading.Barrier(people + 1)
    times: list[float] = []
    threads = [
        threading.Thread(target=_ask_again_and_again, args=(counter, path, together, times))
        for _ in range(people)
    ]
    for thread in threads:
        thread.start()
    together.wait()
    begun, work = time.perf_counter(), counter.processor_seconds()
    for thread in threads:
        thread.join()
    lasted, work = time.perf_counter() - begun, counter.processor_seconds() - work
    return Run(times, len(times) / lasted, work * 1000 / len(times))


def _ask_again_and_again(
    counter: Counter, path: str, together: threading.Barrier, times: list[float]
) -> None:
    visitor = Visitor(counter, TOWN)
    headers = {"Accept-Encoding": "gzip, deflate, br"}
    for _ in range(WARM_UP):
        visitor.get(path, **headers)
    together.wait()
    end = time.perf_counter() + SECONDS
    for _ in range(MOST_REQUESTS):
        begun = time.perf_counter()
        answer = visitor.get(path, **headers)
        times.append((time.perf_counter() - begun) * 1000)
        assert answer.status == 200, f"{path} answered {answer.status}"
        if time.perf_counter() > end:
            return


if __name__ == "__main__":
    alone(measure, __doc__)
