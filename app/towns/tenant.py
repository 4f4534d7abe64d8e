"""Whose turn it is: the town this request, job or command speaks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_town_id: ContextVar[int | None] = ContextVar("town_id", default=None)
_every_town: ContextVar[bool] = ContextVar("every_town", default=False)


class NoTown(RuntimeError):
    """A question about a town's rows was asked without saying which town: a mistake of ours."""


def current_town_id() -> int:
    """The town spoken for. Asking without one is a mistake, never an answer about everybody."""
    town_id = _town_id.get()
    if town_id is None:
        raise NoTown
    return town_id


def has_town() -> bool:
    return _town_id.get() is not None


def is_every_town() -> bool:
    return _every_town.get()


def speak_for(town_id: int | None) -> int | None:
    """From here on, questions and new rows belong to this town (or to none). Returns the last."""
    before = _town_id.get()
    _town_id.set(town_id)
    _every_town.set(False)
    return before


@contextmanager
def town_of(town_id: int) -> Iterator[None]:
    """Speak for one town for a while: jobs, commands, the demonstration."""
    mine, everybody = _town_id.set(town_id), _every_town.set(False)
    try:
        yield
    finally:
        _town_id.reset(mine)
        _every_town.reset(everybody)


@contextmanager
def every_town() -> Iterator[None]:
    """Ask about all towns at once: only the house's own errands (sending, expiring, counting)."""
    token = _every_town.set(True)
    try:
        yield
    finally:
        _every_town.reset(token)
