"""The rule of the register, and the client. Each test runs inside one transaction, undone after."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g
from flask.testing import FlaskClient
from flask_migrate import upgrade

from app import create_app
from app.core.db import db
from app.desk.queries import day
from app.towns.tenant import speak_for
from tests import postgres
from tests.counter import AS_MANY_AS_THEY_LIKE, Counter, close_counter, open_counter
from tests.identity.provider import BACKS, RunningProvider, a_provider
from tests.storm import Stormed


class Browser(FlaskClient):
    """A client whose requests share nothing: Flask keeps one `g` while a test holds a context."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        for name in list(g):
            g.pop(name)
        return super().open(*args, **kwargs)


@pytest.fixture(scope="session", autouse=True)
def shelf(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Files of the browser are compressed once for the whole run, whoever needs them first."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if os.environ.get("PYTEST_XDIST_WORKER") else root
    os.environ["VENTANILLA_ASSETS"] = str(root / "assets")


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application on a register of its own, migrated once for the whole run."""
    folder: Path = tmp_path_factory.mktemp("instance")
    app = create_app(
        TESTING=True,
        INSTANCE=str(folder),
        SECRET_KEY="a key that only the tests know",
        SMS_PROVIDER="memory",
        DATABASE_URL=postgres.register_in(folder),
    )
    app.test_client_class = Browser
    with app.app_context():
        upgrade()
        db.session.configure(join_transaction_mode="create_savepoint")
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def an_empty_house(app: Flask) -> Callable[..., Flask]:
    """An application with a register of its own in that folder, migrated and empty."""

    def opened(folder: Path, **settings: Any) -> Flask:
        address = postgres.register_in(folder, "own.db")
        made = create_app(
            TESTING=True,
            INSTANCE=str(folder),
            DATABASE_URL=address,
            SMS_PROVIDER="memory",
            **settings,
        )
        if not postgres.is_chosen():  # there each is a copy anyway
            with closing(sqlite3.connect(Path(app.instance_path) / "register.db")) as migrated:
                migrated.execute("VACUUM INTO ?", (str(folder / "own.db"),))
        return made

    return opened


@pytest.fixture(scope="session", autouse=True)
def opened_engines() -> Iterator[set[sa.Engine]]:
    """Every engine that connected to a register since the last test ended."""
    opened: set[sa.Engine] = set()

    def remember(connection: sa.Connection) -> None:
        opened.add(connection.engine)

    sa.event.listen(sa.Engine, "engine_connect", remember)
    yield opened
    sa.event.remove(sa.Engine, "engine_connect", remember)


@pytest.fixture(autouse=True)
def closed_registers(opened_engines: set[sa.Engine]) -> Iterator[None]:
    """What a test opened is closed with it.

    The collector of garbage would close it in the middle of some later test, and PostgreSQL's
    driver would blame that one.
    """
    yield
    while opened_engines:
        opened_engines.pop().dispose()


@pytest.fixture(autouse=True)
def register(
    request: pytest.FixtureRequest, opened_engines: set[sa.Engine], closed_registers: None
) -> Iterator[None]:
    """Whatever a test writes, commits included, is gone after it."""
    if "journey" in request.keywords or "storm" in request.keywords:
        yield
        return
    app: Flask = request.getfixturevalue("app")
    with app.app_context():
        engine = db.engines[None]
        connection = engine.connect()
        outer = connection.begin()
        connection.info["is_writer"] = True  # one transaction for the whole test, writes included
        db.engines[None] = connection  # type: ignore[assignment]
        app.extensions["sms"].sent.clear()
        app.extensions["limits"].reset()
        app.extensions["identity.strangers"].clear()
        try:
            yield
        finally:
            speak_for(None)
            db.session.remove()
            db.engines[None] = engine
            outer.rollback()
            connection.close()
            opened_engines.discard(engine)  # the next test goes on with it
            day.forget()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that keeps cookies and follows nothing."""
    return app.test_client()


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement sent to the register during the test."""
    sent: list[str] = []

    def remember(connection, cursor, statement, parameters, context, executemany):
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", remember)
    yield sent
    sa.event.remove(sa.Engine, "before_cursor_execute", remember)


@pytest.fixture(scope="session")
def provider() -> Iterator[RunningProvider]:
    """A real provider of identities, in a process of its own."""
    with a_provider(*BACKS) as running:
        yield running


@pytest.fixture(scope="session")
def standing_counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """A counter with the demonstration province that stays open: for storms, and who only reads."""
    with an_open_counter(tmp_path_factory.mktemp("standing")) as opened:
        yield opened


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """A counter with the demonstration province, opened for this journey and closed after it.

    Nobody finds a clerk whom an earlier journey left busy, nor an agenda that has grown old.
    """
    folder = tmp_path / "counter"
    folder.mkdir()
    with an_open_counter(folder) as opened:
        yield opened


@contextmanager
def an_open_counter(folder: Path, **settings: str) -> Iterator[Counter]:
    opened, process = open_counter(folder, **AS_MANY_AS_THEY_LIKE, **settings)
    yield opened
    assert close_counter(process) == 0


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def stormed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The counter of the other tests, and one whose register is a PostgreSQL server."""
    if request.param == "sqlite":
        yield from _stormed(request.getfixturevalue("standing_counter"))
        return
    if postgres.programs() is None:
        pytest.skip("POSTGRESQL IS NOT INSTALLED: the storm was NOT tried on it (apt-packages.txt)")
    with postgres.a_server() as address:
        folder = tmp_path_factory.mktemp("stormed")
        with an_open_counter(folder, DATABASE_URL=address) as opened:
            yield from _stormed(opened)


def _stormed(counter: Counter) -> Iterator[Stormed]:
    house = Stormed(counter)
    yield house
    house.close()
