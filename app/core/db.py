"""The register: one session a request, one transaction a request, rules kept by the tables."""

import enum
import random
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from flask import Flask, current_app, request
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Session, registry

# How long a writer waits for its turn before the person is told to try again.
WRITE_WAIT_SECONDS = 8.0

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the table. A naive value is a mistake and is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def stored(kind: type[enum.StrEnum], length: int = 16, name: str = "") -> sa.Enum:
    """An enumeration kept by value, checked by the table.

    A table with two columns of one kind gives each check a name of its own.
    """
    return sa.Enum(
        kind,
        native_enum=False,
        length=length,
        create_constraint=True,
        name=name or kind.__name__.lower(),
        values_callable=lambda items: [item.value for item in items],
    )


class Base(DeclarativeBase):
    """What every model inherits."""

    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMES),
        type_annotation_map={
            datetime: UtcDateTime(),
            dict[str, Any]: sa.JSON(),
            dict[str, str]: sa.JSON(),
            list[str]: sa.JSON(),
            list[dict[str, str]]: sa.JSON(),
            list[dict[str, Any]]: sa.JSON(),
        },
    )


db = SQLAlchemy(
    model_class=Base,
    engine_options={"hide_parameters": True},  # telephones stay out of logs
    session_options={"expire_on_commit": False},
    disable_autonaming=True,
)
migrate = Migrate()

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_looked_first: ContextVar[bool] = ContextVar("looked_first", default=False)

log = structlog.get_logger()

F = TypeVar("F", bound=Callable[..., Any])


def init_app(app: Flask) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = app.config["DATABASE_URL"]
    if app.config["DATABASE_URL"].startswith("sqlite"):
        options = {
            "connect_args": {"check_same_thread": False, "timeout": 0},
            "pool_size": 20,
            "max_overflow": 30,
        }
        app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", options)
    elif app.config["DATABASE_URL"].startswith("postgresql"):
        app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", postgresql_options(app.config))
    db.init_app(app)
    migrate.init_app(
        app,
        db,
        directory=str(Path(app.config["ROOT"]) / "app" / "migrations"),
        render_as_batch=True,
    )
    with app.app_context():
        for engine in db.engines.values():
            if engine.dialect.name == "sqlite":
                teach_sqlite(engine)
    app.before_request(choose_mode)
    app.teardown_appcontext(let_go)  # before the extension's own, which finds nothing left to do


def once_committed(name: str, act: Callable[[list[Any]], object]) -> Callable[[Any], None]:
    """Gather things in a transaction, to act on them together once it is committed.

    Undone, they are forgotten. A savepoint is neither the one nor the other.
    """

    @sa.event.listens_for(Session, "after_commit")
    def _committed(session: Session) -> None:
        if not session.in_nested_transaction() and (gathered := session.info.pop(name, None)):
            act(gathered)

    @sa.event.listens_for(Session, "after_rollback")
    def _undone(session: Session) -> None:
        if not session.in_nested_transaction():
            session.info.pop(name, None)

    def gather(thing: Any) -> None:
        db.session().info.setdefault(name, []).append(thing)

    return gather


def let_go(error: BaseException | None = None) -> None:
    """Give the connection back, also one that died after its work was done.

    The answer is ready by then, and what it says was committed: a rollback that finds nobody at the
    other end must not turn it into a page of the web server's own.
    """
    held = db.session().get_transaction() if db.session.registry.has() else None
    try:
        db.session.remove()
    except sa.exc.DBAPIError as trouble:
        log.warning("register gone at the end", reason=type(trouble.orig).__name__)
        if held:  # the session has let go of it already: its place in the pool would be lost
            with suppress(sa.exc.SQLAlchemyError):
                held.close(invalidate=True)
        db.session.registry.clear()


