"""What an act says, as data: written in the one way that gives everybody the same digest.

RFC 8785 (JCS). Nothing of a person that the act does not need stands in it: a name, how surely it
is known, and no more of a document than the town's rule keeps, masked (R1, R2).
"""

import base64
import hashlib
import json
from datetime import datetime
from typing import Any

import rfc8785

from app.acts import csv, queries, recorded
from app.acts.models import SealedAct, Signature, Statement
from app.assurance import queries as assurance
from app.assurance.models import Assurance, Check, CheckState
from app.assurance.words import document_shown
from app.audit import queries as audit
from app.booking.models import Visit
from app.calls import queries as calls
from app.calls.models import Part
from app.core import clock, timestamps
from app.core.build import build
from app.core.i18n import in_language
from app.papers import queries as papers
from app.towns import queries as towns

FORMAT = "ventanilla-manifest/1"
SOFTWARE = "Ventanilla"
VERSION = "0.1.0"

# What of an answer proves something; numbers of our own tables are no business of others.
ANSWERED = ("how", "phone_ending", "values", "corrected", "receipt", "is_late")

PAPER = "paper-"  # how the names of papers begin

Facts = dict[str, Any]


def written(facts: Facts) -> bytes:
    """The one way of writing it."""
    return bytes(rfc8785.dumps(facts))


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def compose(act: SealedAct, *, measured: Facts, seal: Facts) -> Facts:
    """All that the act says, read from the register now.

    `measured`: how far our clock is off. `seal`: whose key will seal it, and what it is worth.
    """
    visit = act.visit
    stated = queries.signed_statements(visit)
    return {
        "format": FORMAT,
        "act": _about(act),
        "body": _body(act),
        "meeting": _meeting(act),
        "participants": _participants(visit),
        "consents": _consents(visit),
        "requests": _requests(visit),
        "earlier_statements": [_statement(one) for one in reversed(stated[1:])],
        "statement": _statement(stated[0]) if stated else None,
        "recording": recorded.recording(visit),
        "files": [*recorded.files(visit), *_papers(visit)],
        "ledger": recorded.ledger(visit) or _ledger(visit),
        "seal": seal,
        "signatures": [_signature(act.signature)] if act.signature else [],
        "software": {"name": SOFTWARE, "version": VERSION, "build": build()},
        "clock": measured,
    }


def measured_clock() -> Facts:
    """How far our clock is from an authority's, in whole seconds. Nothing is held meanwhile."""
    before = clock.now()
    try:
        stamp = timestamps.stamp(before.isoformat().encode())
    except timestamps.NoStamp:
        return {"offset_seconds": None, "compared_with": "", "at": _at(before)}
    apart = round((stamp.at - before).total_seconds())
    return {"offset_seconds": apart, "compared_with": stamp.authority, "at": _at(before)}


def _about(act: SealedAct) -> Facts:
    replaced = act.replaces
    return {
        "identifier": act.identifier,
        "csv": csv.shown(act.csv),
        "version": act.version,
        "grade": act.grade.value,
        "language": act.language,
        "made_at": _at(clock.now()),
        "reason": act.reason,
        "replaces": {
            "identifier": replaced.identifier,
            "csv": csv.shown(replaced.csv),
            "manifest_sha256": replaced.digest,
        }
        if replaced
        else None,
    }


def _body(act: SealedAct) -> Facts:
    town = act.visit.town
    return {
        "name": str(in_language(town.council, act.language)) or town.name,
        "name_es": str(in_language(town.council, "es")) or town.name,
        "dir3": town.dir3,
        "check": towns.address_of(town, f"/{act.language}/check"),
        "time_zone": town.time_zone,
    }


def _meeting(act: SealedAct) -> Facts:
    visit = act.visit
    procedures = [visit.procedure, *visit.also]
    return {
        "id": act.meeting,
        "channel": visit.channel.value,
        "language": visit.language,
        "procedures": [
            {
                "reference": one.slug,
                "name": one.name_in(act.language),
                "name_es": one.name_in("es"),
            }
            for one in procedures
        ],
        "office": visit.procedure.office.address,
        "times": {
            "booked_at": _at(visit.booked_at),
            "waiting_at": _at(visit.waiting_at),
            "called_at": _at(visit.called_at),
            "in_service_at": _at(visit.in_service_at),
            "ended_at": _at(visit.ended_at),
        },
        "status": visit.status.value,
        "outcome": visit.outcome,
        "next_steps": visit.next_steps,
        "outcome_code": visit.outcome_code,
    }


def _participants(visit: Visit) -> list[Facts]:
    found = [_citizen(visit), _clerk(visit)]
    for person in calls.participants(visit):
        if person.part not in (Part.CITIZEN, Part.CLERK) and person.admitted_at:
            found.append(
                {
                    "part": person.part.value,
                    "name": person.name,
                    "joined_at": _at(person.joined_at),
                    "left_at": _at(person.left_at),
                    "level": "none",
                    "identifications": [],
                }
            )
    return found


