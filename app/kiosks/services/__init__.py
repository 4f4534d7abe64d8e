"""Errands about kiosks: let one in, who stands at it, what it is asked, what a phone takes."""

from app.kiosks.services.enrolment import approve, ask, take
from app.kiosks.services.fleet import change, hear, raise_alarms, remove, serve_again, stop_serving
from app.kiosks.services.hand_offs import offer, show_who_it_is, take_away
from app.kiosks.services.orders import done, forget_old, order
from app.kiosks.services.papers import (
    print_act,
    print_receipt,
    printer_near,
    scan,
    take_scan,
    what_to_print,
)
from app.kiosks.services.stays import (
    attach,
    begin,
    call_the_librarian,
    come_now,
    end,
    end_what_is_over,
    enter,
    leave,
    open_stay,
    see,
    set_look,
    set_private,
    set_volume,
    tell,
)

__all__ = [
    "approve",
    "ask",
    "attach",
    "begin",
    "call_the_librarian",
    "change",
    "come_now",
    "done",
    "end",
    "end_what_is_over",
    "enter",
    "forget_old",
    "hear",
    "leave",
    "offer",
    "open_stay",
    "order",
    "raise_alarms",
    "print_act",
    "print_receipt",
    "printer_near",
    "remove",
    "scan",
    "see",
    "serve_again",
    "set_look",
    "set_private",
    "set_volume",
    "show_who_it_is",
    "stop_serving",
    "take",
    "take_away",
    "take_scan",
    "tell",
    "what_to_print",
]
