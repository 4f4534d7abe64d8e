"""The code by which an act is found: nobody guesses it, and it can be read aloud (R3).

Spanish law calls it CSV, código seguro de verificación. Nothing to do with commas.
"""

import secrets

from app.core.db import CODE_LETTERS

LETTERS = 28  # of 28 signs: 134 bits
GROUP = 4


def new() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(LETTERS))


def shown(code: str) -> str:
    """In groups, as it is printed."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP)).upper()


def read(text: str) -> str:
    """What somebody typed or followed, as it is kept. What cannot be one is as long as one."""
    plain = "".join(sign for sign in text.lower() if sign in CODE_LETTERS)
    rest = sum(not (sign in CODE_LETTERS or sign in " -–·\t") for sign in text.lower())
    return plain if len(plain) == LETTERS and not rest else "-" * LETTERS
