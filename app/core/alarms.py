"""Alarms for whoever supervises a town: each feature says which of its own are ringing.

A feature adds a reader in its `init_app`. It is asked within the town, in the reader's language,
and answers nothing while all is well.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from flask import Flask, current_app
from flask_babel import gettext as _

from app.core.db import db

log = structlog.get_logger()


@dataclass(frozen=True)
class Alarm:
    """What is wrong, as a whole sentence. `kind` names it once; `link` is where it is mended."""

    kind: str
    text: str
    since: datetime | None = None
    link: str = ""


def init_app(app: Flask) -> None:
    app.extensions["alarms"] = []


def rung_by(app: Flask, read: Callable[[], Iterable[Alarm]]) -> None:
    """From now on the board also shows what this reads. A second registration changes nothing."""
    readers = app.extensions["alarms"]
    if read not in readers:
        readers.append(read)


def ringing() -> list[Alarm]:
    """Every alarm of the town spoken for. A reader that stumbles does not silence the others."""
    found: list[Alarm] = []
    for read in current_app.extensions["alarms"]:
        try:
            with db.session.begin_nested():
                found += read()
        except Exception:
            log.exception("an alarm cannot be read", reader=read.__module__)
            found.append(Alarm(f"unread:{read.__module__}", _("One of the alarms cannot be read.")))
    return found
