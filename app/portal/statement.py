"""The last automated review of accessibility, from which the statement is made."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import structlog
from flask import current_app

log = structlog.get_logger()

NAME = "accessibility.json"
OURS = Path(__file__).parent / "data" / NAME


@dataclass(frozen=True)
class Report:
    """`violations`: rules that were broken, and on how many pages."""

    day: date
    tool: str
    pages: int
    languages: int
    violations: dict[str, int]


def last_report() -> Report | None:
    """That of this installation, or the one the product came with. None when none can be read."""
    for file in (Path(current_app.instance_path) / NAME, OURS):
        if not file.exists():
            continue
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            return Report(
                day=date.fromisoformat(found["made_on"]),
                tool=str(found["tool"]),
                pages=int(found["pages"]),
                languages=len(found["languages"]),
                violations={str(rule): int(count) for rule, count in found["violations"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            log.exception("the report of accessibility cannot be read", file=str(file))
    return None
