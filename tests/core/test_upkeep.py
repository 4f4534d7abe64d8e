"""All of an installation in one file and back; and from SQLite to PostgreSQL, row by row."""

import io
import json
import os
import stat
import tarfile
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import create_app
from app.archive import services as archive
from app.archive.models import StoredFile
from app.core.db import db, transaction
from app.core.upkeep import copying, keeping, pack
from app.towns.models import Town
from app.towns.tenant import every_town, speak_for, town_of
from tests import postgres, town

PASSWORD = "a long password of the tests"
CONTENT = os.urandom(200_000)


@pytest.fixture
def counter_of(tmp_path, register):
    """An installation of its own, by the name of its folder; its context is entered for a while."""
    made = []

    def opened(name: str, **settings):
        folder = tmp_path / name
        told = {"TESTING": True, "INSTANCE": str(folder), "SMS_PROVIDER": "memory", **settings}
        other = create_app(**told)
        made.append(other)
        return other

    yield opened
    for other in made:
        with other.app_context():
            db.session.remove()
            db.engine.dispose()


def test_in_four_days_every_folder_is_tried_on_postgresql():
    days = [postgres.of_the_day(date(2026, 12, 30) + timedelta(days=number)) for number in range(4)]

    tried = {folder for day in days for folder in day}
    there = {
        f"tests/{file.parent.name}" for file in Path(postgres.__file__).parent.glob("*/test_*.py")
    }
    assert tried == there - {"tests/journeys"}
    assert set.intersection(*map(set, days)) == {f"tests/{name}" for name in postgres.EVERY_DAY}


def run(app, *words: str):
    speak_for(None)
    with app.app_context():  # else the command would speak to the house of the other tests
        return app.test_cli_runner().invoke(args=list(words))


@pytest.fixture
def alive(counter_of):
    """One with a town, a visit and a file."""
    app = counter_of("alive")
    assert run(app, "core", "prepare").exit_code == 0
    with app.app_context():
        with transaction():
            place = town.a_town()
            town.a_clerk(town.a_procedure())
            visit = town.a_visit(town.a_wish(place, town.the_procedure("padron")))
            archive.keep(io.BytesIO(CONTENT), owner=f"visit:{visit.code}", name="DNI.pdf")
        speak_for(None)
        db.session.remove()
    return app


@pytest.fixture
def password(tmp_path):
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    return file


def what_it_holds(app) -> dict[str, tuple[int, str]]:
    with app.app_context(), db.engine.connect() as connection:
        return {table.name: copying.digest(table, connection) for table in copying.tables()}


def file_in(app) -> bytes:
    with app.app_context():
        with every_town():
            file = db.session.scalars(sa.select(StoredFile)).one()
        with town_of(file.town_id), archive.open_file(file) as opened:
            return opened.read()


@pytest.mark.parametrize("closed", [True, False])
def test_a_backup_comes_back_whole_in_a_clean_folder(alive, counter_of, tmp_path, password, closed):
    path, option = tmp_path / "night.backup", ["--password-file", str(password)] if closed else []
    before = what_it_holds(alive)

    kept = run(alive, "backup", str(path), *option)
    assert kept.exit_code == 0, kept.output
    clean = counter_of("clean")
    back = run(clean, "restore", str(path), *option)

    assert back.exit_code == 0, back.output
    assert what_it_holds(clean) == before
    assert file_in(clean) == CONTENT
    old, new = (tmp_path / name for name in ("alive", "clean"))
    for name in ("secret_key", "archive_keys"):
        assert (new / name).read_bytes() == (old / name).read_bytes()
        assert stat.S_IMODE((new / name).stat().st_mode) == 0o600
    assert ("NOT encrypted" in kept.output) is not closed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (b"secret_key" in path.read_bytes()) is not closed
    assert not list(old.glob(".backup*"))
    with alive.app_context():
        assert 0 <= keeping.age_seconds() < 60


def test_a_backup_never_writes_over_another(alive, tmp_path):
    path = tmp_path / "night.backup"
    path.write_bytes(b"yesterday")

    assert run(alive, "backup", str(path)).exit_code == 1
    assert path.read_bytes() == b"yesterday"


def test_while_it_is_made_others_write_and_it_is_of_one_instant(alive, tmp_path, counter_of):
    path = tmp_path / "night.backup"
    with alive.app_context():
        writer = db.engine.connect()
        writer.exec_driver_sql("UPDATE town SET name = 'Half written'")  # and never committed

        kept = run(alive, "backup", str(path))
        writer.rollback()
        writer.close()

    assert kept.exit_code == 0, kept.output
    clean = counter_of("clean")
    assert run(clean, "restore", str(path)).exit_code == 0
    with clean.app_context():
        assert db.session.scalar(sa.select(Town.name)) == "Vilaclara"


def test_only_a_clean_installation_takes_a_backup(alive, counter_of, tmp_path):
    path = tmp_path / "night.backup"
    run(alive, "backup", str(path))
    other = counter_of("other")
    run(other, "core", "prepare")

    for app in (alive, other):
        back = run(app, "restore", str(path))
        assert back.exit_code == 1
        assert "clean installation" in back.output


