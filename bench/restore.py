"""A backup of a house with visits and files, and how long it takes until a clean one answers."""

import argparse
import io
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from counter import opened
from figures import Figure, alone, progress
from growth import a_working_town, let_years_pass
from schedule_house import ROOT  # noqa: F401 - it opens the house to whoever imports it

from app import create_app
from app.archive import services as archive
from app.core.db import db, transaction
from app.core.upkeep import keeping
from app.towns.tenant import speak_for, town_of

VISITS, FILES, MEGABYTES = 100_000, 40, 5
PASSWORD = "a long password of the measurements"  # noqa: S105 - it closes nothing of anybody


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with TemporaryDirectory(prefix="ventanilla-restore-") as name:
        place, clean = Path(name) / "house", Path(name) / "clean"
        backup = Path(name) / "night.backup"
        with opened_once(place):
            progress(f"restore: {VISITS} visits, {FILES} files of {MEGABYTES} MB")
            fill()
            begun = time.perf_counter()
            keeping.keep(backup, password=PASSWORD, with_files=True, tell=progress)
            kept = time.perf_counter() - begun
            speak_for(None)
            db.session.remove()
            db.engine.dispose()
        size = backup.stat().st_size / 1e6
        begun = time.perf_counter()
        with create_app(INSTANCE=str(clean), SMS_PROVIDER="memory").app_context():
            keeping.bring_back(backup, password=PASSWORD, tell=progress)
            db.session.remove()
            db.engine.dispose()
        back = time.perf_counter() - begun
        with opened(clean, DEMO="no") as counter:
            answers = back + counter.seconds_to_open
    note = f"{VISITS:,} visits, {FILES * MEGABYTES} MB of files, {size:.0f} MB closed"
    return [
        Figure("backup of a house", kept, "s", note=note),
        Figure("restored into a clean folder", back, "s", note="all of it read and compared first"),
        Figure("from the backup to the first answer", answers, "s"),
    ]


def opened_once(folder: Path):  # type: ignore[no-untyped-def]
    made = create_app(INSTANCE=str(folder), SMS_PROVIDER="memory")
    made.test_cli_runner().invoke(args=["core", "prepare"])
    return create_app(INSTANCE=str(folder), SMS_PROVIDER="memory").app_context()


def fill() -> None:
    place, visit = a_working_town()
    let_years_pass(visit, VISITS)
    with town_of(place.id), transaction():
        for number in range(FILES):
            content = io.BytesIO(os.urandom(MEGABYTES * 1_000_000))
            archive.keep(content, owner=f"visit:{visit.code}", name=f"{number}.pdf")


if __name__ == "__main__":
    alone(measure, __doc__)
