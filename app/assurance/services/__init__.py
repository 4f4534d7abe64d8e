"""Errands about how surely somebody is known."""

from app.assurance.services.acts import do_the_act, leave_to_clerk, refuse_unless
from app.assurance.services.checks import (
    agree,
    ask_to_check,
    finish_check,
    note_what_they_said,
    stop_check,
)
from app.assurance.services.eid import (
    Finding,
    begin,
    confirm,
    digest_of,
    forget_attempts,
    settle,
    take_back,
)
from app.assurance.services.register import authorise, change_entry, end_entry
from app.assurance.services.rows import (
    Identity,
    identify,
    mask_what_is_due,
    note_code,
    note_passkey,
    set_document_rule,
    undo,
)

__all__ = [
    "Finding",
    "Identity",
    "agree",
    "ask_to_check",
    "authorise",
    "begin",
    "change_entry",
    "confirm",
    "digest_of",
    "do_the_act",
    "end_entry",
    "finish_check",
    "forget_attempts",
    "identify",
    "leave_to_clerk",
    "mask_what_is_due",
    "note_code",
    "note_passkey",
    "note_what_they_said",
    "refuse_unless",
    "set_document_rule",
    "settle",
    "stop_check",
    "take_back",
    "undo",
]