@pytest.mark.parametrize("closed", [True, False])
def test_a_backup_that_was_changed_or_cut_is_refused_and_changes_nothing(
    alive, counter_of, tmp_path, password, closed
):
    path, option = tmp_path / "night.backup", ["--password-file", str(password)] if closed else []
    run(alive, "backup", str(path), *option)
    whole = path.read_bytes()
    middle = whole.index(CONTENT[:20]) if CONTENT[:20] in whole else len(whole) // 2
    flipped = bytearray(whole)
    flipped[middle] ^= 1
    clean = counter_of("clean")

    for n, content in enumerate(
        (bytes(flipped), whole[:-70_000], whole[: len(whole) // 2], whole[:30], b"")
    ):
        wrong = tmp_path / f"wrong{n}"
        wrong.write_bytes(content)
        back = run(clean, "restore", str(wrong), *option)
        assert back.exit_code == 1, n
        assert not list((tmp_path / "clean").rglob("*"))
    assert run(clean, "restore", str(path), *option).exit_code == 0


def test_without_the_right_password_nothing_opens(alive, counter_of, tmp_path, password):
    path, other = tmp_path / "night.backup", tmp_path / "other"
    other.write_text("another long password\n")
    run(alive, "backup", str(path), "--password-file", str(password))
    clean = counter_of("clean")

    for option in ([], ["--password-file", str(other)]):
        back = run(clean, "restore", str(path), *option)
        assert back.exit_code == 1
        assert "password" in back.output


def test_a_short_password_is_refused(alive, tmp_path):
    short = tmp_path / "short"
    short.write_text("1234\n")

    assert run(alive, "backup", str(tmp_path / "b"), "--password-file", str(short)).exit_code == 1
    assert not (tmp_path / "b").exists()


def again_with(path, into, **about) -> None:
    """The same backup, saying something else about itself, with right digests."""
    with pack.packing(into, "") as packer:
        for name, content, size in pack.members(path, ""):
            if name == pack.ABOUT:
                packer.add_bytes(name, json.dumps({**json.loads(content.read()), **about}).encode())
            elif name != pack.DIGESTS:
                packer.add(name, content, size)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"format": 2}, "another version"),
        ({"revision": "ffffffffffff"}, "newer version"),
        ({"register": "postgresql"}, "postgresql"),
    ],
)
def test_a_backup_of_another_version_is_refused(alive, counter_of, tmp_path, about, said):
    path, other = tmp_path / "night.backup", tmp_path / "other.backup"
    run(alive, "backup", str(path))
    again_with(path, other, **about)

    back = run(counter_of("clean"), "restore", str(other))

    assert back.exit_code == 1
    assert said in back.output


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "instance/../../outside", "odd"])
def test_nothing_of_a_backup_leads_elsewhere(alive, counter_of, tmp_path, name):
    path = tmp_path / "odd.backup"
    run(alive, "backup", str(tmp_path / "night.backup"))
    with pack.packing(path, "") as packer:
        for known, content, size in pack.members(tmp_path / "night.backup", ""):
            if known != pack.DIGESTS:
                packer.add(known, content, size)
        packer.add_bytes(name, b"outside")

    assert run(counter_of("clean"), "restore", str(path)).exit_code == 1
    assert not list(tmp_path.rglob("outside"))


def test_a_link_in_a_backup_is_refused(tmp_path, counter_of):
    path = tmp_path / "link.backup"
    with tarfile.open(path, "w") as tar:
        link = tarfile.TarInfo("instance/secret_key")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)

    assert run(counter_of("clean"), "restore", str(path)).exit_code == 1


# --- PostgreSQL ----------------------------------------------------------------------------------


@pytest.fixture
def server():
    """Asked for before the houses that use it, so that they leave it before it ends."""
    if postgres.programs() is None:
        pytest.skip("POSTGRESQL IS NOT INSTALLED: moving to it was NOT tried (apt-packages.txt)")
    with postgres.a_server() as address:
        yield address


def test_every_row_moves_to_postgresql_and_the_counter_goes_on(server, alive, counter_of, tmp_path):
    before = what_it_holds(alive)

    done = run(alive, "db-copy", server)

    assert done.exit_code == 0, done.output
    moved = counter_of("alive", DATABASE_URL=server)
    assert what_it_holds(moved) == before
    assert sum(count for count, _ in before.values()) > 20
    with moved.app_context():
        place = db.session.scalars(sa.select(Town)).one()
        with town_of(place.id), transaction():
            wish = town.a_wish(place, town.the_procedure("padron"))
            town.a_visit(wish, town.tomorrow_at(15), phone="+34600999888")
    assert file_in(moved) == CONTENT
    again = run(alive, "db-copy", server)
    assert again.exit_code == 1
    assert "empty" in again.output

    # And a backup of what stands there comes back in another register of the same server.
    path = tmp_path / "postgres.backup"
    kept = run(moved, "backup", str(path))
    assert kept.exit_code == 0, kept.output
    held = what_it_holds(moved)
    with moved.app_context():
        db.session.remove()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("CREATE DATABASE restored"))
        db.engine.dispose()
    clean = counter_of("clean", DATABASE_URL=f"{server.rpartition('/')[0]}/restored")
    back = run(clean, "restore", str(path))
    assert back.exit_code == 0, back.output
    assert what_it_holds(clean) == held


def test_a_row_that_is_not_the_same_stops_the_move_and_nothing_is_kept(server, alive, monkeypatch):
    real = copying._copy

    def careless(table, source, into, tell):
        count = real(table, source, into, tell)
        if table.name == "town":
            into.execute(sa.text("UPDATE town SET name = 'Another'"))
        return count

    monkeypatch.setattr(copying, "_copy", careless)
    done = run(alive, "db-copy", server)

    assert done.exit_code == 1
    assert "town is not the same" in done.output
    engine = sa.create_engine(server)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM town")).scalar() == 0
    engine.dispose()


def test_only_an_empty_postgresql_is_a_place_to_move_to(alive):
    done = run(alive, "db-copy", "sqlite:////tmp/other.db")

    assert done.exit_code == 1
    assert "PostgreSQL" in done.output
