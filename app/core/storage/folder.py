"""A folder of this machine: each file is written beside, made durable, then given its name."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, cast

from gevent import get_hub
from gevent.monkey import is_module_patched

from app.core import clock
from app.core.storage.port import AlreadyStored, Entry, KeptUntil, NoRoom, NotStored, fit

INCOMING = ".incoming"  # no key begins with a dot
PROMISES = ".keep"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Folder:
    """`spare`: so many bytes of the disk are left to the register and to everybody else."""

    def __init__(self, root: str | Path, *, spare: int = 0) -> None:
        self.root = Path(root)
        self.spare = spare

    def put(self, key: str, content: Iterable[bytes], *, keep_until: datetime | None = None) -> int:
        place = self._place(key)
        self._make(self.root / INCOMING)
        self._refuse_without_room()
        draft = self.root / INCOMING / secrets.token_hex(16)
        try:
            size = self._write(draft, content)
            if keep_until:
                self._promise(key, keep_until)
            self._make(place.parent)
            os.link(draft, place)  # a second one of that name is refused, whoever comes first
            _durable(place.parent)
        except FileExistsError as error:
            raise AlreadyStored(key) from error
        except OSError as error:
            if error.errno in FULL:
                raise NoRoom from error
            raise
        finally:
            draft.unlink(missing_ok=True)
        return size

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        try:
            file = self._place(key).open("rb")
        except FileNotFoundError as error:
            raise NotStored(key) from error
        file.seek(start)
        return file if length is None else cast(BinaryIO, Part(file, length))

    def size(self, key: str) -> int:
        try:
            return self._place(key).stat().st_size
        except FileNotFoundError as error:
            raise NotStored(key) from error

    def exists(self, key: str) -> bool:
        return self._place(key).exists()

    def delete(self, key: str) -> None:
        place, promise = self._place(key), self._promise_of(key)
        until = self._kept_until(promise)
        if until and place.exists() and clock.now() < until:
            raise KeptUntil
        place.unlink(missing_ok=True)
        promise.unlink(missing_ok=True)

    def keep(self, key: str, until: datetime) -> None:
        if not self.exists(key):
            raise NotStored(key)
        self._promise(key, until)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        for folder, inside, names in os.walk(self.root):
            inside[:] = [name for name in inside if not name.startswith(".")]
            for place in (Path(folder, name) for name in names):
                key = place.relative_to(self.root).as_posix()
                if not key.startswith(prefix):
                    continue
                with suppress(FileNotFoundError):  # deleted meanwhile
                    facts = place.stat()
                    yield Entry(key, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))

    def tidy(self, before: datetime) -> int:
        count = 0
        for draft in (self.root / INCOMING).glob("*"):
            with suppress(FileNotFoundError):
                if draft.stat().st_mtime < before.timestamp():
                    draft.unlink()
                    count += 1
        return count

    def _place(self, key: str) -> Path:
        return self.root / fit(key)

    def _write(self, draft: Path, content: Iterable[bytes]) -> int:
        size = 0
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
            for piece in content:
                _beside(file.write, piece)
                size += len(piece)
            file.flush()
            _beside(os.fsync, file.fileno())
        return size

    def _refuse_without_room(self) -> None:
        if self.spare and shutil.disk_usage(self.root).free < self.spare:
            raise NoRoom

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if folder != self.root:
            self._make(folder.parent if folder.is_relative_to(self.root) else self.root)
        try:
            folder.mkdir(mode=0o700, parents=folder == self.root, exist_ok=True)
            _durable(folder.parent)
        except OSError as error:
            if error.errno in FULL:
                raise NoRoom from error
            raise

    def _promise_of(self, key: str) -> Path:
        return self.root / PROMISES / fit(key)

    def _promise(self, key: str, until: datetime) -> None:
        """Written whole and renamed, so that nobody ever reads half of a day."""
        promise = self._promise_of(key)
        known = self._kept_until(promise)
        if known and known >= until:
            return
        self._make(promise.parent)
        draft = promise.with_name(f".{secrets.token_hex(8)}")
        draft.write_text(until.astimezone(UTC).isoformat())
        draft.replace(promise)
        _durable(promise.parent)

    def _kept_until(self, promise: Path) -> datetime | None:
        try:
            return datetime.fromisoformat(promise.read_text())
        except FileNotFoundError:
            return None


class Part(RawIOBase):
    """The next bytes of a file, and then its end."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self.file, self.left = file, length

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        piece = self.file.read(min(len(into), self.left))
        into[: len(piece)] = piece
        self.left -= len(piece)
        return len(piece)

    def close(self) -> None:
        self.file.close()
        super().close()


def _durable(folder: Path) -> None:
    """A name is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _beside(os.fsync, handle)
    finally:
        os.close(handle)


def _beside(work: Callable[..., Any], *told: Any) -> Any:
    """In a web server a slow disk must not stop everybody else: the work is done in a thread."""
    if is_module_patched("threading"):
        return get_hub().threadpool.apply(work, told)
    return work(*told)
