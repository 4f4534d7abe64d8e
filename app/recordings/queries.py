"""Questions about recordings, consents and ledgers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.accounts.models import Account
from app.booking.models import Visit
from app.calls import queries as calls
from app.calls.models import Part, Participant
from app.core import clock, timestamps
from app.core.chain import Fault, Kind, Reader
from app.core.db import db, first_or_none
from app.recordings import ledger
from app.recordings.errors import SegmentMissing
from app.recordings.models import (
    OPEN,
    RUNNING,
    Consent,
    ConsentText,
    LedgerEntry,
    LedgerStamp,
    Meeting,
    Piece,
    PieceKind,
    Segment,
    State,
    Take,
    Viewing,
)
from app.towns.models import Procedure, Recording

# --- what the procedures say ---------------------------------------------------------------------


def rule_of(visit: Visit) -> Recording:
    """The strictest of all that is done in the visit: must, before may, before none."""
    rules = {procedure.recording for procedure in procedures_of(visit)}
    return next((rule for rule in (Recording.MUST, Recording.MAY) if rule in rules), Recording.NONE)


def procedures_of(visit: Visit) -> list[Procedure]:
    return [visit.procedure, *visit.also]


def recorded_procedure_of(visit: Visit) -> Procedure:
    """The one for whose sake it is recorded."""
    rule = rule_of(visit)
    return next(one for one in procedures_of(visit) if one.recording == rule)


# --- segments ------------------------------------------------------------------------------------


def segments(visit: Visit) -> Sequence[Segment]:
    """All of that meeting, in order."""
    question = sa.select(Segment).where(Segment.visit_id == visit.id).order_by(Segment.number)
    return db.session.scalars(question).all()


def was_recorded(visit: Visit) -> bool:
    """Whether anything of it was, whatever became of it."""
    question = sa.select(Segment.id).where(
        Segment.visit_id == visit.id, Segment.started_at.is_not(None)
    )
    return db.session.scalar(question.limit(1)) is not None


def kept_segments(visit: Visit) -> Sequence[Segment]:
    """Those of which there is a file."""
    return [segment for segment in segments(visit) if segment.is_kept]


def segment_or_404(visit: Visit, code: str) -> Segment:
    found: Segment | None = first_or_none(
        sa.select(Segment).where(Segment.visit_id == visit.id, Segment.code == code)
    )
    if found is None:
        raise SegmentMissing
    return found


def open_segment(visit: Visit) -> Segment | None:
    found: Segment | None = first_or_none(
        sa.select(Segment).where(Segment.visit_id == visit.id, Segment.state.in_(OPEN))
    )
    return found


def last_segment(visit: Visit) -> Segment | None:
    found: Segment | None = first_or_none(
        sa.select(Segment).where(Segment.visit_id == visit.id).order_by(Segment.number.desc())
    )
    return found


def in_state(*states: State) -> Sequence[Segment]:
    """Of the town spoken for, or of every town."""
    question = sa.select(Segment).where(Segment.state.in_(states)).order_by(Segment.id)
    return db.session.scalars(question).all()


def ids_by_server(*states: State) -> Sequence[int]:
    """Of the town spoken for: those that a media server records, or has recorded."""
    question = sa.select(Segment.id).where(Segment.state.in_(states), Segment.by_server.is_(True))
    return db.session.scalars(question.order_by(Segment.id)).all()


def ids_left_by_server() -> Sequence[int]:
    """Of the town spoken for: those that run, and that a browser has taken over from a server."""
    question = sa.select(Segment.id).where(
        Segment.state.in_(RUNNING),
        Segment.by_server.is_(False),
        Segment.takes.any(Take.file_name != ""),
    )
    return db.session.scalars(question.order_by(Segment.id)).all()


def is_owed_by_server(segment: Segment) -> bool:
    """Whether it has ended, and not all that a media server wrote of it is taken in."""
    ours = [take for take in segment.takes if take.is_by_server]
    is_taken_in = bool(ours) and all(take.is_whole for take in ours)
    return segment.by_server and segment.state is State.CLOSING and not is_taken_in


def alarmed() -> Sequence[Segment]:
    """Of the town spoken for: those that run, and of which nothing arrives."""
    question = sa.select(Segment).where(
        Segment.state == State.RECORDING, Segment.is_alarmed.is_(True)
    )
    return db.session.scalars(question.order_by(Segment.heard_at)).all()


def is_settled(visit: Visit) -> bool:
    """Whether nothing of that meeting's recordings is still on its way: an act may be made."""
    waiting = (*OPEN, State.CLOSING)
    return not any(segment.state in waiting for segment in segments(visit))


