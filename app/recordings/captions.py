"""What was written during a segment, and why something is missing, as a track of text (WebVTT)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

SHOWN_MS = 5_000
LONGEST = 2_000


@dataclass(frozen=True)
class Cue:
    starts_ms: int
    ends_ms: int
    who: str
    text: str


def lines_in(body: bytes, offset_ms: int) -> list[Cue]:
    """The lines of a piece of text: `[[milliseconds, who, text], …]`. What is none is left out."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return []
    found = []
    for line in told if isinstance(told, list) else []:
        if not isinstance(line, list) or len(line) != 3:
            continue
        at, who, text = line
        if type(at) is int and isinstance(who, str) and isinstance(text, str) and at >= 0 and text:
            starts = offset_ms + at
            found.append(Cue(starts, starts + SHOWN_MS, who[:80], text[:LONGEST]))
    return found


def written(cues: Iterable[Cue]) -> bytes:
    """In the order of their times: one spelling for the same lines."""
    parts = ["WEBVTT\n"]
    for cue in sorted(cues, key=lambda one: (one.starts_ms, one.ends_ms, one.who, one.text)):
        voice = f"<v {_plain(cue.who)}>" if cue.who else ""
        times = f"{_time(cue.starts_ms)} --> {_time(max(cue.ends_ms, cue.starts_ms + 1))}"
        parts.append(f"{times}\n{voice}{_plain(cue.text)}\n")
    return "\n".join(parts).encode()


def _time(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"


def _plain(text: str) -> str:
    """A line of its own, in which nothing is a sign of the format."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return text.replace(">", "&gt;")
