"""A file is kept, opened again, held, destroyed; nothing of it ever lies about in the open."""

import io
import os
import stat
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.archive import jobs, queries
from app.archive import services as archive
from app.archive.errors import FileDamaged, FileGone, FileHeld, FileOpensNoMore, KeptUntil
from app.archive.models import Envelope, FileReading, StoredFile
from app.archive.services import ending
from app.audit.models import AuditEntry
from app.audit.neutral import neutral
from app.core import clock, keys
from app.core.db import db
from app.core.errors import Missing
from app.core.storage import NotStored
from app.towns.tenant import town_of
from tests import town
from tests.beside import beside_another

OWNER = "visit:bcdfghjkmnpq"
SECRET = b"12345678Z, Carrer Major 1 " * 5_000


@pytest.fixture(autouse=True)
def in_a_town(place):
    return place


def kept(content: bytes = SECRET, owner: str = OWNER, **told) -> StoredFile:
    named = {"name": "DNI.pdf", "media_type": "application/pdf", "purpose": "paper", **told}
    file = archive.keep(io.BytesIO(content), owner=owner, **named)
    db.session.commit()
    return file


def content_of(file: StoredFile) -> bytes:
    with archive.open_file(file) as opened:
        return opened.read()


def told(name: str) -> list[dict]:
    lines = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.name == name).order_by(AuditEntry.number)
    )
    return [line.facts for line in lines]


def test_a_file_is_kept_and_opened_again():
    file = kept()

    assert content_of(file) == SECRET
    assert file.size == len(SECRET)
    assert file.sealed_size > file.size
    assert queries.files_of(OWNER) == [file]
    assert queries.file_or_404(file.id) is file
    assert told("FileKept")[0]["sha256"] == neutral(file.sha256)


def test_nothing_of_it_is_on_the_disk_in_the_open(a_folder):
    kept()

    files = [place for place in a_folder.rglob("*") if place.is_file()]
    assert files
    for place in files:
        assert b"12345678Z" not in place.read_bytes()
        assert not stat.S_IMODE(place.stat().st_mode) & 0o077


def test_its_name_in_the_store_says_nothing(store):
    file = kept()

    assert [entry.key for entry in store.entries()] == [file.place]
    assert "bcdfghjkmnpq" not in file.place
    assert "dni" not in file.place


def test_files_of_one_visit_share_an_envelope_and_of_two_do_not():
    first, second = kept(), kept(b"another")
    other = kept(owner="visit:zzzzzzzzzzzz")

    assert first.envelope_id == second.envelope_id
    assert other.envelope_id != first.envelope_id
    assert queries.files_of(OWNER) == [first, second]


def test_a_draft_is_written_down_later_or_swept_away(store):
    envelope = archive.envelope_for(OWNER)
    db.session.commit()
    named = {"name": "a.pdf", "media_type": "application/pdf", "purpose": "paper"}
    draft = archive.seal(io.BytesIO(SECRET), envelope, **named)
    forgotten = archive.seal(io.BytesIO(SECRET), envelope, **named)

    file = archive.keep(draft)
    db.session.commit()
    assert jobs.sweep_strangers() == 0
    with time_machine.travel(clock.now() + timedelta(days=2)):
        assert jobs.sweep_strangers() == 0
        assert store.exists(forgotten.place)
    with time_machine.travel(clock.now() + timedelta(days=33)):
        assert jobs.sweep_strangers() == 1

    assert content_of(file) == SECRET
    assert not store.exists(forgotten.place)


