"""Which edition of the rules this is: whatever was worked out from an earlier one is worth nothing.

Shifts, skills, closed days and the rest change a few times a day and are asked for a hundred times
a second. Each change leaves a row here, in its own transaction; who has worked out a roster keeps
it for as long as the newest row is the one it was made from.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, UOWTransaction, mapped_column

from app.accounts.models import Account
from app.core import clock
from app.core.db import Base, db, new_code
from app.schedule.models import Resource, Shift, ShiftException, Skill
from app.towns.models import Closure, Procedure, Season, Town

RULES = (Town, Procedure, Closure, Season, Resource, Skill, Shift, ShiftException)
TABLES = frozenset(model.__tablename__ for model in (*RULES, Account))
OF_STAFF = ("languages", "is_active")  # what the rules know of an account

Edition = tuple[int, int, str]


class RuleChange(Base):
    """A rule of some town is another since then. `stamp`: a number taken back is given again."""

    __tablename__ = "rule_change"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    stamp: Mapped[str] = mapped_column(sa.String(16), default=new_code)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)


# How many there are tells too: of two changes at once, the later number may be there first.
NEWEST = (
    sa.select(
        sa.select(sa.func.count()).select_from(RuleChange).scalar_subquery(),
        RuleChange.id,
        RuleChange.stamp,
    )
    .order_by(RuleChange.id.desc())
    .limit(1)
)


def current_edition() -> Edition:
    """The edition in force for whoever asks, with what they changed themselves."""
    db.session.flush()
    row = db.session.connection().execute(NEWEST).first()
    return (row[0], row[1], row[2]) if row else (0, 0, "")


@sa.event.listens_for(Session, "before_flush")
def _note_rows(session: Session, context: UOWTransaction, instances: Any) -> None:
    if any(_is_rule(row) for row in (*session.new, *session.deleted)) or any(
        _changes_a_rule(session, row) for row in session.dirty
    ):
        session.add(RuleChange())


@sa.event.listens_for(Session, "do_orm_execute")
def _note_statements(state: ORMExecuteState) -> None:
    """Rows changed all at once, without being loaded."""
    if state.is_insert or state.is_update or state.is_delete:
        table = getattr(state.statement, "table", None)
        if getattr(table, "name", "") in TABLES:
            state.session.add(RuleChange())


def _is_rule(row: object) -> bool:
    return isinstance(row, RULES)


def _changes_a_rule(session: Session, row: object) -> bool:
    if isinstance(row, Account):
        known = sa.inspect(row).attrs
        return any(known[name].history.has_changes() for name in OF_STAFF)
    return _is_rule(row) and session.is_modified(row)
