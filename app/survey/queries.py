"""Questions about the answers: who may answer, and the town's totals."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import sqlalchemy as sa

from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.survey.models import Answer, Said

DAYS = 90
# Fewer answers than these could be put to somebody's name.
FEWEST = 5


@dataclass(frozen=True)
class Totals:
    """How many said what in the last days. Nothing is told of fewer than five answers."""

    since: date
    count: int
    served: int
    understood: dict[str, int] = field(default_factory=dict)
    solved: dict[str, int] = field(default_factory=dict)

    @property
    def is_told(self) -> bool:
        return self.count >= FEWEST


def can_answer(visit: Visit) -> bool:
    """Whether the visit is done and nobody has answered for it."""
    return visit.status is Status.SERVED and answer_of(visit) is None


def answer_of(visit: Visit) -> Answer | None:
    return db.session.get(Answer, visit.id)


def totals(zone: str) -> Totals:
    """What the people of this town said."""
    since = clock.today(zone) - timedelta(days=DAYS)
    rows = db.session.execute(
        sa.select(Answer.understood, Answer.solved, sa.func.count(Answer.visit_id))
        .where(Answer.day >= since)
        .group_by(Answer.understood, Answer.solved)
    ).all()
    served = db.session.scalar(
        sa.select(sa.func.count(Visit.id)).where(
            Visit.status == Status.SERVED, Visit.ended_at >= clock.now() - timedelta(days=DAYS)
        )
    )
    understood = {said.value: 0 for said in Said}
    solved = dict(understood)
    for one, other, count in rows:
        understood[one.value] += count
        solved[other.value] += count
    return Totals(since, sum(understood.values()), served or 0, understood, solved)