def with_digest(sha256: str) -> Segment | None:
    """Which segment a file is of, as it plays or as it was captured, in the town spoken for."""
    plain = sha256 if len(sha256) == 64 and sha256.isascii() and sha256.isalnum() else "-"
    found: Segment | None = first_or_none(
        sa.select(Segment)
        .where(
            Segment.state == State.KEPT,
            sa.or_(Segment.sha256 == plain, Segment.takes.any(Take.sha256 == plain)),
        )
        .order_by(Segment.id)
    )
    return found


# --- takes and pieces ----------------------------------------------------------------------------


def take_or_404(segment: Segment, code: str) -> Take:
    for take in segment.takes:
        if take.code == code:
            return take
    raise SegmentMissing


def take_named(segment: Segment, file_name: str) -> Take | None:
    """That of a file of the media server."""
    return next((take for take in segment.takes if take.file_name == file_name), None)


def piece(take: Take, number: int) -> Piece | None:
    found: Piece | None = first_or_none(
        sa.select(Piece).where(Piece.take_id == take.id, Piece.number == number)
    )
    return found


def pieces(take: Take, kind: PieceKind | None = None) -> Sequence[Piece]:
    """In order: number, kind, place, size, digest, and the chain's end after each."""
    question = sa.select(Piece).where(Piece.take_id == take.id).order_by(Piece.number)
    if kind is not None:
        question = question.where(Piece.kind == kind)
    return db.session.scalars(question).all()


# --- consents ------------------------------------------------------------------------------------


def consents(visit: Visit) -> Sequence[Consent]:
    """Of all segments of that meeting."""
    question = (
        sa.select(Consent)
        .join(Consent.segment)
        .where(Segment.visit_id == visit.id)
        .order_by(Consent.id)
    )
    return db.session.scalars(question).all()


def consent_of(segment: Segment | None, participant: Participant | None) -> Consent | None:
    if segment is None or participant is None:
        return None
    for consent in segment.consents:
        if consent.participant_id == participant.id:
            return consent
    return None


def people_to_ask(visit: Visit) -> list[Participant]:
    """Everybody who is in the call now, but the clerk, who asks."""
    return [
        person
        for person in calls.participants(visit)
        if person.is_inside and person.part is not Part.CLERK
    ]


def unagreed(segment: Segment) -> list[Participant]:
    """Who is in the call now and has not agreed to this segment."""
    agreed = {one.participant_id for one in segment.consents if one.is_valid}
    return [person for person in people_to_ask(segment.visit) if person.id not in agreed]


def newest_text(procedure: Procedure, language: str) -> ConsentText | None:
    found: ConsentText | None = first_or_none(
        sa.select(ConsentText)
        .where(ConsentText.procedure_id == procedure.id, ConsentText.language == language)
        .order_by(ConsentText.version.desc())
    )
    return found


# --- the ledger ----------------------------------------------------------------------------------


def meeting_of(visit: Visit) -> Meeting | None:
    """Its ledger, once something of it may be recorded."""
    return meeting_of_visit(visit.id)


def meeting_of_visit(visit_id: int) -> Meeting | None:
    found: Meeting | None = first_or_none(sa.select(Meeting).where(Meeting.visit_id == visit_id))
    return found


