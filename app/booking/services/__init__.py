"""Errands about visits and about the waiting list."""

from app.booking.services.delays import measure_delays
from app.booking.services.visits import (
    book,
    book_for,
    cancel,
    change_channel,
    correct,
    expire,
    extend_hold,
    give_time,
    give_up,
    hold,
    hold_walk_in,
    let_go,
    look_again,
    move,
    move_on,
    recognise,
    settle,
    walk_in_for,
)
from app.booking.services.waitlist import ask, confirm, join, leave, offer_what_is_free, pass_over
from app.booking.services.waitlist import take as take_offer

__all__ = [
    "ask",
    "book",
    "book_for",
    "cancel",
    "change_channel",
    "confirm",
    "correct",
    "expire",
    "extend_hold",
    "give_time",
    "give_up",
    "hold",
    "hold_walk_in",
    "join",
    "leave",
    "let_go",
    "look_again",
    "measure_delays",
    "move",
    "move_on",
    "offer_what_is_free",
    "pass_over",
    "recognise",
    "settle",
    "take_offer",
    "walk_in_for",
]
