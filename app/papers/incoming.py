"""What has come of a file that is still on its way: encrypted from its first byte.

Pieces are enciphered where they belong (AES-256 in counter mode, a key for each paper, closed by
a key of the installation), so that a piece that comes again lies exactly where it was. Whether
all of it is as it was sent, the digest of the whole says. In the clear it is only ever in memory.
"""

import errno
import os
import secrets
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR
from flask import current_app

from app.core import keys
from app.core.db import once_committed
from app.papers.errors import NoRoom
from app.papers.models import Paper

BLOCK = 16
PIECE = 256 * 1024
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder that is in no disk; each run gets one of its own

log = structlog.get_logger()


def make_key(paper: Paper) -> None:
    paper.key_id, paper.wrapped = keys.wrap(secrets.token_bytes(32), _about(paper))


def write(paper: Paper, offset: int, piece: bytes) -> None:
    """Exactly there, whatever a write that was cut short may have left behind it."""
    closed = _cipher(paper, offset).update(piece)
    try:
        file = os.open(_file(paper), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            view: Any = memoryview(closed)
            while view:
                done = os.pwrite(file, view, offset)
                view, offset = view[done:], offset + done
        finally:
            os.close(file)
    except OSError as error:
        if error.errno not in FULL:
            raise
        log.warning("no room for papers", reason=error.strerror)
        raise NoRoom from error


@contextmanager
def laid_out(paper: Paper) -> Iterator[Path | None]:
    """All that has come, in the clear, in a folder of memory that goes away; None for nothing."""
    in_memory = MEMORY if os.access(MEMORY, os.W_OK) else folder()
    with TemporaryDirectory(dir=in_memory, prefix="ventanilla-paper-") as name:
        yield _lay_out(paper, Path(name) / "original")


def _lay_out(paper: Paper, into: Path) -> Path | None:
    cipher = _cipher(paper, 0)
    try:
        with _file(paper).open("rb") as closed, into.open("wb") as opened:
            while piece := closed.read(PIECE):
                opened.write(cipher.update(piece))
    except FileNotFoundError:
        return None
    return into


def drop(paper: Paper) -> None:
    """Its key, and its bytes once that is committed: what is undone has lost nothing."""
    _to_be_taken_away(_file(paper))
    paper.wrapped = None


def _take_away(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


_to_be_taken_away = once_committed("papers dropped", _take_away)


def sweep(known: Container[str], before: float) -> int:
    """Bytes of which no row speaks: a process ended halfway. How many."""
    count = 0
    for file in folder().glob("[!.]*"):
        with suppress(FileNotFoundError):
            if file.name not in known and file.is_file() and file.stat().st_mtime < before:
                file.unlink()
                count += 1
    return count


def folder() -> Path:
    place = Path(current_app.instance_path) / "incoming"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def _file(paper: Paper) -> Path:
    return folder() / paper.code


def _cipher(paper: Paper, offset: int) -> CipherContext:
    if paper.wrapped is None:
        raise keys.KeyLost("This paper is no longer on its way.")
    key = keys.unwrap(paper.key_id, paper.wrapped, _about(paper))
    first = (offset // BLOCK).to_bytes(BLOCK, "big")
    cipher = Cipher(AES256(key), CTR(first)).encryptor()
    cipher.update(bytes(offset % BLOCK))
    return cipher


def _about(paper: Paper) -> str:
    return f"paper on its way {paper.code}"
