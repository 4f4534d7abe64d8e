"""Paper in and out: SANE and CUPS by their own programs, and what went wrong in one word."""

import os
import re
import subprocess
import time
from pathlib import Path

from ventanilla_kiosk.settings import Settings

SCAN_PATIENCE = 90.0
PRINT_PATIENCE = 60.0
LOOK_PATIENCE = 15.0
LEAST_BYTES = 1_000  # less than this is no sheet


class PaperTrouble(Exception):
    """`outcome` is what the house is told."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def scan(settings: Settings) -> bytes:
    """One sheet from the glass, as JPEG."""
    words = ["scanimage", "--format=jpeg", f"--resolution={settings.scan_dpi}", "--mode=Gray"]
    if settings.scanner:
        words.insert(1, f"--device-name={settings.scanner}")
    words += settings.scan_options
    try:
        done = subprocess.run(words, capture_output=True, timeout=SCAN_PATIENCE, check=False)
    except FileNotFoundError as error:
        raise PaperTrouble("no_scanner") from error
    except subprocess.TimeoutExpired as error:
        raise PaperTrouble("busy") from error
    if done.returncode == 0 and len(done.stdout) >= LEAST_BYTES:
        return done.stdout
    said = done.stderr.decode("utf-8", "replace").lower()
    if "busy" in said:
        raise PaperTrouble("busy")
    if "no documents" in said or "out of documents" in said:
        raise PaperTrouble("no_paper")
    if "no sane devices" in said or "open of device" in said or "invalid argument" in said:
        raise PaperTrouble("no_scanner")
    raise PaperTrouble("failed")


def scanner_state(settings: Settings) -> str:
    """`ready`, or `none` when none is found."""
    try:
        words = ["scanimage", "--formatted-device-list=%d%n"]
        listed = _told(words)
    except PaperTrouble:
        return "none"
    names = listed.split()
    is_there = settings.scanner in names if settings.scanner else bool(names)
    return "ready" if is_there else "none"


def print_file(settings: Settings, file: Path) -> None:
    """Give it to the queue, and wait until it is on paper or something is wrong."""
    state = printer_state(settings)
    if state != "ready":
        raise PaperTrouble("no_printer" if state == "none" else state)
    words = ["lp", "-o", "fit-to-page", *(["-d", settings.printer] if settings.printer else [])]
    told = _told([*words, "--", str(file)])
    found = re.search(r"(\S+-\d+)", told)
    if found is None:
        raise PaperTrouble("failed")
    job, deadline = found[1], time.monotonic() + PRINT_PATIENCE
    while job in _told(["lpstat", "-W", "not-completed", "-o"]):
        state = printer_state(settings)
        if state != "ready" or time.monotonic() > deadline:
            _told(["cancel", job])  # it must not come out for the next person
            raise PaperTrouble(state if state in ("no_paper", "stopped") else "failed")
        time.sleep(0.2)


def printer_state(settings: Settings) -> str:
    """`ready`, `no_paper`, `stopped`, or `none` when there is no printer."""
    try:
        queue = settings.printer or _default_queue()
        told = _told(["lpstat", "-l", "-p", queue]).lower() if queue else ""
    except PaperTrouble:
        return "none"
    if not told:
        return "none"
    if "media-empty" in told or "media-needed" in told:
        return "no_paper"
    if "disabled" in told or "deshabilitad" in told or "offline-report" in told:
        return "stopped"
    return "ready"


def _default_queue() -> str:
    told = _told(["lpstat", "-d"])
    return told.partition(":")[2].strip()


def _told(words: list[str]) -> str:
    """What a program of the printer or the scanner says, in English."""
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            timeout=LOOK_PATIENCE,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise PaperTrouble("failed") from error
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
