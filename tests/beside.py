"""Two at once, on whatever register: the other one has its turn just before ours begins."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from app.towns import services as towns


@contextmanager
def beside_another(street: pytest.MonkeyPatch, errand: Callable[[], object]) -> Iterator[None]:
    """Whoever takes a turn now finds what somebody else did in theirs, while this one waited."""
    take_turns, waits = towns.take_turns, [True]

    def after_the_other() -> bool:
        if waits:
            waits.clear()
            errand()
            return True
        return take_turns()

    with street.context() as here:
        here.setattr(towns, "take_turns", after_the_other)
        yield
    assert not waits, "nobody took a turn"
