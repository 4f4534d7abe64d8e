"""Writing a line of the audit, and checking that none was changed."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask import g, has_request_context

from app.audit.models import AuditEntry
from app.core import clock
from app.core.db import db
from app.towns import services as towns
from app.towns.tenant import current_town_id

FIRST = "0" * 64
LAST = sa.select(AuditEntry.number, AuditEntry.digest).order_by(AuditEntry.number.desc()).limit(1)


def write(name: str, facts: Mapping[str, Any]) -> AuditEntry:
    """Add a line to the town's chain, in the transaction of the fact it tells."""
    towns.take_turns()
    last = db.session.execute(LAST).first()
    entry = AuditEntry(
        town_id=current_town_id(),  # of now: the row may be written with those of another town
        number=last.number + 1 if last else 1,
        happened_at=clock.now(),
        author=_author(),
        name=name,
        facts=dict(facts),
        previous=last.digest if last else FIRST,
    )
    entry.digest = digest_of(entry)
    db.session.add(entry)
    return entry


def first_broken() -> int | None:
    """The number of the first line that does not fit the chain; None when all do."""
    previous, expected = FIRST, 1
    for entry in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number)):
        fits = entry.number == expected and entry.previous == previous
        if not fits or entry.digest != digest_of(entry):
            return expected
        previous, expected = entry.digest, expected + 1
    return None


def digest_of(entry: AuditEntry) -> str:
    """SHA-256 of the line in a form that has only one spelling."""
    line = [
        entry.number,
        entry.happened_at.isoformat(timespec="microseconds"),
        entry.author,
        entry.name,
        entry.facts,
        entry.previous,
    ]
    written = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


def _author() -> str:
    """Whoever is signed in, by number; else the person with the link, else the house itself."""
    if not has_request_context():
        return "house"
    account = g.get("account")
    return f"account:{account.id}" if account else "visitor"
