"""Reading the file of a town: every mistake with its line, and nothing guessed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from flask_babel import gettext as _
from tomlkit.exceptions import ParseError, TOMLKitError

from app.office.town_file import shape
from app.office.town_file.shape import Column, Shape

MOST = 2 * 1024 * 1024
Path = tuple[str | int, ...]
# Whoever has no name of their own in the file has a number: the position in its list.
NAMED_BY = {
    "offices": ("slug",),
    "procedures": ("slug",),
    "closures": ("day", "office"),
    "seasons": ("first_day", "last_day", "office"),
    "people": ("role", "name"),
    "resources": ("kind", "name"),
}


@dataclass(frozen=True)
class Fault:
    """A mistake: in which line, and what is wrong there."""

    line: int
    text: str


@dataclass
class Draft:
    """A file as it was read. Without faults its shape is right; its rules are still to be tried."""

    values: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    lines: dict[Path, int] = field(default_factory=dict)

    def line_of(self, *path: str | int) -> int:
        """Where that stands, or what it stands in."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def blame(self, text: str, *path: str | int) -> None:
        self.faults.append(Fault(self.line_of(*path), text))


def read(text: str) -> Draft:
    draft = Draft()
    if len(text) > MOST:
        draft.faults.append(Fault(1, _("The file is too long to be that of a town.")))
        return draft
    try:
        values = tomlkit.parse(text).unwrap()
    except ParseError as error:
        what = _("This cannot be read: look at the quotation marks and brackets here.")
        draft.faults.append(Fault(error.line, what))
        return draft
    except (TOMLKitError, ValueError, RecursionError):
        draft.faults.append(Fault(1, _("This is not a file of a town.")))
        return draft
    draft.values, draft.lines = values, dict(_lines(text))
    if values.get("format") != shape.VERSION:
        what = _(
            "This file is of version %(theirs)s, and only version %(ours)s can be read.",
            theirs=str(values.get("format", "–"))[:20],
            ours=shape.VERSION,
        )
        draft.blame(what, "format")
        return draft
    _check(draft)
    return draft


def _check(draft: Draft) -> None:
    for name in draft.values.keys() - {"format", "town", *shape.SECTIONS}:
        draft.blame(_("Nobody knows the word “%(word)s” here.", word=str(name)[:40]), name)
    town = draft.values.get("town")
    if not isinstance(town, dict):
        draft.blame(_("The part [town] is missing."))
        return
    _check_row(draft, shape.TOWN, town, ("town",))
    for name, of in shape.SECTIONS.items():
        rows = draft.values.setdefault(name, [])
        if not _is_rows(rows):
            draft.blame(_("Write each as [[%(word)s]].", word=name), name)
            draft.values[name] = []
            continue
        seen: set[tuple[Any, ...]] = set()
        for n, row in enumerate(rows):
            _check_row(draft, of, row, (name, n))
            key = tuple(str(row.get(word, "")) for word in NAMED_BY[name])
            if key in seen:
                draft.blame(_("This is there twice. Give one of them another name."), name, n)
            seen.add(key)
            if name == "resources":
                _check_hours(draft, row, (name, n))
    _check_names(draft)


def _check_hours(draft: Draft, row: dict[str, Any], path: Path) -> None:
    for word, of in (("shifts", shape.SHIFT), ("days", shape.DAY)):
        inner = row.setdefault(word, [])
        if not _is_rows(inner):
            draft.blame(_("Write each as [[%(word)s]].", word=f"resources.{word}"), *path, word)
            row[word] = []
        for m, one in enumerate(row[word]):
            _check_row(draft, of, one, (*path, word, m))
    skills = row.setdefault("skills", [])
    if not (isinstance(skills, list) and all(isinstance(one, str) for one in skills)):
        draft.blame(_("Write a list of names of procedures."), *path, "skills")
        row["skills"] = []


def _check_row(draft: Draft, of: Shape, row: dict[str, Any], path: Path) -> None:
    for name in row.keys() - of.words:
        word = str(name)[:40]
        draft.blame(_("Nobody knows the word “%(word)s” here.", word=word), *path, name)
    for name, column in of.columns.items():
        if name not in row:
            if not column.may_be_left_out:
                draft.blame(_("“%(word)s” is missing here.", word=name), *path)
        elif problem := _problem(column, row[name]):
            draft.blame(problem, *path, name)
    for name in of.refers:
        if name in row and not isinstance(row[name], str):
            draft.blame(_("Write “%(word)s” between quotation marks.", word=name), *path, name)
            del row[name]


def _problem(column: Column, value: Any) -> str:
    """What is wrong with a value; empty when nothing is."""
    word = column.name
    is_bool = isinstance(value, bool)
    if not isinstance(value, column.kinds) or (is_bool and bool not in column.kinds):
        return {
            str: _("Write “%(word)s” between quotation marks.", word=word),
            int: _("“%(word)s” is a whole number.", word=word),
            bool: _("“%(word)s” is true or false.", word=word),
            list: _("“%(word)s” is a list, between square brackets.", word=word),
            dict: _("“%(word)s” has several values, each with its name.", word=word),
        }.get(column.kinds[0], _("“%(word)s” is a date or a time.", word=word))
    if column.words and value not in list(column.words):
        known = ", ".join(column.words)
        return _("“%(word)s” is one of these: %(known)s.", word=word, known=known)
    if column.longest and isinstance(value, str) and len(value) > column.longest:
        return _("“%(word)s” is too long: up to %(most)s letters.", word=word, most=column.longest)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if column.inner and not all(isinstance(one, column.inner) for one in inner):
        return _("One of the values of “%(word)s” is of another kind.", word=word)
    if isinstance(value, int) and abs(value) > 1_000_000:
        return _("“%(word)s” is too large.", word=word)
    return ""


def _check_names(draft: Draft) -> None:
    """Whatever names another row names one that is in the file."""
    known = {
        "office": {str(row.get("slug")) for row in draft.values["offices"]},
        "person": {str(row.get("name")) for row in draft.values["people"]},
        "desk": {
            str(row.get("name")) for row in draft.values["resources"] if row.get("kind") == "desk"
        },
    }
    procedures = {str(row.get("slug")) for row in draft.values["procedures"]}
    for section, of in shape.SECTIONS.items():
        for n, row in enumerate(draft.values[section]):
            for word in of.refers:
                if word in row and row[word] not in known[word]:
                    what = _("There is no “%(name)s” in this file.", name=row[word][:60])
                    draft.blame(what, section, n, word)
            if section == "procedures" and "office" not in row:
                draft.blame(_("“%(word)s” is missing here.", word="office"), section, n)
            for slug in row.get("skills", []) if section == "resources" else []:
                if slug not in procedures:
                    what = _("There is no “%(name)s” in this file.", name=slug[:60])
                    draft.blame(what, section, n, "skills")


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.\-\"' ]+?)\s*\]\]?")
KEY = re.compile(r"^\s*([\w-]+|\"[^\"]*\")\s*(?:\.\s*[\w-]+\s*)?=")


def _lines(text: str) -> Iterator[tuple[Path, int]]:
    """Where each table and each word stands. What stands inside a long list has its line."""
    here: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := HEADER.match(line):
            words = [word.strip(" \"'") for word in header[2].split(".")]
            here = ()
            for n, word in enumerate(words):
                here = (*here, word)
                if header[1] == "[[" and n == len(words) - 1:
                    counts[here] = counts.get(here, -1) + 1
                if here in counts:
                    here = (*here, counts[here])
            yield here, number
        elif key := KEY.match(line):
            yield (*here, key[1].strip('"')), number
