"""Questions about visits."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from app.booking.errors import VisitMissing
from app.booking.models import (
    SIGN_LANGUAGES,
    Need,
    Status,
    Visit,
    WaitlistEntry,
    WaitlistState,
)
from app.core import clock
from app.core.db import db, first_or_none
from app.schedule.models import (
    RESTING,
    Allocation,
    AllocationState,
    DelayMeasure,
    Resource,
    ResourceKind,
)
from app.schedule.queries import Wish, allocations_of, language_for, resources, roster_of, staff_of
from app.towns import queries as towns
from app.towns.models import Channel, Level, Moment, Procedure, Town
from app.towns.tenant import current_town_id

STILL_WANTED = (WaitlistState.OPEN, WaitlistState.OFFERED)

# Asked at every booking, and so built once.
BY_FORM = sa.select(Visit).where(Visit.form_token == sa.bindparam("token")).limit(1)
LIVE_HOLDS = sa.select(Visit).where(
    Visit.phone == sa.bindparam("phone"),
    Visit.status == Status.HELD,
    Visit.hold_until > sa.bindparam("now"),
)


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


def has_any() -> bool:
    """Whether anybody ever booked a visit in this town."""
    question = sa.select(Visit.id).where(Visit.booked_at.is_not(None))
    return db.session.scalar(question.limit(1)) is not None


def visit(visit_id: int) -> Visit:
    return db.session.get_one(Visit, visit_id)


def ahead_of(citizen_id: int) -> Sequence[Visit]:
    """What this citizen has booked or waits for, and nobody attends yet."""
    question = sa.select(Visit).where(
        Visit.citizen_id == citizen_id, Visit.status.in_((Status.BOOKED, Status.WAITING))
    )
    return db.session.scalars(question.order_by(Visit.starts_at)).all()


def is_being_attended(citizen_id: int) -> bool:
    """Whether somebody at the counter has this citizen before them now."""
    question = sa.select(Visit.id).where(
        Visit.citizen_id == citizen_id, Visit.status.in_((Status.CALLED, Status.IN_SERVICE))
    )
    return db.session.scalar(question.limit(1)) is not None


def attended_of(citizen_id: int) -> Sequence[Visit]:
    """The visits of this citizen that somebody at the counter attends now."""
    question = sa.select(Visit).where(
        Visit.citizen_id == citizen_id, Visit.status.in_((Status.CALLED, Status.IN_SERVICE))
    )
    return db.session.scalars(question).all()


def all_entries_of(phone: str) -> Sequence[WaitlistEntry]:
    """Every wish for an earlier time that still stands, of that telephone."""
    question = sa.select(WaitlistEntry).where(
        WaitlistEntry.phone == phone, WaitlistEntry.state.in_(STILL_WANTED)
    )
    return db.session.scalars(question).all()


def visit_ids_of(citizen_id: int) -> Sequence[int]:
    """The numbers of everything that this citizen came for."""
    return db.session.scalars(sa.select(Visit.id).where(Visit.citizen_id == citizen_id)).all()


def by_claim(claim: str) -> Visit | None:
    found: Visit | None = first_or_none(sa.select(Visit).where(Visit.code == claim))
    return found


def by_form(token: str) -> Visit | None:
    return db.session.scalars(BY_FORM, {"token": token}).first()


def live_holds(phone: str) -> Sequence[Visit]:
    return db.session.scalars(LIVE_HOLDS, {"phone": phone, "now": clock.now()}).all()


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
    """How long to keep, in steps of five: needs that lengthen add their share each."""
    minutes = int(procedure.minutes[channel])
    percent = 100
    if Need.MORE_TIME.value in needs:
        percent += procedure.more_time_percent
    if any(sign.value in needs for sign in SIGN_LANGUAGES):
        percent += procedure.interpreter_percent
    if percent == 100:
        return minutes
    return -(-minutes * percent // 100 // 5) * 5


def wish_for(
    town: Town,
    procedure: Procedure,
    channel: str,
    reads: str,
    needs: Sequence[str] = (),
    *,
    also: Sequence[Procedure] = (),
    **more: Any,
) -> Wish | None:
    """What to look for in the schedule; None when nobody can attend it on that channel.

    `also`: what else is done in the same visit, by one person who can do it all. `more`: whatever
    else a Wish holds.
    """
    everything = (procedure, *also)
    if not all(one.allows(channel) for one in everything):
        return None
    staff = staff_of(*everything)
    language = language_for(staff, Channel(channel).value, reads)
    if language is None:
        return None
    minutes = sum(minutes_for(one, channel, needs) for one in everything)
    sign = next((need.value for need in SIGN_LANGUAGES if need.value in needs), "")
    return Wish(
        town, procedure, channel, language, minutes, staff, also=tuple(also), sign=sign, **more
    )


def wish_of(visit: Visit, **changes: Any) -> Wish | None:
    """What this visit asks for, as if it were to be booked now; or with something changed.

    Only a call by video needs the screen of ours.
    """
    channel = changes.pop("channel", visit.channel.value)
    booth_id = visit.booth_id if channel == Channel.VIDEO else None
    return wish_for(
        visit.town,
        visit.procedure,
        channel,
        visit.language,
        visit.needs,
        also=visit.also,
        **{"booth_id": booth_id, "clerk_id": visit.asked_clerk_id, **changes},
    )


def ways_of(visit: Visit) -> list[str]:
    """The channels on which all that is done in this visit can be done."""
    return [
        channel.value
        for channel in visit.procedure.channels
        if all(one.allows(channel.value) for one in visit.also)
    ]


def other_ways(visit: Visit) -> list[str]:
    """The channels to which its citizen may change it now. Who waits is not sent on a journey."""
    ways = [way for way in ways_of(visit) if way != visit.channel.value]
    if visit.is_waiting:
        return [way for way in ways if way != Channel.IN_PERSON.value]
    return ways if visit.can_be_moved else []


def asks_more_to_book(visit: Visit) -> bool:
    """Whether a code by SMS is not enough to book what is done in it."""
    everything = (visit.procedure, *visit.also)
    return any(not Level.PHONE.reaches(one.needs_to(Moment.BOOK)) for one in everything)


def booths(town: Town) -> list[Resource]:
    """Screens of ours from which somebody may talk, those out of service left out.

    The roster, which is at hand anyway, says whether there is any at all.
    """
    if not any(one.town_id == town.id for one in roster_of(town).of_kind(ResourceKind.BOOTH)):
        return []
    return [one for one in resources((ResourceKind.BOOTH,)) if one.is_active]


def needs_on_offer(town: Town) -> list[Need]:
    """The needs that this town can answer: sign languages only when somebody signs them."""
    signed = {
        sign
        for person in roster_of(town).of_kind(ResourceKind.INTERPRETER)
        for sign in person.signs
    }
    return [need for need in Need if need not in SIGN_LANGUAGES or need.value in signed]


def visits_of(citizen_id: int, most: int = 50) -> tuple[list[Visit], list[Visit]]:
    """The visits of that person: those to come, the next first; and the earlier, the last first."""
    question = (
        sa.select(Visit)
        .where(Visit.citizen_id == citizen_id, Visit.booked_at.is_not(None))
        .order_by(Visit.starts_at.desc(), Visit.id.desc())
        .limit(most)
        .options(selectinload(Visit.procedure))
    )
    found = db.session.scalars(question).all()
    coming = [one for one in found if one.is_live]
    return coming[::-1], [one for one in found if not one.is_live]


def to_come_of(citizen_id: int) -> Sequence[Visit]:
    """The booked visits of that person that still lie ahead."""
    question = sa.select(Visit).where(
        Visit.citizen_id == citizen_id,
        Visit.status == Status.BOOKED,
        Visit.starts_at > clock.now(),
    )
    return db.session.scalars(question).all()


def to_come(phone: str, procedure_id: int | None = None) -> Sequence[Visit]:
    """The visits that this telephone still has ahead or waits for, of one procedure or of all."""
    question = sa.select(Visit).where(
        Visit.phone == phone,
        sa.or_(
            Visit.status == Status.WAITING,
            sa.and_(Visit.status == Status.BOOKED, Visit.ends_at > clock.now()),
        ),
    )
    if procedure_id is not None:
        question = question.where(Visit.procedure_id == procedure_id)
    return db.session.scalars(question.order_by(Visit.starts_at)).all()


def link_of(visit: Visit) -> str:
    """The one link, whole, on the town's own host."""
    return towns.address_of(visit.town, f"/{visit.reads}/visits/{visit.code}")


