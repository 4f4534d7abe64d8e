"""Writing down that somebody was identified, undoing it, and forgetting numbers in time."""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from app.accounts.models import Account
from app.assurance import documents, queries
from app.assurance.errors import AlreadyUndone
from app.assurance.events import (
    DocumentRuleChanged,
    DocumentsMasked,
    IdentificationUndone,
    PersonIdentified,
)
from app.assurance.models import Assurance, DocumentKind, Method
from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.identity import queries as identity
from app.towns.models import DocumentRule, Level, Town
from app.towns.tenant import current_town_id


@dataclass(frozen=True)
class Identity:
    """Whom somebody was found to be: a name, and a document as the town's rule keeps it."""

    name: str = ""
    kind: DocumentKind | None = None
    document: documents.Kept = field(default_factory=lambda: documents.Kept(None))


NOBODY = Identity()


def identify(
    visit: Visit,
    method: Method,
    level: Level,
    *,
    evidence: dict[str, Any],
    identity: Identity = NOBODY,
    **more: Any,
) -> Assurance:
    """One row more. `more`: who checked, and what was agreed to and how."""
    row = Assurance(
        visit_id=visit.id,
        method=method,
        level=level,
        made_at=clock.now(),
        evidence=evidence,
        name=identity.name,
        document_kind=identity.kind,
        document_rule=identity.document.rule,
        document=identity.document.text,
        document_until=identity.document.until,
        **more,
    )
    db.session.add(row)
    if identity.name and not visit.name:
        visit.name = identity.name[:80]
    db.session.flush()
    publish(
        PersonIdentified(
            town_id=visit.town_id,
            visit_id=visit.id,
            assurance_id=row.id,
            method=method.value,
            level=level.value,
        )
    )
    return row


def note_code(visit: Visit) -> None:
    """The code sent to their telephone came back. It shows the telephone, and nobody's name."""
    if not queries.has_method(visit, Method.SMS_CODE):
        evidence = {"number_ending": visit.phone[-3:]}
        identify(visit, Method.SMS_CODE, Level.PHONE, evidence=evidence)


def note_passkey(account: Account, *visits: Visit) -> None:
    """A citizen is here by a passkey: for these visits, or for all that they have to come.

    It says who they are if they were checked before it was made.

    Enrolled by somebody whom nobody had looked at, it shows no more than their telephone did.
    """
    used = [key for key in identity.passkeys_of(account.id) if key.last_used_at]
    passkey = max(used, key=lambda key: str(key.last_used_at), default=None)
    if passkey is None:
        return
    first = queries.first_identified_at(account)
    is_sure = first is not None and first.made_at <= passkey.created_at
    evidence = {
        "passkey": passkey.id,
        "enrolled_at": passkey.created_at.isoformat(timespec="seconds"),
        **({"after": first.code} if first and is_sure else {}),
    }
    level = Level.PASSKEY if is_sure else Level.PHONE
    for visit in visits or queries.live_visits_of(account):
        if not queries.has_method(visit, Method.PASSKEY):
            identify(visit, Method.PASSKEY, level, evidence=evidence)


def undo(row: Assurance, by: Account, reason: str) -> None:
    """It was a mistake. Of two who undo it at once, the first one's reason stands."""
    undone = db.session.execute(
        sa.update(Assurance)
        .where(Assurance.id == row.id, Assurance.undone_at.is_(None))
        .values(undone_at=clock.now(), undone_by_id=by.id, undone_reason=reason.strip()[:300])
        .execution_options(synchronize_session=False)
    )
    if undone.rowcount != 1:  # type: ignore[attr-defined]
        raise AlreadyUndone
    db.session.refresh(row)
    publish(
        IdentificationUndone(
            town_id=row.town_id,
            visit_id=row.visit_id,
            assurance_id=row.id,
            method=row.method.value,
            level=queries.level_of(row.visit).value,
        )
    )


def mask_what_is_due(town: Town) -> int:
    """Full numbers whose days are over lose all but four signs. Returns how many."""
    due = sa.select(Assurance).where(
        Assurance.document_rule == DocumentRule.FULL,
        Assurance.document_until < clock.today(town.time_zone),
    )
    rows = db.session.scalars(due).all()
    for row in rows:
        kind = row.document_kind or DocumentKind.OTHER
        row.document = documents.masked(kind, row.document)
        row.document_rule, row.document_until = DocumentRule.MASKED, None
    if rows:
        db.session.flush()
        publish(DocumentsMasked(town_id=town.id, count=len(rows)))
    return len(rows)


def set_document_rule(town: Town, rule: DocumentRule, days: int) -> None:
    """What is kept from now on. A stricter rule is applied to what is there already."""
    if (town.document_rule, town.document_days) == (rule, days):
        return
    town.document_rule, town.document_days = rule, days
    for row in db.session.scalars(
        sa.select(Assurance).where(Assurance.document_rule == DocumentRule.FULL)
    ).all():
        _keep_less(row, town)
    db.session.flush()
    publish(DocumentRuleChanged(town_id=current_town_id(), rule=rule.value, days=days))


def _keep_less(row: Assurance, town: Town) -> None:
    if town.document_rule is DocumentRule.FULL:
        return
    made = documents.kept(town, row.document_kind or DocumentKind.OTHER, row.document)
    row.document_rule, row.document, row.document_until = made.rule, made.text, None
