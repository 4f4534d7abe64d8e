"""How many papers are read at once on this machine, whatever the number of its processes."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAUSE = 0.1


@contextmanager
def a_place(folder: Path, places: int, patience: float) -> Iterator[bool]:
    """Wait for one of the places; False when none is free in time. It ends with the process."""
    deadline = time.monotonic() + patience
    names = [folder / f".place-{one}" for one in range(places)]
    files = [os.open(name, os.O_RDWR | os.O_CREAT, 0o600) for name in names]
    try:
        yield _take_one(files, deadline)
    finally:
        for file in files:
            os.close(file)


def _take_one(files: list[int], deadline: float) -> bool:
    while True:
        for file in files:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(PAUSE)
