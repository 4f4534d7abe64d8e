"""An act of article 12.2: a citizen without means states something, and a clerk signs it for them.

Identified first, written down, read back, put right as often as needed, agreed to, signed. Only a
clerk in the register, only while that person is attended. Each answer is about one text.
"""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Account
from app.acts import queries, words
from app.acts.errors import IdentifyThem, NothingStated, StatementChanged
from app.acts.events import (
    StatementAnswered,
    StatementBegun,
    StatementRead,
    StatementSigned,
    StatementStopped,
)
from app.acts.models import OPEN_STATEMENTS, Statement, StatementState
from app.acts.services.asking import ask_with_more
from app.assurance import queries as assurance
from app.assurance.errors import NotAuthorised, NotBeingAttended
from app.assurance.models import AuthorisedClerk, Method
from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.towns.services import look_again

LONGEST = 4000


def begin(visit: Visit, by: Account) -> Statement:
    """The clerk begins to write. Two windows at once begin one."""
    look_again(visit)
    entry = _entry(visit, by)
    if going_on := queries.open_statement(visit):
        return going_on
    rows = assurance.rows_of(visit)
    row = next((one for one in rows if one.is_valid and one.method is Method.CLERK), None)
    if row is None:
        raise IdentifyThem
    statement = Statement(
        visit_id=visit.id,
        by_id=by.id,
        entry_id=entry.id,
        assurance_id=row.id,
        language=visit.reads,
        text_version=words.GUIDE_VERSION,
        begun_at=clock.now(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(statement)
    except IntegrityError as error:
        raise StatementChanged from error
    publish(
        StatementBegun(
            town_id=visit.town_id,
            visit_id=visit.id,
            statement_id=statement.id,
            account_id=by.id,
        )
    )
    return statement


def rewrite(statement: Statement, by: Account, text: str) -> None:
    """What it says now. What was read back and is put right stays beside it, with its time."""
    _refuse_others(statement, by)
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())[:LONGEST]
    if not text:
        raise NothingStated
    if text == statement.text:
        return
    drafts = list(statement.drafts)
    if statement.state is not StatementState.WRITTEN:
        at = statement.read_at or clock.now()
        drafts.append({"text": statement.text, "read_at": at.isoformat(timespec="seconds")})
    moved = _move(
        statement,
        StatementState.WRITTEN,
        *OPEN_STATEMENTS,
        text=text,
        drafts=drafts,
        text_digest="",
        way="",
        answered_at=None,
    )
    if not moved:
        raise StatementChanged


def read_back(statement: Statement, by: Account) -> None:
    """The clerk has read it aloud, and the citizen sees it. From here on they may answer."""
    _refuse_others(statement, by)
    if not statement.text:
        raise NothingStated
    visit = statement.visit
    digest = words.guide_digest(visit.town, statement.language, statement.text)
    if not _move(
        statement,
        StatementState.READ,
        StatementState.WRITTEN,
        text_digest=digest,
        read_at=clock.now(),
    ):
        raise StatementChanged
    publish(
        StatementRead(
            town_id=visit.town_id,
            visit_id=visit.id,
            statement_id=statement.id,
            corrections=len(statement.drafts),
        )
    )


def agree(statement: Statement, agreed: bool, digest: str) -> None:
    """The citizen answers on their own screen, to the text that stood on it."""
    _answer(statement, agreed, "clicked", digest)


def note_answer(statement: Statement, by: Account, agreed: bool, digest: str) -> None:
    """They have no screen, or say it aloud: the clerk writes down the answer."""
    _refuse_others(statement, by)
    _answer(statement, agreed, "spoken", digest)


def sign(statement: Statement, by: Account) -> None:
    """The clerk signs for the citizen, and the act of it is asked for, with a copy for both."""
    _refuse_others(statement, by)
    if not _move(statement, StatementState.SIGNED, StatementState.AGREED, signed_at=clock.now()):
        raise StatementChanged
    visit = statement.visit
    publish(
        StatementSigned(
            town_id=visit.town_id,
            visit_id=visit.id,
            statement_id=statement.id,
            account_id=by.id,
        )
    )
    ask_with_more(visit, by)


def stop(statement: Statement, by: Account) -> None:
    """The clerk does not go on. Nothing was signed."""
    _refuse_others(statement, by)
    if not _move(statement, StatementState.STOPPED, *OPEN_STATEMENTS):
        raise StatementChanged
    visit = statement.visit
    publish(StatementStopped(town_id=visit.town_id, visit_id=visit.id, statement_id=statement.id))


def _answer(statement: Statement, agreed: bool, way: str, digest: str) -> None:
    state = StatementState.AGREED if agreed else StatementState.REFUSED
    look_again(statement)
    if statement.state is state and statement.text_digest == digest:
        return
    visit = statement.visit
    moved = (
        visit.is_being_attended
        and statement.text_digest == digest
        and _move(statement, state, StatementState.READ, way=way, answered_at=clock.now())
    )
    if not moved:
        raise StatementChanged
    publish(
        StatementAnswered(
            town_id=visit.town_id,
            visit_id=visit.id,
            statement_id=statement.id,
            agreed=agreed,
            way=way,
        )
    )


def _entry(visit: Visit, by: Account) -> AuthorisedClerk:
    """The clerk's place in the register, today (art. 12.3)."""
    if not visit.is_being_attended:
        raise NotBeingAttended
    day = clock.today(visit.town.time_zone)
    found = next((one for one in assurance.entries_of(by) if one.covers(day)), None)
    if found is None:
        raise NotAuthorised
    return found


def _refuse_others(statement: Statement, by: Account) -> None:
    """Who begins it, ends it: they sign what they have heard themselves."""
    look_again(statement)
    _entry(statement.visit, by)
    if statement.by_id != by.id:
        raise StatementChanged


def _move(
    statement: Statement, state: StatementState, *before: StatementState, **more: object
) -> bool:
    """Of two at once, the register lets the first."""
    moved = db.session.execute(
        sa.update(Statement)
        .where(Statement.id == statement.id, Statement.state.in_(before))
        .values(state=state, **more)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(statement)
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]
