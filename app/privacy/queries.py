"""Questions about what we hold, who asked about it, and what is blocked."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.accounts.models import Account, Role
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db, first_or_none
from app.core.errors import Missing
from app.privacy.errors import AccessOver
from app.privacy.holdings import HOLDINGS, Person
from app.privacy.models import (
    Blocking,
    DataRequest,
    Kept,
    LegalHold,
    RequestState,
    RetentionRule,
    RetentionRun,
)
from app.privacy.terms import TERMS

ACCESS_MINUTES = 15
# In which order people read it; what is not named comes last.
TOLD = (
    *("person", "visits", "identifications", "waiting_list", "calls", "asked", "consents"),
    *("recordings", "files", "messages", "codes", "passkeys", "sessions", "requests"),
)


def terms() -> dict[Kept, int]:
    """For how many days this town keeps each kind of data."""
    chosen = {rule.kind: rule.days for rule in db.session.scalars(sa.select(RetentionRule))}
    return {kind: chosen.get(kind, term.days) for kind, term in TERMS.items()}


def terms_in_words() -> list[tuple[str, int]]:
    """What is kept, as people read it, and for how many days."""
    return [(str(TERMS[kind].label), days) for kind, days in terms().items()]


def rule(kind: Kept) -> RetentionRule | None:
    found: RetentionRule | None = first_or_none(
        sa.select(RetentionRule).where(RetentionRule.kind == kind)
    )
    return found


def last_runs(limit: int = 10) -> Sequence[RetentionRun]:
    question = sa.select(RetentionRun).order_by(RetentionRun.made_at.desc(), RetentionRun.id.desc())
    return db.session.scalars(question.limit(limit)).all()


def held_about(person: Person) -> dict[str, list[Mapping[str, Any]]]:
    """Everything of it that a person sees, by kind; columns by their names, values as they are."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    places = {name: place for place, name in enumerate(TOLD)}
    for holding in sorted(HOLDINGS, key=lambda one: places.get(one.name, len(places))):
        if holding.shown:
            rows = db.session.scalars(sa.select(holding.model).where(holding.theirs(person))).all()
            found[holding.name] = [
                {name: getattr(row, name) for name in holding.shown} for row in rows
            ]
    return found


def opened_access(code: str) -> DataRequest:
    """The access that this browser opened with a code, while its quarter of an hour lasts."""
    since = clock.now() - timedelta(minutes=ACCESS_MINUTES)
    found: DataRequest | None = first_or_none(
        sa.select(DataRequest).where(DataRequest.code == code, DataRequest.received_at > since)
    )
    if found is None:
        raise AccessOver
    return found


def requests(*, is_open: bool, limit: int = 200) -> Sequence[DataRequest]:
    """Those that wait, the most urgent first; or those that were answered, newest first."""
    if is_open:
        question = sa.select(DataRequest).where(DataRequest.state == RequestState.OPEN)
        question = question.order_by(DataRequest.due_on, DataRequest.id)
    else:
        question = sa.select(DataRequest).where(DataRequest.state != RequestState.OPEN)
        question = question.order_by(DataRequest.id.desc())
    return db.session.scalars(question.limit(limit)).all()


def request_or_404(code: str) -> DataRequest:
    found: DataRequest | None = first_or_none(
        sa.select(DataRequest).where(DataRequest.code == code)
    )
    if found is None:
        raise Missing
    return found


def blockings(limit: int = 200) -> Sequence[Blocking]:
    """What is blocked or was destroyed, newest first."""
    return db.session.scalars(sa.select(Blocking).order_by(Blocking.id.desc()).limit(limit)).all()


def blocking_or_404(code: str) -> Blocking:
    found: Blocking | None = first_or_none(sa.select(Blocking).where(Blocking.code == code))
    if found is None:
        raise Missing
    return found


def blocking_of(person: int) -> Blocking | None:
    found: Blocking | None = first_or_none(
        sa.select(Blocking).where(Blocking.person == person, Blocking.destroyed_at.is_(None))
    )
    return found


def due_blockings() -> Sequence[Blocking]:
    """Blocked until today, and nobody wants it kept longer."""
    question = sa.select(Blocking).where(
        Blocking.destroyed_at.is_(None),
        Blocking.until <= clock.now().date(),
        Blocking.person.not_in(_people_on_hold()),
    )
    return db.session.scalars(question.order_by(Blocking.id)).all()


def holds(*, standing: bool = True) -> Sequence[LegalHold]:
    question = sa.select(LegalHold).order_by(LegalHold.id.desc())
    if standing:
        question = question.where(LegalHold.lifted_at.is_(None))
    return db.session.scalars(question).all()


def hold_or_404(code: str) -> LegalHold:
    found: LegalHold | None = first_or_none(sa.select(LegalHold).where(LegalHold.code == code))
    if found is None:
        raise Missing
    return found


def is_on_hold(person: int) -> bool:
    question = sa.select(LegalHold.id).where(
        LegalHold.person == person, LegalHold.lifted_at.is_(None)
    )
    return db.session.scalar(question.limit(1)) is not None


def people_on_hold() -> frozenset[int]:
    return frozenset(db.session.scalars(_people_on_hold()))


def phones_on_hold() -> frozenset[str]:
    """Also of people who are blocked: what was sent to them is kept as long as they are."""
    with sees_blocked():
        question = sa.select(Account.phone).where(
            Account.id.in_(_people_on_hold()), Account.phone.is_not(None)
        )
        return frozenset(phone for phone in db.session.scalars(question) if phone)


def _people_on_hold() -> sa.Select[Any]:
    return sa.select(LegalHold.person).where(LegalHold.lifted_at.is_(None))


def blocked_account(person: int) -> Account | None:
    with sees_blocked():
        found: Account | None = first_or_none(
            sa.select(Account).where(Account.id == person, Account.role == Role.CITIZEN)
        )
    return found