def entry_or_404(code: str) -> WaitlistEntry:
    """A wish for an earlier time, by its code; in this town and no other."""
    found: WaitlistEntry | None = first_or_none(
        sa.select(WaitlistEntry).where(WaitlistEntry.code == code)
    )
    if found is None:
        raise VisitMissing
    return found


def entry(entry_id: int) -> WaitlistEntry:
    return db.session.get_one(WaitlistEntry, entry_id)


def entry_of(visit: Visit) -> WaitlistEntry | None:
    """The wish for an earlier time that goes with this visit, while it stands."""
    found: WaitlistEntry | None = first_or_none(
        sa.select(WaitlistEntry).where(
            WaitlistEntry.visit_id == visit.id, WaitlistEntry.state.in_(STILL_WANTED)
        )
    )
    return found


def entry_of_claim(claim: str) -> WaitlistEntry | None:
    found: WaitlistEntry | None = first_or_none(
        sa.select(WaitlistEntry).where(WaitlistEntry.code == claim.removeprefix("offer:"))
    )
    return found


def open_entries_of(phone: str, procedure_id: int) -> Sequence[WaitlistEntry]:
    question = sa.select(WaitlistEntry).where(
        WaitlistEntry.phone == phone,
        WaitlistEntry.procedure_id == procedure_id,
        WaitlistEntry.visit_id.is_(None),
        WaitlistEntry.state.in_(STILL_WANTED),
    )
    return db.session.scalars(question).all()


