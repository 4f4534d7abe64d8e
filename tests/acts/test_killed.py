"""The process is killed at one step after the other: the act is finished after it, once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from app import create_app
from app.acts import services
from app.acts.models import ActEdition, SealedAct, Step
from app.archive.models import StoredFile
from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from app.queue import services as queue
from app.towns.tenant import speak_for, town_of
from tests import town

SECRET = "Rosa Amagada Serra"
# The functions at whose door the process dies, in the order in which it comes by them.
DOORS = [
    ("app/acts/manifest.py", "compose"),
    ("app/acts/document.py", "drawn"),
    ("app/acts/sealing/seal.py", "seal"),
    ("app/acts/sealing/seal.py", "_stamped"),
    ("app/acts/sealing/strict.py", "check"),
    ("app/archive/services/keeping.py", "seal"),
    ("app/archive/services/keeping.py", "keep"),
    ("app/acts/services/making.py", "_edition"),
]


@pytest.fixture
def house(tmp_path):
    """A whole installation in its folder, with an act that was asked for."""
    app = create_app(
        TESTING=True,
        INSTANCE=str(tmp_path),
        SECRET_KEY="a key that only the tests know",
        SMS_PROVIDER="memory",
        DATABASE_URL=f"sqlite:///{tmp_path}/register.db",
    )
    with app.app_context():
        upgrade()
        place = town.a_town(early_minutes=60 * 24 * 30)
        procedure = town.a_procedure()
        clerk = town.a_clerk(procedure)
        visit = town.a_visit(town.a_wish(place, procedure), name=SECRET)
        queue.arrive(visit)
        queue.call(clerk, visit)
        booking.move_on(visit, Status.SERVED)
        services.ask(visit)
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
        speak_for(None)
    yield app
    with app.app_context():
        db.engine.dispose()


def killed_at(folder: Path, file: str, function: str) -> int:
    """Another process works, and dies as it enters that function."""
    program = f"""
import os, sys
from app import create_app
from app.acts import services

def watch(frame, event, argument):
    code = frame.f_code
    if event == "call" and code.co_name == {function!r} and code.co_filename.endswith({file!r}):
        os._exit(9)

app = create_app(
    TESTING=True, INSTANCE={str(folder)!r}, SECRET_KEY="a key that only the tests know",
    SMS_PROVIDER="memory", DATABASE_URL="sqlite:///{folder}/register.db",
)
with app.app_context():
    sys.setprofile(watch)
    services.seal_all()
"""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        check=False,
    )
    return done.returncode


def test_wherever_it_is_killed_there_is_one_act_after_it_and_nothing_in_the_open(house, tmp_path):
    for file, function in DOORS:
        assert killed_at(tmp_path, file, function) == 9, function
        with house.app_context():
            (act,) = db.session.execute(sa.text("SELECT step FROM sealed_act"))
            assert act.step == ("asked" if function == "compose" else "fixed")
            assert not db.session.execute(sa.text("SELECT 1 FROM act_edition")).first()
            db.session.remove()

    with house.app_context():
        services.seal_all()

        (row,) = db.session.execute(sa.text("SELECT id, town_id FROM sealed_act"))
        with town_of(row.town_id):
            act = db.session.get_one(SealedAct, row.id)
            assert act.step is Step.SEALED
            assert len(db.session.scalars(sa.select(ActEdition)).all()) == 1
            assert len(db.session.scalars(sa.select(StoredFile)).all()) == 1
        db.session.remove()

    def is_readable(file: Path) -> bool:
        content = file.read_bytes()
        return SECRET.encode() in content or b"%PDF" in content

    kept = [
        file for file in tmp_path.rglob("*") if file.is_file() and "register.db" not in file.name
    ]
    assert [file for file in kept if is_readable(file) and "assets" not in file.parts] == []
