"""Who captures a segment: the browser of the clerk, or the media server.

Whichever it is, its pieces come through one door (`capture.receive`) and the rules are the same
ones: consent first, pieces in order, gaps declared, a ledger.
"""

from collections.abc import Sequence
from typing import Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.calls import services as rooms
from app.calls.errors import LineGone
from app.core.db import db
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
        wishes = db.session().info.setdefault("recording", {})
        near = rooms.middle.sessions_in(segment.visit)
        wishes[segment.visit.code] = (segment.state is State.RECORDING, near)


def source_of(segment: Segment) -> Source:
    return Server() if segment.by_server else Browser()


def choose(segment: Segment) -> None:
    """At its beginning: the server, where the town has one that carries this call and may write."""
    segment.by_server = rooms.middle.may_record(segment.visit)


def tell(segment: Segment, is_on: bool) -> bool:
    """The server where that call is now."""
    return record(segment.visit.code, is_on, rooms.middle.sessions_in(segment.visit))


def record(room: str, is_on: bool, near: Sequence[int] = ()) -> bool:
    """Whether the server does as it is told; it is the one that has those sessions."""
    try:
        rooms.middle.record(room, is_on, near)
    except LineGone as trouble:
        log.warning("the media server does not record as it should", why=str(trouble.__cause__))
        return False
    return True


@sa.event.listens_for(Session, "after_commit")
def _tell_the_server(session: Session) -> None:
    """If it does not answer, whoever fetches its files notices within two seconds."""
    for room, (is_on, near) in session.info.pop("recording", {}).items():
        record(room, is_on, near)


@sa.event.listens_for(Session, "after_rollback")
def _forget_wishes(session: Session) -> None:
    session.info.pop("recording", None)
