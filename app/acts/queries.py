"""Questions about acts."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from app.accounts.models import Account
from app.acts import csv, recorded
from app.acts.errors import NoSuchAct
from app.acts.models import (
    OPEN_STATEMENTS,
    ActEdition,
    SealedAct,
    Signer,
    Statement,
    StatementState,
    Step,
)
from app.assurance.models import AuthorisedClerk, Check
from app.booking.models import Visit
from app.core import clock
from app.core.db import db, first_or_none
from app.core.errors import Missing
from app.requests.models import Kind, Request
from app.requests.models import State as RequestState

# An archive stamp is renewed this long before the certificate of the last one ends.
RENEW_BEFORE = timedelta(days=180)
# After so many tries somebody should know.
STUCK_AFTER = 3


def by_csv(text: str) -> SealedAct:
    """A sealed act, by the code printed on it. Whatever was typed, one question is asked."""
    found: SealedAct | None = first_or_none(
        sa.select(SealedAct).where(SealedAct.csv == csv.read(text), SealedAct.step == Step.SEALED)
    )
    if found is None:
        raise NoSuchAct
    return found


def act(act_id: int) -> SealedAct:
    return db.session.get_one(SealedAct, act_id)


def acts_of(visit: Visit) -> Sequence[SealedAct]:
    """The newest first."""
    question = sa.select(SealedAct).where(SealedAct.visit_id == visit.id)
    return db.session.scalars(question.order_by(SealedAct.version.desc())).all()


def act_of(visit: Visit) -> SealedAct | None:
    """The one that counts: the newest that is sealed."""
    return next((one for one in acts_of(visit) if one.is_sealed), None)


def act_or_404(code: str) -> SealedAct:
    plain = code if code.isascii() and code.isalnum() else ""
    found: SealedAct | None = first_or_none(sa.select(SealedAct).where(SealedAct.code == plain))
    if found is None:
        raise Missing
    return found


def with_digest(sha256: str) -> ActEdition | None:
    """Which act a file is, or was, in this town."""
    plain = sha256 if len(sha256) == 64 and sha256.isascii() and sha256.isalnum() else ""
    found: ActEdition | None = first_or_none(
        sa.select(ActEdition)
        .where(ActEdition.sha256 == plain)
        .options(joinedload(ActEdition.act))
        .order_by(ActEdition.id)
    )
    return found


def act_of_film(sha256: str) -> SealedAct | None:
    """The act that names a film, by the digest of the film."""
    visit = recorded.visit_with(sha256)
    return act_of(visit) if visit else None


def unfinished() -> Sequence[SealedAct]:
    """In the order in which they were asked for; only those whose time to try again has come."""
    question = sa.select(SealedAct).where(
        SealedAct.step != Step.SEALED, SealedAct.try_at <= clock.now()
    )
    return db.session.scalars(question.order_by(SealedAct.id).limit(20)).all()


def in_want_of_a_stamp() -> Sequence[SealedAct]:
    """Sealed without one, or with one whose authority's certificate ends soon."""
    newest = (
        sa.select(sa.func.max(ActEdition.number))
        .where(ActEdition.act_id == SealedAct.id)
        .correlate(SealedAct)
        .scalar_subquery()
    )
    question = (
        sa.select(SealedAct)
        .join(ActEdition, sa.and_(ActEdition.act_id == SealedAct.id, ActEdition.number == newest))
        .where(
            SealedAct.step == Step.SEALED,
            SealedAct.try_at <= clock.now(),
            sa.or_(
                ActEdition.is_stamped.is_(False),
                ActEdition.good_until < clock.now() + RENEW_BEFORE,
            ),
        )
    )
    return db.session.scalars(question.order_by(SealedAct.id).limit(20)).all()


def waiting() -> Sequence[SealedAct]:
    """All that has no seal or no stamp yet, what waits longest first."""
    is_stamped = sa.exists().where(ActEdition.act_id == SealedAct.id, ActEdition.is_stamped)
    question = sa.select(SealedAct).where(sa.or_(SealedAct.step != Step.SEALED, ~is_stamped))
    return db.session.scalars(question.order_by(SealedAct.id).limit(50)).all()


def stuck() -> Sequence[SealedAct]:
    """Those of them that did not succeed by themselves, again and again."""
    return [one for one in waiting() if one.tries >= STUCK_AFTER]


def clerk_of(visit: Visit) -> Account | None:
    return db.session.get(Account, visit.clerk.account_id) if visit.clerk else None


def checks_of(visit: Visit) -> Sequence[Check]:
    question = sa.select(Check).where(Check.visit_id == visit.id).order_by(Check.id)
    return db.session.scalars(question).all()


def requests_of(visit: Visit) -> Sequence[Request]:
    question = sa.select(Request).where(Request.visit_id == visit.id).order_by(Request.id)
    return db.session.scalars(question).all()


def is_worth_an_act(visit: Visit) -> bool:
    """Whether somebody stated, accepted or signed something in it."""
    return signed_statement(visit) is not None or any(
        one.state is RequestState.DONE and one.kind in (Kind.TEXT, Kind.SIGN)
        for one in requests_of(visit)
    )


# --- guided acts ----------------------------------------------------------------------------


def statements_of(visit: Visit) -> Sequence[Statement]:
    """The newest first."""
    question = sa.select(Statement).where(Statement.visit_id == visit.id)
    return db.session.scalars(question.order_by(Statement.id.desc())).all()


def open_statement(visit: Visit) -> Statement | None:
    return next((one for one in statements_of(visit) if one.state in OPEN_STATEMENTS), None)


def signed_statements(visit: Visit) -> Sequence[Statement]:
    """The newest first."""
    return [one for one in statements_of(visit) if one.state is StatementState.SIGNED]


def signed_statement(visit: Visit) -> Statement | None:
    return next(iter(signed_statements(visit)), None)


def statement_or_404(visit: Visit, code: str) -> Statement:
    plain = code if code.isascii() and code.isalnum() else ""
    found: Statement | None = first_or_none(
        sa.select(Statement).where(Statement.visit_id == visit.id, Statement.code == plain)
    )
    if found is None:
        raise Missing
    return found


def resolution_of(statement: Statement) -> str:
    entry = db.session.get(AuthorisedClerk, statement.entry_id)
    return entry.reference if entry else ""


# --- whose signature counts -----------------------------------------------------------------


def signers() -> Sequence[Signer]:
    question = sa.select(Signer).options(joinedload(Signer.account))
    found = db.session.scalars(question).all()
    return sorted(found, key=lambda one: (one.ended_at is not None, one.account.name, one.id))


def signer_or_404(code: str) -> Signer:
    plain = code if code.isascii() and code.isalnum() else ""
    found: Signer | None = first_or_none(sa.select(Signer).where(Signer.code == plain))
    if found is None:
        raise Missing
    return found


def signers_with(fingerprint: str) -> Sequence[Signer]:
    return db.session.scalars(sa.select(Signer).where(Signer.fingerprint == fingerprint)).all()
