"""The numbers of those in the hall, and what its screen shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from app.booking.models import LIVE, Status, Visit
from app.core import clock
from app.core.db import db, first_or_none
from app.queue.models import Ticket
from app.schedule.models import ACTIVE, Allocation, Resource, ResourceKind
from app.towns.models import Channel, Office, Procedure
from app.towns.tenant import every_town

# A number that nobody answers leaves the screen after this long.
SHOWN_FOR = timedelta(minutes=20)
MOST_SHOWN = 6


@dataclass(frozen=True)
class CalledNumber:
    """A number on the screen of the hall. `desk` is empty when nobody said where they sit."""

    number: int
    desk: str
    called_at: datetime
    calls: int


def ticket_of(visit: Visit) -> Ticket | None:
    return db.session.get(Ticket, visit.id)


def numbers_of(visit_ids: Iterable[int]) -> dict[int, int]:
    """The numbers of those visits that have one, of whatever town of the pool."""
    with every_town():
        rows = db.session.scalars(sa.select(Ticket).where(Ticket.visit_id.in_(list(visit_ids))))
        return {row.visit_id: row.number for row in rows}


def last_ticket(office_id: int, day: object) -> Ticket | None:
    found: Ticket | None = first_or_none(
        sa.select(Ticket)
        .where(Ticket.office_id == office_id, Ticket.day == day)
        .order_by(Ticket.position.desc())
    )
    return found


def numbers_in_use(office_id: int, day: object) -> set[int]:
    """The numbers of today whose people are still here."""
    question = (
        sa.select(Ticket)
        .join(Visit, Visit.id == Ticket.visit_id)
        .where(Ticket.office_id == office_id, Ticket.day == day, Visit.status.in_(LIVE))
    )
    return {row.number for row in db.session.scalars(question)}


def visit_of_number(number: int, day: object) -> Sequence[Visit]:
    """Whoever has or had that number today, the last first."""
    question = (
        sa.select(Ticket, Visit)
        .join(Visit, Visit.id == Ticket.visit_id)
        .where(Ticket.day == day)
        .order_by(Ticket.position.desc())
    )
    return [row.Visit for row in db.session.execute(question) if row.Ticket.number == number]


def called_numbers(office: Office) -> list[CalledNumber]:
    """Who has been called in that office, the last first: a number and a desk, never a name."""
    now = clock.now()
    question = (
        sa.select(Visit, Ticket)
        .join(Ticket, Ticket.visit_id == Visit.id)
        .where(
            Ticket.office_id == office.id,
            Visit.status.in_((Status.CALLED, Status.IN_SERVICE)),
            Visit.called_at > now - SHOWN_FOR,
        )
        .order_by(Visit.called_at.desc())
        .limit(MOST_SHOWN)
    )
    return [
        CalledNumber(
            number=row.Ticket.number,
            desk=desk_of(row.Visit),
            called_at=row.Visit.called_at,
            calls=row.Visit.calls,
        )
        for row in db.session.execute(question)
    ]


def waiting_in_the_hall(office: Office) -> int:
    question = (
        sa.select(sa.func.count(Visit.id))
        .join(Ticket, Ticket.visit_id == Visit.id)
        .where(Ticket.office_id == office.id, Visit.status == Status.WAITING)
    )
    return db.session.scalar(question) or 0


def desk_of(visit: Visit) -> str:
    """To which desk they are to go: where their clerk sits, else the one kept for them."""
    with every_town():
        if visit.clerk_id:
            clerk = db.session.scalars(
                sa.select(Resource)
                .where(Resource.id == visit.clerk_id)
                .options(joinedload(Resource.desk))
            ).first()
            if clerk and clerk.desk:
                return clerk.desk.name
        kept = (
            sa.select(Resource.name)
            .join(Allocation, Allocation.resource_id == Resource.id)
            .where(
                Allocation.claim == visit.code,
                Allocation.state.in_(ACTIVE),
                Resource.kind == ResourceKind.DESK,
            )
        )
        return db.session.scalars(kept.limit(1)).first() or ""


def desks_of(office_ids: Iterable[int] | None = None) -> Sequence[Resource]:
    """The desks of this town, or of some of its offices."""
    question = sa.select(Resource).where(
        Resource.kind == ResourceKind.DESK, Resource.is_active.is_(True)
    )
    if office_ids is not None:
        question = question.where(Resource.office_id.in_(list(office_ids)))
    return db.session.scalars(question.order_by(Resource.name)).all()


def needs_a_number(visit: Visit) -> bool:
    return visit.channel is Channel.IN_PERSON


def office_of(visit: Visit) -> int:
    return db.session.get_one(Procedure, visit.procedure_id).office_id
