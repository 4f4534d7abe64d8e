"""A media server on loopback: Janus, with the configuration that is shipped."""

import re
import secrets
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.counter import ROOT, Counter, a_free_port, close_counter, open_counter

SHIPPED = ROOT / "deploy" / "janus"
NETWORK = "127.0.0.1"


@dataclass
class MediaServer:
    """A media server that can be closed and opened again, with the same words."""

    folder: Path
    port: int = field(default_factory=a_free_port)
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    room_key: str = field(default_factory=lambda: secrets.token_hex(16))
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/janus"

    @property
    def settings(self) -> dict[str, str]:
        """What the counter is told of it."""
        return {
            "JANUS_URL": self.url,
            "JANUS_SECRET": self.secret,
            "JANUS_ROOM_KEY": self.room_key,
        }

    @property
    def recordings(self) -> Path:
        """Where it writes down what it is asked to."""
        return self.folder / "recordings"

    @property
    def log(self) -> str:
        return (self.folder / "janus.log").read_text(errors="replace")

    def open(self) -> None:
        with (self.folder / "janus.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["janus", "-F", str(self.folder)], stdout=log, stderr=log
            )
        for _ in range(100):
            if self.process.poll() is not None:
                break
            if self.is_up():
                return
            time.sleep(0.1)
        raise AssertionError(f"the media server did not open:\n{self.log}")

    def is_up(self) -> bool:
        try:
            return requests.get(f"{self.url}/info", timeout=1).ok
        except requests.RequestException:
            return False

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=10)
            self.process = None


def is_installed() -> bool:
    return shutil.which("janus") is not None


def write_settings(server: MediaServer) -> None:
    """The shipped files, with words of our own, another port, and loopback as the network."""
    values = {
        r'api_secret = ".*"': f'api_secret = "{server.secret}"',
        r'admin_secret = ".*"': f'admin_secret = "{secrets.token_hex(16)}"',
        r'admin_key = ".*"': f'admin_key = "{server.room_key}"',
        r'configs_folder = ".*"': f'configs_folder = "{server.folder}"',
        r"port = 8088": f"port = {server.port}",
        r'rtp_port_range = ".*"': 'rtp_port_range = "30000-39999"',
        r"server_name = ": 'interface = "lo"\n\tserver_name = ',
        r"nice_debug = false": f'nice_debug = false\n\tice_enforce_list = "{NETWORK}"',
    }
    for shipped in SHIPPED.glob("*.jcfg"):
        text = shipped.read_text()
        for before, after in values.items():
            text = re.sub(rf"^(\s*){before}", rf"\g<1>{after}", text, flags=re.M)
        (server.folder / shipped.name).write_text(text)


@contextmanager
def a_media_server(folder: Path) -> Iterator[MediaServer]:
    server = MediaServer(folder)
    write_settings(server)
    server.open()
    try:
        yield server
    finally:
        server.close()


@contextmanager
def a_counter_through(server: MediaServer, folder: Path, **settings: str) -> Iterator[Counter]:
    """A counter whose towns have all chosen that server in the middle."""
    counter, process = open_counter(folder, **server.settings, **settings)
    with sqlite3.connect(folder / "ventanilla.db") as register:
        register.execute("UPDATE town SET media = 'janus'")
    try:
        yield counter
    finally:
        assert close_counter(process) == 0
