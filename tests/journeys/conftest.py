"""A running counter and real browsers. The counter is the one `make run` opens, on its own port."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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
        except OSError:
            return False


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def open_counter(folder: Path, **settings: str) -> tuple[Counter, subprocess.Popen[bytes]]:
    """Start the counter with the demonstration, as `make run` does, and wait until it answers."""
    port = a_free_port()
    kept = {name: text for name, text in os.environ.items() if not name.startswith("VENTANILLA_")}
    environment = {
        **kept,
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
    for _ in range(300):
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


@pytest.fixture(scope="session")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    opened, process = open_counter(tmp_path_factory.mktemp("counter"))
    yield opened
    assert close_counter(process) == 0


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture
def a_browser(playwright: Playwright) -> Iterator[Callable[[], Browser]]:
    """Another browser each time it is called: two people never share one."""
    opened: list[Browser] = []

    def start() -> Browser:
        opened.append(playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS))
        return opened[-1]

    yield start
    for browser in opened:
        browser.close()


@pytest.fixture
def a_page(a_browser: Callable[[], Browser]) -> Callable[..., Page]:
    """A page of a browser of its own; what goes wrong in its scripts fails the test."""

    def open_page(width: int = 390, **options: object) -> Page:
        height = 844 if width < 800 else 900
        context = a_browser().new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"{page.url}: {error}"))
        return page

    return open_page


def message_on_the_phone(counter: Counter, page: Page, town: str, pattern: str) -> str:
    """Wait for a message with that pattern on the demonstration's telephone; its first group."""
    for _ in range(60):
        page.goto(counter.at(town, "/demo/phone"))
        found = re.search(pattern, page.locator("#messages").inner_text())
        if found:
            return found[1]
        page.wait_for_timeout(250)
    raise AssertionError(f"no message with {pattern!r} arrived")
