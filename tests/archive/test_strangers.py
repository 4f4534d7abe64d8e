"""An older register is brought back: what came since the backup is neither known nor lost."""

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.archive import jobs, queries
from app.archive import services as archive
from app.archive.models import Envelope, FileReading, StoredFile
from app.archive.services.keeping import Draft
from app.core import clock
from app.core.db import db
from app.towns.tenant import current_town_id, every_town

OWNER = "visit:bcdfghjkmnpq"
FILM = b"a film of what was agreed " * 9_000  # several chunks


@pytest.fixture(autouse=True)
def in_a_town(place):
    return place


@pytest.fixture
def file():
    made = archive.keep(io.BytesIO(FILM), owner=OWNER, name="recording-1.webm", purpose="recording")
    db.session.commit()
    return made


@pytest.fixture
def row(file):
    """All that its row said; the register is from before it."""
    said = {column.key: getattr(file, column.key) for column in sa.inspect(StoredFile).columns}
    forget(file)
    return said


def forget(file) -> None:
    db.session.execute(sa.delete(FileReading).where(FileReading.file_id == file.id))
    db.session.execute(sa.delete(StoredFile).where(StoredFile.id == file.id))
    db.session.commit()
    db.session.expunge_all()


def swept(*, after: float) -> int:
    with time_machine.travel(clock.now() + timedelta(days=after)):
        return jobs.sweep_strangers()


def unknown(client) -> str:
    (line,) = [
        line
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("ventanilla_files_unknown ")
    ]
    return line.split()[-1]


def test_it_stays_for_a_month_from_the_day_on_which_it_was_noted(store, row):
    assert swept(after=60) == 0  # the backup may be much older than a month
    assert swept(after=89) == 0
    assert store.exists(row["place"])

    assert swept(after=91) == 1

    assert not store.exists(row["place"])
    assert queries.strangers() == []


def test_how_long_is_a_setting(app, store, row, monkeypatch):
    monkeypatch.setitem(app.config, "ARCHIVE_STRANGERS_DAYS", 60)
    swept(after=2)

    assert swept(after=61) == 0
    assert swept(after=63) == 1


def test_what_is_under_way_is_not_even_noted(row):
    jobs.sweep_strangers()

    assert queries.strangers() == []


def test_the_monitor_counts_it(client, row):
    assert unknown(client) == "0.0"

    swept(after=2)

    assert unknown(client) == "1.0"


def test_the_newer_register_comes_back_and_knows_it(store, row):
    swept(after=2)
    db.session.add(StoredFile(**row))
    db.session.commit()

    assert swept(after=40) == 0

    assert queries.strangers() == []
    with archive.open_file(queries.file_or_404(row["id"])) as opened:
        assert opened.read() == FILM


def test_lost_once_more_it_has_all_of_its_time_again(store, row):
    swept(after=2)
    db.session.add(StoredFile(**row))
    db.session.commit()
    swept(after=20)
    forget(queries.file_or_404(row["id"]))
    swept(after=30)

    assert swept(after=40) == 0
    assert store.exists(row["place"])


def test_known_again_in_the_last_moment_it_is_not_destroyed(store, row, monkeypatch):
    swept(after=2)
    with time_machine.travel(clock.now() + timedelta(days=40)):
        db.session.add(StoredFile(**row))
        db.session.commit()
        monkeypatch.setattr(archive.strangers, "_forget_the_known", lambda: None)

        assert jobs.sweep_strangers() == 0

    assert store.exists(row["place"])


def test_what_a_key_of_this_register_opens_is_taken_in_again(app, row):
    swept(after=2)
    run = app.test_cli_runner().invoke
    named = run(args=["archive", "strangers"])
    assert f"{row['place']}: {OWNER}, until " in named.output
    assert queries.files_of(OWNER) == []

    taken = run(args=["archive", "strangers", "--take-in"])

    assert "1 taken in" in taken.output
    (file,) = queries.files_of(OWNER, "recording")
    same = ("id", "size", "sha256", "sealed_size", "sealed_sha256", "envelope_id", "place")
    assert {key: getattr(file, key) for key in same} == {key: row[key] for key in same}
    assert file.media_type == "video/webm"
    assert archive.check_file(file).problem == ""
    assert queries.strangers() == []
    assert swept(after=90) == 0


def test_what_no_key_opens_is_said_so_and_stays(app, store, row):
    with every_town():
        db.session.execute(sa.delete(Envelope))
    archive.envelope_for("visit:zzzzzzzzzzzz")
    db.session.commit()
    store.put("odd-name", [b"x" * 200])
    store.put("paper/99/ab/abcd", [b"x" * 200])
    store.put(f"paper/{current_town_id()}/ab/abcd", [b"x"])
    swept(after=2)

    done = app.test_cli_runner().invoke(args=["archive", "strangers", "--take-in"])

    assert done.exit_code == 0, done.output
    assert done.output.count("no key here opens it") == 4
    assert "0 taken in" in done.output
    assert store.exists(row["place"])


def test_taken_in_when_it_is_known_again_it_stays_as_it_was(app, row):
    swept(after=2)
    db.session.add(StoredFile(**row))
    db.session.commit()

    done = app.test_cli_runner().invoke(args=["archive", "strangers", "--take-in"])

    assert done.exit_code == 0, done.output
    assert "0 taken in" in done.output
    assert queries.file_or_404(row["id"]).name == row["name"]
    assert queries.strangers() == []


def test_a_key_that_this_register_takes_for_done_with_waits_for_what_it_may_open(row):
    """The citizen took a paper back on the eve; the recording of the day is unknown here."""
    paper = archive.keep(io.BytesIO(b"x"), owner=OWNER)
    archive.delete(paper)
    db.session.commit()
    swept(after=2)
    with time_machine.travel(clock.now() + timedelta(days=5)):
        jobs.take_away_what_ended()
        jobs.keep_to_the_terms()
        [stranger] = queries.strangers()

        assert archive.owner_of(stranger) == OWNER
        assert archive.take_in(stranger) is not None


def test_an_upload_that_broke_ends_too_in_the_end(store):
    envelope = archive.envelope_for(OWNER)
    db.session.commit()
    named = {"name": "a.pdf", "media_type": "application/pdf", "purpose": "paper"}
    draft: Draft = archive.seal(io.BytesIO(FILM), envelope, **named)
    swept(after=2)

    assert swept(after=33) == 1
    assert not store.exists(draft.place)


def test_what_the_store_has_promised_to_keep_waits_for_its_day(store):
    envelope = archive.envelope_for(OWNER)
    db.session.commit()
    named = {"name": "a.pdf", "media_type": "application/pdf", "purpose": "paper"}
    until = clock.now() + timedelta(days=100)
    draft = archive.seal(io.BytesIO(FILM), envelope, **named, keep_until=until)
    swept(after=2)

    assert swept(after=50) == 0
    assert len(queries.strangers()) == 1
    assert swept(after=101) == 1
    assert not store.exists(draft.place)
