"""How the pieces of a take are chained. The browser counts the same in `recordings/chain.js`."""

import hashlib


def first_of(take: str) -> str:
    """What the chain of that take begins with, so that no piece fits into another take."""
    return hashlib.sha256(f"ventanilla take {take}".encode()).hexdigest()


def next_head(
    head: str, number: int, kind: str, starts_ms: int, length_ms: int, sha256: str
) -> str:
    """The end of the chain once that piece is in it."""
    told = f"{head} {number} {kind} {starts_ms} {length_ms} {sha256}"
    return hashlib.sha256(told.encode()).hexdigest()
