"""Writing procedures: each change is an edition, and what is used is never thrown away."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Account
from app.core import clock
from app.core.db import db
from app.office.errors import HalfTranslated, ProcedureUsed
from app.office.models import Edition
from app.office.queries import editing
from app.schedule.models import Skill
from app.towns import services as towns
from app.towns.models import Office, Procedure, Stage, Town


def add(office: Office, by: Account, **columns: Any) -> Procedure:
    """A new procedure, not on offer yet."""
    made = towns.add_procedure(office, stage=Stage.DRAFT, **columns)
    _keep(made, by, [])
    return made


def change(procedure: Procedure, by: Account, **columns: Any) -> None:
    """Some of it is other from now on; how it was can be read, and come back."""
    keep_up(procedure)
    before = editing.content_of(procedure)
    towns.change_procedure(procedure, **columns)
    names = editing.changed(before, editing.content_of(procedure))
    if names:
        _keep(procedure, by, names)


def go_back(procedure: Procedure, by: Account, edition: Edition) -> None:
    """As it was in that edition. That is one more edition, so that nothing is lost."""
    change(procedure, by, **edition.content)


def keep_up(procedure: Procedure) -> None:
    """What was there first, or was changed by another door, is an edition too."""
    last = next(iter(editing.editions(procedure)), None)
    now = editing.content_of(procedure)
    if last is None:
        _keep(procedure, None, [])
    elif names := editing.changed(last.content, now):
        _keep(procedure, None, names)


def offer(town: Town, procedure: Procedure, *, knowingly: bool = False) -> None:
    """On offer from now on. With texts missing in a language of the town, only knowingly."""
    if not knowingly and editing.missing(town, procedure):
        raise HalfTranslated
    towns.change_procedure(procedure, stage=Stage.OFFERED)


def archive(procedure: Procedure) -> None:
    """Nobody books it any more. Visits that are booked stand, and past ones are told as ever."""
    towns.change_procedure(procedure, stage=Stage.ARCHIVED)


def take_back(procedure: Procedure) -> None:
    """Out of the archive, or off the list, to be written in peace."""
    towns.change_procedure(procedure, stage=Stage.DRAFT)


def remove(procedure: Procedure) -> None:
    """Only what nobody ever came for."""
    if editing.is_used(procedure):
        raise ProcedureUsed
    number = procedure.id
    try:
        with db.session.begin_nested():
            for model in (Edition, Skill):
                db.session.execute(sa.delete(model).where(model.procedure_id == number))
            db.session.execute(sa.delete(Procedure).where(Procedure.id == number))
    except IntegrityError as error:  # somebody wants an earlier time for it, or figures tell of it
        raise ProcedureUsed from error
    towns.tell_removed(procedure.slug)


def _keep(procedure: Procedure, by: Account | None, names: list[str]) -> None:
    last = db.session.scalar(
        sa.select(sa.func.max(Edition.number)).where(Edition.procedure_id == procedure.id)
    )
    db.session.add(
        Edition(
            procedure_id=procedure.id,
            number=(last or 0) + 1,
            content=editing.content_of(procedure),
            changed=names,
            made_at=clock.now(),
            by_id=by.id if by else None,
        )
    )
    db.session.flush()
