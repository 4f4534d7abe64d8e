"""Errands about requests and scripts."""

from app.requests.services.answers import Said, answer, note, settle
from app.requests.services.asking import (
    ask,
    close,
    expire_due,
    repeat,
    withdraw,
)
from app.requests.services.elsewhere import address_of, take_back
from app.requests.services.script import tick

__all__ = [
    "Said",
    "address_of",
    "answer",
    "ask",
    "close",
    "expire_due",
    "note",
    "repeat",
    "settle",
    "take_back",
    "tick",
    "withdraw",
]
