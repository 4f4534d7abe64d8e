"""What the house does by itself: small errands, again and again, each in its own transaction."""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import click
import sqlalchemy as sa
import structlog
from flask import Flask, current_app
from flask.cli import AppGroup

from app.core import bell, stream, telemetry
from app.core.db import db, let_go, once_committed, transaction

log = structlog.get_logger()
commands = AppGroup("jobs", help="What the house does by itself.")

BELL = "jobs:"
TURN = 827
PAUSE_SECONDS = 0.25
# Whoever is called need not look so often: only what was to wait, and what nobody heard.
SURE_SECONDS = 2.0


@dataclass
class Errand:
    name: str
    seconds: float
    run: Callable[[], object]
    called_by: str = ""
    by_many: bool = False
    due: float = field(default=0.0)


_errands: dict[str, Errand] = {}


def every(
    seconds: float, *, called_by: str = "", by_many: bool = False
) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Run the function that often. A second registration changes nothing.

    `called_by`: and at once when somebody calls for it (`call`). `by_many`: several workers may do
    it at the same time, because each takes what is its own; everything else is for one at a time.
    """

    def register(function: Callable[[], object]) -> Callable[[], object]:
        name = f"{function.__module__}.{function.__name__}"
        _errands.setdefault(name, Errand(name, seconds, function, called_by, by_many))
        return function

    return register


def call(what: str) -> None:
    """There is something to do once this transaction is committed: a worker should not sleep."""
    _to_be_called(what)


def _ring(called: list[str]) -> None:
    for what in set(called):
        if current_app:
            bell.the_bell().ring(f"{BELL}{what}")


_to_be_called = once_committed("called", _ring)


def init_app(app: Flask) -> None:
    every(60)(forget_old_news)
    app.cli.add_command(commands)


def forget_old_news() -> None:
    with transaction():
        stream.forget_old()


def run_due(now: float) -> int:
    """Run what is due; one that fails is logged and does not stop the others."""
    count = 0
    for errand in _errands.values():
        if errand.due > now:
            continue
        errand.due = now + _seconds(errand)
        try:
            with turn_of(errand) as is_ours:
                if is_ours:
                    count += 1
                    with telemetry.span(current_app, f"job {errand.name}"):
                        errand.run()
        except Exception:
            log.exception("job failed", job=errand.name)
        finally:
            let_go()
    return count


def _seconds(errand: Errand) -> float:
    if errand.called_by and bell.the_bell().is_heard:
        return max(errand.seconds, SURE_SECONDS)
    return errand.seconds


@contextmanager
def turn_of(errand: Errand) -> Iterator[bool]:
    """Nobody leads the workers: whoever comes first does it, and the others go on to the next.

    The turn belongs to a connection or to an open file, so that it ends with the process.
    """
    if errand.by_many:
        yield True
    elif db.engine.dialect.name == "postgresql":
        with _turn_in_postgresql(crc32(errand.name.encode()) - 2**31) as is_ours:
            yield is_ours
    else:
        with _turn_in_folder(errand.name) as is_ours:
            yield is_ours


@contextmanager
def _turn_in_postgresql(number: int) -> Iterator[bool]:
    engine = db.engine.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        place = {"turn": TURN, "number": number}
        is_ours = connection.scalar(sa.text("SELECT pg_try_advisory_lock(:turn, :number)"), place)
        try:
            yield bool(is_ours)
        finally:
            if is_ours:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:turn, :number)"), place)


@contextmanager
def _turn_in_folder(name: str) -> Iterator[bool]:
    folder = Path(current_app.instance_path) / "turns"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def come_when_called(wake: threading.Event) -> dict[str, threading.Event]:
    """The events of what this worker can be called for; each also ends its sleep."""
    called: dict[str, threading.Event] = {}
    for errand in _errands.values():
        if errand.called_by and errand.called_by not in called:
            called[errand.called_by] = event = threading.Event()
            bell.the_bell().listen(f"{BELL}{errand.called_by}", event)
            bell.the_bell().listen(f"{BELL}{errand.called_by}", wake)
    return called


def answer(called: dict[str, threading.Event]) -> None:
    for what, event in called.items():
        if event.is_set():
            event.clear()
            for errand in _errands.values():
                if errand.called_by == what:
                    errand.due = 0.0


@commands.command("work")
@click.option("--once", is_flag=True, help="Run every job once and stop.")
@click.option("--parent", type=int, default=0, help="Stop when this process is gone.")
def work(once: bool, parent: int) -> None:
    """Do what is due: send messages, free abandoned times, forget what has expired."""
    wake = threading.Event()
    called = {} if once else come_when_called(wake)
    while True:
        answer(called)
        run_due(time.monotonic())
        if once:
            return
        if parent and os.getppid() != parent:
            return
        wake.wait(PAUSE_SECONDS)
        wake.clear()
