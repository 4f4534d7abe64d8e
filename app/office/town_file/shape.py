"""What stands in the file of a town: the columns of its rows, and what kind of value each takes.

The columns are those of the tables, so that a new one is in the file without being told. What only
this installation can mean (numbers, codes, who came in when) stays here.
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from app.accounts.models import Account
from app.core.db import Base
from app.schedule.models import Resource, Shift, ShiftException
from app.towns.models import Closure, Office, Procedure, Season, Town

VERSION = 1
OURS = frozenset(("id", "town_id", "code", "edition"))


@dataclass(frozen=True)
class Column:
    """One word of the file. `kinds`: what a value may be; `inner`: of a list or a table, each."""

    name: str
    kinds: tuple[type, ...]
    may_be_left_out: bool
    longest: int | None = None
    words: type[StrEnum] | None = None
    inner: type | None = None


@dataclass(frozen=True)
class Shape:
    """One kind of rows. `refers`: words of the file that name another row, with their column."""

    model: type[Base]
    leaves: frozenset[str] = frozenset()
    refers: Mapping[str, str] = field(default_factory=dict)
    more: tuple[str, ...] = ()  # words that are no columns

    @property
    def columns(self) -> dict[str, Column]:
        return _columns(self.model, self.leaves | OURS)

    @property
    def words(self) -> set[str]:
        return {*self.columns, *self.refers, *self.more}


TOWN = Shape(Town, frozenset(("host",)))
OFFICE = Shape(Office)
PROCEDURE = Shape(Procedure, frozenset(("office_id",)), {"office": "office_id"})
CLOSURE = Shape(Closure, frozenset(("office_id",)), {"office": "office_id"})
SEASON = Shape(Season, frozenset(("office_id",)), {"office": "office_id"})
PERSON = Shape(
    Account,
    frozenset(
        (
            *("phone", "created_at", "last_seen_at", "phone_confirmed_at", "last_access_at"),
            *("last_access_device", "blocked_at"),
        )
    ),
)
RESOURCE = Shape(
    Resource,
    frozenset(("account_id", "office_id", "desk_id", "counter", "counter_at")),
    {"office": "office_id", "person": "account_id", "desk": "desk_id"},
    ("skills", "shifts", "days"),
)
SHIFT = Shape(Shift, frozenset(("resource_id",)))
DAY = Shape(ShiftException, frozenset(("resource_id",)))

# In the order in which they stand in the file: what is named before what names it.
SECTIONS: dict[str, Shape] = {
    "offices": OFFICE,
    "procedures": PROCEDURE,
    "closures": CLOSURE,
    "seasons": SEASON,
    "people": PERSON,
    "resources": RESOURCE,
}


@cache
def _columns(model: type[Base], leaves: frozenset[str]) -> dict[str, Column]:
    hints = get_type_hints(model)
    table: Any = model.__table__
    return {
        column.name: _column(column, hints[column.name])
        for column in table.columns
        if column.name not in leaves
    }


def _column(column: sa.Column[Any], hint: Any) -> Column:
    (kind,) = get_args(hint) if get_origin(hint) is Mapped else (hint,)
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(one for one in get_args(kind) if one is not type(None))
    origin = get_origin(kind) or kind
    word = origin if isinstance(origin, type) and issubclass(origin, StrEnum) else None
    is_float = origin is float
    inner = get_args(kind)[-1] if get_args(kind) else None
    length = column.type.length if isinstance(column.type, sa.String) and not word else None
    return Column(
        name=column.name,
        kinds=(str,) if word else (int, float) if is_float else (origin,),
        may_be_left_out=column.name != "slug"
        and (bool(column.nullable) or column.default is not None),
        longest=length,
        words=word,
        inner=inner if isinstance(inner, type) and inner is not Any else None,
    )


def default_of(shape: Shape, name: str) -> Any:
    """What the register writes when nothing is said."""
    table: Any = shape.model.__table__
    default = table.columns[name].default
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg


def plain(value: Any) -> Any:
    """A value of the register as the file has it."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