def waiting_entries(only: Collection[int] | None = None) -> Sequence[WaitlistEntry]:
    """Whoever waits for a time and has no offer, in the order in which they asked."""
    question = sa.select(WaitlistEntry).where(WaitlistEntry.state == WaitlistState.OPEN)
    if only is not None:
        question = question.where(WaitlistEntry.id.in_(only))
    question = question.order_by(WaitlistEntry.made_at, WaitlistEntry.id)
    return db.session.scalars(question.options(joinedload(WaitlistEntry.visit))).all()


def resting_claims() -> Sequence[str]:
    """Cancelled times of this town that are not yet free for everybody."""
    question = sa.select(Allocation.claim).where(
        Allocation.claim.startswith(RESTING),
        Allocation.state == AllocationState.HELD,
        Allocation.expires_at > clock.now(),
    )
    return db.session.scalars(question.distinct().order_by(Allocation.claim)).all()


def clerk_of_claim(claim: str) -> int | None:
    """The clerk whose time that claim has taken."""
    return next(
        (one.resource_id for one in allocations_of(claim) if one.demand.startswith("clerk|")), None
    )


def forgotten_walk_ins() -> Sequence[Visit]:
    """People who wanted to talk now and never typed their code."""
    question = sa.select(Visit).where(
        Visit.status == Status.HELD, Visit.is_walk_in, Visit.hold_until <= clock.now()
    )
    return db.session.scalars(question).all()


def link_of_offer(entry: WaitlistEntry) -> str:
    """Where somebody says yes or no to the time kept for them."""
    return towns.address_of(entry.town, f"/{entry.reads}/waitlist/{entry.code}")


def are_delays_measured(town: Town) -> bool:
    """Whether the first free times of this town were looked for today."""
    today = clock.today(town.time_zone)
    question = sa.select(DelayMeasure.id).where(DelayMeasure.day == today).limit(1)
    return db.session.scalar(question) is not None


def latest_delays() -> Sequence[DelayMeasure]:
    """How far away the first free times of this town were when they were last looked for."""
    newest = sa.select(sa.func.max(DelayMeasure.day)).where(
        DelayMeasure.town_id == current_town_id()
    )
    question = sa.select(DelayMeasure).where(DelayMeasure.day == newest.scalar_subquery())
    question = question.options(joinedload(DelayMeasure.procedure)).order_by(DelayMeasure.id)
    return db.session.scalars(question).all()
