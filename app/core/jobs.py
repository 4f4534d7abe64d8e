"""What the house does by itself: small errands, again and again, each in its own transaction."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import click
import structlog
from flask import Flask
from flask.cli import AppGroup

from app.core import stream
from app.core.db import db, transaction

log = structlog.get_logger()
commands = AppGroup("jobs", help="What the house does by itself.")


@dataclass
class Errand:
    name: str
    seconds: float
    run: Callable[[], object]
    due: float = field(default=0.0)


_errands: dict[str, Errand] = {}


def every(seconds: float) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Run the function that often. A second registration changes nothing."""

    def register(function: Callable[[], object]) -> Callable[[], object]:
        name = f"{function.__module__}.{function.__name__}"
        _errands.setdefault(name, Errand(name, seconds, function))
        return function

    return register


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
        errand.due = now + errand.seconds
        count += 1
        try:
            errand.run()
        except Exception:
            log.exception("job failed", job=errand.name)
        finally:
            db.session.remove()
    return count


@commands.command("work")
@click.option("--once", is_flag=True, help="Run every job once and stop.")
@click.option("--parent", type=int, default=0, help="Stop when this process is gone.")
def work(once: bool, parent: int) -> None:
    """Do what is due: send messages, free abandoned times, forget what has expired."""
    while True:
        run_due(time.monotonic())
        if once:
            return
        if parent and os.getppid() != parent:
            return
        time.sleep(0.25)
