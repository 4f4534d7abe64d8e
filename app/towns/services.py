"""Errands about towns."""

import sqlalchemy as sa

from app.core.db import db
from app.towns.models import Town
from app.towns.tenant import current_town_id


def take_turns() -> None:
    """Writers of one town go one after the other from here to the end of their transaction.

    PostgreSQL: a lock on the town's row, always the first lock taken, so that two writers can
    never hold what the other needs. SQLite has one writer anyway and ignores it.
    """
    db.session.execute(sa.select(Town.id).where(Town.id == current_town_id()).with_for_update())
