"""Questions about a room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from app.booking.models import Visit
from app.calls.errors import NotInTheRoom, Replaced
from app.calls.models import CallFigures, Part, Participant
from app.core import stream
from app.core.db import db, first_or_none


def participants(visit: Visit) -> Sequence[Participant]:
    question = sa.select(Participant).where(Participant.visit_id == visit.id)
    return db.session.scalars(question.order_by(Participant.seat)).all()


def participant_as(visit: Visit, part: Part) -> Participant | None:
    found: Participant | None = first_or_none(
        sa.select(Participant).where(Participant.visit_id == visit.id, Participant.part == part)
    )
    return found


def own_seat(visit: Visit, part: Part, code: str, incarnation: int) -> Participant:
    """The caller's own seat in this room, while no newer window has taken it."""
    return own_seat_among(participants(visit), part, code, incarnation)


def own_seat_among(
    people: Sequence[Participant], part: Part, code: str, incarnation: int
) -> Participant:
    mine = next((person for person in people if person.part is part), None)
    if mine is None or mine.code != code:
        raise NotInTheRoom
    if mine.incarnation != incarnation:
        raise Replaced
    return mine


def roster(visit: Visit) -> dict[str, Any]:
    """Who is present, whole. Its version is the place in the stream: a later one is larger."""
    people = participants(visit)
    return {
        "version": stream.cursor(),
        "participants": [
            {
                "id": person.code,
                "seat": person.seat,
                "role": person.part.value,
                "name": person.name,
                "incarnation": person.incarnation,
                "camera": person.has_camera,
                "microphone": person.has_microphone,
            }
            for person in people
            if person.is_present
        ],
    }


def seat_of(visit: Visit, part: Part, code: str) -> Participant:
    """That seat of this room, whichever of its windows asks."""
    seat = participant_as(visit, part)
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


def calls_in_progress() -> int:
    """Rooms of this town in which somebody is now."""
    question = sa.select(sa.func.count(sa.distinct(Participant.visit_id))).where(
        Participant.is_present.is_(True)
    )
    return db.session.scalar(question) or 0
