"""Every measurement, one after the other, and one page of them: bench/RESULTS.md.

    make bench-all                              # about an hour on two quiet cores
    make bench-all SMALL=1                      # load, growth and restore in a small size
    .venv/bin/python bench/results.py --only run call
    .venv/bin/python bench/results.py --write   # only the page, from what was measured before

Each program is a process of its own and leaves bench/results/<name>.json; one that breaks is said
in the page and does not take the others with it.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from figures import machine, progress, written

ROOT = Path(__file__).parents[1]
KEPT, PAGE = ROOT / "bench/results", ROOT / "bench/RESULTS.md"
LONGEST = 900  # seconds, of one program
COMMANDS: dict[str, Sequence[str]] = {
    "run": ("run.py",),
    "waiting": ("waiting.py", "--many", "5000"),
    "lighthouse": ("lighthouse.py",),
    "call": ("call.py",),
    "schedule": ("schedule.py",),
    "recording": ("recording.py",),
    "papers": ("papers.py",),
    "board": ("board.py",),
    "desk": ("desk.py",),
    "audit": ("audit.py",),
    "restore": ("restore.py",),
    "reads": ("reads.py",),
    "load": ("load.py", "--many", "2000"),
    "load-5000": ("load.py", "--many", "5000", "--registers", "postgresql", "--processes", "2"),
    "growth": ("growth.py",),
}
FEW = ("--many", "300", "--calls", "20", "--seconds", "10", "--minutes", "5")
SMALL: dict[str, Sequence[str]] = {
    "restore": ("restore.py",),
    "reads": ("reads.py",),
    "load": ("load.py", *FEW),
    "growth": ("growth.py", "--visits", "1000", "10000", "100000", "--towns", "1", "10", "100"),
}
VERSIONS = (
    ("python", (sys.executable, "--version")),
    ("chromium", ("chromium", "--version")),
    ("postgres", ("psql", "--version")),
    ("redis", ("redis-server", "--version")),
    ("nginx", ("nginx", "-v")),
    ("node", ("node", "--version")),
    ("commit", ("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")),
)


def measure(name: str, command: Sequence[str]) -> None:
    """Run one program and keep what it found, or why it did not."""
    progress(f"— {name}")
    file, begun = KEPT / f"{name}.json", time.monotonic()
    file.unlink(missing_ok=True)
    words = [sys.executable, str(ROOT / "bench" / command[0]), *command[1:], "--json", str(file)]
    running = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        problem = f"it ended with {code}" if (code := running.wait(timeout=LONGEST)) else ""
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)  # with whatever it had opened
        running.wait()
        problem = f"it took longer than {LONGEST} s"
    found = json.loads(file.read_text()) if file.exists() else {"machine": machine(), "figures": []}
    found |= {
        "command": " ".join(("python bench/" + command[0], *command[1:])),
        "seconds": round(time.monotonic() - begun),
        "problem": problem,
        "measured_at": datetime.now(UTC).strftime("%F %R UTC"),
    }
    file.write_text(json.dumps(found, indent=2) + "\n")


def page(found: dict[str, dict[str, Any]], versions: dict[str, str]) -> str:
    """What has a limit first, then all else, and how to measure it again."""
    rows = [(name, figure) for name, one in found.items() for figure in one["figures"]]
    limited = [row for row in rows if row[1]["must"] is not None or row[1]["aim"] is not None]
    others = [row for row in rows if row not in limited]
    verdicts = [figure["verdict"] for _, figure in limited]
    told = " · ".join(
        f"{verdicts.count(word)} {says}"
        for word, says in (
            *(("aim", "reach the aim"), ("must", "reach what they must")),
            *(("MISSED", "missed"), ("NOT MEASURED", "not measured")),
        )
    )
    lines = [
        "# Results",
        "",
        "Written by `make bench-all`; do not edit. What the figures mean: [README.md](README.md).",
        "",
        f"{len(limited)} figures have a limit: {told}.",
        "",
        *_table(limited),
        "",
        "## Without a limit",
        "",
        *_table(others),
        "",
        "## The machine, and the commands",
        "",
        "Where the load at the end is more than twice the cores, others used the machine: look at",
        "the milliseconds of processor, and measure all other times again.",
        "",
        *(f"* {name}: {text}" for name, text in versions.items()),
        "",
        "| Measured | Command | Seconds | Load | |",
        "|---|---|---|---|---|",
    ]
    for one in found.values():
        load = one["machine"]["load"][0]
        told = [one.get(key, "") for key in ("measured_at", "command", "seconds", "problem")]
        lines.append(f"| {told[0]} | `{told[1]}` | {told[2]} | {load} | {told[3]} |")
    return "\n".join([*lines, ""])


def _table(rows: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    lines = ["| Figure | Measured | Must | Aim | | From | Note |", "|---|---|---|---|---|---|---|"]
    for name, figure in rows:
        limits = [
            "" if figure[key] is None else f"{figure['sign']} {figure[key]:g}"
            for key in ("must", "aim")
        ]
        value = figure["value"]
        measured = "–" if value is None else f"{written(value)} {figure['unit']}".strip()
        note = figure["note"].replace("|", "/")
        lines.append(
            f"| {figure['name']} | {measured} | {' | '.join(limits)} | {figure['verdict']}"
            f" | {name} | {note} |"
        )
    return lines


def versions() -> dict[str, str]:
    here = machine()
    found = {"machine": f"{here['cores']} cores, {here['system']}"}
    for name, words in VERSIONS:
        if shutil.which(words[0]):
            done = subprocess.run(words, capture_output=True, text=True)
            found[name] = (done.stdout or done.stderr).strip().splitlines()[0]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=COMMANDS)
    parser.add_argument("--small", action="store_true", help="what can be, in a small size")
    parser.add_argument("--write", action="store_true", help="measure nothing")
    wanted = parser.parse_args()
    KEPT.mkdir(exist_ok=True)
    if not wanted.write:
        commands = SMALL if wanted.small else COMMANDS
        for name in wanted.only or commands:
            measure(name, commands[name])
    files = {name: KEPT / f"{name}.json" for name in COMMANDS}
    found = {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}
    PAGE.write_text(page(found, versions()))
    progress(str(PAGE))


if __name__ == "__main__":
    main()
