"""Lets the reader read one paper where it can do no harm, and never for longer than a minute."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import structlog

READER = Path(__file__).with_name("reader.py")
PATIENCE_SECONDS = 60
# The language of programs, and where poppler is: nothing else of ours.
SURROUNDINGS = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

log = structlog.get_logger()


@dataclass(frozen=True)
class Sheet:
    """One page as it is looked at."""

    file: Path
    width: int
    height: int
    text: str


@dataclass(frozen=True)
class Reading:
    """What the reader found; `refused` says in one word why there is nothing."""

    refused: str = ""
    clean: Path | None = None
    thumb: Path | None = None
    sheets: tuple[Sheet, ...] = ()
    taken_out: tuple[str, ...] = ()
    peak_kilobytes: int = field(default=0, compare=False)


def read(original: Path, kind: str, *, most_pages: int) -> Reading:
    """Read that file; what is made of it stands beside it, in a folder of its own."""
    folder = original.parent
    return _understood(_run(folder, kind, most_pages), folder)


def _run(folder: Path, kind: str, most_pages: int) -> dict[str, Any]:
    words = [sys.executable, "-I", "-B", str(READER), str(folder), kind, str(most_pages)]
    with subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**SURROUNDINGS, "TMPDIR": str(folder), "HOME": str(folder)},
        cwd=folder,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            said = b""
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    try:
        told: dict[str, Any] = json.loads(said)
    except ValueError:  # it was stopped: too much time, too much memory
        log.warning("a paper could not be read", ended=process.returncode)
        return {"refused": "bomb"}
    if not told.get("is_kept"):
        _warn_once()
    return told


@cache
def _warn_once() -> None:
    """The other locks hold: memory, time, no network. Linux 5.13 and later have this one too."""
    log.warning("the reader of papers is not kept from other files: there is no Landlock here")


def _understood(told: dict[str, Any], folder: Path) -> Reading:
    peak = int(told.get("peak_kilobytes", 0))
    if told.get("refused"):
        return Reading(refused=str(told["refused"]), peak_kilobytes=peak)
    sheets = tuple(
        Sheet(folder / f"sheet-{number}.webp", one["width"], one["height"], one["text"])
        for number, one in enumerate(told["sheets"], 1)
    )
    return Reading(
        clean=folder / told["clean"],
        thumb=folder / "thumb.webp",
        sheets=sheets,
        taken_out=tuple(told["taken_out"]),
        peak_kilobytes=peak,
    )
