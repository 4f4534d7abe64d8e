"""Taking time, keeping it, giving it back. The register refuses an overlap, not these lines."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db, first_or_none
from app.core.events import publish
from app.schedule import queries
from app.schedule.errors import TimeTaken
from app.schedule.events import AllocationMoved, HoldExpired
from app.schedule.matching import Move
from app.schedule.models import (
    ACTIVE,
    RESTING,
    Allocation,
    AllocationState,
    Resource,
    ResourceKind,
)
from app.schedule.queries import Plan, Wish
from app.towns import services as towns
from app.towns.tenant import every_town, town_of


def reserve(
    wish: Wish,
    starts_at: datetime,
    *,
    claim: str,
    expires_at: datetime | None = None,
    rest: timedelta = timedelta(),
) -> Plan:
    """Take all that the wish needs at that start, or nothing. Raises TimeTaken.

    With `expires_at` it is only held until then. Bookings that may change hands do, if that is
    what it takes. Whatever the wish is `releasing` is given back in the same breath, or rests that
    long first (see `free`), unless it is needed for the new time. Of what rests already, no more is
    taken than what is needed.
    """
    if towns.take_turns():
        wish = queries.afresh(wish)
    plan = queries.plan_at(wish, starts_at)
    if plan is None:
        raise TimeTaken
    _expire_in_the_way(plan)
    state = AllocationState.HELD if expires_at else AllocationState.BOOKED
    try:
        with db.session.begin_nested():
            if wish.releasing.startswith(RESTING):
                _wake(plan, wish.releasing)
            elif wish.releasing:
                free(wish.releasing, rest=timedelta() if _needs(plan, wish.releasing) else rest)
            for move in plan.moves:
                _hand_over(move)
            for take in sorted(plan.takes, key=lambda one: one.resource_id):
                db.session.add(
                    Allocation(
                        resource_id=take.resource_id,
                        starts_at=take.starts_at,
                        ends_at=take.ends_at,
                        state=state,
                        claim=claim,
                        expires_at=expires_at,
                        demand=take.demand,
                    )
                )
    except IntegrityError as error:
        raise TimeTaken from error
    return plan


def keep(claim: str) -> bool:
    """What was held is booked. False when the hold is gone and nothing could be kept."""
    towns.take_turns()
    kept = db.session.execute(
        sa.update(Allocation)
        .where(
            Allocation.claim == claim,
            Allocation.state == AllocationState.HELD,
            Allocation.expires_at > clock.now(),
        )
        .values(state=AllocationState.BOOKED, expires_at=None)
    )
    return bool(kept.rowcount)  # type: ignore[attr-defined]


def extend(claim: str, until: datetime) -> bool:
    """Hold it longer. False when it was no longer held."""
    held = db.session.execute(
        sa.update(Allocation)
        .where(
            Allocation.claim == claim,
            Allocation.state == AllocationState.HELD,
            Allocation.expires_at > clock.now(),
        )
        .values(expires_at=until)
    )
    return bool(held.rowcount)  # type: ignore[attr-defined]


def pass_on(claim: str, to: str) -> bool:
    """What one claim holds belongs to another from now on, for good."""
    towns.take_turns()
    passed = db.session.execute(
        sa.update(Allocation)
        .where(
            Allocation.claim == claim,
            Allocation.state == AllocationState.HELD,
            Allocation.expires_at > clock.now(),
        )
        .values(state=AllocationState.BOOKED, expires_at=None, claim=to)
    )
    return bool(passed.rowcount)  # type: ignore[attr-defined]


def free(claim: str, *, rest: timedelta = timedelta()) -> int:
    """Give back everything of that claim. Returns how many rows: 0 the second time.

    With `rest` the time stays taken by nobody that long, so that it cannot be traded: cancelled at
    an agreed second and snatched by whoever paid for it.
    """
    towns.take_turns()
    if rest:
        freed = db.session.execute(
            sa.update(Allocation)
            .where(Allocation.claim == claim, Allocation.state.in_(ACTIVE))
            .values(
                state=AllocationState.HELD,
                expires_at=clock.now() + rest,
                claim=f"{RESTING}{claim}",
                demand="",
            )
        )
        return int(freed.rowcount)  # type: ignore[attr-defined]
    return _set_free(claim)


def give_back(claim: str, until: datetime) -> None:
    """What was held until then is free; where it was taken from what rests, it rests on.

    It rests as long as it would have without anybody holding it, not longer.
    """
    towns.take_turns()
    held = sa.select(Allocation).where(Allocation.claim == claim, Allocation.expires_at == until)
    for row in db.session.scalars(held).all():
        rested = first_or_none(
            sa.select(Allocation)
            .where(
                Allocation.claim.startswith(RESTING),
                Allocation.state == AllocationState.FREED,
                Allocation.expires_at > clock.now(),
                Allocation.starts_at < row.ends_at,
                Allocation.ends_at > row.starts_at,
            )
            .order_by(Allocation.expires_at.desc())
        )
        row.state = AllocationState.FREED
        if rested:
            row.state, row.claim, row.demand = AllocationState.HELD, rested.claim, ""
            row.expires_at = rested.expires_at
    db.session.flush()


def block(resource: Resource, starts_at: datetime, ends_at: datetime, reason: str) -> Allocation:
    """An absence or a break. Refused while a visit stands in that time: move the visit first."""
    towns.take_turns()
    expire_holds([resource.id], starts_at, ends_at)
    absence = Allocation(
        resource_id=resource.id,
        starts_at=starts_at,
        ends_at=ends_at,
        state=AllocationState.BLOCKED,
        claim=f"block:{resource.id}:{int(starts_at.timestamp())}",
        reason=reason,
    )
    try:
        with db.session.begin_nested():
            db.session.add(absence)
    except IntegrityError as error:
        raise TimeTaken from error
    return absence


def attend(claim: str, clerk: Resource, minutes: int) -> None:
    """That clerk is busy with this claim from now on, for as long as it is expected to last.

    Whoever else was to attend it is free again; desks, booths and interpreters stay. What stands
    in the clerk's agenda within that time is not touched: the attention is written up to it.
    """
    towns.take_turns()
    now = clock.now().replace(second=0, microsecond=0)
    until = now + timedelta(minutes=max(minutes, 1))
    clerks = sa.select(Resource.id).where(Resource.kind == ResourceKind.CLERK)
    with every_town():
        db.session.execute(
            sa.update(Allocation)
            .where(
                Allocation.claim == claim,
                Allocation.state.in_(ACTIVE),
                Allocation.resource_id.in_(clerks),
            )
            .values(state=AllocationState.FREED)
            .execution_options(synchronize_session=False)
        )
        following = db.session.execute(
            sa.select(Allocation.starts_at, Allocation.ends_at)
            .where(
                Allocation.resource_id == clerk.id,
                Allocation.state.in_(ACTIVE),
                Allocation.ends_at > now,
                Allocation.starts_at < until,
            )
            .order_by(Allocation.starts_at)
        ).all()
    for starts_at, ends_at in following:
        if starts_at <= now:
            now = max(now, ends_at)
        else:
            until = min(until, starts_at)
            break
    if now >= until:
        return
    db.session.add(
        Allocation(
            resource_id=clerk.id,
            starts_at=now,
            ends_at=until,
            state=AllocationState.IN_SERVICE,
            claim=claim,
        )
    )
    db.session.flush()


# Asked at every booking, and so built once.
OVER = sa.select(Allocation).where(
    Allocation.state == AllocationState.HELD, Allocation.expires_at <= sa.bindparam("now")
)
OVER_IN_THE_WAY = OVER.where(
    Allocation.starts_at < sa.bindparam("end"),
    Allocation.ends_at > sa.bindparam("begin"),
    Allocation.resource_id.in_(sa.bindparam("resources", expanding=True)),
)


def expire_holds(
    resource_ids: Sequence[int] | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> int:
    """Free holds whose time is over: all of the town, or those of resources in the way."""
    if resource_ids is None:
        towns.take_turns()
        rows = db.session.scalars(OVER, {"now": clock.now()}).all()
    else:
        way = {"resources": list(resource_ids), "begin": starts_at, "end": ends_at}
        with every_town():  # a clerk of a pool may be held for another town
            rows = db.session.scalars(OVER_IN_THE_WAY, {"now": clock.now(), **way}).all()
    told = set()
    for row in rows:
        row.state = AllocationState.FREED
    db.session.flush()
    for row in rows:
        if row.claim not in told:
            told.add(row.claim)
            with town_of(row.town_id):
                publish(HoldExpired(town_id=row.town_id, claim=row.claim))
    return len(rows)


def _expire_in_the_way(plan: Plan) -> None:
    resources = {take.resource_id for take in plan.takes} | {move.to for move in plan.moves}
    begin = min(take.starts_at for take in plan.takes) - timedelta(days=1)
    end = max(take.ends_at for take in plan.takes) + timedelta(days=1)
    expire_holds(sorted(resources), begin, end)


def _needs(plan: Plan, claim: str) -> bool:
    """Whether what that claim has taken may be needed for the plan."""
    return bool(plan.moves) or any(
        old.resource_id == take.resource_id
        and old.starts_at < take.ends_at
        and take.starts_at < old.ends_at
        for old in queries.allocations_of(claim)
        for take in plan.takes
    )


def _wake(plan: Plan, claim: str) -> None:
    """Of what rests, only what the plan needs no longer does."""
    with every_town():
        moved = [(move.to, db.session.get_one(Allocation, move.id)) for move in plan.moves]
    needed = [(take.resource_id, take.starts_at, take.ends_at) for take in plan.takes]
    needed += [(to, one.starts_at, one.ends_at) for to, one in moved]
    for row in queries.allocations_of(claim):
        pieces = [
            (max(begin, row.starts_at), min(end, row.ends_at))
            for resource_id, begin, end in sorted(needed)
            if resource_id == row.resource_id and begin < row.ends_at and row.starts_at < end
        ]
        if not pieces:
            continue
        row.state = AllocationState.FREED
        db.session.flush()
        begins = [row.starts_at, *(end for _begin, end in pieces)]
        ends = [*(begin for begin, _end in pieces), row.ends_at]
        for begin, end in zip(begins, ends, strict=True):
            if begin < end:
                db.session.add(
                    Allocation(
                        resource_id=row.resource_id,
                        starts_at=begin,
                        ends_at=end,
                        state=AllocationState.HELD,
                        claim=claim,
                        expires_at=row.expires_at,
                    )
                )
    db.session.flush()


def _hand_over(move: Move) -> None:
    """A booking changes hands so that another can be admitted."""
    with every_town():
        moved = db.session.get_one(Allocation, move.id)
        moved.resource_id = move.to
        db.session.flush()
    with town_of(moved.town_id):
        publish(
            AllocationMoved(
                town_id=moved.town_id,
                claim=moved.claim,
                resource_id=move.resource,
                to_resource_id=move.to,
            )
        )


def _set_free(claim: str) -> int:
    freed = db.session.execute(
        sa.update(Allocation)
        .where(Allocation.claim == claim, Allocation.state.in_(ACTIVE))
        .values(state=AllocationState.FREED)
    )
    return int(freed.rowcount)  # type: ignore[attr-defined]
