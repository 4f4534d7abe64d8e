"""The record: what a line costs, and how long checking a hundred thousand of them takes."""

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path

from figures import Figure, alone, quantile
from flask_migrate import upgrade

sys.path.insert(0, str(Path(__file__).parents[1]))

from app import create_app
from app.audit import services
from app.audit.models import AuditEntry
from app.core.db import db, transaction
from app.towns.models import Town
from app.towns.tenant import speak_for

LINES = 100_000
AT_ONCE = 1_000
SINGLE = 500  # lines with a transaction of their own, as a request writes them


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            TESTING=True,
            INSTANCE=folder,
            SECRET_KEY=secrets.token_hex(),
            DATABASE_URL=f"sqlite:///{folder}/register.db",
        )
        with app.app_context():
            upgrade()
            _a_town()
            figures = [_of_writing(), *_of_checking(), _of_stamping()]
            db.session.remove()
            db.engine.dispose()
            return figures


def _a_town() -> None:
    with transaction():
        town = Town(slug="x", host="x.localhost", name="X", languages=["ca"], dir3="", phone="")
        db.session.add(town)
        db.session.flush()
    speak_for(town.id)


def _write(number: int) -> None:
    services.write("VisitMoved", {"town_id": 1, "visit_id": number, "status": "waiting"})


def _of_writing() -> Figure:
    """A line in a transaction of its own, against the same transaction without it."""
    times = []
    for number in range(SINGLE):
        begun = time.perf_counter()
        with transaction():
            _write(number)
        times.append((time.perf_counter() - begun) * 1000)
    note = f"p50 {quantile(times, 0.5):.2f} ms, commit included"
    return Figure("record, one line, p95", quantile(times, 0.95), "ms", samples=SINGLE, note=note)


def _of_checking() -> list[Figure]:
    begun = time.perf_counter()
    for first in range(SINGLE, LINES, AT_ONCE):
        with transaction():
            for number in range(first, min(first + AT_ONCE, LINES)):
                _write(number)
    written = time.perf_counter() - begun
    db.session.expunge_all()
    begun = time.perf_counter()
    report = services.verify()
    checked = time.perf_counter() - begun
    assert report.is_whole
    assert report.lines == LINES
    with transaction():
        db.session.execute(
            db.update(AuditEntry).where(AuditEntry.number == LINES // 2).values(name="Nothing")
        )
    begun = time.perf_counter()
    found = [str(fault) for fault in services.verify().faults]
    assert found == [f"edited: line {LINES // 2}"]
    located = time.perf_counter() - begun
    return [
        Figure(f"record, {LINES} lines written in thousands", written, "s", samples=LINES),
        Figure(f"record, {LINES} lines checked", checked, "s", samples=LINES),
        Figure("record, one edited line among them located", located, "s", samples=LINES),
    ]


def _of_stamping() -> Figure:
    with transaction():
        services.ask_for_stamp()
    begun = time.perf_counter()
    assert services.stamp_due() == 1
    taken = (time.perf_counter() - begun) * 1000
    return Figure("record, its last line stamped here", taken, "ms", note="with a new authority")


if __name__ == "__main__":
    alone(measure, __doc__)
