"""What is closed opens again as it was, from anywhere; whatever is done to it is found."""

import hashlib
import io
import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import sealing
from app.core.sealing import CHUNK, HEADER, SEALED, TAG, Damaged, Reader, Sealing

KEY = bytes(range(32))
ABOUT = "file 1 abc envelope"
SIZES = [0, 1, 15, 16, 17, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7]


def closed(content: bytes, *, key: bytes = KEY, about: str = ABOUT) -> bytes:
    return b"".join(Sealing(io.BytesIO(content), key, about))


def opened(kept: bytes, *, key: bytes = KEY, about: str = ABOUT) -> Reader:
    return Reader(lambda start: io.BytesIO(kept[start:]), len(kept), key, about)


def read(kept: bytes, **told) -> bytes:
    return io.BufferedReader(opened(kept, **told)).read()


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks of sixteen bytes: everything about them is tried quickly."""
    monkeypatch.setattr(sealing, "CHUNK", 16)
    monkeypatch.setattr(sealing, "SEALED", 16 + TAG)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_closed_opens_again_as_it_was(size):
    content = os.urandom(size)
    work = Sealing(io.BytesIO(content), KEY, ABOUT)

    kept = b"".join(work)

    assert read(kept) == content
    assert (work.size, work.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert (work.sealed_size, work.sealed_sha256) == (len(kept), hashlib.sha256(kept).hexdigest())
    assert len(kept) == HEADER + size + TAG * max(1, -(-size // CHUNK))
    assert opened(kept).size == size


def test_a_stream_that_gives_little_at_a_time_is_closed_the_same():
    class Drops(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 1_000))

    content = os.urandom(CHUNK + 5)

    assert read(b"".join(Sealing(Drops(content), KEY, ABOUT))) == content


def test_nothing_of_it_can_be_read_where_it_is_kept():
    content = b"12345678Z " * 20_000

    kept = closed(content)

    assert b"12345678Z" not in kept
    assert kept[HEADER:] != closed(content)[HEADER:]  # the same twice is not the same


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_it_is_read_from_anywhere(data):
    content = random.Random(7).randbytes(3 * CHUNK + 100)
    file = io.BufferedReader(opened(KEPT))
    for _ in range(4):
        start = data.draw(st.integers(0, len(content) + 5))
        length = data.draw(st.integers(0, 2 * CHUNK))

        assert file.seek(start) == start
        assert file.read(length) == content[start : start + length]
    assert file.seek(-7, io.SEEK_END) == len(content) - 7
    assert file.read() == content[-7:]


KEPT = closed(random.Random(7).randbytes(3 * CHUNK + 100))


@pytest.mark.parametrize("size", [0, 1, 16, 40])
def test_every_bit_that_changes_is_found(small_chunks, size):
    content = os.urandom(size)
    kept = closed(content)
    assert read(kept) == content

    for bit in range(8 * len(kept)):
        changed = bytearray(kept)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Damaged):
            read(bytes(changed))


def test_every_place_where_it_may_be_cut_is_found(small_chunks):
    kept = closed(os.urandom(48))

    for size in range(len(kept)):
        with pytest.raises(Damaged):
            read(kept[:size])


def test_whatever_is_put_behind_it_is_found(small_chunks):
    kept = closed(os.urandom(40))

    for size in range(1, 70):
        with pytest.raises(Damaged):
            read(kept + os.urandom(size))
        with pytest.raises(Damaged):
            read(kept + kept[-size:])


def test_chunks_that_changed_places_are_found():
    chunks = [KEPT[HEADER + n * SEALED : HEADER + (n + 1) * SEALED] for n in range(3)]
    rest = KEPT[HEADER + 3 * SEALED :]

    for order in ((1, 0, 2), (0, 2, 1), (2, 1, 0), (0, 0, 2), (0, 1, 1)):
        with pytest.raises(Damaged):
            read(KEPT[:HEADER] + b"".join(chunks[n] for n in order) + rest)


def test_a_chunk_that_was_left_out_or_brought_twice_is_found():
    first, second = KEPT[HEADER : HEADER + SEALED], KEPT[HEADER + SEALED : HEADER + 2 * SEALED]
    rest = KEPT[HEADER + 2 * SEALED :]

    for body in (first + rest, second + rest, first + first + second + rest):
        with pytest.raises(Damaged):
            read(KEPT[:HEADER] + body)


def test_a_chunk_of_another_file_with_the_same_key_is_found():
    one, other = closed(bytes(2 * CHUNK + 1)), closed(bytes(2 * CHUNK + 1))
    middle = slice(HEADER + SEALED, HEADER + 2 * SEALED)

    spliced = one[: middle.start] + other[middle] + one[middle.stop :]

    with pytest.raises(Damaged):
        read(spliced)
    with pytest.raises(Damaged):
        read(one[:HEADER] + other[HEADER:])


def test_the_bytes_of_one_file_open_no_other():
    kept = closed(b"a paper")

    for told in ({"about": "file 2 abc envelope"}, {"key": bytes(32)}):
        with pytest.raises(Damaged):
            read(kept, **told)


def test_no_byte_of_a_damaged_chunk_is_given():
    kept = bytearray(KEPT)
    kept[HEADER + SEALED + 5] ^= 1
    file = opened(bytes(kept))

    good = file.read(CHUNK)

    assert len(good) == CHUNK
    with pytest.raises(Damaged):
        file.read(10)
    file.seek(2 * CHUNK)
    assert len(file.read(10)) == 10


def test_something_that_is_none_of_ours_is_refused():
    for kept in (b"", b"VTN1", bytes(HEADER), bytes(HEADER + TAG), b"%PDF-1.7" + bytes(200)):
        with pytest.raises(Damaged):
            read(kept)


def test_memory_does_not_grow_with_the_file():
    class Endless(io.RawIOBase):
        left = 400 * CHUNK

        def read(self, size=-1):
            size = min(size, self.left)
            self.left -= size
            return bytes(size)

    largest = max(len(piece) for piece in Sealing(Endless(), KEY, ABOUT))

    assert largest == SEALED
