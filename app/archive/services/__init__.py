"""Errands about files: kept, read, held, destroyed, and looked after at night.

What reaches a slow disk or somebody else's server is done before a transaction is opened:

    envelope = archive.envelope_for(owner)      # in a transaction of its own
    draft = archive.seal(stream, envelope, …)   # in none: bytes only
    file = archive.keep(draft)                  # in the transaction of the errand

`keep(stream, owner=…)` does all of it at once, for what is small.
"""

from app.archive.services.checking import Found, check, check_file
from app.archive.services.ending import (
    delete,
    hold,
    lift,
    release,
    shred,
    sweep_destroyed,
)
from app.archive.services.keeping import Draft, envelope_for, keep, seal
from app.archive.services.keys import rewrap
from app.archive.services.reading import open_file, tell_reading
from app.archive.services.strangers import owner_of, sweep_strangers, take_in
from app.archive.services.terms import change_term

__all__ = [
    "Draft",
    "Found",
    "change_term",
    "check",
    "check_file",
    "delete",
    "envelope_for",
    "hold",
    "keep",
    "lift",
    "open_file",
    "owner_of",
    "release",
    "rewrap",
    "seal",
    "shred",
    "sweep_destroyed",
    "sweep_strangers",
    "take_in",
    "tell_reading",
]
