"""One contract, kept by a folder and by an object store: a real S3 server on this machine."""

import errno
import io
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from app import create_app
from app.core import clock
from app.core.settings import Unsafe
from app.core.storage import (
    AlreadyStored,
    Away,
    Folder,
    KeptUntil,
    NoRoom,
    NotStored,
    UnfitKey,
    fit,
    pieces_of,
    the_store,
)
from app.core.storage.s3 import PART, Bucket

BUCKET = "papers"


@pytest.fixture(scope="session")
def object_store():
    """The address of an S3 server with a bucket that can lock."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    a_bucket(address).client.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    yield address
    server.stop()


def a_bucket(address: str, *, name: str = BUCKET, prefix: str = "", lock: str = "") -> Bucket:
    return Bucket.of(
        {
            **{"S3_BUCKET": name, "S3_PREFIX": prefix, "S3_ENDPOINT": address},
            **{"S3_REGION": "us-east-1", "S3_OBJECT_LOCK": lock, "S3_TIMEOUT_SECONDS": 5},
            **{"S3_ACCESS_KEY": "a key of the tests", "S3_SECRET_KEY": "and its secret"},
        }
    )


@pytest.fixture(params=["folder", "bucket", "locked bucket"])
def store(request, tmp_path):
    if request.param == "folder":
        return Folder(tmp_path / "files")
    lock = "GOVERNANCE" if request.param == "locked bucket" else ""
    prefix = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    return a_bucket(request.getfixturevalue("object_store"), prefix=prefix, lock=lock)


@pytest.fixture(params=["folder", "locked bucket"])
def promising(request, tmp_path):
    """A bucket without object lock promises nothing: there the table does (archive)."""
    if request.param == "folder":
        return Folder(tmp_path / "files")
    return a_bucket(request.getfixturevalue("object_store"), prefix="promised", lock="GOVERNANCE")


def read(store, key: str, start: int = 0, length: int | None = None) -> bytes:
    with store.open(key, start, length) as file:
        return file.read()


def test_what_was_put_is_read_again_whole_or_in_part(store):
    written = store.put("papers/1/ab", iter([b"good ", b"morning"]))

    assert written == 12
    assert store.size("papers/1/ab") == 12
    assert store.exists("papers/1/ab")
    assert read(store, "papers/1/ab") == b"good morning"
    assert read(store, "papers/1/ab", 5) == b"morning"
    assert read(store, "papers/1/ab", 5, 4) == b"morn"
    assert read(store, "papers/1/ab", 0, 4) == b"good"
    assert read(store, "papers/1/ab", 10, 99) == b"ng"
    assert read(store, "papers/1/ab", 12) == b""
    assert read(store, "papers/1/ab", 99, 5) == b""
    assert read(store, "papers/1/ab", 3, 0) == b""


def test_nothing_is_something_too(store):
    assert store.put("empty", []) == 0
    assert store.size("empty") == 0
    assert read(store, "empty") == b""


def test_what_is_larger_than_a_part_arrives_whole(store):
    content = os.urandom(2 * PART + 12_345)

    assert store.put("large", pieces_of(io.BytesIO(content))) == len(content)

    assert store.size("large") == len(content)
    assert read(store, "large", PART - 3, 6) == content[PART - 3 : PART + 3]
    assert read(store, "large") == content


def test_exactly_one_part_and_one_byte_more(store):
    for size in (PART, PART + 1):
        assert store.put(f"part-{size}", [bytes(size)]) == size
        assert store.size(f"part-{size}") == size


@pytest.mark.parametrize("size", [5, PART + 5])
def test_nothing_is_ever_written_over(store, size):
    store.put("one", [b"first"])

    with pytest.raises(AlreadyStored):
        store.put("one", [bytes(size)])

    assert read(store, "one") == b"first"


def test_what_is_not_there_is_said_so(store):
    for ask in (store.open, store.size):
        with pytest.raises(NotStored):
            ask("nothing/here")
    assert not store.exists("nothing/here")
    with pytest.raises(NotStored):
        store.keep("nothing/here", clock.now())


def test_what_was_deleted_is_gone_and_may_be_deleted_again(store):
    store.put("papers/a", [b"a"])
    store.put("papers/b", [b"b"])

    store.delete("papers/a")
    store.delete("papers/a")

    assert not store.exists("papers/a")
    assert read(store, "papers/b") == b"b"
    store.put("papers/a", [b"again"])
    assert read(store, "papers/a") == b"again"


def test_what_begins_with_a_word_is_found(store):
    for key in ("paper/1/aa", "paper/1/ab", "paper/2/aa", "recording/1/aa"):
        store.put(key, [key.encode()])

    found = {entry.key: entry for entry in store.entries("paper/1/")}

    assert set(found) == {"paper/1/aa", "paper/1/ab"}
    assert found["paper/1/aa"].size == 10
    assert abs((found["paper/1/aa"].changed_at - datetime.now(UTC)).total_seconds()) < 60
    assert len(list(store.entries())) == 4
    assert list(store.entries("nothing")) == []


@pytest.mark.parametrize("size", [3, PART + 3])
def test_a_stream_that_breaks_leaves_nothing(store, size):
    def breaking():
        yield bytes(size)
        raise OSError(errno.EIO, "the line fell")

    with pytest.raises(OSError, match="the line fell"):
        store.put("half", breaking())

    assert not store.exists("half")
    assert list(store.entries()) == []
    assert store.tidy(clock.now() + timedelta(days=1)) == 0


def test_what_was_promised_is_kept_until_its_day(promising):
    now = datetime.now(UTC)
    promising.put("act", [b"signed"], keep_until=now + timedelta(days=30))
    promising.put("film", [b"moving"])
    promising.keep("film", now + timedelta(days=30))
    promising.keep("film", now + timedelta(days=2))  # a promise never becomes shorter

    with time_machine.travel(now + timedelta(days=3), tick=True):
        for key in ("act", "film"):
            with pytest.raises(KeptUntil):
                promising.delete(key)

    assert read(promising, "act") == b"signed"
    assert read(promising, "film") == b"moving"


def test_once_its_day_has_come_it_may_go(tmp_path):
    store = Folder(tmp_path)
    store.put("act", [b"signed"], keep_until=clock.now() + timedelta(days=30))

    with time_machine.travel(clock.now() + timedelta(days=31), tick=True):
        store.delete("act")

    assert not store.exists("act")


@pytest.mark.parametrize(
    "key",
    [
        *("", ".", "..", "../up", "a/../b", "/etc/passwd", "a//b", "a/", "a/./b", ".hidden"),
        *("a/.hidden", "a\\b", "a\0b", "A", "a b", "é", "a\n", "a" * 200, "a/" * 9 + "a", "a..b"),
    ],
)
def test_no_key_leads_elsewhere(store, key):
    for errand in (
        lambda: store.put(key, [b"x"]),
        *(lambda: store.open(key), lambda: store.size(key), lambda: store.delete(key)),
    ):
        with pytest.raises(UnfitKey):
            errand()


@given(st.text(max_size=60))
def test_a_key_is_refused_or_stays_inside(key):
    root = Path("/a/root")
    try:
        place = (root / fit(key)).as_posix()
    except UnfitKey:
        return
    assert os.path.normpath(place) == place
    assert place.startswith("/a/root/")


# --- the folder ----------------------------------------------------------------------------------


def test_a_folder_is_read_by_its_owner_alone(tmp_path):
    store = Folder(tmp_path / "files")
    store.put("papers/1/a", [b"x"])

    for place in (tmp_path / "files").rglob("*"):
        assert place.stat().st_mode & 0o077 == 0


def test_what_is_kept_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    seen = []
    real_fsync, real_link = os.fsync, os.link
    monkeypatch.setattr(os, "fsync", lambda handle: (seen.append("fsync"), real_fsync(handle)))
    monkeypatch.setattr(os, "link", lambda a, b: (seen.append("named"), real_link(a, b)))
    store = Folder(tmp_path)
    store.put("first/one", [b"x"])
    seen.clear()

    store.put("first/two", [b"x"])

    assert seen == ["fsync", "named", "fsync"]


def test_a_full_disk_refuses_in_a_sentence_and_keeps_nothing(tmp_path):
    full = Folder(tmp_path, spare=1 << 60)

    with pytest.raises(NoRoom) as refused:
        full.put("one", [b"x"])

    assert str(refused.value)
    assert refused.value.status == 503
    assert list(full.entries()) == []


def test_a_disk_that_fills_halfway_keeps_nothing(tmp_path, monkeypatch):
    store = Folder(tmp_path)

    def filling(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", filling)
    with pytest.raises(NoRoom):
        store.put("one", [b"x"])
    monkeypatch.undo()

    assert list(tmp_path.rglob("*.*")) == [tmp_path / ".incoming"]
    assert not store.exists("one")


def test_what_a_killed_process_left_is_tidied_away(tmp_path):
    store = Folder(tmp_path)
    store.put("one", [b"x"])
    (tmp_path / ".incoming" / "half").write_bytes(b"half")

    assert store.tidy(clock.now() - timedelta(hours=1)) == 0
    assert store.tidy(clock.now() + timedelta(hours=1)) == 1
    assert read(store, "one") == b"x"


# --- the object store ----------------------------------------------------------------------------


def test_an_upload_that_was_never_finished_is_tidied_away(object_store):
    store = a_bucket(object_store, prefix="unfinished")
    store.client.create_multipart_upload(Bucket=BUCKET, Key="unfinished/half")

    assert store.tidy(datetime.now(UTC)) == 1
    assert store.tidy(datetime.now(UTC)) == 0


def test_a_store_that_does_not_answer_is_said_so():
    from tests.counter import a_free_port

    nobody = a_bucket(f"http://127.0.0.1:{a_free_port()}")

    with pytest.raises(Away) as refused:
        nobody.put("one", [b"x"])
    assert refused.value.status == 503


def test_with_object_lock_a_deletion_destroys_every_version(object_store):
    store = a_bucket(object_store, prefix="versions", lock="GOVERNANCE")
    store.put("one", [b"x"])
    store.client.put_object(Bucket=BUCKET, Key="versions/one", Body=b"from elsewhere")

    store.delete("one")

    found = store.client.list_object_versions(Bucket=BUCKET, Prefix="versions/")
    assert not found.get("Versions")
    assert not found.get("DeleteMarkers")


# --- which one -----------------------------------------------------------------------------------


def test_the_settings_say_which_store(app, tmp_path):
    assert isinstance(the_store(), Folder)
    assert the_store().root == Path(app.instance_path) / "files"
    other = create_app(TESTING=True, INSTANCE=str(tmp_path), STORAGE="s3", S3_BUCKET="papers")
    with other.app_context():
        assert isinstance(the_store(), Bucket)
        assert the_store() is the_store()


@pytest.mark.parametrize(
    "settings",
    [{"STORAGE": "cloud"}, {"STORAGE": "s3"}, {"S3_OBJECT_LOCK": "yes"}],
)
def test_a_store_that_cannot_be_is_refused_at_the_start(tmp_path, settings):
    with pytest.raises(Unsafe):
        create_app(TESTING=True, INSTANCE=str(tmp_path), **settings)
