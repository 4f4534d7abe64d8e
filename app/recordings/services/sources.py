"""Who captures a segment: the browser of the clerk, or the media server.

Whichever it is, its pieces come through one door (`capture.receive`) and the rules are the same
ones: consent first, pieces in order, gaps declared, a ledger.
"""

from collections.abc import Sequence
from typing import Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session, SessionTransaction

from app.calls import services as rooms
from app.calls.errors import LineGone
from app.core.db import db, once_committed
from app.recordings import queries
from app.recordings.models import Segment, State

log = structlog.get_logger()


class Source(Protocol):
    def follow(self, segment: Segment) -> None:
        """It began, rests, goes on or has ended: do likewise, once that is committed."""


class Browser:
    """It hears on its stream how the segment stands, and sends its pieces by itself."""

    def follow(self, segment: Segment) -> None:
        pass


class Server:
    """It is told, and what it writes is fetched (`fetching`)."""

    def follow(self, segment: Segment) -> None:
        if not segment.is_unfinished:
            return
        near = rooms.middle.sessions_in(segment.visit)
        _wished((segment.visit.code, (segment.state is State.RECORDING, near)))


def source_of(segment: Segment) -> Source:
    return Server() if segment.by_server else Browser()


def choose(segment: Segment) -> None:
    """At its beginning: the server, where the town has one that carries this call and may write.

    Not while it owes us what it wrote before: a room has one switch there, and one set of files.
    """
    is_owed = any(queries.is_owed_by_server(one) for one in queries.segments(segment.visit))
    segment.by_server = not is_owed and rooms.middle.may_record(segment.visit)


def tell(segment: Segment, is_on: bool) -> bool:
    """The server where that call is now. What was asked of the register before is over."""
    room, near = segment.visit.code, rooms.middle.sessions_in(segment.visit)
    db.session.rollback()  # nothing is held while it is asked
    return record(room, is_on, near)


def record(room: str, is_on: bool, near: Sequence[int] = ()) -> bool:
    """Whether the server does as it is told; it is the one that has those sessions."""
    try:
        rooms.middle.record(room, is_on, near)
    except LineGone as trouble:
        log.warning("the media server does not record as it should", why=str(trouble.__cause__))
        return False
    return True


def _know_that_it_is_so(wishes: list[tuple[str, tuple[bool, Sequence[int]]]]) -> None:
    """Of a room the last wish counts."""
    db.session().info["to record"] = dict(wishes)


_wished = once_committed("recording", _know_that_it_is_so)


@sa.event.listens_for(Session, "after_transaction_end")
def _tell_the_server(session: Session, ended: SessionTransaction) -> None:
    """Once the connection is given back. If it does not answer, whoever fetches its files notices
    within two seconds.
    """
    if ended.parent is None:
        for room, (is_on, near) in session.info.pop("to record", {}).items():
            record(room, is_on, near)
