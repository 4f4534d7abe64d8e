"""How fast files are closed and opened, and what a part of a large one costs."""

import argparse
import io
import os
import sys
import tempfile
import time
from pathlib import Path

from figures import Figure, alone

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.core.sealing import Reader, Sealing
from app.core.storage import Folder

KEY, ABOUT = bytes(32), "a measurement"
MEGABYTES = 256


def measure(wanted: argparse.Namespace) -> list[Figure]:
    content = os.urandom(MEGABYTES * 1024 * 1024)
    begun = time.perf_counter()
    sealing = Sealing(io.BytesIO(content), KEY, ABOUT)
    kept = b"".join(sealing)
    closing = time.perf_counter() - begun

    begun = time.perf_counter()
    opened = io.BufferedReader(a_reader(kept)).read()
    opening = time.perf_counter() - begun
    assert opened == content

    parts = [time_of_a_part(kept, place) for place in range(0, len(content), len(content) // 200)]
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        store = Folder(Path(folder))
        store.put("a/file", Sealing(io.BytesIO(content), KEY, ABOUT))
        stored = time.perf_counter() - begun
    parts.sort()
    return [
        Figure("closing a file", MEGABYTES / closing, "MB/s", must=100, aim=300, sign="≥"),
        Figure("opening it again", MEGABYTES / opening, "MB/s", must=100, aim=300, sign="≥"),
        Figure(
            "closing it into a folder, durably",
            MEGABYTES / stored,
            "MB/s",
            must=30,
            aim=100,
            sign="≥",
            note="with fsync, on this disk",
        ),
        Figure(
            "any 64 kB of it, p95",
            1000 * parts[int(0.95 * len(parts))],
            "ms",
            must=5,
            aim=1,
            samples=len(parts),
        ),
        Figure("what is added", 100 * (len(kept) / len(content) - 1), "%", must=0.1, aim=0.03),
    ]


def a_reader(kept: bytes) -> Reader:
    whole = memoryview(kept)
    return Reader(lambda start: io.BytesIO(whole[start:]), len(kept), KEY, ABOUT)


def time_of_a_part(kept: bytes, place: int) -> float:
    file = open_kept(kept)
    begun = time.perf_counter()
    file.seek(place)
    file.read(64 * 1024)
    return time.perf_counter() - begun


class Kept(io.BytesIO):
    """A file that costs nothing to open again, as on a disk."""

    def close(self) -> None:
        self.seek(0)


def open_kept(kept: bytes) -> io.BufferedReader:
    file = SHARED.setdefault(id(kept), Kept(kept))

    def source(start: int) -> io.BytesIO:
        file.seek(start)
        return file

    return io.BufferedReader(Reader(source, len(kept), KEY, ABOUT))


SHARED: dict[int, Kept] = {}


if __name__ == "__main__":
    alone(measure, __doc__)
