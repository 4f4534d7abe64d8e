"""Errands about data: what is asked, how it ends, and for how long it is kept."""

from app.privacy.services.asking import (
    answer,
    correct,
    erase,
    look_at_blocked,
    open_access,
    receive,
    tell_download,
)
from app.privacy.services.ending import block, block_late_messages, destroy, lift, place_hold
from app.privacy.services.figures import count_days
from app.privacy.services.keeping import STEPS, change_term, remember_run

__all__ = [
    "STEPS",
    "answer",
    "block",
    "block_late_messages",
    "change_term",
    "correct",
    "count_days",
    "destroy",
    "erase",
    "lift",
    "look_at_blocked",
    "open_access",
    "place_hold",
    "receive",
    "remember_run",
    "tell_download",
]
