"""Errands of the board, of the nightly count, and of other machines."""

from app.insight.services.board import SENTENCES, reassign, share_more, tell_the_line
from app.insight.services.keys import end_key, hear, make_key, secret_of
from app.insight.services.nights import forget_old, keep_duty, note_channel_change, take_figures
from app.insight.services.past import remember
from app.insight.services.webhooks import (
    deliver_due,
    end_webhook,
    make_webhook,
    note,
    webhook_secret,
)

__all__ = [
    "SENTENCES",
    "deliver_due",
    "end_key",
    "end_webhook",
    "forget_old",
    "hear",
    "keep_duty",
    "make_key",
    "make_webhook",
    "note",
    "note_channel_change",
    "reassign",
    "remember",
    "secret_of",
    "share_more",
    "take_figures",
    "tell_the_line",
    "webhook_secret",
]
