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


def open_relay(relay: Relay) -> subprocess.Popen[bytes]:
    """Start it, at its address and with its secret, and wait until it takes connections."""
    with (relay.folder / "relay.log").open("ab") as log:
        words = ["turnserver", "-c", str(relay.folder / "turnserver.conf")]
        words += ["--pidfile", str(relay.folder / "relay.pid")]
        process = subprocess.Popen(words, cwd=relay.folder, stdout=log, stderr=log)
    wait_for(relay, process)
    return process


def through(relay: Relay, name: str, word: str, port: int) -> tuple[bool, str]:
    """Whether five messages came back through the relay from an echo at that port."""
    done = subprocess.run(
        [
            *("turnutils_uclient", "-u", name, "-w", word, "-p", str(relay.port)),
            *("-e", "127.0.0.1", "-r", str(port), "-n", "5", "-c", "127.0.0.1"),
        ],
        capture_output=True,
        text=True,
        timeout=30,
    )
    said = done.stdout + done.stderr
    return "tot_recv_msgs=5" in said and done.returncode == 0, said


def written_down(folder: Path, *, reaches_loopback: bool = True) -> Relay:
    """A relay with its settings in that folder, not yet open."""
    relay = Relay(a_free_port(), secrets.token_hex(16), folder)
    text = settings(relay.port, relay.secret, reaches_loopback=reaches_loopback)
    (folder / "turnserver.conf").write_text(text)
    return relay


@contextmanager
def a_relay(folder: Path, *, reaches_loopback: bool = True) -> Iterator[Relay]:
    relay = written_down(folder, reaches_loopback=reaches_loopback)
    process = open_relay(relay)
    try:
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
