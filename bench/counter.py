"""A counter to be measured: the one `make run` opens, on a port and in a folder of its own."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
LONGEST_OPENING = 120.0

# What protects a town from a flood of messages would stop a flood of measurements.
NO_LIMITS = dict.fromkeys(
    (
        *("SMS_CODES_PER_ADDRESS_HOUR", "SMS_CODES_PER_PREFIX_HOUR", "SMS_DAILY_LIMIT"),
        *("SMS_ALARM_NUMBERS", "SMS_ALARM_TOWN_NUMBERS"),
        *("WRITES_PER_MINUTE", "MISSES_PER_MINUTE", "CODE_REQUESTS_PER_MINUTE"),
    ),
    "1000000",
)


@dataclass
class Counter:
    """A counter that is open."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    seconds_to_open: float
    settings: dict[str, str]

    def at(self, town: str, path: str = "/") -> str:
        return f"http://{town}.localhost:{self.port}{path}"

    def number(self, question: str, *values: object) -> int:
        """One number out of the register, read from outside the house."""
        file = f"file:{self.folder / 'ventanilla.db'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True)) as register:
            return int(register.execute(question, values).fetchone()[0])

    def web_processes(self) -> list[int]:
        """gunicorn and its workers."""
        return [pid for pid in descendants(self.process.pid) if b"gunicorn" in command_of(pid)]

    def memory(self) -> float:
        """Megabytes resident in the web server, what its processes share counted once."""
        return sum(_proportional_kilobytes(pid) for pid in self.web_processes()) / 1000

    def restart(self) -> None:
        """Close it and open it again, in the same place."""
        _close(self.process)
        self.process = _open(self.folder, self.settings, self.port).process

    def renew(self) -> None:
        """Other web processes for these, while the door stays open: `systemctl reload`."""
        gunicorn, *before = self.web_processes()
        os.kill(gunicorn, signal.SIGHUP)
        until = time.monotonic() + LONGEST_OPENING
        while set(before) & set(self.web_processes()) or len(self.web_processes()) <= len(before):
            if time.monotonic() > until:
                raise RuntimeError("the old web processes do not go")
            time.sleep(0.1)

    def processor_seconds(self) -> float:
        return sum(processor_seconds_of(pid) for pid in self.web_processes())


@contextmanager
def opened(folder: Path | None = None, **settings: str) -> Iterator[Counter]:
    """An open counter with the demonstration and two web workers; closed at the end."""
    with TemporaryDirectory(prefix="ventanilla-bench-") as own:
        counter = _open(folder or Path(own), {**NO_LIMITS, **settings})
        try:
            yield counter
        finally:
            _close(counter.process)


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, file.read_text().split()):
                found += [child, *descendants(child)]
    return found


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _open(folder: Path, settings: dict[str, str], port: int | None = None) -> Counter:
    port = port or a_free_port()
    kept = {name: text for name, text in os.environ.items() if not name.startswith("VENTANILLA_")}
    environment = {
        **kept,
        "VENTANILLA_INSTANCE": str(folder),
        "VENTANILLA_PORT": str(port),
        "VENTANILLA_WORKERS": "2",
        "VENTANILLA_DEMO": "true",
        **{f"VENTANILLA_{name}": text for name, text in settings.items()},
    }
    begun = time.perf_counter()
    with (folder / "counter.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "core", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    while not _is_ready(port):
        if process.poll() is not None or time.perf_counter() - begun > LONGEST_OPENING:
            _close(process)
            said = (folder / "counter.log").read_text()
            raise RuntimeError(f"the counter did not open:\n{said}")
        time.sleep(0.02)
    return Counter(port, folder, process, time.perf_counter() - begun, settings)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):  # a port that nobody has yet may answer as an echo
        return False


def _close(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does; whatever of it does not go is ended by its number."""
    family = [process.pid, *descendants(process.pid)]
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def _proportional_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def processor_seconds_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
