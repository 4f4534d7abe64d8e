"""Rows of the schedule, one by one."""

from collections.abc import Sequence

import sqlalchemy as sa

from app.core.db import db, first_or_none
from app.schedule.models import ACTIVE, Allocation, Resource, Skill
from app.towns.tenant import every_town


def allocations_of(claim: str) -> Sequence[Allocation]:
    return db.session.scalars(
        sa.select(Allocation).where(Allocation.claim == claim, Allocation.state.in_(ACTIVE))
    ).all()


def resource_of(account_id: int) -> Resource | None:
    """The counter of somebody who is signed in, also while another town of the pool is served."""
    with every_town():
        found: Resource | None = first_or_none(
            sa.select(Resource).where(Resource.account_id == account_id)
        )
    return found


def skills_of(resource_id: int) -> set[int]:
    """The ids of the procedures that this resource attends, in whatever town of its pool."""
    question = sa.select(Skill.procedure_id).where(Skill.resource_id == resource_id)
    with every_town():
        return set(db.session.scalars(question))
