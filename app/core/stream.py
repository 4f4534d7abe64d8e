"""The one live channel: what happened is a row written with the fact, and reaches who listens.

`tell` writes the row in the caller's transaction. After the commit a hub (one a process) hands it
to the listeners. A browser that comes back with `Last-Event-ID` misses nothing. Hubs of other
processes find the row by looking; with Redis they are woken, and look by the clock only to be sure.
"""

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import bell, clock
from app.core.db import Base, db, once_committed

log = structlog.get_logger()

# How often a process looks for rows that other processes wrote. Its own wake it at once.
GLANCE_SECONDS = 0.02
QUIET_GLANCE_SECONDS = 0.2
# News seldom comes alone: two browsers that find each other exchange a dozen pieces in a second.
HURRIED_GLANCE_SECONDS = 0.004
HURRY_SECONDS = 3.0
# The same while every process is woken by the bell.
SURE_GLANCE_SECONDS = 1.0
BELL = "stream"
# Whoever has not read so many pieces is let go: their browser comes back for them.
MOST_UNREAD = 500
OVER = "event: over\ndata: {}\n\n"


class StreamMessage(Base):
    """One piece of news on one channel. Rows expire; ids are never used twice."""

    __tablename__ = "stream_message"
    __table_args__ = (
        sa.Index("ix_stream_message_channel_id", "channel", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(sa.String(120))
    name: Mapped[str] = mapped_column(sa.String(40))
    payload: Mapped[dict[str, Any]]
    told_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


@dataclass(frozen=True)
class Leave:
    """By whose leave somebody listens. News on its channel says that it may have ended.

    `holds` is asked in an application context of its own: at the beginning, after such news, and
    at every ping.
    """

    channel: str
    holds: Callable[[], bool]


class Hub:
    """Reads new rows once for the whole process and shares them out."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.listeners: dict[str, set[queue.SimpleQueue[Any]]] = {}
        self.wake = threading.Event()
        self.lock = threading.Lock()
        self.last = 0
        self.thread: threading.Thread | None = None
        self.closing = False
        self.hurried_until = 0.0

    def pause(self) -> float:
        """How long to wait before the next look, when nobody wakes us."""
        if self.app.extensions["bell"].is_heard:
            return SURE_GLANCE_SECONDS
        if not self.listeners:
            return QUIET_GLANCE_SECONDS
        is_hurried = time.monotonic() < self.hurried_until
        return HURRIED_GLANCE_SECONDS if is_hurried else GLANCE_SECONDS

    def join(self, channels: list[str]) -> "queue.SimpleQueue[Any]":
        box: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with self.lock:
            for channel in channels:
                self.listeners.setdefault(channel, set()).add(box)
            if not self.thread or not self.thread.is_alive():
                self.last = self.last or _newest()
                self.app.extensions["bell"].listen(BELL, self.wake)
                self.thread = threading.Thread(target=self.run, daemon=True, name="stream-hub")
                self.thread.start()
        return box

    def leave(self, channels: list[str], box: "queue.SimpleQueue[Any]") -> None:
        with self.lock:
            for channel in channels:
                boxes = self.listeners.get(channel, set())
                boxes.discard(box)
                if not boxes:
                    self.listeners.pop(channel, None)

    def run(self) -> None:
        with self.app.app_context():
            while not self.closing:
                self.wake.wait(self.pause())
                self.wake.clear()
                try:
                    self.share_out()
                    db.session.rollback()
                except Exception:
                    log.exception("the hub stumbled")
                    db.session.remove()
                    time.sleep(QUIET_GLANCE_SECONDS)

    def share_out(self) -> None:
        newest = _newest()
        if newest <= self.last:
            return
        rows = db.session.execute(_rows().where(StreamMessage.id > self.last)).all()
        self.hurried_until = time.monotonic() + HURRY_SECONDS
        for row in rows:
            with self.lock:
                boxes = tuple(self.listeners.get(row.channel, ()))
            for box in boxes:
                if box.qsize() < MOST_UNREAD:
                    box.put(row)
                else:
                    self.let_go(box)
            self.last = max(self.last, row.id)

    def let_go(self, box: "queue.SimpleQueue[Any]") -> None:
        """Who reads too slowly, or not at all, must not make the process grow.

        Nothing is lost to them: what they have not read is still written, and they return with the
        place to which they had come.
        """
        self.leave(list(self.listeners), box)
        with suppress(queue.Empty):
            while True:
                box.get_nowait()
        box.put(None)
        log.warning("a listener was let go", unread=MOST_UNREAD)

    def close(self) -> None:
        """Let every listener go, so that the process can end at once."""
        self.closing = True
        self.wake.set()
        with self.lock:
            boxes = {box for boxes in self.listeners.values() for box in boxes}
        for box in boxes:
            box.put(None)


def init_app(app: Flask) -> None:
    app.extensions["stream"] = Hub(app)


# Any number will do, as long as nobody else in this register locks it.
PLACES = sa.text("SELECT pg_advisory_xact_lock(8270001)")
NEXT_PLACE = sa.text(
    "UPDATE stream_message SET id = nextval(pg_get_serial_sequence('stream_message', 'id'))"
    " WHERE id = :id"
)


@sa.event.listens_for(Session, "before_commit")
def _take_the_last_places(session: Session) -> None:
    """Ids in the order of the commits, so that whoever has read one knows all before it.

    SQLite has one writer at a time. PostgreSQL numbers a row when it is written: a transaction that
    ends later may have the smaller number, and whoever has looked meanwhile would never see it.
    Nothing is asked for after this lock, so that nobody can wait for somebody who waits for us.
    """
    news: list[StreamMessage] = session.info.get("news", [])
    if not news or session.in_nested_transaction():
        return
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    session.flush()
    written = [one for one in news if sa.inspect(one).persistent]
    if written:
        connection.execute(PLACES)
        connection.execute(NEXT_PLACE, [{"id": one.id} for one in written])
        for one in written:
            session.expunge(one)


def _wake(news: list[StreamMessage]) -> None:
    if current_app:
        current_app.extensions["stream"].wake.set()
        bell.the_bell().ring(BELL)


_will_leave = once_committed("news", _wake)


def tell(channel: str, name: str, payload: dict[str, Any]) -> None:
    """Write the news with the fact; it leaves when the fact is committed."""
    message = StreamMessage(channel=channel, name=name, payload=payload)
    db.session.add(message)
    _will_leave(message)


def cursor(channel: str | None = None) -> int:
    """The id after which everything is still to come, on one channel or on all."""
    if channel is None:
        return _newest()
    newest = sa.select(sa.func.max(StreamMessage.id)).where(StreamMessage.channel == channel)
    return db.session.scalar(newest) or 0


def told(channel: str) -> list[dict[str, Any]]:
    """What was told there and is not yet forgotten, oldest first."""
    return [row.payload for row in db.session.execute(_rows().where(_is_on(channel)))]


def count(channel: str, since: datetime) -> int:
    """How much was told there from that instant on."""
    question = sa.select(sa.func.count()).select_from(StreamMessage)
    return db.session.scalar(question.where(_is_on(channel), StreamMessage.told_at > since)) or 0


def listen(
    *channels: str, after: int | None = None, hello: dict[str, Any] | None = None
) -> Response:
    """Answer with the news of those channels, from `after` (or Last-Event-ID) on, until hung up.

    `hello` is said first each time, and has no place in the order of the news. Whoever came in by a
    leave hears `over`, and then nothing more, once it does not hold.
    """
    since = _since(after)
    if request.method == "HEAD":
        return Response(mimetype="text/event-stream")
    flow, hang_up = _flow(list(channels), since, hello, g.get("leave_to_listen"))
    response = Response(flow, mimetype="text/event-stream")
    response.call_on_close(hang_up)  # also when nobody ever reads from it
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _since(after: int | None) -> int | None:
    sent = request.headers.get("Last-Event-ID") or request.args.get("after") or after
    try:
        place = int(sent) if sent is not None else None
    except ValueError:
        return None
    return place if place is not None and 0 <= place < 2**62 else None


def _flow(
    channels: list[str], since: int | None, hello: dict[str, Any] | None, leave: Leave | None
) -> tuple[Iterator[str], Callable[[], None]]:
    """The news as text, and how to stop listening."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    hub: Hub = app.extensions["stream"]
    ping = float(app.config["STREAM_PING_SECONDS"])
    heard = [*channels, leave.channel] if leave else channels
    box = hub.join(heard)
    try:
        db.session.rollback()  # look at the register as it is after joining: nothing falls between
        missed = [] if since is None else _missed(channels, since)
        db.session.remove()
    except BaseException:
        hub.leave(heard, box)
        raise
    seen = max([since or 0, *(row.id for row in missed)])

    def flow() -> Iterator[str]:
        last, asked_at = seen, -ping
        try:
            yield "retry: 500\n\n"
            if hello is not None:
                yield f"event: hello\ndata: {json.dumps(hello)}\n\n"
            for row in missed:
                yield _written(row)
            row = None
            while not hub.closing:
                is_told = leave is not None and row is not None and row.channel == leave.channel
                if leave and (is_told or time.monotonic() - asked_at >= ping):
                    asked_at = time.monotonic()
                    if not _holds(app, leave):
                        yield OVER
                        return
                if row is not None and not is_told and row.id > last:
                    last = row.id
                    yield _written(row)
                try:
                    row = box.get(timeout=ping)
                except queue.Empty:
                    row = None
                    yield "event: ping\ndata: {}\n\n"
                    continue
                if row is None:
                    return
        finally:
            hub.leave(heard, box)

    return flow(), lambda: hub.leave(heard, box)


def _holds(app: Flask, leave: Leave) -> bool:
    """Whoever cannot be asked about is let go: they come back, and are asked at the door."""
    with app.app_context():
        try:
            return leave.holds()
        except Exception:
            log.exception("a leave to listen could not be looked up")
            return False


def _missed(channels: list[str], since: int) -> list[Any]:
    return list(
        db.session.execute(
            _rows().where(StreamMessage.channel.in_(channels), StreamMessage.id > since)
        ).all()
    )


def _is_on(channel: str) -> sa.ColumnElement[bool]:
    return StreamMessage.channel == channel


def _rows() -> sa.Select[Any]:
    return sa.select(
        StreamMessage.id, StreamMessage.channel, StreamMessage.name, StreamMessage.payload
    ).order_by(StreamMessage.id)


NEWEST = sa.text("SELECT max(id) FROM stream_message")


def _newest() -> int:
    """Asked fifty times a second while somebody listens: as plain as a question can be."""
    return db.session.connection().scalar(NEWEST) or 0


def _written(row: Any) -> str:
    return f"id: {row.id}\nevent: {row.name}\ndata: {json.dumps(row.payload)}\n\n"


def forget(*channels: str) -> None:
    """Delete the news of those channels at once: what they tell of has ended."""
    for channel in channels:
        db.session.execute(sa.delete(StreamMessage).where(_is_on(channel)))


def forget_old() -> int:
    """Delete what nobody can still be waiting for. Returns how many rows went."""
    limit = clock.now() - timedelta(minutes=float(current_app.config["STREAM_KEEP_MINUTES"]))
    gone = db.session.execute(sa.delete(StreamMessage).where(StreamMessage.told_at < limit))
    return int(gone.rowcount)  # type: ignore[attr-defined]
