"""For how long: each kind of data ends when its term is over. One step a transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.accounts.models import Account, Role
from app.audit import services as audit
from app.booking.models import OVER, Status, Visit, WaitlistEntry, WaitlistState
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db
from app.core.events import publish
from app.identity.models import PhoneCode
from app.insight import services as insight
from app.insight.models import PastVisit
from app.messaging.models import Message
from app.privacy import queries
from app.privacy.events import RetentionApplied, RetentionChanged, VisitsDestroyed
from app.privacy.holdings import HOLDINGS, Holding
from app.privacy.models import (
    BlockReason,
    DataRequest,
    DayFigure,
    Kept,
    RequestState,
    RetentionRule,
    RetentionRun,
)
from app.privacy.services.ending import block, destroy, end_visits
from app.privacy.services.figures import count_days, in_parts
from app.privacy.terms import TERMS
from app.queue.models import WaitEstimate
from app.towns.models import Procedure, Town
from app.towns.tenant import current_town_id, every_town

# So many rows of one kind a night: a long night must not close the register to everybody.
MOST = 5_000
AT_ONCE = 500
RUNS_KEPT = timedelta(days=365)

Step = Callable[[Town], dict[str, int]]


def change_term(kind: Kept, days: int) -> None:
    """This town keeps that kind of data for so many days, within what the term allows."""
    term = TERMS[kind]
    if not term.least <= days <= term.most:
        raise ValueError(f"{kind} is kept from {term.least} to {term.most} days")
    before = queries.terms()[kind]
    if days == before:
        return
    rule = queries.rule(kind) or RetentionRule(kind=kind)
    rule.days = days
    db.session.add(rule)
    db.session.flush()
    publish(RetentionChanged(town_id=current_town_id(), kind=kind.value, days=days, before=before))


def remember_run(report: dict[str, int]) -> RetentionRun:
    """What was ended tonight, for whoever looks after the house."""
    db.session.execute(sa.delete(RetentionRun).where(RetentionRun.made_at < _ago(RUNS_KEPT)))
    run = RetentionRun(report=report)
    db.session.add(run)
    db.session.flush()
    if any(report.values()):
        publish(RetentionApplied(town_id=current_town_id(), rows=sum(report.values())))
    return run


def _count(town: Town) -> dict[str, int]:
    return {"counted": count_days(town)}


def _end_unconfirmed(town: Town) -> dict[str, int]:
    question = sa.select(Visit.id).where(
        Visit.booked_at.is_(None),
        Visit.status.in_((Status.HELD, Status.EXPIRED, Status.CANCELLED)),
        Visit.held_at < _before(Kept.UNCONFIRMED),
    )
    ids = db.session.scalars(question.limit(MOST)).all()
    return {"unconfirmed": sum(end_visits(some, town) for some in in_parts(ids, AT_ONCE))}


def _end_codes(town: Town) -> dict[str, int]:
    """All but the newest, whose number would be given again: that one is emptied."""
    with every_town():
        last = db.session.scalar(sa.select(sa.func.max(PhoneCode.id)))
    old = sa.and_(PhoneCode.sent_at < _before(Kept.CODES), PhoneCode.id != last)
    return {"codes": _delete(PhoneCode, old) + _empty_last_code(last)}


def _empty_last_code(last: int | None) -> int:
    which = (PhoneCode.id == last, PhoneCode.phone != "", PhoneCode.sent_at < _before(Kept.CODES))
    left = dict.fromkeys(("phone", "purpose", "digest", "address_digest"), "")
    done = db.session.execute(sa.update(PhoneCode).where(*which).values(left))
    return max(0, int(done.rowcount))  # type: ignore[attr-defined]


def _end_messages(town: Town) -> dict[str, int]:
    old = sa.and_(
        Message.try_at < _before(Kept.MESSAGES),  # one of long ago that never left does not leave
        Message.phone.not_in(queries.phones_on_hold()),
    )
    return {"messages": _delete(Message, old)}


def _end_wishes(town: Town) -> dict[str, int]:
    old = sa.and_(
        WaitlistEntry.made_at < _before(Kept.WAITLIST),
        WaitlistEntry.state.not_in((WaitlistState.OPEN, WaitlistState.OFFERED)),
        WaitlistEntry.phone.not_in(queries.phones_on_hold()),
    )
    return {"waitlist": _delete(WaitlistEntry, old)}


def _end_waits(town: Town) -> dict[str, int]:
    return {"waits": _delete(WaitEstimate, WaitEstimate.made_at < _before(Kept.WAITS))}


def _block_visits(town: Town) -> dict[str, int]:
    """A visit that is long over is blocked by itself, also when its citizen still comes."""
    ids = [visit_id for due in _terms_of_visits() for visit_id in _over(due)][:MOST]
    for some in in_parts(ids, AT_ONCE):
        insight.remember(some, town)
        theirs: list[Holding] = [one for one in HOLDINGS if one.can_be_blocked]
        rows: list[tuple[Any, Any]] = [
            (one.model, one.visit) for one in theirs if one.visit is not None
        ]
        for model, column in (*rows, (Visit, Visit.id)):
            change = sa.update(model).where(column.in_(some)).values(blocked_at=clock.now())
            db.session.execute(change, execution_options={"synchronize_session": False})
    db.session.expire_all()
    return {"blocked": len(ids)}


def _terms_of_visits() -> list[tuple[sa.ColumnElement[bool], datetime]]:
    """Which visits end before which instant: a procedure may have a term of its own."""
    rows = db.session.execute(
        sa.select(Procedure.id, Procedure.retention_days).where(
            Procedure.retention_days.is_not(None)
        )
    ).all()
    own = [(Visit.procedure_id == number, _ago(timedelta(days=days or 0))) for number, days in rows]
    others = Visit.procedure_id.not_in([number for number, _ in rows])
    return [*own, (others, _before(Kept.VISITS))]


def _over(due: tuple[sa.ColumnElement[bool], datetime]) -> Sequence[int]:
    which, before = due
    ended_at = sa.func.coalesce(Visit.ended_at, Visit.ends_at)
    question = sa.select(Visit.id).where(which, Visit.status.in_(OVER), ended_at < before)
    return db.session.scalars(question.limit(MOST)).all()


def _destroy_visits(town: Town) -> dict[str, int]:
    with sees_blocked():
        question = sa.select(Visit.id).where(
            Visit.blocked_at < _before(Kept.BLOCKED),
            Visit.phone != "",
            sa.or_(Visit.citizen_id.is_(None), Visit.citizen_id.not_in(queries.people_on_hold())),
            Visit.id.not_in(queries.visits_with_files_to_keep()),
        )
        ids = db.session.scalars(question.order_by(Visit.id).limit(MOST)).all()
    count = sum(end_visits(some, town) for some in in_parts(ids, AT_ONCE))
    if count:
        publish(VisitsDestroyed(town_id=current_town_id(), visits=count, last=ids[-1]))
    return {"visits": count}


def _block_people(town: Town) -> dict[str, int]:
    """A citizen who has not come for as long as a visit is kept, and has nothing ahead."""
    has_visits = sa.select(Visit.id).where(Visit.citizen_id == Account.id).exists()
    is_asking = (
        sa.select(DataRequest.id)
        .where(DataRequest.account_id == Account.id, DataRequest.state == RequestState.OPEN)
        .exists()
    )
    last_seen = sa.func.coalesce(Account.last_seen_at, Account.created_at)
    question = sa.select(Account).where(
        Account.role == Role.CITIZEN, last_seen < _before(Kept.VISITS), ~has_visits, ~is_asking
    )
    people = db.session.scalars(question.limit(AT_ONCE)).all()
    for person in people:
        block(person, town, BlockReason.TERM)
    return {"people_blocked": len(people)}


def _destroy_people(town: Town) -> dict[str, int]:
    due = queries.due_blockings()[:AT_ONCE]
    for blocked in due:
        destroy(blocked, town)
    return {"people": len(due)}


def _end_requests(town: Town) -> dict[str, int]:
    old = sa.and_(
        DataRequest.state != RequestState.OPEN, DataRequest.received_at < _before(Kept.REQUESTS)
    )
    return {"requests": _delete(DataRequest, old)}


def _end_record(town: Town) -> dict[str, int]:
    before = _before(Kept.AUDIT)
    audit.forget_checks(before)
    return {"audit": audit.shorten(before)}


def _end_figures(town: Town) -> dict[str, int]:
    before = _before(Kept.STATISTICS).date()
    days = _delete(DayFigure, DayFigure.day < before)
    return {"statistics": days + _delete(PastVisit, PastVisit.day < before)}


# Figures first: what is destroyed afterwards was counted.
STEPS: tuple[Step, ...] = (
    *(_count, _end_unconfirmed, _end_codes, _end_messages, _end_wishes, _end_waits),
    *(_block_visits, _destroy_visits, _block_people, _destroy_people),
    *(_end_requests, _end_record, _end_figures),
)


def _delete(model: Any, old: sa.ColumnElement[bool]) -> int:
    with sees_blocked():
        gone = sa.delete(model).where(old)
        done = db.session.execute(gone, execution_options={"synchronize_session": False})
    return max(0, int(done.rowcount))  # type: ignore[attr-defined]


def _before(kind: Kept) -> datetime:
    return _ago(timedelta(days=queries.terms()[kind]))


def _ago(length: timedelta) -> datetime:
    return clock.now() - length