@pytest.mark.parametrize(
    ("sent", "kept_as"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\temp\\dni.pdf", "C__temp_dni.pdf"),
        ("pay\u202efdp.exe", "payfdp.exe"),
        ("line\r\nSet-Cookie: a=b", "lineSet-Cookie_ a=b"),
        ("   .htaccess ", "htaccess"),
        ("", "file"),
        ("\x00\x01", "file"),
        ("Certificat d’empadronament «2026».pdf", "Certificat d’empadronament «2026».pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("\ud800bad.pdf", "bad.pdf"),
    ],
)
def test_a_name_leads_nowhere_and_misleads_nobody(sent, kept_as):
    assert kept(b"x", name=sent).name == kept_as


@pytest.mark.parametrize(
    "told",
    [{"owner": "visit"}, {"owner": "visit:../x"}, {"purpose": "a b"}, {"purpose": "../paper"}],
)
def test_an_owner_and_a_purpose_are_words_of_ours(told):
    with pytest.raises(ValueError, match="owner|purpose"):
        kept(b"x", **told)


def test_a_kind_that_is_none_is_bytes():
    assert kept(b"x", media_type="text/html\r\nx: y").media_type == "application/octet-stream"


# --- who may open it -----------------------------------------------------------------------------


def test_a_file_of_another_town_does_not_exist():
    file = kept()
    other = town.a_town("etxalde")

    with town_of(other.id):
        assert queries.files_of(OWNER) == []
        with pytest.raises(Missing):
            queries.file_or_404(file.id)


def test_bytes_put_under_the_name_of_another_file_open_no_more(store):
    first, second = kept(b"mine" * 10), kept(b"ours" * 10)
    with store.open(second.place) as other:
        content = other.read()
    store.delete(first.place)
    store.put(first.place, [content])

    with pytest.raises(FileDamaged):
        content_of(first)


def test_an_envelope_put_in_the_place_of_another_opens_nothing():
    mine, theirs = kept(), kept(owner="visit:zzzzzzzzzzzz")
    mine.envelope.wrapped, mine.envelope.key_id = theirs.envelope.wrapped, theirs.envelope.key_id
    db.session.commit()

    with pytest.raises(FileOpensNoMore):
        content_of(mine)


def test_who_looked_is_written_down_once_for_each_look(place):
    file = kept()

    assert archive.tell_reading(file, reader="account:7", why="the visit")
    assert not archive.tell_reading(file, reader="account:7", why="the visit")
    assert archive.tell_reading(file, reader="account:8", why="the visit")
    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert archive.tell_reading(file, reader="account:7", why="the visit")

    assert [one.reader for one in queries.readings_of(file)] == [
        "account:7",
        "account:8",
        "account:7",
    ]
    assert told("FileRead")[0] == neutral(
        {
            **{"town_id": place.id, "file": file.id, "owner": OWNER},
            **{"reader": "account:7", "why": "the visit"},
        }
    )


def test_nobody_looks_without_a_reason():
    with pytest.raises(ValueError, match="why"):
        archive.tell_reading(kept(), reader="account:7", why="  ")


# --- its end -------------------------------------------------------------------------------------


def test_a_deleted_file_is_seen_by_nobody_and_leaves_the_store(store):
    file, other = kept(), kept(b"another")
    archive.delete(file, why="sent by mistake")
    db.session.commit()

    assert queries.files_of(OWNER) == [other]
    with pytest.raises(FileGone):
        archive.open_file(file)
    assert store.exists(file.place)  # until what was decided is committed
    assert jobs.take_away_what_ended() == 1
    assert jobs.take_away_what_ended() == 0
    assert not store.exists(file.place)
    assert (file.name, file.sha256) == ("", "")
    assert told("FileDestroyed")[0]["why"] == "sent by mistake"


def test_what_was_undone_was_not_deleted(store):
    file = kept()
    archive.delete(file)
    db.session.rollback()

    jobs.take_away_what_ended()

    assert content_of(queries.file_or_404(file.id)) == SECRET


def test_a_shredded_key_opens_nothing_wherever_copies_are(store, a_folder):
    file = kept()
    with store.open(file.place) as bytes_of_a_backup:
        copy = bytes_of_a_backup.read()
    before = {name: getattr(file, name) for name in ("name", "sha256", "place", "sealed_size")}

    assert archive.shred(OWNER) == 1
    db.session.commit()
    jobs.take_away_what_ended()

    assert not store.exists(before["place"])
    store.put(before["place"], [copy])
    file.destroyed_at = None  # even with the row and the bytes of a backup
    with pytest.raises(FileGone):
        archive.open_file(file)
    envelope = db.session.get(Envelope, file.envelope_id)
    assert envelope.is_shredded
    assert told("FilesShredded") == neutral([{"town_id": file.town_id, "owner": OWNER, "files": 1}])


def test_after_shredding_an_owner_may_begin_again():
    old = kept()
    archive.shred(OWNER)
    new = kept(b"new")

    assert new.envelope_id != old.envelope_id
    assert content_of(new) == b"new"


def test_what_is_held_is_not_destroyed_until_it_is_released():
    file = kept()
    archive.hold(OWNER, reference="DP 1/2026")
    archive.hold(OWNER, reference="DP 2/2026")

    for end in (lambda: archive.delete(file), lambda: archive.shred(OWNER)):
        with pytest.raises(FileHeld):
            end()
    assert archive.release(OWNER, reference="DP 1/2026") == 1
    with pytest.raises(FileHeld):
        archive.delete(file)
    assert archive.release(OWNER) == 1
    archive.delete(file)

    assert file.is_destroyed
    assert [line["reference"] for line in told("FilesReleased")] == ["DP 1/2026", "DP 2/2026"]


def test_what_was_promised_stays_until_its_day():
    file = kept(keep_until=clock.now() + timedelta(days=30))

    with pytest.raises(KeptUntil):
        archive.delete(file)
    with time_machine.travel(clock.now() + timedelta(days=31)):
        archive.delete(file)
    assert file.is_destroyed


def test_bytes_that_the_store_has_promised_wait_and_the_others_do_not(store):
    first, second = kept(b"one"), kept(b"two")
    store.keep(first.place, clock.now() + timedelta(days=3))
    archive.delete(first)
    archive.delete(second)
    db.session.commit()

    assert jobs.take_away_what_ended() == 1
    with time_machine.travel(clock.now() + timedelta(days=4)):
        assert jobs.take_away_what_ended() == 1


# --- keys ----------------------------------------------------------------------------------------


def test_a_new_key_closes_the_envelopes_again_and_touches_no_file(app, store):
    files = [kept(f"paper {n}".encode(), owner=f"visit:{n}") for n in range(3)]
    before = {entry.key: entry for entry in store.entries()}
    old = keys.wrapping_keys()[0].id

    answer = app.test_cli_runner().invoke(args=["archive", "rotate", "--forget"])

    assert answer.exit_code == 0, answer.output
    assert "3 envelopes" in answer.output
    assert "1 older keys were forgotten" in answer.output
    assert {entry.key: entry for entry in store.entries()} == before
    assert [key.id for key in keys.wrapping_keys()] != [old]
    db.session.expire_all()
    for n, file in enumerate(files):
        assert content_of(file) == f"paper {n}".encode()
        assert file.envelope.key_id != old
    assert told("KeysRotated")[0]["envelopes"] == 3


def test_a_key_that_still_closes_something_is_not_forgotten(app):
    file = kept()
    keys.add_wrapping_key()

    archive_of_another = app.test_cli_runner().invoke(
        args=["archive", "rotate", "--no-add", "--forget"]
    )

    assert archive_of_another.exit_code == 0
    assert len(keys.wrapping_keys()) == 1
    assert content_of(file) == SECRET


def test_without_its_key_a_file_opens_no_more_and_says_so(a_folder):
    file = kept()
    (a_folder / "archive_keys").unlink()

    with pytest.raises(FileOpensNoMore):
        archive.open_file(file)


def test_the_keys_may_stand_in_the_settings(app, monkeypatch):
    import base64

    monkeypatch.setitem(app.config, "ARCHIVE_KEYS", [base64.b64encode(os.urandom(32)).decode()])
    file = kept()

    assert content_of(file) == SECRET
    answer = app.test_cli_runner().invoke(args=["archive", "rotate"])
    assert answer.exit_code == 1
    assert "settings" in answer.output


def test_two_processes_that_begin_at_once_have_one_key(a_folder):
    keys._write_first(a_folder / "archive_keys")
    first = keys.wrapping_keys()

    keys._write_first(a_folder / "archive_keys")

    assert keys.wrapping_keys() == first
    assert stat.S_IMODE((a_folder / "archive_keys").stat().st_mode) == 0o600


@pytest.mark.parametrize("line", ["not a key", "c2hvcnQ=", "ñ"])
def test_a_line_that_is_no_key_is_refused(a_folder, line):
    (a_folder / "archive_keys").write_text(line)

    with pytest.raises(keys.KeyLost):
        keys.wrapping_keys()


# --- whether all of it is there ------------------------------------------------------------------


def test_the_check_names_what_is_missing_cut_or_changed(app, store):
    files = {name: kept(os.urandom(70_000)) for name in ("whole", "missing", "cut", "changed")}
    store.delete(files["missing"].place)
    path = store.root / files["cut"].place
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1])
    path = store.root / files["changed"].place
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[60_000] ^= 1
    path.write_bytes(bytes(content))
    run = app.test_cli_runner().invoke

    quick, slow = run(args=["archive", "check"]), run(args=["archive", "check", "--thoroughly"])

    assert (quick.exit_code, slow.exit_code) == (1, 1)
    assert f"{files['missing'].id}: missing" in quick.output
    assert f"{files['cut'].id}: size" in quick.output
    assert files["changed"].id not in quick.output
    assert f"{files['changed'].id}: changed" in slow.output
    assert files["whole"].id not in slow.output
    assert len(told("FileFoundDamaged")) == 3
    with pytest.raises(FileDamaged):
        content_of(files["changed"])


