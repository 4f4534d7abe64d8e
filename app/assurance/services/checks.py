"""A clerk identifies somebody in front of them (Ley 39/2015, art. 12.2; RD 203/2021, art. 30).

First the citizen agrees, then the clerk compares. Both are written down, with the text agreed to.
"""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Account
from app.assurance import documents, queries
from app.assurance.errors import (
    CheckOver,
    ConsentMissing,
    NotAuthorised,
    NotBeingAttended,
)
from app.assurance.events import CheckAnswered, CheckBegun, CheckStopped
from app.assurance.models import (
    OPEN_CHECKS,
    Assurance,
    Check,
    CheckState,
    ConsentWay,
    DocumentKind,
    Method,
)
from app.assurance.services.rows import Identity, identify
from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.towns.models import Level


@dataclass(frozen=True)
class Seen:
    """What the clerk saw. Without both matches there is no identification."""

    kind: DocumentKind
    name: str
    number: str = ""
    expires_on: date | None = None  # None: it says that it never does


def ask_to_check(visit: Visit, by: Account, *, text: str, version: str) -> Check:
    """The citizen is asked whether a clerk may identify them. Twice at once is once."""
    _refuse_others(visit, by)
    if going_on := queries.open_check(visit):
        return going_on
    check = Check(
        visit_id=visit.id,
        by_id=by.id,
        asked_at=clock.now(),
        language=visit.reads,
        text_version=version,
        text_digest=text,
    )
    try:
        with db.session.begin_nested():
            db.session.add(check)
    except IntegrityError as error:  # another window asked first
        raise CheckOver from error
    publish(
        CheckBegun(
            town_id=visit.town_id,
            visit_id=visit.id,
            check_id=check.id,
            account_id=by.id,
            text_version=version,
        )
    )
    return check


def agree(check: Check, agreed: bool) -> None:
    """The citizen answers on their own screen. The first answer counts; the same again is it."""
    _answer(check, agreed, ConsentWay.CLICKED)


def note_what_they_said(check: Check, by: Account, agreed: bool) -> None:
    """The citizen has no screen, or says it aloud: the clerk writes down the answer."""
    _refuse_others(check.visit, by)
    _answer(check, agreed, ConsentWay.SPOKEN)


def stop_check(check: Check, by: Account) -> None:
    """The clerk does not go on. Nothing was identified."""
    _refuse_others(check.visit, by)
    if not _move(check, CheckState.STOPPED, *OPEN_CHECKS):
        raise CheckOver
    publish(CheckStopped(town_id=check.town_id, visit_id=check.visit_id, check_id=check.id))


def finish_check(check: Check, by: Account, seen: Seen, *, text: str) -> Assurance:
    """Face, name and document match. The number is kept as the town's rule says, if at all.

    `text`: the digest of what would be asked now. If the rule has changed since the citizen agreed,
    they agreed to something else, and must be asked again.
    """
    visit = check.visit
    _refuse_others(visit, by)
    if check.text_digest != text:
        raise CheckOver
    if check.is_asked:
        raise ConsentMissing
    if not _move(check, CheckState.DONE, CheckState.AGREED):
        raise CheckOver
    return identify(
        visit,
        Method.CLERK,
        Level.CHECKED,
        evidence={
            "check": check.code,
            "channel": visit.channel.value,
            "document": seen.kind.value,
            "name_matches": True,
            "face_matches": True,
            "expires_on": seen.expires_on.isoformat() if seen.expires_on else "never",
            "text_digest": check.text_digest,
            "text_language": check.language,
            "text_rule": visit.town.document_rule.value,
            "text_days": visit.town.document_days,
        },
        identity=Identity(seen.name, seen.kind, documents.kept(visit.town, seen.kind, seen.number)),
        by_id=by.id,
        text_version=check.text_version,
        consent_way=check.consent_way,
        consented_at=check.answered_at,
    )


def _refuse_others(visit: Visit, by: Account) -> None:
    """Only somebody in the register, and only while this person is attended."""
    if not queries.is_authorised(by, visit.town):
        raise NotAuthorised
    if not visit.is_being_attended:
        raise NotBeingAttended


def _answer(check: Check, agreed: bool, way: ConsentWay) -> None:
    state = CheckState.AGREED if agreed else CheckState.REFUSED
    if check.state is state:
        return
    if not check.visit.is_being_attended or not _move(
        check, state, CheckState.ASKED, consent_way=way, answered_at=clock.now()
    ):
        raise CheckOver
    publish(
        CheckAnswered(
            town_id=check.town_id,
            visit_id=check.visit_id,
            check_id=check.id,
            agreed=agreed,
            way=way.value,
        )
    )


def _move(check: Check, state: CheckState, *before: CheckState, **more: object) -> bool:
    """Of two at once, the register lets the first."""
    moved = db.session.execute(
        sa.update(Check)
        .where(Check.id == check.id, Check.state.in_(before))
        .values(state=state, **more)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(check)
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]
