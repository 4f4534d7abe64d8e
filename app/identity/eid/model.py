"""What every provider of identities has in common: its interface, and what it may answer."""

import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class ProviderDown(Exception):
    """The provider does not answer, or not in time. It carries no text of theirs: no secrets."""


class Ending(enum.StrEnum):
    """How a visit to the provider ended."""

    IDENTIFIED = "identified"
    CANCELLED = "cancelled"
    FAILED = "failed"  # what came back does not fit what we asked, or says nothing useful
    DOWN = "down"


@dataclass(frozen=True)
class Claims:
    """Who the provider says it is. What it does not say is empty."""

    name: str = ""
    document_kind: str = ""  # dni, nie, passport or other
    document_number: str = ""


@dataclass(frozen=True)
class Beginning:
    """Where to send the person, and what must be remembered until they are back.

    `kept` holds plain text under `state` and whatever else the provider's `finish` wants to see
    again (nonce, verifier…). `state` is what finds it when they return.
    """

    url: str
    kept: dict[str, str]


@dataclass(frozen=True)
class Outcome:
    """What became of it. `level` is the provider's own word: low, substantial or high.

    `evidence` holds digests and plain facts, never tokens, numbers or documents; and digests only
    of what carries a signature: a bare number could be guessed from its digest in a second.
    """

    ending: Ending
    reason: str = ""
    level: str = ""
    claims: Claims = field(default_factory=Claims)
    evidence: dict[str, str] = field(default_factory=dict)


class Provider(Protocol):
    """A way to be identified by somebody else."""

    name: str
    label: str
    levels: dict[str, str]  # their word for how sure they are → our level

    def begin(self, back: str, language: str) -> Beginning:
        """Raises ProviderDown. `back` is our address to which they send the person."""

    def finish(self, kept: Mapping[str, str], callback: Mapping[str, str], back: str) -> Outcome:
        """Never raises: whatever is wrong is an ending."""


def digest_of(text: str | bytes) -> str:
    """How something that must not be kept is still proved to have been seen."""
    raw = text.encode() if isinstance(text, str) else text
    return f"sha-256:{hashlib.sha256(raw).hexdigest()}"
