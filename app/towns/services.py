"""Errands about towns."""

import sqlalchemy as sa

from app.core.db import db
from app.towns.models import Town
from app.towns.tenant import current_town_id


def take_turns() -> bool:
    """Writers of one pool go one after the other from here to the end of their transaction.

    Returns whether somebody else may have written between our first question and our turn.

    PostgreSQL: a lock on the rows of the town and of those it shares clerks with, in one order and
    always the first lock taken, so that two writers can never hold what the other needs. SQLite
    has one writer anyway, and needs no question.
    """
    if db.session.get_bind().dialect.name == "sqlite":
        return False
    pool = sa.select(Town.pool).where(Town.id == current_town_id()).scalar_subquery()
    db.session.execute(
        sa.select(Town.id)
        .where(sa.or_(Town.id == current_town_id(), Town.pool == pool))
        .order_by(Town.id)
        .with_for_update()
    )
    return True