def _citizen(visit: Visit) -> Facts:
    standing = assurance.standing(visit)
    best = standing.best
    return {
        "part": "citizen",
        "name": (best.name if best else "") or visit.name,
        "level": standing.level.value,
        "identifications": [_identification(row) for row in standing.rows if row.is_valid],
    }


def _clerk(visit: Visit) -> Facts:
    account = queries.clerk_of(visit)
    entries = assurance.entries_of(account) if account else []
    at = visit.in_service_at or visit.called_at or clock.now()
    entry = next((one for one in entries if one.covered(at, visit.town.time_zone)), None)
    return {
        "part": "clerk",
        "name": visit.clerk_name,
        "office": visit.procedure.office.address,
        "authorised": entry is not None,
        "resolution": entry.reference if entry else "",
    }


def _identification(row: Assurance) -> Facts:
    return {
        "id": row.code,
        "method": row.method.value,
        "level": row.level.value,
        "at": _at(row.made_at),
        "by": row.by.name if row.by else "",
        "document_kind": row.document_kind.value if row.document_kind else "",
        "document": document_shown(row) if row.document else "",
        "evidence_sha256": digest_of(written(row.evidence)),
    }


def _consents(visit: Visit) -> list[Facts]:
    """What the citizen was asked, in which words, and what they answered."""
    checks = [_consent(check) for check in queries.checks_of(visit) if check.answered_at]
    return [*checks, *recorded.consents(visit)]


def _consent(check: Check) -> Facts:
    return {
        "what": "identification",
        "given": check.state in (CheckState.AGREED, CheckState.DONE, CheckState.STOPPED),
        "way": check.consent_way.value if check.consent_way else "",
        "at": _at(check.answered_at),
        "language": check.language,
        "text_version": check.text_version,
        "text_sha256": check.text_digest.removeprefix("sha-256:"),
    }


def _requests(visit: Visit) -> list[Facts]:
    """What else the clerk asked for, word by word, and what the citizen answered.

    `text_sha256` is the digest of kind, language, title, body, way, fields and cents.
    """
    return [
        {
            "id": one.code,
            "kind": one.kind.value,
            "way": one.way.value if one.way else "",
            "state": one.state.value,
            "title": one.title,
            "body": one.body,
            "fields": [[field["label"], field["value"]] for field in one.fields],
            "cents": one.cents,
            "language": one.language,
            "text_version": one.text_version,
            "text_sha256": one.text_digest,
            "asked_at": _at(one.asked_at),
            "answered_at": _at(one.answered_at),
            "answer": {name: one.answer[name] for name in ANSWERED if name in one.answer},
        }
        for one in queries.requests_of(visit)
    ]


def _statement(made: Statement) -> Facts:
    """What was stated and signed for them, in an act of article 12.2."""
    return {
        "article": "Ley 39/2015, art. 12.2",
        "text": made.text,
        "language": made.language,
        "corrections": len(made.drafts),
        "read_back_at": _at(made.read_at),
        "agreed_at": _at(made.answered_at),
        "way": made.way,
        "text_version": made.text_version,
        "text_sha256": made.text_digest,
        "signed_by": made.by.name,
        "signed_at": _at(made.signed_at),
        "resolution": queries.resolution_of(made),
    }


def _papers(visit: Visit) -> list[Facts]:
    """What both sides handed each other, as it came, and not under the names that they gave it."""
    return [
        {
            "name": f"{PAPER}{number}.{one.kind.ending}",
            "bytes": one.size,
            "sha256": one.digest,
            "media_type": one.kind.media_type,
            "origin": f"paper handed over by the {one.side.value}, as it came",
            "at": _at(one.ready_at),
        }
        for number, one in enumerate(papers.ready_papers(visit), start=1)
    ]


def _ledger(visit: Visit) -> Facts:
    """The lines of the town's record about this visit, each with its digest, and its head."""
    search = audit.Search(visits=frozenset({visit.id}))
    found = audit.found(search, limit=audit.count(search))
    lines = sorted(found, key=lambda line: line.number)
    number, head = audit.last_line()
    stamp = audit.newest_stamp()
    return {
        "kind": "record of the town",
        "head": {"number": number, "sha256": head},
        "stamped": {
            "number": stamp.number,
            "sha256": stamp.digest,
            "at": _at(stamp.stamped_at),
            "authority": stamp.authority,
        }
        if stamp
        else None,
        "lines": [
            {
                "number": line.number,
                "at": _at(line.happened_at),
                "event": line.name,
                "sha256": line.digest,
            }
            for line in lines
        ],
    }


def _signature(given: Signature) -> Facts:
    return {
        "grade": given.signer.grade.value,
        "name": given.signer.account.name,
        "post": given.signer.post,
        "resolution": given.signer.reference,
        "at": _at(given.given_at),
        "certificate_sha256": given.signer.fingerprint,
        "signature_sha256": given.digest,
        "manifest_sha256": given.act.digest,
    }


def _at(instant: datetime | None) -> str | None:
    return at_second(instant) if instant else None


def at_second(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


def read_again(content: bytes) -> Facts:
    found: Facts = json.loads(content)
    return found


def shown_csv(act: SealedAct) -> str:
    return csv.shown(act.csv)


def base64_of(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()
