"""What would change between two states of a town, line by line, for somebody to read first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.office.town_file import shape
from app.office.town_file.reading import NAMED_BY


@dataclass(frozen=True)
class Change:
    """`kind`: added, changed, removed. `what`: which row; `word`: which of its values."""

    kind: str
    section: str
    what: str
    word: str = ""
    before: str = ""
    after: str = ""


def changes(before: dict[str, Any] | None, after: dict[str, Any]) -> list[Change]:
    """From one document to the other; from nothing, everything is added."""
    before = before or {"town": {}, **{name: [] for name in shape.SECTIONS}}
    found = list(_of_row("town", str(after["town"].get("name", "")), before["town"], after["town"]))
    if not before["town"]:
        found = [Change("added", "town", str(after["town"].get("name", "")))]
    for section in shape.SECTIONS:
        old, new = _by_name(section, before[section]), _by_name(section, after[section])
        for name, row in new.items():
            if name not in old:
                found.append(Change("added", section, name))
            else:
                found += _of_row(section, name, old[name], row)
        found += [Change("removed", section, name) for name in old.keys() - new.keys()]
    return found


def _of_row(section: str, name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for word in sorted(old.keys() | new.keys()):
        if old.get(word) == new.get(word):
            continue
        yield Change("changed", section, name, word, _said(old.get(word)), _said(new.get(word)))


def _by_name(section: str, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    named = NAMED_BY[section]
    return {" ".join(str(row[word]) for word in named if word in row): row for row in rows}


def _said(value: Any) -> str:
    """Short enough for a line: of a long list, how many."""
    if value is None:
        return "–"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"({len(value)})"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 160 else f"{text[:157]}…"
