"""A counter with everything in it: the demonstration, and one of all that addresses name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from app import create_app
from app.accounts.models import Account
from app.core.db import db, transaction
from app.demo import services as demo
from app.towns.models import Town
from app.towns.tenant import every_town, town_of
from tests.counter import Counter, close_counter, open_counter
from tests.screens import Screen, Things, screens, things_of

PLACE = "sobreira"  # it speaks the seven languages


@dataclass
class House:
    """A running counter, its screens, and what they are about."""

    counter: Counter
    app: Flask
    things: Things
    screens: list[Screen]
    left_out: dict[str, str]  # rules that show no page, and why

    def at(self, path: str) -> str:
        return self.counter.at(PLACE, path)

    def speak(self, lang: str) -> None:
        """Everybody who is signed in reads in that language from now on."""
        change = sa.update(Account).values(locale=lang)
        with self.app.app_context(), every_town(), transaction():
            db.session.execute(change.execution_options(synchronize_session=False))


@contextmanager
def open_house(folder: Path, **settings: str) -> Iterator[House]:
    counter, process = open_counter(folder, **settings)
    try:
        read = {name: int(one) if one.isdecimal() else one for name, one in settings.items()}
        app = create_app(INSTANCE=str(folder), DEMO=True, **read)
        with app.app_context():
            town = db.session.scalars(sa.select(Town).where(Town.slug == PLACE)).one()
            with town_of(town.id), transaction():
                assert demo.somebody_waits(town, "gl")
                things = things_of(town)
        found, left_out = screens(app, things)
        yield House(counter, app, things, found, left_out)
        with app.app_context():
            db.engine.dispose()
    finally:
        close_counter(process)
