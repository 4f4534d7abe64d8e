"""Questions about a room."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from app.accounts.models import Account
from app.booking.models import Visit
from app.calls.errors import BridgeMissing, InvitationOver, NotInTheRoom, Replaced
from app.calls.models import (
    MAY,
    Bridge,
    CallFigures,
    Part,
    Participant,
    Right,
    RoomInvitation,
)
from app.core import stream
from app.core.db import db, first_or_none


def may(part: Part | str, right: Right | str) -> bool:
    return Right(right) in MAY[Part(part)]


def channel_of(participant: Participant) -> str:
    """The private channel of one window of one person."""
    return window_channel(participant.visit_id, participant.part, participant.window)


def window_channel(visit_id: int, part: Part, window: str) -> str:
    return f"window:{visit_id}:{part.value}:{window}"


def room_of(visit: Visit) -> str:
    """What becomes of the visit, for everybody who looks at it."""
    return f"visit:{visit.id}"


def text_of(visit: Visit) -> str:
    """What the citizen and the counter write to each other through us."""
    return f"text:{visit.id}"


def participants(visit: Visit) -> Sequence[Participant]:
    question = sa.select(Participant).where(Participant.visit_id == visit.id)
    return db.session.scalars(question.order_by(Participant.seat)).all()


def participant_as(
    visit: Visit, part: Part, invitation: RoomInvitation | None = None
) -> Participant | None:
    """The seat of the citizen or of the clerk; of somebody invited, by their invitation."""
    question = sa.select(Participant).where(
        Participant.visit_id == visit.id, Participant.part == part
    )
    if invitation is not None:
        question = question.where(Participant.invitation_id == invitation.id)
    found: Participant | None = first_or_none(question)
    return found


def own_seat(
    visit: Visit,
    part: Part,
    code: str,
    incarnation: int,
    invitation: RoomInvitation | None = None,
) -> Participant:
    """The caller's own seat in this room, while no newer window has taken it."""
    return own_seat_among(participants(visit), part, code, incarnation, invitation)


def own_seat_among(
    people: Sequence[Participant],
    part: Part,
    code: str,
    incarnation: int,
    invitation: RoomInvitation | None = None,
) -> Participant:
    mine = next((person for person in people if person.part is part and person.code == code), None)
    if mine is None or mine.invitation_id != (invitation.id if invitation else None):
        raise NotInTheRoom
    if mine.incarnation != incarnation:
        raise Replaced
    return mine


def person_of(visit: Visit, code: str) -> Participant:
    """Somebody in this room or at its door."""
    for person in participants(visit):
        if person.code == code and person.is_present:
            return person
    raise NotInTheRoom


def roster(
    visit: Visit,
    reader: Part = Part.CITIZEN,
    *,
    people: Sequence[Participant] = (),
    version: int | None = None,
) -> dict[str, Any]:
    """Who is present, whole. Its version is the place in the stream: a later one is larger.

    Who stands at the door is told only to whoever may let them in. `people` and `version` are
    for those who know them already.
    """
    people = people or participants(visit)
    told: dict[str, Any] = {
        "version": stream.cursor() if version is None else version,
        "participants": [_told(person) for person in people if person.is_inside],
    }
    if may(reader, Right.LET_IN):
        told["door"] = [_told(person) for person in people if person.is_at_the_door]
    return told


def _told(person: Participant) -> dict[str, Any]:
    return {
        "id": person.code,
        "seat": person.seat,
        "role": person.part.value,
        "name": person.name,
        "incarnation": person.incarnation,
        "camera": person.has_camera,
        "microphone": person.has_microphone,
        "screen": person.shares_screen,
        "saving": person.saves_data,
    }


def written(visit: Visit) -> list[dict[str, Any]]:
    """What was written through us and is not yet forgotten, oldest first."""
    return stream.told(text_of(visit))


def invitations(visit: Visit) -> Sequence[RoomInvitation]:
    """Those that still open the door."""
    question = sa.select(RoomInvitation).where(
        RoomInvitation.visit_id == visit.id, RoomInvitation.revoked_at.is_(None)
    )
    return [row for row in db.session.scalars(question.order_by(RoomInvitation.id)) if row.is_open]


def invitation_or_404(token: str) -> RoomInvitation:
    """The invitation that this link opens. A guessed one looks like one that is over."""
    found: RoomInvitation | None = first_or_none(
        sa.select(RoomInvitation).where(RoomInvitation.digest == digest_of(token))
    )
    if found is None or not found.is_open or not found.visit.is_live:
        raise InvitationOver
    return found


def invitation_of(visit: Visit, code: str) -> RoomInvitation:
    for found in invitations(visit):
        if found.code == code:
            return found
    raise InvitationOver


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def seat_of(
    visit: Visit, part: Part, code: str, invitation: RoomInvitation | None = None
) -> Participant:
    """That seat of this room, whichever of its windows asks."""
    seat = participant_as(visit, part, invitation)
    if seat is None or seat.code != code:
        raise NotInTheRoom
    return seat


def figures_of(seat: Participant, incarnation: int) -> CallFigures | None:
    found: CallFigures | None = first_or_none(
        sa.select(CallFigures).where(
            CallFigures.participant_id == seat.id, CallFigures.incarnation == incarnation
        )
    )
    return found


def how_it_went(visit: Visit) -> Sequence[CallFigures]:
    """Every window of everybody in that visit's calls, in the order in which they entered."""
    question = (
        sa.select(CallFigures)
        .join(CallFigures.participant)
        .where(Participant.visit_id == visit.id)
        .options(contains_eager(CallFigures.participant))
        .order_by(CallFigures.began_at, CallFigures.id)
    )
    return db.session.scalars(question).all()


def calls_since(instant: datetime) -> Sequence[CallFigures]:
    """The figures of calls begun after that instant, in this town."""
    return db.session.scalars(
        sa.select(CallFigures).where(CallFigures.began_at >= instant).order_by(CallFigures.id)
    ).all()


def seats_since(instant: datetime) -> tuple[int, int]:
    """How many took a seat after that instant, and how often one of them came back to it."""
    taken, times = db.session.execute(
        sa.select(sa.func.count(Participant.id), sa.func.sum(Participant.incarnation)).where(
            Participant.joined_at >= instant, Participant.incarnation > 0
        )
    ).one()
    return taken, int(times or 0) - taken


def calls_in_progress() -> int:
    """Rooms of this town in which somebody is now."""
    question = sa.select(sa.func.count(sa.distinct(Participant.visit_id))).where(
        Participant.is_present.is_(True)
    )
    return db.session.scalar(question) or 0


def bridges(visit: Visit) -> Sequence[Bridge]:
    """Every time that two telephones were to be joined for that visit, newest first."""
    question = sa.select(Bridge).where(Bridge.visit_id == visit.id)
    return db.session.scalars(question.order_by(Bridge.asked_at.desc(), Bridge.id.desc())).all()


def bridge_or_404(code: str) -> Bridge:
    found: Bridge | None = first_or_none(sa.select(Bridge).where(Bridge.code == code))
    if found is None:
        raise BridgeMissing
    return found


def own_telephone(clerk: Account) -> str:
    """The number at which that clerk was last rung; empty when never."""
    question = sa.select(Bridge.phone).where(Bridge.by_id == clerk.id, Bridge.phone != "")
    return db.session.scalar(question.order_by(Bridge.asked_at.desc()).limit(1)) or ""
