"""News between floors: a lower floor publishes a fact, whoever cares has a handler for it.

Handlers run inside the caller's transaction, in the order in which the floors were opened.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

E = TypeVar("E", bound="Event")
_handlers: dict[type, list[Callable[[Any], None]]] = {}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened: past tense, ids and plain values only.

    `is_remembered`: whether the record keeps a line of it. What is a part of something that is told
    as a whole needs none.
    """

    is_remembered: ClassVar[bool] = True


def on(kind: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Call the function for every event of this kind. A second registration changes nothing."""

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        handlers = _handlers.setdefault(kind, [])
        if handler not in handlers:
            handlers.append(handler)
        return handler

    return register


def publish(event: Event) -> None:
    """Tell everybody who listens to this event or to a kind it belongs to."""
    for kind in reversed(type(event).__mro__):
        for handler in _handlers.get(kind, ()):
            handler(event)
