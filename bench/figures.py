"""A figure: what was measured, what it must be, what we aim at; and the table of all of them."""

import argparse
import json
import math
import operator
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

COLUMNS = ("figure", "measured", "must", "aim", "", "samples", "note")


@dataclass
class Figure:
    """`sign` says whether the limits are the most, the least or exactly what it may be."""

    name: str
    value: float | None
    unit: str = ""
    must: float | None = None
    aim: float | None = None
    sign: str = "≤"
    samples: int = 1
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "NOT MEASURED"
        if self.must is None and self.aim is None:
            return ""
        if self._reaches(self.aim):
            return "aim"
        return "must" if self._reaches(self.must) else "MISSED"

    def row(self) -> tuple[str, ...]:
        limits = [
            "" if limit is None else f"{self.sign} {limit:g}" for limit in (self.must, self.aim)
        ]
        measured = "–" if self.value is None else f"{written(self.value)} {self.unit}".strip()
        return (self.name, measured, *limits, self.verdict, str(self.samples), self.note)

    def _reaches(self, limit: float | None) -> bool:
        if limit is None or self.value is None:
            return False
        reaches = {"≤": operator.le, "≥": operator.ge, "=": operator.eq}[self.sign]
        return bool(reaches(self.value, limit))


def written(value: float) -> str:
    """Three digits are all that a busy machine can tell."""
    if value == int(value) or value >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def quantile(values: Sequence[float], part: float) -> float:
    """The smallest of the values that at least this part of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def table(figures: Sequence[Figure]) -> str:
    rows = [COLUMNS, *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]])


def machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def keep(path: Path, figures: Sequence[Figure]) -> None:
    """All of it, for whoever compares with another day."""
    found = [{**asdict(figure), "verdict": figure.verdict} for figure in figures]
    path.write_text(json.dumps({"machine": machine(), "figures": found}, indent=2) + "\n")


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def options(description: str | None, parts: Sequence[str] = ()) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, metavar="PATH", help="write every figure there too")
    parser.add_argument("--many", type=int, default=2000, help="how many people wait (2000)")
    parser.add_argument("--calls", type=int, default=15, help="how many calls are made (15)")
    if parts:
        words = {"choices": parts, "nargs": "+", "default": parts, "metavar": "PART"}
        parser.add_argument("--only", help=", ".join(parts), **words)  # type: ignore[arg-type]
    return parser.parse_args()


def show(figures: Sequence[Figure], wanted: argparse.Namespace) -> None:
    print(table(figures))
    if wanted.json:
        keep(wanted.json, figures)


def alone(
    measure: Callable[[argparse.Namespace], list[Figure]],
    description: str | None,
    parts: Sequence[str] = (),
) -> None:
    """What `python bench/<file>.py` does; with parts, `--only` some of them."""
    wanted = options(description, parts)
    show(measure(wanted), wanted)
