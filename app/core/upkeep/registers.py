"""The register as a file, and back: SQLite's own copy, or pg_dump and pg_restore."""

import os
import sqlite3
import subprocess
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import current_app

from app.core.db import db
from app.core.upkeep.pack import Unfit

PAGES = 2_000  # copied at a time, so that writers get their turn in between


def kind() -> str:
    """sqlite or postgresql."""
    return db.engine.dialect.name


def revision(engine: sa.Engine | None = None) -> str | None:
    """How far the register has come; None when there is nothing in it."""
    with (engine or db.engine).connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        return str(found) if found else None


def is_empty() -> bool:
    if kind() == "sqlite" and not Path(_file()).exists():
        return True
    return not sa.inspect(db.engine).get_table_names()


def knows(wanted: str) -> bool:
    """Whether this version of the house has ever been at that step."""
    folder = str(Path(current_app.config["ROOT"]) / "app" / "migrations")
    return any(step.revision == wanted for step in ScriptDirectory(folder).walk_revisions())


def dump(into: Path) -> None:
    """All of it as it was at one instant, while everybody goes on writing."""
    into.touch(mode=0o600)
    if kind() == "sqlite":
        source, copy = sqlite3.connect(_file()), sqlite3.connect(into)
        try:
            source.backup(copy, pages=PAGES)
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()
            source.close()
        return
    _ask("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", str(into))


def load(dump: Path) -> None:
    """Into a register in which there is nothing yet."""
    if kind() == "sqlite":
        db.session.remove()
        db.engine.dispose()
        place = Path(_file())
        for ending in ("", "-wal", "-shm"):
            place.with_name(place.name + ending).unlink(missing_ok=True)
        draft = place.with_name(f".{place.name}.restoring")
        draft.touch(mode=0o600)
        source, copy = sqlite3.connect(dump), sqlite3.connect(draft)
        try:
            if source.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                raise Unfit("The register in it is damaged.")
            source.backup(copy)
        finally:
            copy.close()
            source.close()
        os.replace(draft, place)
        return
    words = ("--no-owner", "--no-privileges", "--exit-on-error")
    _ask("pg_restore", *words, "--dbname", db.engine.url.database or "", str(dump))


def _file() -> str:
    name = db.engine.url.database
    if not name:
        raise Unfit("A register in memory cannot be kept.")
    return name


def _ask(program: str, *words: str) -> None:
    """PostgreSQL's own programs; the password is in the environment, not in the list of tasks."""
    url = db.engine.url
    told = {
        "PGHOST": url.host,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    named = {name: text for name, text in told.items() if text}
    try:
        done = subprocess.run(
            [program, *words], env={**os.environ, **named}, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise Unfit(f"{program} is not here: install postgresql-client.") from error
    if done.returncode:
        raise Unfit(f"{program}: {done.stderr.strip().splitlines()[-1:]}")
