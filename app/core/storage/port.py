"""What a store of files does, whatever it is made of."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from flask_babel import lazy_gettext as _l

from app.core.errors import Busy, Refusal

PIECE = 64 * 1024
# Small letters, digits and a few signs; no part begins with a dot, so none leads elsewhere.
KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}(/[a-z0-9][a-z0-9_.-]{0,99}){0,7}")


class UnfitKey(ValueError):
    """A mistake of ours: a key that some store could not take, or that could lead elsewhere."""


class NotStored(Exception):
    """There is nothing under this key."""


class AlreadyStored(Exception):
    """There is something under this key, and nothing is ever written over."""


class KeptUntil(Refusal):
    """Somebody promised to keep it until a day that has not come."""

    message = _l("This file must be kept until its day. It cannot be destroyed before.")


class NoRoom(Busy):
    """Nothing of it was kept, and what was there is as it was."""

    message = _l("There is no room for this file now. Nothing was changed. Please try again later.")
    retry_after = 300


class Away(Busy):
    """The object store does not answer, or says no for a reason of its own."""

    message = _l(
        "We cannot reach the place where files are kept. Please try again in a few minutes."
    )
    retry_after = 60


@dataclass(frozen=True)
class Entry:
    """One thing that is kept."""

    key: str
    size: int
    changed_at: datetime


class Store(Protocol):
    """Bytes under a key: written once and whole, read from anywhere, deleted, counted."""

    def put(self, key: str, content: Iterable[bytes], *, keep_until: datetime | None = None) -> int:
        """Keep all of it durably, or nothing. Returns how many bytes."""
        ...

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Read from there on, that many bytes or until the end. The reader closes it."""
        ...

    def size(self, key: str) -> int:
        """How many bytes are under this key; `NotStored` when there is nothing."""
        ...

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Once or twice is the same. `KeptUntil` while a promise stands."""
        ...

    def keep(self, key: str, until: datetime) -> None:
        """Promise not to delete it before; a promise may be made longer and never shorter."""
        ...

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Everything whose key begins like that, in no order that one may count on."""
        ...

    def tidy(self, before: datetime) -> int:
        """Take away what was begun before that moment and never finished. Returns how many."""
        ...


def fit(key: str) -> str:
    """The key, when every store can take it."""
    if not KEY.fullmatch(key) or ".." in key:
        raise UnfitKey(key)
    return key


def pieces_of(stream: BinaryIO, size: int = PIECE) -> Iterator[bytes]:
    """A stream, piece by piece; it never stands in memory as a whole."""
    while piece := stream.read(size):
        yield piece
