"""From SQLite to PostgreSQL: every row, then every row again to see that it is the same."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from flask import current_app

from app.core.db import Base, db, transaction
from app.core.settings import PREFIX
from app.core.upkeep import registers
from app.core.upkeep.pack import Unfit

AT_ONCE = 1_000

Tell = Callable[[str], None]


def copy_to(address: str, tell: Tell) -> int:
    """Nobody writes meanwhile: SQLite's only turn is ours. Returns how many rows were copied."""
    if registers.kind() != "sqlite":
        raise Unfit("This installation is on PostgreSQL already: use pg_dump.")
    target = sa.create_engine(address, hide_parameters=True)
    if target.dialect.name != "postgresql":
        raise Unfit("Name a PostgreSQL register: postgresql+psycopg://user@host/name")
    try:
        _prepare(target, address, tell)
        with transaction(), target.begin() as into:
            source = db.session.connection()
            count = sum(_copy(table, source, into, tell) for table in tables())
            _begin_where_it_ended(into)
            tell("Comparing every row…")
            _compare(source, into)
        return count
    finally:
        target.dispose()


def tables() -> list[sa.Table]:
    """In the order in which they can be filled."""
    return list(Base.metadata.sorted_tables)


def _prepare(target: sa.Engine, address: str, tell: Tell) -> None:
    """Bring the other register to the same step, by its own way."""
    if sa.inspect(target).get_table_names():
        raise Unfit("There is something in that register already: name an empty one.")
    step = registers.revision()
    tell("Building the other register…")
    named = {f"{PREFIX}_DATABASE_URL": address, f"{PREFIX}_INSTANCE": current_app.instance_path}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade", str(step)],
        cwd=current_app.config["ROOT"],
        env={**os.environ, **named},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Unfit(f"The other register could not be built: {done.stderr.strip()[-300:]}")
    if registers.revision(target) != step:
        raise Unfit("The other register did not come as far as this one.")
    with target.begin() as into:
        for table in reversed(tables()):  # what a step has written by itself
            into.execute(table.delete())


def _copy(table: sa.Table, source: sa.Connection, into: sa.Connection, tell: Tell) -> int:
    """Rows that point to others of their own table do so once all of them are there."""
    own = [
        column
        for column in table.columns
        if any(key.references(table) for key in column.foreign_keys)
    ]
    count = 0
    for rows in _in_parts(table, source):
        into.execute(
            table.insert(), [{**row, **{column.name: None for column in own}} for row in rows]
        )
        count += len(rows)
    for column in own:
        for rows in _in_parts(table, source, column.is_not(None)):
            for row in rows:
                which = [key == row[key.name] for key in table.primary_key]
                into.execute(table.update().where(*which).values({column.name: row[column.name]}))
    if count:
        tell(f"{table.name}: {count}")
    return count


def _in_parts(
    table: sa.Table, connection: sa.Connection, *which: sa.ColumnElement[bool]
) -> Iterator[list[dict[str, Any]]]:
    question = sa.select(table).where(*which).order_by(*table.primary_key)
    found = connection.execution_options(yield_per=AT_ONCE).execute(question)
    for part in found.partitions(AT_ONCE):
        yield [dict(row._mapping) for row in part]


def _begin_where_it_ended(into: sa.Connection) -> None:
    """The next row gets a number that nobody had."""
    for table in tables():
        key = next(iter(table.primary_key), None)
        if key is None or len(table.primary_key) != 1 or not isinstance(key.type, sa.Integer):
            continue
        sequence = into.execute(
            sa.select(sa.func.pg_get_serial_sequence(table.name, key.name))
        ).scalar()
        last = into.execute(sa.select(sa.func.max(key))).scalar()
        if sequence and last:
            into.execute(sa.select(sa.func.setval(sequence, last)))


def _compare(source: sa.Connection, into: sa.Connection) -> None:
    for table in tables():
        before, after = digest(table, source), digest(table, into)
        if before != after:
            raise Unfit(
                f"{table.name} is not the same in both: {before[0]} and {after[0]} rows."
                " Nothing was kept in the other register."
            )


def digest(table: sa.Table, connection: sa.Connection) -> tuple[int, str]:
    """How many rows, and a digest of what they say in the order of their numbers."""
    count, told = 0, hashlib.sha256()
    lines = []
    for rows in _in_parts(table, connection):
        for row in rows:
            line = json.dumps(row, sort_keys=True, default=_plain, ensure_ascii=False)
            lines.append(hashlib.sha256(line.encode("utf-8", "surrogatepass")).digest())
            count += 1
    for one in sorted(lines):  # two registers do not put letters in the same order
        told.update(one)
    return count, told.hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)
