"""The house without a server: its register in a temporary folder, asked in this very process."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from counter import ROOT
from flask import Flask, g
from flask.testing import FlaskClient
from flask_migrate import upgrade

sys.path.insert(0, str(ROOT))  # the house is served from its folder, never installed

from app import create_app
from app.core.db import db

# What slows down whoever asks too often: here one address asks everything.
PATIENT = ("WRITES", "MISSES", "CODE_REQUESTS", "FORGERIES")


class Browser(FlaskClient):
    """A client whose requests share nothing, though one context is open all the time."""

    def open(self, *words: object, **more: object) -> object:
        for name in list(g) if g else ():
            g.pop(name)
        return super().open(*words, **more)  # type: ignore[arg-type]


@contextmanager
def house(folder: Path | None = None) -> Iterator[Flask]:
    """The application on an empty register, or on the one that stands in that folder.

    The file is where `core serve` looks for it, so that a register filled here can be served.
    """
    with TemporaryDirectory(prefix="ventanilla-bench-") as own:
        place = folder or Path(own)
        app = create_app(
            TESTING=True,
            INSTANCE=str(place),
            SECRET_KEY="a key that only the measurements know",  # noqa: S106 - it guards nothing
            SMS_PROVIDER="memory",
            DATABASE_URL=f"sqlite:///{register_in(place)}",
            **{f"{what}_PER_MINUTE": 10**7 for what in PATIENT},
        )
        app.test_client_class = Browser
        with app.app_context():
            upgrade()
        yield app
        with app.app_context():
            db.engine.dispose()


def register_in(folder: Path) -> Path:
    return folder / "ventanilla.db"
