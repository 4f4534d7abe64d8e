"""Everything that happens in a town is written down, and so is who was stopped at a door."""

import sqlite3
from dataclasses import asdict
from datetime import timedelta

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError

from app.audit import queries, services
from app.audit.events import EntryRefused
from app.audit.neutral import sign_of_address
from app.core import clock
from app.core.db import db, transaction
from app.core.events import Event, on
from app.core.events import publish as tell

log = structlog.get_logger()

# What the record remembers of closed doors: who had no business there, or came from another site.
REMEMBERED = ("NotForYou", "FromElsewhere")
# Of one asker, in a minute: a record must not be filled by whoever rattles at doors.
MOST_A_MINUTE = 20


def init_app(app: Flask) -> None:
    app.after_request(remember_who_was_stopped)


@on(Event)
def write_it_down(event: Event) -> None:
    if event.is_remembered:
        services.write(type(event).__name__, asdict(event))


def remember_who_was_stopped(response: Response) -> Response:
    """After the answer is made, in a transaction of its own: the refusal undid the request's."""
    refusal = g.pop("refusal", "")
    town = g.get("town")
    if refusal not in REMEMBERED or town is None:
        return response
    asker = sign_of_address(request.remote_addr or "")
    door = request.url_rule.rule if request.url_rule else ""
    try:
        if queries.refusals_from(asker, clock.now() - timedelta(minutes=1)) < MOST_A_MINUTE:
            with transaction():
                tell(EntryRefused(town_id=town.id, refusal=refusal, door=door))
    except (DBAPIError, sqlite3.Error):  # the answer is right, whatever state the register is in
        db.session.rollback()
        log.exception("a closed door was not written down", door=door)
    return response
