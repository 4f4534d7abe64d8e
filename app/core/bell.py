"""The bell: what one process wrote wakes the others at once, through Redis.

It carries no news, only that there are some: the register has them. Without Redis, or while it is
away, everybody looks by the clock, so that nothing is lost; it only comes a little later.
"""

import threading
import time

import redis
import structlog
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger()

CHANNEL = "ventanilla:bell:"
# A Redis that does not answer must keep nobody waiting.
PATIENCE_SECONDS = 0.5
CHECK_SECONDS = 2
RETRY_SECONDS = 1.0


class Bell:
    """One a process. Who waits gives it an event; who has something to tell rings."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.waiting: dict[str, set[threading.Event]] = {}
        self.is_heard = False  # whether a ring of another process would reach this one
        self.lock = threading.Lock()
        self.ear: threading.Thread | None = None
        self.line: redis.Redis | None = None
        self.quiet_until = 0.0
        self.closing = False

    def listen(self, what: str, event: threading.Event) -> None:
        """From now on the event is set whenever somebody rings for it."""
        with self.lock:
            self.waiting.setdefault(what, set()).add(event)
        self._open()

    def ring(self, what: str) -> None:
        """Wake whoever waits for it, here and elsewhere. Nobody is kept waiting for that."""
        self._wake(what)
        self._open()
        if not self.line or time.monotonic() < self.quiet_until:
            return
        try:
            self.line.publish(CHANNEL + what, "")
        except redis.RedisError:  # others look by the clock; ours is awake already
            self.quiet_until = time.monotonic() + RETRY_SECONDS

    def is_there(self) -> bool:
        """Whether Redis answers now."""
        self._open()
        try:
            return bool(self.line and self.line.ping())
        except redis.RedisError:
            return False

    def close(self) -> None:
        self.closing = True

    def _open(self) -> None:
        if not self.url or self.closing:
            return
        with self.lock:
            if self.line is None:
                self.line = _line(self.url)
            if not self.ear or not self.ear.is_alive():
                self.ear = threading.Thread(target=self._hear, daemon=True, name="bell")
                self.ear.start()

    def _hear(self) -> None:
        """Stay on the line for ever; when it breaks, everybody looks once; it is tried again."""
        while not self.closing:
            try:
                self._stay()
            except redis.RedisError as error:
                self._lose(error)
            time.sleep(RETRY_SECONDS)

    def _stay(self) -> None:
        with _line(self.url) as line, line.pubsub() as heard:
            heard.psubscribe(CHANNEL + "*")
            while not self.closing:
                told = heard.get_message(timeout=CHECK_SECONDS)
                if told is None:
                    heard.ping()  # answered at once, or the line is dead
                    told = heard.get_message(timeout=CHECK_SECONDS)
                    if told is None:
                        raise redis.TimeoutError("no answer")
                if told["type"] == "psubscribe":
                    self._find()
                elif told["type"] == "pmessage":
                    self._wake(told["channel"].decode().removeprefix(CHANNEL))

    def _find(self) -> None:
        self.is_heard, self.quiet_until = True, 0.0
        self._wake_all()
        log.info("redis is here")

    def _lose(self, error: Exception) -> None:
        if self.is_heard:
            log.warning("redis is away", problem=type(error).__name__)
        self.is_heard = False
        self._wake_all()

    def _wake(self, what: str) -> None:
        for event in tuple(self.waiting.get(what, ())):
            event.set()

    def _wake_all(self) -> None:
        """What was told while nobody heard it is looked for at once."""
        for what in tuple(self.waiting):
            self._wake(what)


def _line(url: str) -> redis.Redis:
    patience = {"socket_connect_timeout": PATIENCE_SECONDS, "socket_timeout": PATIENCE_SECONDS}
    # Never tried again behind our back: what was told meanwhile would be missed.
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **patience)


def init_app(app: Flask) -> None:
    app.extensions["bell"] = Bell(str(app.config["REDIS_URL"]))


def the_bell() -> Bell:
    bell: Bell = current_app.extensions["bell"]
    return bell
