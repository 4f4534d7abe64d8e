"""Writing a line, checking all of them, stamping the last one, and destroying the oldest."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from flask import current_app, g, has_request_context, request

from app.audit import queries
from app.audit.events import AuditShortened
from app.audit.models import SPELLING, AuditAnchor, AuditCheck, AuditCut, AuditEntry
from app.audit.neutral import neutral as neutral
from app.audit.neutral import neutral_text, sign_of_address
from app.core import clock, timestamps
from app.core.chain import Fault, Kind, Line, Reader, subjects_of
from app.core.db import db, transaction
from app.core.events import publish
from app.towns import services as towns
from app.towns.models import Town
from app.towns.tenant import current_town_id, every_town, town_of

log = structlog.get_logger()

HOUSE = "house"
VISITOR = "visitor"
# Waits between attempts to have a line stamped; the last one for ever.
PAUSES = (60, 300, 900, 3600)
STAMPS_AT_ONCE = 5


def write(name: str, facts: Mapping[str, Any]) -> AuditEntry:
    """Add a line to the town's chain, in the transaction of the fact it tells."""
    towns.take_turns()
    before, previous = queries.last_line()
    cleaned: dict[str, Any] = neutral(dict(facts))
    visit_id, account_id = subjects_of(cleaned)
    entry = AuditEntry(
        town_id=current_town_id(),
        number=before + 1,
        spelling=SPELLING,
        happened_at=clock.now(),
        author=author(),
        address=_address(),
        name=neutral_text(name)[:60],
        facts=cleaned,
        visit_id=visit_id,
        account_id=account_id,
        previous=previous,
    )
    entry.digest = queries.line_of(entry).digest_as(entry.number)
    db.session.add(entry)
    return entry


def author() -> str:
    """Whoever is signed in, by number; else the person with the link, else the house itself."""
    if not has_request_context():
        return HOUSE
    account = g.get("account")
    return f"account:{account.id}" if account else VISITOR


def _address() -> str:
    return sign_of_address(request.remote_addr or "") if has_request_context() else ""


# --- checking ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    """What checking the whole record found."""

    lines: int
    stamps: int  # that fit
    faults: list[Fault]

    @property
    def is_whole(self) -> bool:
        return not self.faults


def verify() -> Report:
    """Read every line of the town spoken for, and hold the time stamps against them."""
    begin = queries.newest_cut()
    stamps = {stamp.number: stamp for stamp in queries.stamped()}
    copies = _copies()
    wanted = stamps.keys() | copies.keys()
    reader = Reader(begin.number, begin.digest) if begin else Reader()
    reader.read(_taking_breath(queries.lines()), wanted)
    faults = list(reader.faults)
    if begin and not queries.is_cut_written(begin.number):
        faults.append(Fault(Kind.MISSING, 1, begin.number))
    known = {begin.number: begin.digest, **reader.digests} if begin else reader.digests
    good, fitting = begin.number if begin else 0, 0
    for number in sorted(wanted):
        if begin and number < begin.number:
            continue
        digest, token = copies.get(number) or (stamps[number].digest, stamps[number].token or b"")
        is_whole = number in stamps and (stamps[number].digest, stamps[number].token) == (
            digest,
            token,
        )
        if not is_whole or not _is_stamped(number, digest, token):
            faults.append(Fault(Kind.STAMP, number, number))
        elif number > reader.last[0]:
            faults.append(Fault(Kind.CUT, reader.last[0] + 1, number))
        elif known.get(number) != digest:
            if not any(fault.last > good and fault.first <= number for fault in faults):
                faults.append(Fault(Kind.REWRITTEN, good + 1, number))
        else:
            good, fitting = number, fitting + 1
    return Report(reader.lines, fitting, _widest_cut(faults))


def check(by: str) -> AuditCheck:
    """Check everything and remember what was found, for whoever looks after the house."""
    report = verify()
    found = AuditCheck(
        by=by,
        lines=report.lines,
        stamps=report.stamps,
        faults=[fault.as_row() for fault in report.faults[:200]],
    )
    db.session.add(found)
    db.session.flush()
    if report.faults:
        log.error("the record was changed", town=current_town_id(), faults=len(report.faults))
    return found


def _taking_breath(lines: Iterator[Line]) -> Iterator[Line]:
    """A long record must not keep everybody else of this process waiting."""
    for count, line in enumerate(lines):
        if count % 500 == 0:
            time.sleep(0)
        yield line


