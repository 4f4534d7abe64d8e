"""How data ends: blocked with a reason and a day, kept while somebody may need it, destroyed.

This is the one place that writes over rows of other features: it is what their owners asked for.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Account
from app.audit import queries as audit
from app.booking import queries as booking
from app.booking import services as visits
from app.booking.models import Visit, WaitlistEntry
from app.calls import services as calls
from app.calls.models import Participant
from app.core import clock, stream
from app.core.blocking import sees_blocked
from app.core.db import db
from app.core.events import publish
from app.insight import services as insight
from app.messaging import services as messaging
from app.messaging.models import Message, MessageState
from app.privacy import queries
from app.privacy.errors import AlreadyBlocked, AlreadyDestroyed, BeingAttended, NotYet, OnHold
from app.privacy.events import HoldLifted, HoldPlaced, PersonBlocked, PersonDestroyed
from app.privacy.holdings import HOLDINGS, Holding, Person
from app.privacy.models import Blocking, BlockReason, HoldReason, Kept, LegalHold
from app.privacy.services.figures import AT_ONCE, count_days, in_parts
from app.towns.models import Town
from app.towns.tenant import every_town

ON_ITS_WAY = (MessageState.QUEUED, MessageState.SENDING)


def block(account: Account, town: Town, reason: BlockReason) -> Blocking:
    """From here on nobody sees it, except for a judge. What they had ahead is cancelled.

    What proves nothing (codes, passkeys) is destroyed now. A message that is on its way, such as
    the one that says that a visit is cancelled, is blocked when it has arrived.
    """
    if queries.blocking_of(account.id):
        raise AlreadyBlocked
    if booking.is_being_attended(account.id):
        raise BeingAttended
    person = Person(account.id, account.phone or "")
    messaging.withdraw_all(person.phone)  # then what they gave up says so, and that leaves
    visits.give_up(person.phone, account.id)
    for entry in booking.all_entries_of(person.phone):
        visits.leave(entry)
    db.session.flush()
    now = clock.now()
    days = queries.terms()[Kept.BLOCKED]
    blocked = Blocking(
        person=account.id,
        reason=reason,
        blocked_at=now,
        until=(now + timedelta(days=days)).astimezone(town.zone).date(),
    )
    account.is_active = False
    theirs = db.session.scalars(person.visit_ids).all()
    for some in in_parts(theirs, AT_ONCE):
        insight.remember(some, town)
    blocked.rows = sum(_close(holding, person, now) for holding in HOLDINGS)
    db.session.add(blocked)
    db.session.flush()
    db.session.expire_all()
    publish(
        PersonBlocked(
            town_id=blocked.town_id,
            account_id=blocked.person,
            reason=reason.value,
            until=blocked.until.isoformat(),
            rows=blocked.rows,
        )
    )
    return blocked


def _close(holding: Holding, person: Person, now: Any) -> int:
    theirs = holding.theirs(person)
    if not holding.is_evidence:
        return _end(holding, theirs)
    if not holding.can_be_blocked:
        return 0
    if holding.model is Message:
        theirs = sa.and_(theirs, Message.state.not_in(ON_ITS_WAY))
    change = sa.update(holding.model).where(theirs).values(blocked_at=now)
    return _count(db.session.execute(change, execution_options={"synchronize_session": False}))


def block_late_messages() -> int:
    """What was on its way when its receiver was blocked, and has arrived since."""
    with sees_blocked():
        people = db.session.execute(
            sa.select(Account.phone, Account.blocked_at).where(
                Account.blocked_at.is_not(None), Account.phone.is_not(None)
            )
        ).all()
        return sum(
            _block_messages(
                *(Message.phone == phone, Message.written_at <= since),
                Message.state.not_in(ON_ITS_WAY),
            )
            for phone, since in people
        )


def _block_messages(*which: sa.ColumnElement[bool]) -> int:
    change = sa.update(Message).where(*which, Message.blocked_at.is_(None))
    done = db.session.execute(
        change.values(blocked_at=clock.now()), execution_options={"synchronize_session": False}
    )
    return _count(done)


def destroy(blocked: Blocking, town: Town, *, is_early: bool = False) -> None:
    """Nothing of it is left but figures and the line that says so, whose digest is the proof.

    `is_early`: somebody answers for it that nothing obliges us to wait for the day.
    """
    if blocked.is_destroyed:
        raise AlreadyDestroyed
    if queries.is_on_hold(blocked.person) or queries.has_bound_files(blocked.person):
        raise OnHold
    if not is_early and blocked.until > clock.now().astimezone(town.zone).date():
        raise NotYet
    account = queries.blocked_account(blocked.person)
    if account is None:
        raise AlreadyDestroyed
    person = Person(account.id, account.phone or "")
    with sees_blocked():
        _block_messages(Message.phone == person.phone, Message.written_at <= blocked.blocked_at)
        theirs = db.session.scalars(person.visit_ids).all()
        count_days(town, of_visits=theirs)
        _forget_news(theirs)
        counts = {one.name: _end(one, _blocked_rows(one, person)) for one in HOLDINGS}
    blocked.destroyed_at = clock.now()
    blocked.destroyed = {name: count for name, count in counts.items() if count}
    db.session.flush()
    db.session.expire_all()
    publish(
        PersonDestroyed(
            town_id=blocked.town_id,
            account_id=blocked.person,
            blocking=blocked.code,
            rows=sum(counts.values()),
        )
    )
    blocked.proof = audit.last_line()[1]
    db.session.flush()


def end_visits(ids: list[int], town: Town) -> int:
    """Visits whose time is over, with everything that hangs on them."""
    with sees_blocked():
        count_days(town, of_visits=ids)
        _forget_news(ids)
        for holding in HOLDINGS:
            if holding.visit is not None:
                _end(holding, holding.visit.in_(ids))
        unlinked = sa.update(WaitlistEntry).where(WaitlistEntry.visit_id.in_(ids))
        db.session.execute(unlinked.values(visit_id=None))
        return _end(next(one for one in HOLDINGS if one.model is Visit), Visit.id.in_(ids))


def _forget_news(ids: Sequence[int]) -> None:
    """What a page was told in the last minutes of a call names whoever is in it."""
    seats = db.session.scalars(sa.select(Participant).where(Participant.visit_id.in_(ids))).all()
    stream.forget(
        *(f"{kind}:{one}" for one in ids for kind in ("visit", "text")),
        *(calls.channel_of(seat) for seat in seats),
    )


def _blocked_rows(holding: Holding, person: Person) -> sa.ColumnElement[bool]:
    """Somebody else may have come with the same telephone since: theirs is not touched."""
    theirs = holding.theirs(person)
    if holding.can_be_blocked:
        return sa.and_(theirs, holding.model.blocked_at.is_not(None))  # type: ignore[attr-defined]
    return theirs if holding.is_evidence else sa.false()  # the others ended with the block


def _end(holding: Holding, which: sa.ColumnElement[bool]) -> int:
    """Delete the rows; what others still rest on is emptied and stays, without a name."""
    if holding.stays:
        return _empty(holding, which)
    if not holding.left:
        return _delete(holding, which)
    model: Any = holding.model
    # The number of the last row would be given again, and the record would speak of two: it stays.
    with every_town():
        last = db.session.scalar(sa.select(sa.func.max(model.id)))
    count = _empty(holding, sa.and_(which, model.id == last))
    which = sa.and_(which, model.id != last)
    try:
        with db.session.begin_nested():
            return count + _delete(holding, which)
    except IntegrityError:
        pass
    for row_id in db.session.scalars(sa.select(model.id).where(which)).all():
        try:
            with db.session.begin_nested():
                count += _delete(holding, model.id == row_id)
        except IntegrityError:
            count += _empty(holding, model.id == row_id)
    return count


def _delete(holding: Holding, which: sa.ColumnElement[bool]) -> int:
    gone = sa.delete(holding.model).where(which)
    return _count(db.session.execute(gone, execution_options={"synchronize_session": False}))


def _empty(holding: Holding, which: sa.ColumnElement[bool]) -> int:
    left = {name: value() if callable(value) else value for name, value in holding.left.items()}
    change = sa.update(holding.model).where(which).values(left)
    return _count(db.session.execute(change, execution_options={"synchronize_session": False}))


def _count(result: Any) -> int:
    return max(0, int(result.rowcount))


# --- kept although its time is over --------------------------------------------------------------


def place_hold(person: int, by: Account, reason: HoldReason, reference: str) -> LegalHold:
    """Nothing of this person is destroyed until it is lifted, whatever anybody asks."""
    held = LegalHold(person=person, reason=reason, reference=reference, placed_by_id=by.id)
    db.session.add(held)
    db.session.flush()
    publish(
        HoldPlaced(
            town_id=held.town_id, account_id=person, reason=reason.value, reference=reference
        )
    )
    return held


def lift(held: LegalHold, by: Account) -> None:
    if not held.stands:
        return
    held.lifted_at, held.lifted_by_id = clock.now(), by.id
    publish(HoldLifted(town_id=held.town_id, account_id=held.person, reference=held.reference))
