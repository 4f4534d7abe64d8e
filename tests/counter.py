"""A running counter: the one `make run` opens, on a port and a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Everybody of a journey or a storm comes from one address.
AS_MANY_AS_THEY_LIKE = dict.fromkeys(
    (
        *("SMS_CODES_PER_ADDRESS_HOUR", "SMS_CODES_PER_PREFIX_HOUR", "SMS_ALARM_NUMBERS"),
        *("SMS_ALARM_TOWN_NUMBERS", "WRITES_PER_MINUTE", "MISSES_PER_MINUTE"),
        "CODE_REQUESTS_PER_MINUTE",
    ),
    "1000000",
)


@dataclass
class Counter:
    """A counter that is open: where it is and how to speak to its command line."""

    port: int
    folder: Path
    environment: dict[str, str]

    def at(self, town: str, path: str = "/") -> str:
        return f"http://{town}.localhost:{self.port}{path}"

    def flask(self, *words: str) -> str:
        """Run `flask …` on this installation and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.strip()

    def is_up(self) -> bool:
        try:
            address = f"http://127.0.0.1:{self.port}/health/ready"
            with urllib.request.urlopen(address, timeout=2) as answer:
                return answer.status == 200
        except (OSError, HTTPException):  # a port that nobody has yet may answer as an echo
            return False


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def open_counter(
    folder: Path, around: Mapping[str, str] | None = None, **settings: str
) -> tuple[Counter, subprocess.Popen[bytes]]:
    """Start the counter with the demonstration, as `make run` does, and wait until it answers.

    `around` is what is true of its machine and no setting of ours.
    """
    port = int(settings.get("PORT") or a_free_port())
    kept = {
        name: text
        for name, text in os.environ.items()
        if name == "VENTANILLA_ASSETS" or not name.startswith("VENTANILLA_")
    }
    environment = {
        **kept,
        **(around or {}),
        "VENTANILLA_INSTANCE": str(folder),
        "VENTANILLA_PORT": str(port),
        "VENTANILLA_DEMO": "true",
        **{f"VENTANILLA_{name}": text for name, text in settings.items()},
    }
    log = (folder / "counter.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "core", "serve"],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=log,
    )
    log.close()
    counter = Counter(port, folder, environment)
    for _ in range(600):
        if counter.is_up():
            return counter, process
        if process.poll() is not None:
            break
        time.sleep(0.2)
    process.kill()
    raise AssertionError(f"the counter did not open:\n{(folder / 'counter.log').read_text()}")


def close_counter(process: subprocess.Popen[bytes]) -> int:
    """As Ctrl-C does."""
    process.send_signal(signal.SIGINT)
    return process.wait(timeout=20)


def renew(process: subprocess.Popen[bytes]) -> None:
    """Other web processes for these while the door stays open, as `systemctl reload` does."""
    (server,) = (pid for pid in _children(process.pid) if b"gunicorn" in _command(pid))
    before = _children(server)
    os.kill(server, signal.SIGHUP)
    for _ in range(600):
        now = _children(server)
        if now and not now & before:
            return
        time.sleep(0.1)
    raise AssertionError("the old web processes did not go")


def _children(pid: int) -> set[int]:
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for file in files for child in file.read_text().split()}


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
