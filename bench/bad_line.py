"""A poor line between two network namespaces: delay, loss, rate and breaks, made by us.

Two namespaces, *town* and *home*, have a tunnel device each; what leaves one is read here and
written to the other when its time has come. Needs root and `/dev/net/tun`; addresses exist inside
the two namespaces only, and both go away at the end.
"""

import asyncio
import ctypes
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

TOWN, HOME, ELSEWHERE = "10.91.0.1", "10.91.0.2", "10.91.0.3"
SHORTEST_QUEUE = 0.25  # seconds of traffic that a router keeps before it drops

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


class NoNamespaces(RuntimeError):
    """This machine does not let us make networks of our own."""


@dataclass
class BadLine:
    """What stands between home and town. Whatever is changed here holds from the next packet on."""

    town: str
    home: str
    delay: float = 0.0  # seconds, each way
    loss: float = 0.0  # of one packet, from 0 to 1
    rate: float = 0.0  # bits a second, each way; 0: any
    is_cut: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def be(self, *, delay: float = 0.0, loss: float = 0.0, rate: float = 0.0) -> None:
        self.delay, self.loss, self.rate, self.is_cut = delay, loss, rate, False

    def move_home(self, before: str = HOME, after: str = ELSEWHERE) -> None:
        """The telephone leaves one network and finds another."""
        _ip("-n", self.home, "addr", "del", f"{before}/24", "dev", "line")
        _ip("-n", self.home, "addr", "add", f"{after}/24", "dev", "line")
        _ip("-n", self.home, "route", "replace", "default", "dev", "line")

    def wrapper(self, namespace: str, program: str) -> str:
        """A program that is the other one, inside that namespace, and writes its number down."""
        folder = Path(mkdtemp(prefix="ventanilla-line-"))
        file = folder / "run"
        file.write_text(
            f'#!/bin/sh\necho $$ >> {folder}/pids\nexec ip netns exec {namespace} {program} "$@"\n'
        )
        file.chmod(0o755)
        return str(file)


@contextmanager
def bad_line() -> Iterator[BadLine]:
    mark = f"{os.getpid():x}"
    line = BadLine(f"vt-{mark}", f"vh-{mark}")
    ends: list[int] = []
    closing = threading.Event()
    try:
        for namespace, address in ((line.town, TOWN), (line.home, HOME)):
            _ip("netns", "add", namespace)
            ends.append(_tunnel(f"line-{mark}"[:15], namespace))
            _ip("-n", namespace, "link", "set", "lo", "up")
            _ip("-n", namespace, "addr", "add", f"{address}/24", "dev", "line")
            _ip("-n", namespace, "link", "set", "line", "up")
            _ip("-n", namespace, "route", "add", "default", "dev", "line")
    except (OSError, subprocess.CalledProcessError) as error:
        _clear(line, ends)
        raise NoNamespaces(str(error)) from error
    for source, target in (ends, ends[::-1]):
        threading.Thread(target=_carry, args=(line, source, target, closing), daemon=True).start()
    try:
        yield line
    finally:
        closing.set()
        time.sleep(0.1)
        _clear(line, ends)


def _carry(line: BadLine, source: int, target: int, closing: threading.Event) -> None:
    """One direction."""
    waiting: list[tuple[float, int, bytes]] = []
    numbers = count()
    free_at = 0.0
    while not closing.is_set():
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 0.05
        ready, _, _ = select.select([source], [], [], min(pause, 0.05))
        now = time.monotonic()
        if ready:
            with suppress(OSError):
                packet = os.read(source, 65_536)
                if not line.is_cut and line.chance.random() >= line.loss:
                    free_at = max(now, free_at) + (len(packet) * 8 / line.rate if line.rate else 0)
                    if free_at - now <= SHORTEST_QUEUE or not line.rate:
                        heapq.heappush(waiting, (free_at + line.delay, next(numbers), packet))
                    else:
                        free_at -= len(packet) * 8 / line.rate
        while waiting and waiting[0][0] <= time.monotonic():
            packet = heapq.heappop(waiting)[2]
            if not line.is_cut:
                with suppress(OSError):
                    os.write(target, packet)


def _tunnel(name: str, namespace: str) -> int:
    """A tunnel device whose near end is ours, moved into the namespace."""
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH14s", name.encode(), _IFF_TUN | _IFF_NO_PI, b"")
    fcntl.ioctl(end, _TUNSETIFF, request)
    _ip("link", "set", name, "netns", namespace)
    _ip("-n", namespace, "link", "set", name, "name", "line")
    return end


def _clear(line: BadLine, ends: list[int]) -> None:
    for end in ends:
        with suppress(OSError):
            os.close(end)
    for namespace in (line.town, line.home):
        subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def enter(namespace: str) -> None:
    """From here on this thread lives in that namespace: what it opens is opened there."""
    handle = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(handle, 0x40000000):
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(handle)


@contextmanager
def door(line: BadLine, port: int) -> Iterator[None]:
    """The counter, which listens on this machine only, is reached at the town's address too."""
    found: list[socket.socket] = []

    def listen() -> None:
        enter(line.town)
        found.append(socket.create_server((TOWN, port), backlog=64))

    helper = threading.Thread(target=listen)
    helper.start()
    helper.join()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        await asyncio.start_server(lambda near, out: _relay(near, out, port), sock=found[0])

    loop.run_until_complete(serve())
    runner = threading.Thread(target=loop.run_forever, daemon=True)
    runner.start()
    try:
        yield
    finally:
        for task in asyncio.all_tasks(loop):
            loop.call_soon_threadsafe(task.cancel)
        time.sleep(0.2)
        loop.call_soon_threadsafe(loop.stop)
        runner.join()
        found[0].close()


async def _relay(near: asyncio.StreamReader, out: asyncio.StreamWriter, port: int) -> None:
    with suppress(OSError, asyncio.CancelledError):
        far, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pour(near, back), _pour(far, out))


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.CancelledError):
        while block := await source.read(65_536):
            target.write(block)
            await target.drain()
    target.close()
