"""Errands of identity: codes by SMS, and passkeys."""

from app.identity.services.codes import (
    Asker,
    CodeOutcome,
    can_call,
    heard_in,
    seconds_to_wait,
    send_code,
    try_code,
)
from app.identity.services.fraud import watch
from app.identity.services.passkeys import (
    begin_enrolment,
    begin_sign_in,
    finish_enrolment,
    finish_sign_in,
    forget_challenges,
    take_challenge,
)

__all__ = [
    "Asker",
    "CodeOutcome",
    "begin_enrolment",
    "begin_sign_in",
    "can_call",
    "finish_enrolment",
    "finish_sign_in",
    "forget_challenges",
    "heard_in",
    "seconds_to_wait",
    "send_code",
    "take_challenge",
    "try_code",
    "watch",
]
