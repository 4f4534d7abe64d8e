"""Errands of a call: take a seat, let in, pass messages on, leave, end it for everybody."""

from app.calls.queries import channel_of, room_of
from app.calls.services import bridges, middle
from app.calls.services.figures import keep_figures
from app.calls.services.invitations import invite, revoke, take
from app.calls.services.seats import (
    admit,
    change_state,
    close,
    end,
    enter,
    go_on_by_telephone,
    join,
    leave,
    send_away,
)
from app.calls.services.signals import count, media_of, offer_first, pass_on
from app.calls.services.writing import write

__all__ = [
    "admit",
    "bridges",
    "change_state",
    "channel_of",
    "close",
    "count",
    "end",
    "enter",
    "go_on_by_telephone",
    "invite",
    "join",
    "keep_figures",
    "leave",
    "media_of",
    "middle",
    "offer_first",
    "pass_on",
    "revoke",
    "room_of",
    "send_away",
    "take",
    "write",
]