def test_a_whole_archive_is_said_to_be_whole(app):
    kept()

    answer = app.test_cli_runner().invoke(args=["archive", "check", "--thoroughly"])

    assert answer.exit_code == 0
    assert "vilaclara: whole, 1 files" in answer.output


def test_a_file_whose_bytes_are_gone_is_said_to_be_damaged(store):
    file = kept()
    store.delete(file.place)

    with pytest.raises(FileDamaged):
        archive.open_file(file)
    with pytest.raises(NotStored):
        store.size(file.place)


def test_the_sweeper_takes_nothing_that_somebody_knows(store):
    file = kept()
    file.blocked_at = clock.now()
    db.session.commit()

    for days in (30, 90):
        with time_machine.travel(clock.now() + timedelta(days=days)):
            assert jobs.sweep_strangers() == 0

    assert store.exists(file.place)


def test_blocked_files_are_seen_by_nobody():
    file = kept()
    file.blocked_at = clock.now()
    db.session.commit()

    assert queries.files_of(OWNER) == []
    with pytest.raises(Missing):
        queries.file_or_404(file.id)
    assert db.session.scalar(sa.select(sa.func.count(FileReading.id))) == 0


def test_a_hold_that_came_while_the_house_waited_for_its_turn_keeps_the_files(monkeypatch):
    file = kept()
    years = clock.now() + timedelta(days=40 * 365)
    ending.block_due(years)
    db.session.commit()

    with beside_another(monkeypatch, lambda: archive.hold(OWNER)):
        assert ending.destroy_due(years + timedelta(days=40 * 365)) == 0

    assert not file.is_destroyed


def test_a_file_that_came_while_the_house_waited_for_its_turn_keeps_its_key(monkeypatch):
    first = kept()
    archive.delete(first)
    db.session.commit()
    later = []

    with beside_another(monkeypatch, lambda: later.append(kept(b"another"))):
        assert ending.shred_empty(clock.now() + timedelta(days=5)) == 0

    assert archive.open_file(later[0]).read() == b"another"
