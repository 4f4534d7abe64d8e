"""How bytes are closed: AES-256-GCM by chunks, in the STREAM form, so that a file of any size is
read from anywhere and nothing of it can be cut, moved, put in or changed without being found.

(Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance, 2015.) Every file has a key of its own, drawn from the envelope's key and from
chance in its header; each chunk's nonce says which one it is and whether it is the last.
It knows nothing of the register.
"""

import hashlib
import io
import secrets
import struct
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"VTN1"
SALT = 32
PREFIX = 7
HEADER = len(MAGIC) + SALT + PREFIX
CHUNK = 64 * 1024
TAG = 16
SEALED = CHUNK + TAG
MOST_CHUNKS = 2**32


class Damaged(Exception):
    """These bytes are not what was closed: cut, moved, put in, changed, or of another file."""


class Opener:
    """Closes and opens the chunks of one file. `about`: which file it is, in words."""

    def __init__(self, key: bytes, about: str, header: bytes) -> None:
        if len(header) != HEADER or header[: len(MAGIC)] != MAGIC:
            raise Damaged("this is not a file of ours")
        salt, self.prefix = header[len(MAGIC) : -PREFIX], header[-PREFIX:]
        drawn = HKDF(SHA256(), 32, salt=salt, info=MAGIC + about.encode()).derive(key)
        self.cipher = AESGCM(drawn)

    def close(self, number: int, chunk: bytes, *, is_last: bool) -> bytes:
        return self.cipher.encrypt(self._nonce(number, is_last), chunk, None)

    def open(self, number: int, chunk: bytes, *, is_last: bool) -> bytes:
        try:
            return self.cipher.decrypt(self._nonce(number, is_last), chunk, None)
        except InvalidTag as error:
            raise Damaged(f"chunk {number} is not as it was") from error

    def _nonce(self, number: int, is_last: bool) -> bytes:
        if not 0 <= number < MOST_CHUNKS:
            raise Damaged("no file is that large")
        return self.prefix + struct.pack(">IB", number, is_last)


class Sealing:
    """Reads a stream and gives what may be kept of it; afterwards knows what it has read."""

    def __init__(self, stream: BinaryIO, key: bytes, about: str) -> None:
        self.stream, self.key, self.about = stream, key, about
        self.size = self.sealed_size = 0
        self._digest, self._sealed_digest = hashlib.sha256(), hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def sealed_sha256(self) -> str:
        return self._sealed_digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        header = MAGIC + secrets.token_bytes(SALT + PREFIX)
        opener = Opener(self.key, self.about, header)
        yield self._told(header)
        number, chunk = 0, _read(self.stream)
        while True:
            following = _read(self.stream) if len(chunk) == CHUNK else b""
            self.size += len(chunk)
            self._digest.update(chunk)
            yield self._told(opener.close(number, chunk, is_last=not following))
            if not following:
                return
            number, chunk = number + 1, following

    def _told(self, piece: bytes) -> bytes:
        self.sealed_size += len(piece)
        self._sealed_digest.update(piece)
        return piece


class Reader(io.RawIOBase):
    """The bytes again, from anywhere. `source(start)` reads what is kept from there on.

    What it gives was checked chunk by chunk; one that does not fit is `Damaged`, and no byte of it
    is given.
    """

    def __init__(
        self,
        source: Callable[[int], BinaryIO],
        sealed_size: int,
        key: bytes,
        about: str,
    ) -> None:
        self.source, self.chunks = source, count_of(sealed_size)
        self.size = size_of(sealed_size)
        self.at = 0
        self.kept = source(0)
        self.opener = Opener(key, about, _exactly(self.kept, HEADER))
        self.next_chunk = 0  # the one that `kept` gives when it is asked
        self.known: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        if begin + offset < 0:
            raise ValueError("before the beginning")
        self.at = begin + offset
        return self.at

    def readinto(self, into: Any) -> int:
        if self.at >= self.size and not (self.size == 0 and self.at == 0):
            return 0
        number, within = divmod(self.at, CHUNK)
        piece = self._chunk(number)[within : within + len(into)]
        into[: len(piece)] = piece
        self.at += len(piece)
        return len(piece)

    def close(self) -> None:
        self.kept.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self.known[0] != number:
            if self.next_chunk != number:
                self._go_to(number)
            is_last = number == self.chunks - 1
            closed = _up_to(self.kept, SEALED)
            self.next_chunk = number + 1
            if not is_last and len(closed) != SEALED:
                raise Damaged("its end is missing")
            self.known = (number, self.opener.open(number, closed, is_last=is_last))
        return self.known[1]

    def _go_to(self, number: int) -> None:
        self.kept.close()
        self.kept = self.source(HEADER + number * SEALED)


def count_of(sealed_size: int) -> int:
    """How many chunks there are in so many kept bytes."""
    body = sealed_size - HEADER
    count, rest = divmod(body, SEALED)
    if body < TAG or (rest and rest < TAG) or (count and rest == TAG):
        raise Damaged("no file of ours has that size")
    return count + bool(rest)


def size_of(sealed_size: int) -> int:
    """How many bytes were closed into so many."""
    return sealed_size - HEADER - TAG * count_of(sealed_size)


def _read(stream: BinaryIO) -> bytes:
    """A whole chunk, also from a stream that gives less than it was asked for."""
    return _up_to(stream, CHUNK)


def _up_to(stream: BinaryIO, size: int) -> bytes:
    piece = stream.read(size) or b""
    while len(piece) < size:
        more = stream.read(size - len(piece))
        if not more:
            break
        piece += more
    return piece


def _exactly(stream: BinaryIO, size: int) -> bytes:
    piece = _up_to(stream, size)
    if len(piece) != size:
        raise Damaged("its beginning is missing")
    return piece


class Writer(io.RawIOBase):
    """Closes what is written to it, for whoever makes a file and does not read one."""

    def __init__(self, into: BinaryIO, key: bytes, about: str) -> None:
        header = MAGIC + secrets.token_bytes(SALT + PREFIX)
        self.into, self.opener = into, Opener(key, about, header)
        self.number, self.waiting = 0, bytearray()
        into.write(header)

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self.waiting += piece
        while len(self.waiting) > CHUNK:  # the last chunk is known only at the end
            self._close_one(bytes(self.waiting[:CHUNK]), is_last=False)
            del self.waiting[:CHUNK]
        return len(piece)

    def finish(self) -> None:
        """Nothing comes any more. Without this it is half a file, and does not open."""
        self._close_one(bytes(self.waiting), is_last=True)
        self.waiting.clear()

    def _close_one(self, chunk: bytes, *, is_last: bool) -> None:
        self.into.write(self.opener.close(self.number, chunk, is_last=is_last))
        self.number += 1
