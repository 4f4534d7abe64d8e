"""Debian's Firefox, spoken to by its own remote control (Marionette), with a camera that pretends.

Playwright drives a Firefox of its own making only; what town halls have is this one.
"""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.counter import a_free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver names an element
PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
    "app.normandy.enabled": False,
    "services.settings.server": "http://127.0.0.1:1",
    "extensions.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
}


class Firefox:
    """One window."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 60)
        self._number = 0
        self._receive()  # says who it is
        self.ask("WebDriver:NewSession", {"capabilities": {}})

    def ask(self, command: str, words: dict[str, Any] | None = None) -> Any:
        self._number += 1
        letter = json.dumps([0, self._number, command, words or {}]).encode()
        self._socket.sendall(str(len(letter)).encode() + b":" + letter)
        _, number, trouble, answer = self._receive()
        assert number == self._number
        if trouble:
            raise AssertionError(f"Firefox: {command}: {trouble['error']}: {trouble['message']}")
        return answer["value"] if isinstance(answer, dict) and "value" in answer else answer

    def goto(self, address: str) -> None:
        self.ask("WebDriver:Navigate", {"url": address})

    @property
    def url(self) -> str:
        return str(self.ask("WebDriver:GetCurrentURL"))

    def run(self, script: str, *words: Any) -> Any:
        """A function that may be asynchronous, in the page."""
        body = f"const done = arguments[arguments.length - 1]; ({script})(...arguments).then(done)"
        return self.ask("WebDriver:ExecuteAsyncScript", {"script": body, "args": list(words)})

    def click(self, selector: str) -> None:
        self.ask("WebDriver:ElementClick", {"id": self._find(selector)})

    def type(self, selector: str, text: str) -> None:
        self.ask("WebDriver:ElementSendKeys", {"id": self._find(selector), "text": text})

    def text(self, selector: str) -> str:
        return str(self.ask("WebDriver:GetElementText", {"id": self._find(selector)}))

    def wait(self, script: str, *words: Any, seconds: float = 60) -> Any:
        """Until that is true of the page."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(AssertionError):  # between two pages there is none
                if found := self.run(script, *words):
                    return found
            time.sleep(0.2)
        raise AssertionError(f"{self.url}: {script} {words} did not come true")

    def _find(self, selector: str) -> str:
        found = self.ask("WebDriver:FindElement", {"using": "css selector", "value": selector})
        return str(found[ELEMENT])

    def _receive(self) -> Any:
        size = b""
        while not size.endswith(b":"):
            size += self._some(1)
        letter = b""
        while len(letter) < int(size[:-1]):
            letter += self._some(int(size[:-1]) - len(letter))
        return json.loads(letter)

    def _some(self, most: int) -> bytes:
        block = self._socket.recv(most)
        if not block:
            raise AssertionError("Firefox has gone")
        return block

    def close(self) -> None:
        self._socket.close()


def is_installed() -> bool:
    return shutil.which("firefox-esr") is not None


@contextmanager
def a_firefox(folder: Path) -> Iterator[Firefox]:
    port = a_free_port()
    wishes = {**PREFERENCES, "marionette.port": port}
    lines = (f'user_pref("{name}", {json.dumps(value)});' for name, value in wishes.items())
    (folder / "user.js").write_text("\n".join(lines))
    with (folder / "firefox.log").open("wb") as log:
        process = subprocess.Popen(
            ["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", str(folder)],
            stdout=log,
            stderr=log,
        )
    try:
        window = _open(port, process)
        yield window
        window.close()
    finally:
        process.terminate()
        process.wait(timeout=20)


def _open(port: int, process: subprocess.Popen[bytes]) -> Firefox:
    for _ in range(300):
        if process.poll() is not None:
            break
        with suppress(OSError):
            return Firefox(port)
        time.sleep(0.2)
    raise AssertionError("Firefox did not open")
