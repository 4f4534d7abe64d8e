"""ClamAV as Debian ships it, with one signature made here: what it finds, and when it is away."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
import time_machine

from app.core import clock
from app.core.db import db
from app.papers import jobs, queries
from app.papers.models import Paper, PaperState
from tests.counter import a_free_port
from tests.papers.files import EICAR, a_pdf, a_photograph

SETTINGS = """
Foreground yes
DatabaseDirectory {folder}/signatures
TCPAddr 127.0.0.1
TCPSocket {port}
TemporaryDirectory {folder}
StreamMaxLength 25M
AlertExceedsMax yes
"""


@dataclass
class Scanner:
    """A running clamd that can be ended and begun again."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"tcp:127.0.0.1:{self.port}"

    def begin(self) -> None:
        words = ["clamd", "--config-file", str(self.folder / "clamd.conf")]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            assert self.process.poll() is None, "clamd did not begin"
            time.sleep(0.1)
        raise AssertionError("clamd does not listen")

    def end(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None


@pytest.fixture(scope="module")
def scanner() -> Iterator[Scanner]:
    with TemporaryDirectory(prefix="clamd-") as name:
        folder, port = Path(name), a_free_port()
        (folder / "signatures").mkdir()
        signature = f"Ventanilla.Test.EICAR:0:*:{EICAR.hex()}\n"
        (folder / "signatures" / "house.ndb").write_text(signature)
        (folder / "clamd.conf").write_text(SETTINGS.format(folder=folder, port=port))
        running = Scanner(folder, port)
        running.begin()
        yield running
        running.end()


@pytest.fixture(autouse=True)
def asked(app, scanner, monkeypatch):
    monkeypatch.setitem(app.config, "CLAMD", scanner.address)


def the_paper() -> Paper:
    return db.session.scalars(sa.select(Paper)).one()


def test_a_clean_paper_passes(citizen):
    assert citizen.send("volant.pdf", a_pdf())["state"] == "ready"


@pytest.mark.parametrize(
    ("name", "content"),
    [("volant.pdf", a_pdf() + EICAR), ("foto.jpg", a_photograph() + b"\n" + EICAR)],
)
def test_a_known_virus_is_refused_before_anything_opens_the_file(citizen, name, content):
    told = citizen.send(name, content)

    assert told["state"] == "refused"
    assert the_paper().reason == "harm"
    assert citizen.get(f"/{told['paper']}").status_code == 409


def test_a_scanner_that_is_away_lets_nothing_through_until_it_is_back(citizen, scanner, counter_of):
    scanner.end()
    content = a_pdf()
    begun = citizen.begin("volant.pdf", content).get_json()
    citizen.piece(begun["paper"], 0, content)

    told = citizen.finish(begun["paper"]).get_json()

    assert told["state"] == "checking"
    assert the_paper().waits_for == "scanner"
    assert counter_of.get(f"/{begun['paper']}").status_code == 409
    assert counter_of.get(f"/{begun['paper']}/file").status_code == 409

    scanner.begin()
    with time_machine.travel(clock.now() + queries.TRY_AGAIN * 2, tick=False):
        assert jobs.look_into_what_waits() == 1

    assert the_paper().state is PaperState.READY
    assert counter_of.get(f"/{begun['paper']}").status_code == 200


def test_a_virus_that_came_while_the_scanner_was_away_is_found_later(citizen, scanner):
    scanner.end()
    content = a_pdf() + EICAR
    begun = citizen.begin("volant.pdf", content).get_json()
    citizen.piece(begun["paper"], 0, content)
    citizen.finish(begun["paper"])

    scanner.begin()
    with time_machine.travel(clock.now() + queries.TRY_AGAIN * 2, tick=False):
        jobs.look_into_what_waits()

    assert the_paper().reason == "harm"


def test_what_is_larger_than_the_scanner_takes_is_not_let_through(citizen, scanner):
    """It answers with an error, which is no leave to open the file."""
    scanner.end()
    settings = (scanner.folder / "clamd.conf").read_text()
    (scanner.folder / "clamd.conf").write_text(settings.replace("25M", "1K"))
    scanner.begin()
    content = a_photograph()
    begun = citizen.begin("foto.jpg", content).get_json()
    citizen.piece(begun["paper"], 0, content)

    assert citizen.finish(begun["paper"]).get_json()["state"] == "checking"
    assert the_paper().waits_for == "scanner"
