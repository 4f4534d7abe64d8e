"""A Redis server of the tests' own: Debian's program, a folder and a port of its own."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.counter import a_free_port


class RunningRedis:
    """It may be killed, stopped for a while and started again, always at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, a_free_port()
        self.start()

    @property
    def address(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(
            [*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL
        )
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise AssertionError("Redis did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)

    def stop_answering(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def answer_again(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def a_redis(folder: Path) -> Iterator[RunningRedis]:
    running = RunningRedis(folder)
    try:
        yield running
    finally:
        running.kill()
