"""Errands of a recording: ask, hear, begin, take its pieces, end, make its file, look at it."""

from app.recordings.services.capture import (
    Sent,
    begin_take,
    finish_take,
    first_of_take,
    next_head,
    receive,
)
from app.recordings.services.consent import (
    answer,
    ask,
    call_off,
    close_with_the_call,
    current_text,
    meet,
    note_spoken,
    withdraw,
)
from app.recordings.services.fetching import fetch, rest, sweep
from app.recordings.services.finishing import claim_due, finish
from app.recordings.services.ledger import (
    ask_for_stamp,
    first_of_ledger,
    open_ledger,
    stamp_due,
    stamped_message,
    write,
    write_event,
)
from app.recordings.services.segments import alarm, go_on, pause, start, stop, told, watch
from app.recordings.services.viewing import look, note_copy

__all__ = [
    "Sent",
    "alarm",
    "answer",
    "ask",
    "ask_for_stamp",
    "begin_take",
    "call_off",
    "claim_due",
    "close_with_the_call",
    "current_text",
    "fetch",
    "finish",
    "finish_take",
    "first_of_ledger",
    "first_of_take",
    "go_on",
    "look",
    "meet",
    "next_head",
    "note_copy",
    "note_spoken",
    "open_ledger",
    "pause",
    "receive",
    "rest",
    "stamp_due",
    "stamped_message",
    "start",
    "stop",
    "sweep",
    "told",
    "watch",
    "withdraw",
    "write",
    "write_event",
]
