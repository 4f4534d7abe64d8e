"""The files that Janus writes of one voice or picture: packets as they came, each with its time.

`MJR00002`, the length of a header in JSON and that header; then for each packet `MEET`,
milliseconds since the first one, its length, and the packet. Times in the header are microseconds
by the clock of the media server.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

TYPE = "application/x-mjr"
BEGINS, PACKET = b"MJR00002", b"MEET"
PACKET_HEAD = 10
LONGEST, LONGEST_HEAD = 1024 * 1024, 4096  # of a piece
NAME = re.compile(
    r"videoroom-(?P<room>[a-z0-9]+)-user-(?P<seat>[a-z0-9]+)-(?P<session>\d+)-(?P<at>\d+)"
    r"-(?P<kind>audio|video|data)-(?P<line>\d+)\.mjr"
)


class Garbled(Exception):
    """This is no such file."""


@dataclass(frozen=True)
class Head:
    """What stands before the packets."""

    size: int
    at: float  # of the first packet, in seconds of the server's clock
    codec: str


@dataclass(frozen=True)
class Cut:
    """Packets from one place on. `kept` without those that nobody may have."""

    kept: bytes
    size: int  # of all that was read
    until_ms: int  # the time of the last one kept, since the first of the file
    is_broken: bool = False  # what follows is no packet


def head(content: bytes) -> Head | None:
    """None while it is not written yet."""
    if len(content) < len(BEGINS) + 2:
        return None
    if not content.startswith(BEGINS):
        raise Garbled
    size = len(BEGINS) + 2 + int.from_bytes(content[8:10])
    if len(content) < size:
        return None
    try:
        told = json.loads(content[10:size])
        return Head(size, int(told["u"]) / 1_000_000, str(told["c"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Garbled from error


def packets(content: bytes, until_ms: float, is_kept: Callable[[int], bool]) -> Cut:
    """Those that are whole and older than that; the others are read the next time."""
    kept, place, last = bytearray(), 0, 0
    while len(content) - place >= PACKET_HEAD:
        if content[place : place + 4] != PACKET:
            if place:
                return Cut(bytes(kept), place, last, is_broken=True)
            raise Garbled
        at_ms = int.from_bytes(content[place + 4 : place + 8])
        end = place + PACKET_HEAD + int.from_bytes(content[place + 8 : place + 10])
        if end > len(content) or at_ms > until_ms:
            break
        if is_kept(at_ms):
            kept += content[place:end]
            last = at_ms
        place = end
    return Cut(bytes(kept), place, last)
