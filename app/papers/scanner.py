"""Asks ClamAV whether a file is known to do harm. What was not asked about is not let through.

The way of speaking is `clamd`'s own (INSTREAM): the file goes over the connection in pieces, so
that the scanner needs no right to read our folders.
"""

import socket
import struct
from pathlib import Path

import structlog
from flask import current_app

PIECE = 256 * 1024
PATIENCE_SECONDS = 60

log = structlog.get_logger()


class ScannerDown(Exception):
    """It gave no answer that we understand."""


def is_wanted() -> bool:
    return bool(current_app.config["CLAMD"])


def harm_in(file: Path) -> str:
    """The name of what is in the file; empty for a clean one, and where no scanner is wanted."""
    if not is_wanted():
        return ""
    try:
        said = _ask(str(current_app.config["CLAMD"]), file)
    except OSError as error:
        log.warning("the scanner does not answer", reason=str(error)[:80])
        raise ScannerDown from error
    words = said.rstrip(b"\0").decode("ascii", "replace")
    if words == "stream: OK":
        return ""
    if words.startswith("stream: ") and words.endswith(" FOUND"):
        return words.removeprefix("stream: ").removesuffix(" FOUND")
    log.warning("the scanner answered oddly", words=words[:80])
    raise ScannerDown


def _ask(address: str, file: Path) -> bytes:
    with _called(address) as line, file.open("rb") as content:
        line.sendall(b"zINSTREAM\0")
        while piece := content.read(PIECE):
            line.sendall(struct.pack("!L", len(piece)) + piece)
        line.sendall(struct.pack("!L", 0))
        said = b""
        while not said.endswith(b"\0") and (more := line.recv(4096)):
            said += more
        return said


def _called(address: str) -> socket.socket:
    """`unix:/run/clamav/clamd.ctl` or `tcp:127.0.0.1:3310`."""
    kind, _, place = address.partition(":")
    if kind == "unix":
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(PATIENCE_SECONDS)
        try:
            line.connect(place)
        except OSError:
            line.close()
            raise
        return line
    host, _, port = place.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS)
