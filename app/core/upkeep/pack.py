"""A backup as one file: what is in it, closed with a password or readable by its owner alone.

It is a tar archive. Its first member says what it is, its last one the digest of every other: a
backup without its last member is half a backup, and one whose digests differ is another.
"""

import hashlib
import io
import json
import os
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from app.core.sealing import HEADER, Damaged, Reader, Writer
from app.core.storage import pieces_of

FORMAT = 1
CLOSED = b"VENTANILLA BACKUP 1\n"
SALT = 16
ABOUT = "about.json"
DIGESTS = "digests.json"


class Unfit(Exception):
    """This cannot be restored. The message says why and what to do."""


class Packer:
    """Adds members one after the other; none of them stands in memory as a whole."""

    def __init__(self, into: BinaryIO) -> None:
        self.tar = tarfile.TarFile.open(fileobj=into, mode="w|", format=tarfile.PAX_FORMAT)
        self.digests: dict[str, str] = {}

    def add(self, name: str, stream: BinaryIO, size: int, mode: int = 0o600) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, mode, int(time.time())
        counted = _Counted(stream)
        self.tar.addfile(member, cast(Any, counted))
        self.digests[name] = counted.digest.hexdigest()

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, io.BytesIO(content), len(content))

    def finish(self) -> None:
        self.add_bytes(DIGESTS, json.dumps(self.digests, sort_keys=True).encode())
        self.tar.close()


class _Counted:
    """A stream whose digest is known once it has been read."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self.stream.read(size)
        self.digest.update(piece)
        return piece


@contextmanager
def packing(path: Path, password: str) -> Iterator[Packer]:
    """Written beside and given its name when it is whole; a broken attempt leaves nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            into: Any = file
            if password:
                salt = os.urandom(SALT)
                file.write(CLOSED + salt)
                into = Writer(file, _key(password, salt), "backup")
            packer = Packer(into)
            yield packer
            packer.finish()
            if password:
                into.finish()
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def members(path: Path, password: str) -> Iterator[tuple[str, BinaryIO, int]]:
    """Every member in its order. Names that lead elsewhere and what is no file are refused."""
    with path.open("rb") as file:
        try:
            stream = _opened(file, path.stat().st_size, password)
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    name = PurePosixPath(member.name)
                    if not member.isfile() or name.is_absolute() or ".." in name.parts:
                        raise Unfit(f"There is something in it that no backup has: {member.name!r}")
                    content = tar.extractfile(member)
                    if content is None:
                        raise Unfit("It cannot be read.")
                    yield member.name, cast(BinaryIO, content), member.size
        except Damaged as error:
            raise Unfit(
                "The password is another, or the backup was cut or changed. Nothing was restored."
            ) from error
        except (tarfile.TarError, EOFError) as error:
            raise Unfit(f"It is not a backup, or only half of one: {error}.") from error


def _opened(file: BinaryIO, size: int, password: str) -> Any:
    head = file.read(len(CLOSED))
    if head != CLOSED:
        if password:
            raise Unfit("This backup is not closed with a password: ask for it without one.")
        file.seek(0)
        return file
    if not password:
        raise Unfit("This backup is closed: name the file with its password (--password-file).")
    begin = len(CLOSED) + SALT
    salt = file.read(SALT)
    if size < begin + HEADER:
        raise Unfit("It is only the beginning of a backup.")

    def source(start: int) -> BinaryIO:
        again = open(file.name, "rb")  # noqa: SIM115 - the reader closes it
        again.seek(begin + start)
        return again

    return io.BufferedReader(Reader(source, size - begin, _key(password, salt), "backup"))


def check(path: Path, password: str) -> dict[str, Any]:
    """Read all of it, hold every digest against the last member; what it says about itself."""
    about: dict[str, Any] = {}
    found: dict[str, str] = {}
    told: dict[str, str] | None = None
    for name, content, _size in members(path, password):
        if told is not None:
            raise Unfit("Something was put behind its end. Nothing was restored.")
        if name == DIGESTS:
            told = json.loads(content.read())
            continue
        digest = hashlib.sha256()
        kept = io.BytesIO()
        for piece in pieces_of(content):
            digest.update(piece)
            if name == ABOUT:
                kept.write(piece)
        if name in found:
            raise Unfit("The same thing is in it twice. Nothing was restored.")
        found[name] = digest.hexdigest()
        if name == ABOUT:
            about = json.loads(kept.getvalue())
    if told is None:
        raise Unfit("Its end is missing: it is half a backup. Nothing was restored.")
    if told != found:
        odd = sorted(set(told.items()) ^ set(found.items()))[0][0]
        raise Unfit(f"It was changed: {odd} is not as it was written. Nothing was restored.")
    if about.get("format") != FORMAT:
        raise Unfit("It was made by another version of Ventanilla. Nothing was restored.")
    return about


def digest_of(path: Path) -> str:
    """Of the backup as a file, to be written down elsewhere."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        for piece in pieces_of(file):
            digest.update(piece)
    return digest.hexdigest()


def _key(password: str, salt: bytes) -> bytes:
    return Scrypt(salt, 32, 2**15, 8, 1).derive(password.encode())
