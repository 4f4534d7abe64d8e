"""Questions about how surely somebody is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from app.accounts import queries as accounts
from app.accounts.models import Account
from app.assurance.models import (
    Act,
    Assurance,
    AttemptState,
    AuthorisedClerk,
    Check,
    CheckState,
    EidAttempt,
    Leave,
    Method,
)
from app.booking.models import LIVE, Visit
from app.core import clock
from app.core.db import db, first_or_none
from app.core.errors import Missing
from app.schedule import queries as schedule
from app.schedule.models import Resource, ResourceKind
from app.towns.models import DocumentRule, Level, Moment, Procedure, Town
from app.towns.tenant import every_town


@dataclass(frozen=True)
class Standing:
    """All that is known of who is in a visit, and what is still asked of them."""

    visit: Visit
    procedures: tuple[Procedure, ...]
    rows: Sequence[Assurance]  # newest first, with those undone
    left: Leave | None
    last_check: Check | None
    act: Act | None

    @property
    def level(self) -> Level:
        return self.best.level if self.best else Level.NONE

    @property
    def best(self) -> Assurance | None:
        """The surest that stands; of equals the newest."""
        valid = [row for row in self.rows if row.is_valid]
        return max(valid, key=lambda row: row.level.rank, default=None)

    @property
    def check(self) -> Check | None:
        """The one that is going on."""
        return self.last_check if self.last_check and self.last_check.is_open else None

    @property
    def refused(self) -> Check | None:
        """The one to which the citizen said no, if nothing came after it."""
        last = self.last_check
        return last if last and last.state is CheckState.REFUSED else None

    def needs_to(self, moment: Moment) -> Level:
        """How surely it must be known by then.

        Who left it to the clerk is known surely enough by a clerk's check, unless the act itself
        asks for more (Ley 39/2015, art. 12.2).
        """
        if self.left is None:
            return _most(one.needs_to(moment) for one in self.procedures)
        earlier = _most(one.needs_to(Moment.ENTER) for one in self.procedures)
        earlier = min(earlier, Level.CHECKED, key=lambda level: level.rank)
        if moment is not Moment.ACT:
            return earlier
        own = _most(Level(one.assurance.get("act", "none")) for one in self.procedures)
        return max(own, earlier, key=lambda level: level.rank)

    def lacks(self, moment: Moment) -> bool:
        return not self.level.reaches(self.needs_to(moment))

    def is_asked(self, moment: Moment) -> bool:
        """Whether the citizen is to be stopped here and asked. Once they leave it, never again."""
        return self.left is None and self.lacks(moment)

    @property
    def moment(self) -> Moment:
        """What comes next for this visit."""
        if self.visit.booked_at is None:
            return Moment.BOOK
        if self.visit.is_being_attended and not self.is_asked(Moment.ENTER):
            return Moment.ACT
        return Moment.ENTER

    @property
    def ahead(self) -> Moment | None:
        """The first moment from now on that asks for more than is known."""
        order = list(Moment)
        return next((one for one in order[order.index(self.moment) :] if self.lacks(one)), None)

    @property
    def acts(self) -> list[Procedure]:
        """Procedures of this visit that keep something for people who are known."""
        return [one for one in self.procedures if "act" in one.assurance]


def standing(visit: Visit) -> Standing:
    return Standing(
        visit=visit,
        procedures=(visit.procedure, *visit.also),
        rows=rows_of(visit),
        left=db.session.get(Leave, visit.id),
        last_check=last_check(visit),
        act=db.session.get(Act, visit.id),
    )


def is_asked(visit: Visit, moment: Moment) -> bool:
    """Whether this visit must stop here until its citizen is identified; cheap when none asks."""
    procedures = (visit.procedure, *visit.also)
    if all(one.needs_to(moment) in (Level.NONE, Level.PHONE) for one in procedures):
        return False
    return standing(visit).is_asked(moment)


def level_of(visit: Visit) -> Level:
    """The highest that stands."""
    return standing(visit).level


def rows_of(visit: Visit) -> Sequence[Assurance]:
    question = sa.select(Assurance).where(Assurance.visit_id == visit.id)
    question = question.order_by(Assurance.made_at.desc(), Assurance.id.desc())
    return db.session.scalars(question.options(joinedload(Assurance.by))).all()


def row_or_404(visit: Visit, code: str) -> Assurance:
    found: Assurance | None = first_or_none(
        sa.select(Assurance).where(
            Assurance.visit_id == visit.id, Assurance.code == plain_code(code)
        )
    )
    if found is None:
        raise Missing
    return found


def last_check(visit: Visit) -> Check | None:
    found: Check | None = first_or_none(
        sa.select(Check).where(Check.visit_id == visit.id).order_by(Check.id.desc())
    )
    return found


def open_check(visit: Visit) -> Check | None:
    last = last_check(visit)
    return last if last and last.is_open else None


def check_or_404(visit: Visit, code: str) -> Check:
    found: Check | None = first_or_none(
        sa.select(Check).where(Check.visit_id == visit.id, Check.code == plain_code(code))
    )
    if found is None:
        raise Missing
    return found


def same_document(row: Assurance) -> Sequence[Assurance]:
    """Other identifications of this town with the same document, where the rule can tell."""
    if not row.document or row.document_rule not in (DocumentRule.DIGEST, DocumentRule.FULL):
        return []
    question = sa.select(Assurance).where(
        Assurance.document == row.document,
        Assurance.document_rule == row.document_rule,
        Assurance.document_kind == row.document_kind,
        Assurance.id != row.id,
        Assurance.undone_at.is_(None),
    )
    return db.session.scalars(question.options(joinedload(Assurance.visit))).all()


# --- passkeys -------------------------------------------------------------------------------


def live_visits_of(account: Account) -> Sequence[Visit]:
    question = sa.select(Visit).where(Visit.citizen_id == account.id, Visit.status.in_(LIVE))
    return db.session.scalars(question).all()


def first_identified_at(account: Account) -> Assurance | None:
    """When this citizen was first identified by a clerk or a national identity."""
    found: Assurance | None = first_or_none(
        sa.select(Assurance)
        .join(Visit, Visit.id == Assurance.visit_id)
        .where(
            Visit.citizen_id == account.id,
            Assurance.level.in_((Level.CHECKED, Level.EID)),
            Assurance.undone_at.is_(None),
        )
        .order_by(Assurance.made_at)
    )
    return found


# --- the register of clerks -----------------------------------------------------------------


def is_authorised(account: Account, town: Town) -> bool:
    """Whether this clerk may identify people in that town today."""
    day = clock.today(town.time_zone)
    return any(entry.covers(day) for entry in entries_of(account))


def entries_of(account: Account) -> Sequence[AuthorisedClerk]:
    question = sa.select(AuthorisedClerk).where(AuthorisedClerk.account_id == account.id)
    return db.session.scalars(question.order_by(AuthorisedClerk.id)).all()


def register() -> Sequence[AuthorisedClerk]:
    """The town's register, the latest first; past entries stay in it."""
    question = sa.select(AuthorisedClerk).options(joinedload(AuthorisedClerk.account))
    found = db.session.scalars(question).all()
    return sorted(
        found, key=lambda entry: (entry.ended_at is not None, entry.account.name, entry.first_day)
    )


