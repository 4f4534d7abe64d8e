"""Letters between the citizen and the counter, through us while no line joins them directly."""

from datetime import timedelta
from typing import Any

from app.booking.models import Visit
from app.calls import queries
from app.calls.errors import Garbled, NotCalledYet, NotYours, TooFast, TooLarge
from app.calls.models import Part, Right
from app.core import clock, stream

LONGEST_TEXT = 2_000
MOST_A_SECOND = 20


def write(visit: Visit, part: Part, window: str, seq: Any, text: Any) -> None:
    """Hand letters on. They are forgotten with the call, and after a few minutes in any case."""
    if not queries.may(part, Right.WRITE_EARLY):
        raise NotYours
    if not visit.is_live:
        raise NotCalledYet
    if type(seq) is not int or not 1 <= seq < 2**53 or not isinstance(text, str) or not text:
        raise Garbled
    if len(text) > LONGEST_TEXT:
        raise TooLarge
    channel = queries.text_of(visit)
    if stream.count(channel, clock.now() - timedelta(seconds=1)) >= MOST_A_SECOND:
        raise TooFast
    stream.tell(channel, "text", {"from": part.value, "window": window, "seq": seq, "text": text})