def _is_stamped(number: int, digest: str, token: bytes) -> bool:
    try:
        timestamps.check(token, message_of(current_town_id(), number, digest))
    except timestamps.WrongStamp:
        return False
    return True


def _widest_cut(faults: list[Fault]) -> list[Fault]:
    """Several stamps may know of the same missing tail: say it once."""
    cuts = [fault for fault in faults if fault.kind is Kind.CUT]
    others = [fault for fault in faults if fault.kind is not Kind.CUT]
    widest = [Fault(Kind.CUT, cuts[0].first, max(fault.last for fault in cuts))] if cuts else []
    return [*others, *widest]


# --- stamping ------------------------------------------------------------------------------------


def message_of(town_id: int, number: int, digest: str) -> bytes:
    """The very bytes that are stamped: anybody can write them again from the line."""
    return f"ventanilla audit {town_id} {number} {digest}".encode()


def ask_for_stamp() -> AuditAnchor | None:
    """The last line is to be stamped, unless it is already. A job does it after the commit."""
    number, digest = queries.last_line()
    if number == 0 or queries.anchor(number):
        return None
    asked = AuditAnchor(number=number, digest=digest)
    db.session.add(asked)
    db.session.flush()
    return asked


def stamp_due() -> int:
    """Have what is due stamped, over every town. Nobody waits for an authority in a transaction."""
    with every_town():
        due = [(one.id, one.town_id, one.number, one.digest) for one in queries.due_anchors()]
        db.session.rollback()
    count = 0
    for anchor_id, town_id, number, digest in due[:STAMPS_AT_ONCE]:
        with town_of(town_id):
            count += _stamp(anchor_id, message_of(town_id, number, digest))
    return count


def _stamp(anchor_id: int, message: bytes) -> bool:
    stamp, problem = None, ""
    try:
        stamp = timestamps.stamp(message)
    except timestamps.NoStamp as error:
        problem = str(error)
    with transaction():
        anchor = db.session.get_one(AuditAnchor, anchor_id)
        anchor.attempts += 1
        anchor.problem = problem[:300]
        if stamp is None:
            pause = PAUSES[min(anchor.attempts, len(PAUSES)) - 1]
            anchor.try_at = clock.now() + timedelta(seconds=pause)
            log.error("no time stamp", town=anchor.town_id, number=anchor.number, why=problem)
            return False
        anchor.token, anchor.stamped_at = stamp.token, stamp.at
        anchor.authority, anchor.is_qualified = stamp.authority, stamp.is_qualified
        _keep_a_copy(anchor)
    log.info("record stamped", town=anchor.town_id, number=anchor.number, digest=anchor.digest)
    return True


def _keep_a_copy(anchor: AuditAnchor) -> None:
    """Outside the register too: who can write there could take the stamps away with the lines."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{anchor.number}-{anchor.digest}.tsr"
    draft = file.with_suffix(".part")  # what is cut short is no copy
    draft.write_bytes(anchor.token or b"")
    draft.replace(file)


def _copies() -> dict[int, tuple[str, bytes]]:
    """The stamps kept outside the register: digest and token by number."""
    found = {}
    for file in _folder().glob("*-*.tsr"):
        number, _, digest = file.stem.partition("-")
        if number.isdecimal():
            found[int(number)] = (digest, file.read_bytes())
    return found


def _folder() -> Path:
    return Path(current_app.instance_path) / "audit" / str(current_town_id())


# --- destroying what is too old ------------------------------------------------------------------


def shorten(before: datetime) -> int:
    """Destroy the lines older than that, up to a stamped one at the most. Returns how many."""
    last = queries.last_to_destroy(before)
    if last is None:
        return 0
    gone = db.session.execute(
        sa.delete(AuditEntry).where(
            AuditEntry.number <= last.number, AuditEntry.town_id == current_town_id()
        )
    )
    db.session.add(AuditCut(number=last.number, digest=last.digest))
    count = int(gone.rowcount)  # type: ignore[attr-defined]
    publish(AuditShortened(town_id=current_town_id(), lines=count, last=last.number))
    return count


def forget_checks(before: datetime) -> None:
    db.session.execute(sa.delete(AuditCheck).where(AuditCheck.made_at < before))


def is_stamp_due(town: Town) -> bool:
    """Whether the last line of that town has not been stamped, nor asked for, for a day."""
    newest = queries.newest_anchor()
    number, _ = queries.last_line()
    if number == 0 or (newest and newest.number == number):
        return False
    return newest is None or clock.now() - newest.made_at >= timedelta(days=1)
