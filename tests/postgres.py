"""A PostgreSQL server of the tests' own: Debian's programs, a folder and a port of its own.

    python -m tests.postgres pytest tests/booking

runs the same tests with registers on such a server instead of SQLite. `--today` stands for the
folders in which registers differ most, and a quarter of the others, another one each day.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from flask_migrate import upgrade

from app import create_app
from app.core.db import db
from tests.counter import a_free_port

EVERY_DAY = ("booking", "core", "queue", "schedule")
PARTS = 4
# They choose their registers themselves, and would do the same again.
OF_THEIR_OWN = ("test_several_servers", "test_faults", "test_serve")
# Where `python -m tests.postgres` says that its server is.
PLACE = "POSTGRES_OF_THE_TESTS"
MIGRATED = "migrated"


def programs() -> Path | None:
    """Where Debian keeps initdb and postgres; the newest version wins."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Server:
    """It may be killed and started again, always at the same address. It refuses to be root.

    Whoever kills it wants every commit written down before it is told: synchronous_commit="on".
    """

    def __init__(self, **settings: str) -> None:
        self.settings = settings
        place = programs()
        assert place
        self.place, self.port = place, a_free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="ventanilla-postgres-"))
        user = {"user": "nobody"} if os.geteuid() == 0 else {}
        if user:
            shutil.chown(self.folder, "nobody")
        self.quiet: dict[str, Any] = {
            **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL},
            **{"cwd": self.folder, **user},
        }
        made = [place / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-N"]
        subprocess.run(made, check=True, **self.quiet)
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def address(self) -> str:
        """As SQLAlchemy writes it."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "jit": "off",
            "max_connections": "200",
            **self.settings,
        }
        words = [word for name, text in settings.items() for word in ("-c", f"{name}={text}")]
        command = [self.place / "postgres", "-D", self.data, "-p", str(self.port), *words]
        self.process = subprocess.Popen(command, start_new_session=True, **self.quiet)
        _wait_for(self.port)

    def kill(self) -> None:
        """All of its processes at once, as when the machine breaks."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=20)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def a_server() -> Iterator[str]:
    """The address of a running server."""
    server = Server()
    try:
        yield server.address
    finally:
        server.end()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("PostgreSQL did not start")


def is_chosen() -> bool:
    """Whether these tests are to have their registers on the server."""
    return PLACE in os.environ


def migrate_once(place: str) -> None:
    """Every register of this run is a copy of one in which all the steps were gone."""
    address = f"{place.rpartition('/')[0]}/{MIGRATED}"
    _ask(place, f"CREATE DATABASE {MIGRATED}")
    with tempfile.TemporaryDirectory() as folder:
        made = create_app(TESTING=True, INSTANCE=folder, DATABASE_URL=address)
        with made.app_context():
            upgrade()
            db.engine.dispose()


def an_empty_register(place: str = "") -> str:
    """A database of its own on that server, or the chosen one; it goes when the server goes."""
    name = f"register_{secrets.token_hex(6)}"
    place = place or os.environ[PLACE]
    _ask(place, f"CREATE DATABASE {name} TEMPLATE {MIGRATED}")
    return f"{place.rpartition('/')[0]}/{name}"


def _ask(place: str, question: LiteralString) -> None:
    address = place.replace("postgresql+psycopg:", "postgresql:")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(question)


def register_in(folder: Path, name: str = "register.db") -> str:
    """The address of an empty register: a file of that folder, or a database of the server."""
    return an_empty_register() if is_chosen() else f"sqlite:///{folder}/{name}"


def of_the_day(day: date) -> list[str]:
    """The folders of that day. Journeys and storms choose their registers themselves."""
    files = Path(__file__).parent.glob("*/test_*.py")
    names = {file.parent.name for file in files} - {*EVERY_DAY, "journeys"}
    part = sorted(names)[day.toordinal() % PARTS :: PARTS]
    return [f"tests/{name}" for name in (*EVERY_DAY, *part)]


if __name__ == "__main__":
    if programs() is None:
        sys.exit("PostgreSQL is not installed (apt-packages.txt)")
    words = sys.argv[1:]
    if "--today" in words:
        words.remove("--today")
        words += of_the_day(datetime.now(UTC).date())
    words += [f"--ignore=tests/core/{name}.py" for name in OF_THEIR_OWN]
    with a_server() as running:
        migrate_once(running)
        done = subprocess.run(
            [sys.executable, "-m", *words], env={**os.environ, PLACE: running}, check=False
        )
    sys.exit(done.returncode)