def meetings() -> Sequence[Meeting]:
    """All that have a ledger."""
    return db.session.scalars(sa.select(Meeting).order_by(Meeting.id)).all()


def entries(meeting: Meeting) -> Sequence[LedgerEntry]:
    """All lines in order. `text` is what `digest` is SHA-256 of."""
    question = sa.select(LedgerEntry).where(LedgerEntry.meeting_id == meeting.id)
    return db.session.scalars(question.order_by(LedgerEntry.number)).all()


def stamps(meeting: Meeting) -> Sequence[LedgerStamp]:
    """In order, those included that are still asked for (`token` is None)."""
    question = sa.select(LedgerStamp).where(LedgerStamp.meeting_id == meeting.id)
    return db.session.scalars(question.order_by(LedgerStamp.number)).all()


def due_stamps() -> Sequence[LedgerStamp]:
    question = sa.select(LedgerStamp).where(
        LedgerStamp.stamped_at.is_(None), LedgerStamp.try_at <= clock.now()
    )
    return db.session.scalars(question.order_by(LedgerStamp.try_at, LedgerStamp.id)).all()


@dataclass(frozen=True)
class Checked:
    """What checking a ledger found."""

    lines: int
    stamps: int  # that fit
    waiting: int  # stamps still asked for
    faults: list[Fault]

    @property
    def is_whole(self) -> bool:
        return not self.faults


def check(meeting: Meeting) -> Checked:
    """Read the whole ledger; hold its stamps, and the end that the meeting knows, against it."""
    rows, known = entries(meeting), stamps(meeting)
    lines = [
        ledger.Line(meeting.code, row.number, row.text, row.previous, row.digest) for row in rows
    ]
    reader = Reader(0, ledger.first_of(meeting.code))
    reader.read(lines, [stamp.number for stamp in known])
    faults, fitting = list(reader.faults), 0
    if meeting.number > reader.last[0]:
        faults.append(Fault(Kind.CUT, reader.last[0] + 1, meeting.number))
    elif (meeting.number, meeting.digest) != reader.last:
        faults.append(Fault(Kind.REWRITTEN, 1, reader.last[0]))
    for stamp in known:
        if stamp.token is None:
            continue
        if not _fits(meeting, stamp):
            faults.append(Fault(Kind.STAMP, stamp.number, stamp.number))
        elif stamp.number > reader.last[0]:
            faults.append(Fault(Kind.CUT, reader.last[0] + 1, stamp.number))
        elif reader.digests.get(stamp.number) != stamp.digest:
            faults.append(Fault(Kind.REWRITTEN, 1, stamp.number))
        else:
            fitting += 1
    waiting = sum(stamp.token is None for stamp in known)
    return Checked(len(rows), fitting, waiting, list(dict.fromkeys(faults)))


def _fits(meeting: Meeting, stamp: LedgerStamp) -> bool:
    message = ledger.stamped_message(meeting.code, stamp.number, stamp.digest)
    try:
        timestamps.check(stamp.token or b"", message)
    except timestamps.WrongStamp:
        return False
    return True


def meetings_to_stamp(before: datetime) -> Iterator[Meeting]:
    """Those in which something is recorded and whose last stamp is older than that."""
    for segment in in_state(State.RECORDING, State.PAUSED):
        meeting = meeting_of(segment.visit)
        if meeting is None:
            continue
        newest = max((stamp.made_at for stamp in stamps(meeting)), default=None)
        if newest is None or newest <= before:
            yield meeting


# --- looking at it -------------------------------------------------------------------------------


def viewing_or_404(code: str, account: Account) -> Viewing:
    """What this very person opened, while it is open."""
    found: Viewing | None = first_or_none(
        sa.select(Viewing).where(Viewing.code == code, Viewing.account_id == account.id)
    )
    if found is None or not found.is_open:
        raise SegmentMissing
    return found


def unheard_since(segment: Segment) -> timedelta:
    """How long nothing has arrived of it."""
    last = segment.heard_at or segment.started_at or clock.now()
    return clock.now() - last
