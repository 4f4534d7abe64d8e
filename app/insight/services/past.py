"""What figures keep of the visits whose term is over."""

from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy as sa

from app.booking.models import OVER, Visit
from app.core.db import db
from app.insight.models import PastVisit
from app.insight.queries.figures import facts_where
from app.towns.models import Town


def remember(visit_ids: Sequence[int], town: Town) -> int:
    """Write down what figures say of these visits that are over. Returns how many.

    Call it before they are blocked: afterwards nobody sees them, and they are not counted twice.
    """
    found = facts_where(town, Visit.id.in_(visit_ids), Visit.status.in_(OVER))
    if found:
        rows = [{**asdict(fact), "town_id": town.id} for fact in found]
        db.session.execute(sa.insert(PastVisit), rows)
    return len(found)