def entry_or_404(code: str) -> AuthorisedClerk:
    found: AuthorisedClerk | None = first_or_none(
        sa.select(AuthorisedClerk).where(AuthorisedClerk.code == plain_code(code))
    )
    if found is None:
        raise Missing
    return found


def candidates(town: Town) -> Sequence[Account]:
    """Whoever attends people of this town: its own staff, and clerks that its pool lends it."""
    own = {account.id: account for account in accounts.staff()}
    lent = {
        person.id
        for person in schedule.roster_of(town).of_kind(ResourceKind.CLERK)
        if person.town_id != town.id
    }
    with every_town():
        question = sa.select(Account).join(Resource, Resource.account_id == Account.id)
        rows = db.session.scalars(question.where(Resource.id.in_(lent))).all() if lent else []
    own.update((account.id, account) for account in rows)
    return sorted(own.values(), key=lambda account: account.name)


# --- attempts with a national identity ------------------------------------------------------


def attempt_of_state(digest: str) -> EidAttempt | None:
    found: EidAttempt | None = first_or_none(
        sa.select(EidAttempt).where(EidAttempt.state_digest == digest)
    )
    return found


def attempts_lately(visit: Visit) -> int:
    """How many were begun for that visit in the last hour."""
    question = (
        sa.select(sa.func.count())
        .select_from(EidAttempt)
        .where(
            EidAttempt.visit_id == visit.id,
            EidAttempt.begun_at > clock.now() - timedelta(hours=1),
        )
    )
    return int(db.session.scalar(question) or 0)


def named_attempt(visit: Visit, browser_digest: str) -> EidAttempt | None:
    """The newest answer of a provider that this browser brought for this visit, unconfirmed."""
    found: EidAttempt | None = first_or_none(
        sa.select(EidAttempt)
        .where(
            EidAttempt.visit_id == visit.id,
            EidAttempt.browser_digest == browser_digest,
            EidAttempt.state == AttemptState.NAMED,
            EidAttempt.expires_at > clock.now(),
        )
        .order_by(EidAttempt.id.desc())
    )
    return found


def has_method(visit: Visit, method: Method) -> bool:
    question = sa.select(Assurance.id).where(
        Assurance.visit_id == visit.id, Assurance.method == method, Assurance.undone_at.is_(None)
    )
    return first_or_none(question) is not None


def plain_code(text: str) -> str:
    """What was sent as a code; nothing when it cannot be one. PostgreSQL refuses some signs."""
    return text if text.isascii() and text.isalnum() else ""


def _most(levels: Iterable[Level]) -> Level:
    return max(levels, key=lambda level: level.rank, default=Level.NONE)
