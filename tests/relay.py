"""A relay on loopback: coturn, with the configuration that is shipped."""

import contextlib
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.counter import ROOT, a_free_port

SHIPPED = ROOT / "deploy" / "coturn" / "turnserver.conf"


@dataclass
class Relay:
    """A relay that is open."""

    port: int
    secret: str
    folder: Path

    @property
    def url(self) -> str:
        return f"turn:127.0.0.1:{self.port}?transport=udp"

    @property
    def log(self) -> str:
        return (self.folder / "relay.log").read_text()


def is_installed() -> bool:
    return shutil.which("turnserver") is not None


def settings(port: int, secret: str, *, reaches_loopback: bool) -> str:
    """The shipped configuration, without what needs a public name and a certificate.

    Both people of a test sit on this machine: to reach each other, the relay must be allowed what
    the shipped rules forbid, and nothing else changes.
    """
    text = SHIPPED.read_text()
    text = re.sub(r"^static-auth-secret=.*$", f"static-auth-secret={secret}", text, flags=re.M)
    text = re.sub(r"<turn\.example\.org>", "turn.test", text)
    text = re.sub(
        r"^(cert|pkey|tls-listening-port|no-tlsv1|no-tlsv1_1)\b.*\n", "", text, flags=re.M
    )
    text = re.sub(r"^listening-port=.*$", f"listening-port={port}", text, flags=re.M)
    own = ["listening-ip=127.0.0.1", "relay-ip=127.0.0.1", "no-tls", "no-dtls", "userdb=turndb"]
    if reaches_loopback:
        text = text.replace("denied-peer-ip=127.0.0.0-127.255.255.255\n", "")
        text = text.replace("no-cli\n", "")
        own += ["allow-loopback-peers", f"cli-password={secret}", "cli-port=0", "cli-ip=127.0.0.1"]
    return "\n".join([text, *own, ""])


@contextmanager
def a_relay(folder: Path, *, reaches_loopback: bool = True) -> Iterator[Relay]:
    relay = Relay(a_free_port(), secrets.token_hex(16), folder)
    file = folder / "turnserver.conf"
    file.write_text(settings(relay.port, relay.secret, reaches_loopback=reaches_loopback))
    with (folder / "relay.log").open("wb") as log:
        process = subprocess.Popen(
            ["turnserver", "-c", str(file), "--pidfile", str(folder / "relay.pid")],
            cwd=folder,
            stdout=log,
            stderr=log,
        )
        try:
            wait_for(relay, process)
            yield relay
        finally:
            process.terminate()
            process.wait(timeout=10)


def wait_for(relay: Relay, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", relay.port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"the relay did not open:\n{relay.log}")