def postgresql_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Connections that are tried before they are used, and that a torn line does not leave behind.

    A server that vanished with a transaction open would hold its town's turn: PostgreSQL lets go
    of whoever does not answer, and of whoever began something and does nothing.
    """
    server = {
        "lock_timeout": f"{WRITE_WAIT_SECONDS:.0f}s",
        "jit": "off",  # our questions are many and small
        "idle_in_transaction_session_timeout": "120s",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "25s",
    }
    return {
        "pool_pre_ping": True,
        "pool_size": int(config["DATABASE_CONNECTIONS"]),
        "max_overflow": int(config["DATABASE_CONNECTIONS"]),
        "pool_timeout": WRITE_WAIT_SECONDS,
        "connect_args": {
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
            "options": " ".join(f"-c {name}={text}" for name, text in server.items()),
        },
    }


def looks_first(view: F) -> F:
    """Label: this view reads before it takes its turn, so that others may write meanwhile.

    What it read stays as it was read, and its errands look again at whatever they decide upon.
    """
    view.looks_first = True  # type: ignore[attr-defined]
    return view


def has_looked_first() -> bool:
    """Whether what this request read may have changed before its turn came."""
    return _looked_first.get()


def is_writing() -> bool:
    """Whether what is asked now may be about rows that are not committed yet."""
    return _writing.get()


def choose_mode() -> None:
    """Writers say so at their first question, so that SQLite queues them instead of failing one.

    The body is read before the queue is joined: a slow line must not keep others waiting.
    """
    unsafe = request.method not in ("GET", "HEAD", "OPTIONS")
    if unsafe:
        request.get_data(cache=True, parse_form_data=True)
    view = current_app.view_functions.get(request.endpoint or "")
    _looked_first.set(unsafe and getattr(view, "looks_first", False))
    _writing.set(unsafe and not _looked_first.get())


def teach_sqlite(engine: sa.Engine) -> None:
    """Foreign keys, write-ahead log, and transactions that begin when we say."""

    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
            "busy_timeout = 0",
            "cache_size = -8000",
        ):
            _patiently(connection, f"PRAGMA {pragma}")

    # Of this process: who waits in it stands in line, and only the first asks the file. A crowd
    # that all ask burns the processor, and some of it never has luck.
    turn = threading.Lock()

    @sa.event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        driver: Any = connection.connection.driver_connection
        connection.info["is_writer"] = _writing.get()
        if not _writing.get():
            driver.execute("BEGIN")
            return
        begun = time.monotonic()
        connection.info["has_turn"] = turn.acquire(timeout=WRITE_WAIT_SECONDS)
        try:
            _patiently(driver, "BEGIN IMMEDIATE", begun)
        except BaseException:
            _pass_on(connection.info)
            raise

    def _pass_on(info: dict[Any, Any]) -> None:
        if info.pop("has_turn", False):
            turn.release()

    @sa.event.listens_for(engine, "commit")
    @sa.event.listens_for(engine, "rollback")
    def _at_the_end(connection: sa.Connection) -> None:
        if not (connection.closed or connection.invalidated):
            _pass_on(connection.info)

    @sa.event.listens_for(engine, "reset")
    @sa.event.listens_for(engine, "invalidate")
    def _however_it_ended(driver: Any, record: Any, why: Any) -> None:
        _pass_on(record.info)


def _patiently(connection: sqlite3.Connection, statement: str, begun: float | None = None) -> None:
    """Take turns politely. SQLite's own wait would stop every other greenlet of this process."""
    deadline = (begun or time.monotonic()) + WRITE_WAIT_SECONDS
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        # Unequal pauses, so that those who wait do not march in step.
        time.sleep(random.uniform(0.001, 0.006))  # noqa: S311 - chance, not cryptography


@contextmanager
def transaction() -> Iterator[None]:
    """All of it or nothing. Only entry rooms (views, commands, jobs) open one."""
    _writing.set(True)
    try:
        if db.session().in_transaction() and not _began_as_writer():
            # A commit keeps what was read as it was read; going back would make it be read again.
            (db.session.commit if _looked_first.get() else db.session.rollback)()
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        _writing.set(False)  # what follows in this request only reads


def _began_as_writer() -> bool:
    """Whether the open transaction took its turn as a writer; on PostgreSQL all may write."""
    return bool(db.session.connection().info.get("is_writer", True))


def first_or_none(question: sa.Select[Any]) -> Any:
    return db.session.scalars(question.limit(1)).first()


# No vowels and none of 0 1 l: nothing to mistake on paper, no words by accident. 28^12 is 57 bits.
CODE_LETTERS = "23456789bcdfghjkmnpqrstvwxyz"
CODE_LENGTH = 12


def new_code() -> str:
    """A public name for somebody's thing that nobody can guess."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
