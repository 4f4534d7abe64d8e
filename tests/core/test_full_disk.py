"""A disk that is really full: a small one of memory, with the whole installation on it."""

import subprocess

import pytest
import sqlalchemy as sa

from app.booking.models import Visit
from app.core.db import db, transaction
from app.schedule import queries as schedule
from app.towns.tenant import every_town, speak_for
from tests import postgres, town

MEGABYTES = 24


@pytest.fixture
def small_disk(tmp_path):
    if postgres.is_chosen():
        pytest.skip("it is about the file of SQLite")
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "none", str(place)]
    if subprocess.run(words, capture_output=True).returncode:
        pytest.skip("NOBODY MAY MOUNT HERE: the full disk was NOT tried (it needs root)")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def house(small_disk, an_empty_house, register):
    made = an_empty_house(small_disk, SECRET_KEY="k" * 32)
    speak_for(None)
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()


def fill(disk):
    """Until not a byte more goes on it."""
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


def test_a_full_disk_refuses_kindly_loses_nothing_and_goes_on_when_there_is_room(house, small_disk):
    with transaction():
        place = town.a_town(early_minutes=60 * 24 * 30)
        town.a_clerk(town.a_procedure())
        wish = town.a_wish(place, town.the_procedure("padron"))
        kept = town.a_visit(wish, town.tomorrow_at(10)).code
    at = schedule.first_free(wish).starts_at.strftime("%Y%m%dT%H%MZ")
    base, path = town.base(place), f"/ca/visits/new?procedure=padron&channel=video&starts={at}"
    client = house.test_client()
    page = client.get(f"{base}{path}").text
    form = {
        "csrf_token": town.token_in(page),
        "token": town.field_in(page, "token"),
        "phone": "600123499",
        "name": "",
    }
    speak_for(None)
    db.session.remove()

    with db.engine.connect() as connection:  # what the log has room for already is in the register
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    fill(small_disk)
    for _ in range(3):
        full = client.post(f"{base}{path}", data=form)
        assert full.status_code == 503
        assert full.headers["Retry-After"] == "5"
    assert client.get(f"{base}/ca/visits/{kept}").status_code in (200, 303)

    (small_disk / "filler").unlink()
    assert client.post(f"{base}{path}", data=form).status_code == 303

    db.session.remove()
    with every_town():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Visit)) == 2
        assert db.session.scalar(sa.text("PRAGMA integrity_check")) == "ok"
