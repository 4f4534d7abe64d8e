"""Questions about visits."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from app.booking.errors import VisitMissing
from app.booking.models import Need, Status, Visit
from app.core import clock
from app.core.db import db, first_or_none
from app.schedule.queries import Wish, language_for, staff_of
from app.towns import queries as towns
from app.towns.models import Channel, Procedure, Town


def visit_or_404(code: str) -> Visit:
    """A visit of this town by its code. Another town's is as missing as one that never was."""
    visit: Visit | None = first_or_none(sa.select(Visit).where(Visit.code == code))
    if visit is None:
        raise VisitMissing
    return visit


def booked_visit_or_404(code: str) -> Visit:
    """One whose citizen has shown their telephone: the one link opens no mere hold."""
    visit = visit_or_404(code)
    if visit.booked_at is None:
        raise VisitMissing
    return visit


def visit(visit_id: int) -> Visit:
    return db.session.get_one(Visit, visit_id)


def by_claim(claim: str) -> Visit | None:
    found: Visit | None = first_or_none(sa.select(Visit).where(Visit.code == claim))
    return found


def by_form(token: str) -> Visit | None:
    found: Visit | None = first_or_none(sa.select(Visit).where(Visit.form_token == token))
    return found


def live_holds(phone: str) -> Sequence[Visit]:
    question = sa.select(Visit).where(
        Visit.phone == phone, Visit.status == Status.HELD, Visit.hold_until > clock.now()
    )
    return db.session.scalars(question).all()


def visits_between(begin: datetime, end: datetime) -> Sequence[Visit]:
    """Every visit that stands or stood in that time, holds and abandoned ones left out."""
    question = (
        sa.select(Visit)
        .where(Visit.starts_at >= begin, Visit.starts_at < end)
        .where(Visit.status.not_in((Status.HELD, Status.EXPIRED)))
        .order_by(Visit.starts_at, Visit.id)
        .options(selectinload(Visit.procedure))
    )
    return db.session.scalars(question).all()


def minutes_for(procedure: Procedure, channel: str, needs: Sequence[str] = ()) -> int:
    """How long to keep: half as long again for whoever needs more time, in steps of five."""
    minutes = int(procedure.minutes[channel])
    if Need.MORE_TIME.value in needs:
        minutes = -(-minutes * 3 // 2 // 5) * 5
    return minutes


def wish_for(
    town: Town, procedure: Procedure, channel: str, reads: str, needs: Sequence[str] = ()
) -> Wish | None:
    """What to look for in the schedule; None when nobody can attend it on that channel."""
    if not procedure.allows(channel):
        return None
    staff = staff_of(procedure)
    language = language_for(staff, Channel(channel).value, reads)
    if language is None:
        return None
    return Wish(town, procedure, channel, language, minutes_for(procedure, channel, needs), staff)


def link_of(visit: Visit) -> str:
    """The one link, whole, on the town's own host."""
    return towns.address_of(visit.town, f"/{visit.reads}/visits/{visit.code}")
