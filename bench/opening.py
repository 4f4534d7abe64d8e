"""How long it takes from `core serve` until the counter answers."""

import argparse
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from counter import opened
from figures import Figure, alone, progress

ROUNDS = 2


def measure(wanted: argparse.Namespace) -> list[Figure]:
    empty, again = [], []
    for number in range(ROUNDS):
        progress(f"opening: round {number + 1} of {ROUNDS}")
        with TemporaryDirectory(prefix="ventanilla-bench-") as folder:
            for kept in (empty, again):
                with opened(Path(folder)) as counter:
                    kept.append(counter.seconds_to_open)
    return [
        Figure("opening, empty instance", median(empty), "s", samples=ROUNDS),
        Figure("opening, second start", median(again), "s", samples=ROUNDS),
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
