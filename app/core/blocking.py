"""Blocked rows are in no answer: the condition is part of every question, as the tenant is.

Data that must no longer be used, and must still be kept for a judge, is blocked before it is
destroyed (LOPDGDD, article 32). Nobody can forget to ask: the session adds the condition. Only
`sees_blocked()` looks past it, and only what ends or keeps data uses that, and what a court gets.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria

_sees_blocked: ContextVar[bool] = ContextVar("sees_blocked", default=False)


class Personal:
    """Rows about a person, which can be blocked."""

    blocked_at: Mapped[datetime | None] = mapped_column()


@contextmanager
def sees_blocked() -> Iterator[None]:
    """For a while, what is blocked is in the answers too."""
    token = _sees_blocked.set(True)
    try:
        yield
    finally:
        _sees_blocked.reset(token)


@event.listens_for(Session, "do_orm_execute")
def _leave_blocked_out(state: ORMExecuteState) -> None:
    if _sees_blocked.get() or state.is_column_load or state.is_relationship_load:
        return
    if state.is_select or state.is_update or state.is_delete:
        state.statement = state.statement.options(_ONLY_OPEN)


_ONLY_OPEN = with_loader_criteria(
    Personal, lambda row: row.blocked_at.is_(None), include_aliases=True, propagate_to_loaders=False
)
