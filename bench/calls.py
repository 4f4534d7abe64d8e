"""Join pressed until the first remote picture: ours and PeerJS in turn, in the same browsers."""

import argparse
import functools
import http.server
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from browsers import browsers, somebody
from counter import Counter, a_free_port, opened
from figures import Figure, alone, progress, quantile
from playwright.sync_api import Browser, BrowserContext, Page

TOWN = "vilaclara"
PAGE = Path(__file__).parent / "peerjs.html"
SETTLE = 700  # milliseconds in which both sides stand ready before somebody presses
MUST, AIM = 1.5, 1.0

OWN_TIME = """
    () => {
        const { joinedAt, firstPictureAt } = document.getElementById('call').dataset
        return firstPictureAt ? firstPictureAt - joinedAt : 0
    }
"""


@dataclass
class PeerJS:
    """A PeerJS server and the page that calls through it; or why there is none."""

    page: str = ""
    port: int = 0
    trouble: str = ""


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with opened() as counter:
        return of_calls(counter, wanted.calls)


def of_calls(counter: Counter, rounds: int) -> list[Figure]:
    """One call more than asked for of each kind, because the first warms both browsers up."""
    ours: list[float] = []
    theirs: list[float] = []
    with peerjs() as other, browsers(2) as (left, right):
        desk = _at_the_desk(counter, right)
        for number in range(rounds + 1):
            progress(f"calls: {number} of {rounds}")
            ours.append(_our_call(counter, left, desk))
            if not other.trouble:
                theirs.append(_their_call(other, left, right, number))
    return _figures(ours[1:], theirs[1:], other.trouble)


def _figures(ours: list[float], theirs: list[float], trouble: str) -> list[Figure]:
    found = [_picture("join to first picture", ours)]
    if not theirs:
        return [*found, Figure("PeerJS, the same", None, "ms", samples=0, note=trouble)]
    ratio = median(ours) / median(theirs)
    return [
        *found,
        _picture("PeerJS, the same", theirs),
        Figure("ours against PeerJS, medians", ratio, "×", MUST, AIM, samples=len(ours)),
    ]


def _picture(name: str, times: list[float]) -> Figure:
    note = f"p95 {quantile(times, 0.95):.0f} ms · {min(times):.0f}–{max(times):.0f} ms"
    return Figure(f"{name}, p50", quantile(times, 0.5), "ms", samples=len(times), note=note)


def _at_the_desk(counter: Counter, browser: Browser) -> Page:
    desk = somebody(browser, 1280).new_page()
    desk.goto(counter.at(TOWN, "/demo/"))
    desk.locator("#be-1").click()
    desk.wait_for_url("**/desk/")
    return desk


def _our_call(counter: Counter, browser: Browser, desk: Page) -> float:
    """The citizen waits with the camera open, is called, and enters a room where the clerk is."""
    context = somebody(browser)
    citizen = context.new_page()
    citizen.goto(counter.at(TOWN, "/demo/"))
    citizen.locator("#demo-wait").click()
    citizen.locator('#call[data-state="waiting"][data-seen]').wait_for()
    code = citizen.url.split("/visits/")[1].split("/")[0]
    desk.goto(counter.at(TOWN, "/desk/"))
    desk.locator(f"#call-{code}").click()
    desk.locator('#call[data-state="connecting"][data-seen]').wait_for()
    citizen.locator('#call[data-state="ringing"]').wait_for()
    citizen.wait_for_timeout(SETTLE)
    citizen.locator("#call-enter").click()
    citizen.locator("#call[data-first-picture-at]").wait_for()
    taken = float(citizen.evaluate(OWN_TIME))
    desk.locator("#call-hang-up").click()
    desk.locator("#call-leave").click()
    desk.locator('#call[data-state="over"]').wait_for()
    context.close()
    return taken


def _their_call(other: PeerJS, left: Browser, right: Browser, number: int) -> float:
    """Both have the camera open and their line to the server; then one calls the other."""
    contexts: list[BrowserContext] = [somebody(left), somebody(right, 1280)]
    caller, called = (context.new_page() for context in contexts)
    called.goto(f"{other.page}?port={other.port}&own=called-{number}")
    called.locator('body[data-state="ready"]').wait_for()
    caller.goto(f"{other.page}?port={other.port}&own=caller-{number}&other=called-{number}")
    caller.locator('body[data-state="ready"]').wait_for()
    caller.wait_for_timeout(SETTLE)
    caller.locator("#call").click()
    caller.locator("body[data-first-picture-at]").wait_for()
    taken = float(
        caller.evaluate("document.body.dataset.firstPictureAt - document.body.dataset.joinedAt")
    )
    for context in contexts:
        context.close()
    return taken


@contextmanager
def peerjs() -> Iterator[PeerJS]:
    """PeerJS from npm, in a folder that goes away: no part of the project."""
    with TemporaryDirectory(prefix="ventanilla-bench-") as folder:
        if trouble := _install(Path(folder)):
            yield PeerJS(trouble=trouble)
            return
        shutil.copy(PAGE, folder)
        handler = functools.partial(Quiet, directory=folder)
        site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        port = a_free_port()
        server = subprocess.Popen(
            ["node", "node_modules/.bin/peerjs", "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for(port)
            yield PeerJS(f"http://localhost:{site.server_port}/{PAGE.name}", port)
        finally:
            site.shutdown()
            server.terminate()
            server.wait(timeout=10)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Says nothing of what it serves."""

    def log_message(self, format: str, *words: object) -> None:
        pass


def _install(folder: Path) -> str:
    """What went wrong, if anything did."""
    words = ["npm", "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit"]
    words += ["--no-fund", "--no-update-notifier", "peer", "peerjs"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=90)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"npm is not reachable: {error}"
    return f"npm is not reachable: {done.stderr.strip()[-80:]}" if done.returncode else ""


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the PeerJS server did not open")


if __name__ == "__main__":
    alone(measure, __doc__)
