"""Errands of identity: codes by SMS, and passkeys."""

from app.identity.services.codes import CodeOutcome, send_code, try_code
from app.identity.services.passkeys import (
    begin_enrolment,
    begin_sign_in,
    finish_enrolment,
    finish_sign_in,
    forget_challenges,
    take_challenge,
)

__all__ = [
    "CodeOutcome",
    "begin_enrolment",
    "begin_sign_in",
    "finish_enrolment",
    "finish_sign_in",
    "forget_challenges",
    "send_code",
    "take_challenge",
    "try_code",
]
