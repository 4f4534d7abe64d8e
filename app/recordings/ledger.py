"""The ledger of a meeting, without its table: how a line is written, and how one is checked.

The text of a line is canonical JSON (RFC 8785) and its digest is SHA-256 of that very text, so that
anybody can check the whole of it with `sha256sum` and nothing of ours.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785

SPELLING = 1


@dataclass(frozen=True)
class Line:
    """One line as it stands in the register."""

    meeting: str
    number: int
    text: str
    previous: str
    digest: str

    def is_sound(self, number: int) -> bool:
        """Whether it is what was written, if that were its number."""
        if digest_of(self.text) != self.digest:
            return False
        told = self.told
        return (told.get("meeting"), told.get("number"), told.get("previous")) == (
            self.meeting,
            number,
            self.previous,
        )

    @property
    def is_indexed_right(self) -> bool:
        return True

    @property
    def told(self) -> dict[str, Any]:
        """What the line says; nothing, when it is no longer JSON."""
        try:
            told = json.loads(self.text)
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


def first_of(meeting: str) -> str:
    """What the first line of a meeting stands upon: nobody else's ledger begins like it."""
    return digest_of(f"ventanilla meeting {meeting}")


def write(
    meeting: str,
    number: int,
    previous: str,
    at: datetime,
    author: str,
    name: str,
    facts: Mapping[str, Any],
) -> str:
    """The text of a line: one spelling for one meaning."""
    return rfc8785.dumps(
        {
            "v": SPELLING,
            "meeting": meeting,
            "number": number,
            "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "author": author,
            "event": name,
            "facts": dict(facts),
            "previous": previous,
        }
    ).decode()


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def stamped_message(meeting: str, number: int, digest: str) -> bytes:
    """The very bytes that are stamped: anybody can write them again from the line."""
    return f"ventanilla ledger {meeting} {number} {digest}".encode()
