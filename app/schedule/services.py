"""Taking time, keeping it, giving it back. The register refuses an overlap, not these lines."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.schedule.errors import TimeTaken
from app.schedule.events import HoldExpired
from app.schedule.models import ACTIVE, Allocation, AllocationState, Resource
from app.towns import services as towns


def take(
    resource_ids: Sequence[int],
    starts_at: datetime,
    ends_at: datetime,
    *,
    claim: str,
    state: AllocationState = AllocationState.BOOKED,
    expires_at: datetime | None = None,
) -> Allocation:
    """Take the first of these resources that is really free. Raises TimeTaken when none is.

    With `expires_at` it is only held until then.
    """
    if expires_at is not None:
        state = AllocationState.HELD
    towns.take_turns()
    expire_holds(resource_ids, starts_at, ends_at)
    for resource_id in resource_ids:
        allocation = Allocation(
            resource_id=resource_id,
            starts_at=starts_at,
            ends_at=ends_at,
            state=state,
            claim=claim,
            expires_at=expires_at,
        )
        try:
            with db.session.begin_nested():
                db.session.add(allocation)
        except IntegrityError:
            continue
        return allocation
    raise TimeTaken


def keep(claim: str) -> bool:
    """What was held is booked. False when the hold is gone and nothing could be kept."""
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


def free(claim: str) -> int:
    """Give back everything of that claim. Returns how many rows: 0 the second time."""
    freed = db.session.execute(
        sa.update(Allocation)
        .where(Allocation.claim == claim, Allocation.state.in_(ACTIVE))
        .values(state=AllocationState.FREED)
    )
    return int(freed.rowcount)  # type: ignore[attr-defined]


def block(resource: Resource, starts_at: datetime, ends_at: datetime, reason: str) -> Allocation:
    """An absence or a break. Refused while a visit stands in that time: move the visit first."""
    allocation = take(
        [resource.id],
        starts_at,
        ends_at,
        claim=f"block:{resource.id}:{starts_at.isoformat()}",
        state=AllocationState.BLOCKED,
    )
    allocation.reason = reason
    return allocation


def expire_holds(
    resource_ids: Sequence[int] | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> int:
    """Free holds whose time is over: all of them, or those in the way of a booking."""
    over = sa.select(Allocation).where(
        Allocation.state == AllocationState.HELD, Allocation.expires_at <= clock.now()
    )
    if resource_ids is not None:
        over = over.where(Allocation.resource_id.in_(resource_ids))
    if starts_at is not None and ends_at is not None:
        over = over.where(Allocation.starts_at < ends_at, Allocation.ends_at > starts_at)
    rows = db.session.scalars(over).all()
    for row in rows:
        row.state = AllocationState.FREED
        publish(HoldExpired(town_id=row.town_id, claim=row.claim))
    return len(rows)
