"""The house without a server: its register in a temporary folder, asked in this very process."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from counter import ROOT
from flask import Flask
from flask_migrate import upgrade

sys.path.insert(0, str(ROOT))  # the house is served from its folder, never installed

from app import create_app
from app.core.db import db


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
        )
        with app.app_context():
            upgrade()
        yield app
        with app.app_context():
            db.engine.dispose()


def register_in(folder: Path) -> Path:
    return folder / "ventanilla.db"
