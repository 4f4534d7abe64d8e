"""Errands about acts: asked for, sealed, stamped, signed, packed, and stated by article 12.2."""

from app.acts.services.asking import ask, ask_if_due, correct, try_again
from app.acts.services.making import finish, fix, go_on, read, seal_all, stamp, stamp_all, stamp_due
from app.acts.services.packing import court_package, index_of, proof_package
from app.acts.services.printing import Printer, print_near, printed_by, printer_near
from app.acts.services.signing import end_signer, enter_signer, sign, what_to_sign
from app.acts.services.stating import agree, begin, note_answer, read_back, rewrite, stop
from app.acts.services.stating import sign as sign_statement

__all__ = [
    "Printer",
    "agree",
    "ask",
    "ask_if_due",
    "begin",
    "correct",
    "court_package",
    "end_signer",
    "enter_signer",
    "finish",
    "fix",
    "go_on",
    "index_of",
    "note_answer",
    "print_near",
    "printed_by",
    "printer_near",
    "proof_package",
    "read",
    "read_back",
    "seal_all",
    "rewrite",
    "sign",
    "sign_statement",
    "stamp",
    "stamp_all",
    "stamp_due",
    "stop",
    "try_again",
    "what_to_sign",
]
