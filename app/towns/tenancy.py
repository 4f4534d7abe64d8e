"""The tenant is part of the question: every SELECT, UPDATE and DELETE on rows of a town says which.

The condition is added by the session, so no query can forget it; without a town the question is
refused. Raw SQL has no place in features.
"""

from functools import lru_cache
from typing import Any

from flask import Flask, Response, current_app, g, request
from sqlalchemy import Table, event
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql.util import find_tables

from app.core.errors import Missing
from app.towns import queries
from app.towns.models import OfTown
from app.towns.tenant import NoTown, current_town_id, has_town, is_every_town, speak_for
from app.ui.refusals import refuse


def init_app(app: Flask) -> None:
    # Second, right after the mode of the register: whatever is refused later is refused in the
    # town's name and languages.
    app.before_request_funcs.setdefault(None, []).insert(1, find_town)
    app.teardown_request(forget_town)
    app.register_error_handler(NoTown, nothing_of_a_town)
    app.context_processor(lambda: {"town": g.get("town")})


@event.listens_for(Session, "do_orm_execute")
def _ask_for_one_town(state: ORMExecuteState) -> None:
    if is_every_town() or state.is_column_load or state.is_relationship_load:
        return
    if not (state.is_select or state.is_update or state.is_delete):
        return
    if not has_town() and not _is_about_towns_rows(state.statement):
        return
    state.statement = state.statement.options(_only_of(current_town_id()))


@lru_cache(maxsize=1024)
def _only_of(town_id: int) -> Any:
    """The condition, kept: every question of a town asks for the same one."""
    return with_loader_criteria(OfTown, lambda row: row.town_id == town_id, include_aliases=True)


def _is_about_towns_rows(statement: Any) -> bool:
    """Whether any table of the question, wherever it stands in it, belongs to a town."""
    tables = find_tables(
        statement, check_columns=True, include_joins=True, include_selects=True, include_crud=True
    )
    return any(isinstance(table, Table) and "town_id" in table.c for table in tables)


def find_town() -> None:
    """The town is the host name. Plain `DOMAIN` is the province's start page."""
    g.town = None
    g.spoken_for_before = speak_for(None)
    if request.endpoint is None and request.path.startswith("/static/"):
        return
    name = request.host.rsplit(":", 1)[0].lower().rstrip(".")
    if name == current_app.config["DOMAIN"] or name in ("127.0.0.1", "[::1]"):
        return
    g.town = queries.town_of_host(name)
    if g.town is None:
        if request.path.startswith("/health/") or request.path == "/metrics":
            return
        raise Missing
    g.own_lang = tuple(g.town.languages)
    speak_for(g.town.id)


def nothing_of_a_town(error: NoTown) -> Response:
    """The province's own host has no visits nor people: what was asked for is not there."""
    if g.get("town") is not None:
        raise error
    return refuse(Missing())


def forget_town(error: BaseException | None) -> None:
    if "spoken_for_before" in g:
        speak_for(g.spoken_for_before)
