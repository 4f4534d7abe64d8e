"""A PostgreSQL server of the tests' own: Debian's programs, a folder and a port of its own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.counter import a_free_port


def programs() -> Path | None:
    """Where Debian keeps initdb and postgres; the newest version wins."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def a_server() -> Iterator[str]:
    """The address of a running server, as SQLAlchemy writes it. PostgreSQL refuses to be root."""
    folder = Path(tempfile.mkdtemp(prefix="ventanilla-postgres-"))
    place = programs()
    assert place
    user = {"user": "nobody"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, "nobody")
    data, port = folder / "data", a_free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **user}
    subprocess.run(
        [place / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"], check=True, **quiet
    )
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "max_connections": "200",
    }
    words = [word for name, text in settings.items() for word in ("-c", f"{name}={text}")]
    server = subprocess.Popen([place / "postgres", "-D", data, "-p", str(port), *words], **quiet)
    try:
        _wait_for(port)
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("PostgreSQL did not start")
