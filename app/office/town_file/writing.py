"""A town as plain values, and those as text with a word of explanation at the top."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from app.accounts import queries as accounts
from app.core import clock
from app.core.db import Base
from app.office.town_file import shape
from app.office.town_file.shape import Shape, plain
from app.schedule import queries as schedule
from app.towns import queries as towns
from app.towns.models import Town

HEAD = """\
Ventanilla: a whole town in one file.
Look at what it would change:  flask --app wsgi towns load FILE
Change it:                     flask --app wsgi towns load FILE --apply
Nobody and nothing is deleted because it is not here, except hours, skills, closed days and seasons.
Not here: visits, passkeys, who may identify people, clerks lent by other towns."""

Values = dict[str, Any]


def document(town: Town) -> Values:
    """Everything that was set up in the town spoken for, as plain values."""
    offices = {one.id: one.slug for one in towns.offices()}
    procedures = towns.procedures()
    staff = named(accounts.everybody_of_the_staff(), lambda one: one.role.value)
    resources = schedule.resources()
    called = named(resources, lambda one: one.kind.value)
    skills = {one.id: one.slug for one in procedures}
    today = clock.today(town.time_zone)

    def place(row: Any) -> Values:
        return {"office": offices[row.office_id]} if row.office_id else {}

    return {
        "format": shape.VERSION,
        "town": _values(shape.TOWN, town),
        "offices": [_values(shape.OFFICE, one) for one in towns.offices()],
        "procedures": [{**_values(shape.PROCEDURE, one), **place(one)} for one in procedures],
        "closures": [
            {**_values(shape.CLOSURE, one), **place(one)}
            for one in towns.closures()
            if one.day >= today
        ],
        "seasons": [{**_values(shape.SEASON, one), **place(one)} for one in towns.seasons()],
        "people": [
            {**_values(shape.PERSON, one), "name": staff[one.id]}
            for one in accounts.everybody_of_the_staff()
        ],
        "resources": [
            {
                **_values(shape.RESOURCE, one),
                "name": called[one.id],
                **place(one),
                **({"person": staff[one.account_id]} if one.account_id in staff else {}),
                **({"desk": called[one.desk_id]} if one.desk_id in called else {}),
                "skills": sorted(
                    skills[number] for number in schedule.skills_of(one.id) if number in skills
                ),
                "shifts": [_values(shape.SHIFT, row) for row in schedule.shifts_of(one.id)],
                "days": _days(one.id, today),
            }
            for one in resources
        ],
    }


def written(values: Values) -> str:
    """As text: what is short first, then tables, then lists of tables."""
    text = tomlkit.document()
    for line in HEAD.splitlines():
        text.add(tomlkit.comment(line))
    text.add(tomlkit.nl())
    text["format"] = values["format"]
    text["town"] = _table(values["town"])
    for name in shape.SECTIONS:
        if rows := values[name]:
            text[name] = _rows(rows)
    return tomlkit.dumps(text)


def _table(values: Values) -> Table:
    """Texts in several languages are tables of their own: one line for each."""
    table = tomlkit.table()
    for name, value in sorted(values.items(), key=lambda pair: _weight(pair[1])):
        if value == [] and name in shape.RESOURCE.more:
            continue
        if isinstance(value, dict):
            table[name] = _table(value) if _is_deep(value) else _flat(value)
        elif _is_rows(value):
            table[name] = _rows(value)
        else:
            table[name] = value
    return table


def _rows(rows: Iterable[Values]) -> AoT:
    found = tomlkit.aot()
    for row in rows:
        found.append(_table(row))
    return found


def _flat(values: Values) -> Any:
    """A few short values stand on one line."""
    flat = tomlkit.inline_table()
    flat.update(values)
    return flat


def _is_deep(value: Values) -> bool:
    return any(isinstance(one, dict) for one in value.values()) or len(str(value)) > 60


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _weight(value: Any) -> int:
    if isinstance(value, dict):
        return 1 if _is_deep(value) else 0
    return 2 if _is_rows(value) else 0


def _values(of: Shape, row: Base) -> Values:
    """What differs from what the register would write by itself; and always what is needed."""
    found = {}
    for name, column in of.columns.items():
        value = plain(getattr(row, name))
        if value is None:
            continue
        usual = plain(shape.default_of(of, name)) if column.may_be_left_out else None
        if not column.may_be_left_out or value != usual:
            found[name] = value
    return found


def _days(resource_id: int, today: date) -> list[Values]:
    return [_values(shape.DAY, row) for row in schedule.exceptions_of(resource_id, today)]


def named(rows: Sequence[Any], kind: Any) -> dict[int, str]:
    """Each by its name; of two with one name and one kind, the second with its number."""
    found: dict[int, str] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for row in sorted(rows, key=lambda one: one.id):
        key = (kind(row), row.name)
        seen[key] += 1
        found[row.id] = row.name if seen[key] == 1 else f"{row.name} #{seen[key]}"
    return found
