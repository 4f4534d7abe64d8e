"""People who press at the same instant on a running counter, and what the register says after."""

import http.client
import os
import re
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask

from app import create_app
from app.accounts.models import Account
from app.booking.forms import written_start
from app.booking.models import Visit
from app.core.db import db, transaction
from app.messaging.models import Message
from app.towns.models import Procedure, Town
from app.towns.tenant import every_town, speak_for, town_of
from tests import town
from tests.counter import Counter

OVERLAPS = sa.text(
    """
    SELECT count(*) FROM allocation one JOIN allocation two
      ON one.resource_id = two.resource_id AND one.id < two.id
     AND one.starts_at < two.ends_at AND two.starts_at < one.ends_at
    WHERE one.state != 'freed' AND two.state != 'freed'
    """
)
# A visit that stands has one clerk for all its time (more, where a pause belongs to it, and perhaps
# a desk); one that is over has nobody and nothing.
ASTRAY = sa.text(
    """
    SELECT count(*) FROM visit
    LEFT JOIN (SELECT claim, count(*) AS taken,
                      sum(CASE WHEN resource.kind = 'clerk' THEN 1 ELSE 0 END) AS clerks,
                      max(starts_at) AS starts_at, min(ends_at) AS ends_at
               FROM allocation JOIN resource ON resource.id = allocation.resource_id
               WHERE state != 'freed' GROUP BY claim) own ON own.claim = visit.code
    WHERE (visit.status = 'booked' AND (coalesce(own.clerks, 0) != 1
           OR own.starts_at > visit.starts_at OR own.ends_at < visit.ends_at))
       OR (visit.status IN ('cancelled', 'expired') AND own.taken > 0)
    """
)


class Stormed:
    """A counter that is open, and a second door to its register for whoever prepares the storm."""

    def __init__(self, counter: Counter, **settings: Any) -> None:
        self.counter = counter
        file = f"sqlite:///{counter.folder}/ventanilla.db"
        address = counter.environment.get("VENTANILLA_DATABASE_URL", file)
        self.app: Flask = create_app(
            TESTING=True,
            INSTANCE=str(counter.folder),
            SMS_PROVIDER="memory",
            DATABASE_URL=address,
            **settings,
        )

    def close(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    @contextmanager
    def errand(self, of: Town | None = None) -> Iterator[None]:
        """One transaction of the house's own, as a job or a command has it."""
        with self.app.app_context():
            try:
                with town_of(of.id) if of else every_town(), transaction():
                    yield
            finally:
                speak_for(None)
                db.session.remove()

    def number(self, question: sa.TextClause, **values: Any) -> int:
        with self.app.app_context(), db.engine.connect() as register:
            return int(register.scalar(question, values) or 0)

    def is_sound(self) -> bool:
        """Nobody is in two places, and no visit has lost its time or kept one it gave back."""
        return self.number(OVERLAPS) == 0 and self.number(ASTRAY) == 0

    def visit(self, code: str) -> Visit:
        with self.app.app_context(), every_town():
            found = db.session.scalars(sa.select(Visit).where(Visit.code == code)).one()
            db.session.remove()
        return found

    def code_sent_to(self, phone: str) -> str:
        """The digits that this telephone received last."""
        with self.app.app_context(), every_town():
            question = sa.select(Message.body).where(Message.phone == phone)
            bodies = db.session.scalars(question.order_by(Message.id)).all()
            db.session.remove()
        return town.digits_sent(bodies[-1])


class Person(threading.Thread):
    """Somebody with a browser and a connection of their own. What they press is decided before."""

    def __init__(self, counter: Counter, place: str, number: int = 0) -> None:
        super().__init__(daemon=True)
        self.port, self.number = counter.port, number
        self.headers = {"Host": f"{place}.localhost:{counter.port}"}
        self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.cookies: dict[str, str] = {}
        self.status, self.text, self.location = 0, "", ""
        self.press: Callable[[], None] = lambda: None
        self.gate: threading.Barrier | None = None
        self.waits = 0.0

    @property
    def phone(self) -> str:
        return f"+346{self.number:08d}"

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> int:
        body = urlencode(form) if form is not None else None
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        self.line.request(method, path, body=body, headers={**self.headers, **kind})
        with closing(self.line.getresponse()) as answer:
            self.status, self.text = answer.status, answer.read().decode()
        self.location = answer.headers.get("Location") or ""
        for value in answer.headers.get_all("Set-Cookie") or []:
            name, _, kept = value.split(";")[0].partition("=")
            self.cookies[name] = kept
        self.headers["Cookie"] = "; ".join(f"{one}={kept}" for one, kept in self.cookies.items())
        return self.status

    def ready_to_book(self, procedure: str, starts_at: datetime) -> "Person":
        """The form is open and filled in; only the button is missing."""
        start = written_start(starts_at)
        path = f"/ca/visits/new?procedure={procedure}&channel=video&starts={start}"
        assert self.ask("GET", path) == 200, self.text
        form = {
            "csrf_token": town.token_in(self.text),
            "token": town.field_in(self.text, "token"),
            "phone": self.phone,
            "name": "Storm",
        }
        return self._will(path, form)

    def ready_to_confirm(self, code: str) -> "Person":
        """They hold a time in this browser and have the code of the message before them."""
        path = self.location
        assert self.ask("GET", path) == 200, self.text
        return self._will(path, {"csrf_token": town.token_in(self.text), "code": code})

    def ready_to(self, path: str, page: str | None = None, **fields: str) -> "Person":
        """On that page, about to press the button that leads to the path."""
        assert self.ask("GET", page or path) == 200, self.text
        return self._will(path, {"csrf_token": town.token_in(self.text), **fields})

    def ready_for_next(self, clerk: Account) -> "Person":
        """A clerk at the desk."""
        self.ask("GET", "/demo/")
        token = {"csrf_token": town.token_in(self.text)}
        assert self.ask("POST", f"/demo/enter/{clerk.code}", token) == 303
        return self.ready_to("/desk/next", "/desk/")

    def _will(self, path: str, form: dict[str, str]) -> "Person":
        self.press = lambda: self.ask("POST", path, form) and None
        return self

    def run(self) -> None:
        if self.gate:
            self.gate.wait()
        if self.waits:
            time.sleep(self.waits)
        self.press()

    def has_alternatives(self) -> bool:
        """Whether the page that says no shows what else there is."""
        return 'class="slot"' in self.text or "/times?" in self.text or "/move?" in self.text


def all_at_once(people: Sequence[Person], *others: Callable[[], None]) -> None:
    """Everybody presses at the same instant; `others` do something in this process meanwhile."""
    gate = threading.Barrier(len(people) + len(others))
    failed: list[BaseException] = []

    def do(other: Callable[[], None]) -> None:
        gate.wait()
        try:
            other()
        except BaseException as error:
            failed.append(error)

    helpers = [threading.Thread(target=do, args=(other,)) for other in others]
    for person in people:
        person.gate = gate
        person.start()
    for helper in helpers:
        helper.start()
    for thread in (*people, *helpers):
        thread.join()
    for person in people:
        person.line.close()
    if failed:
        raise failed[0]


def a_place(slug: str, clerks: int, **lengths: int) -> tuple[Town, list[Procedure], list[Account]]:
    """A town of the storm's own, with procedures of those lengths that all of its clerks attend."""
    place = town.a_town(f"{slug}-{secrets.token_hex(3)}", early_minutes=60 * 24 * 30)
    offered = [town.a_procedure(name, minutes) for name, minutes in lengths.items()]
    staff = [town.a_clerk(*offered, name=f"Clerk {number}") for number in range(clerks)]
    db.session.commit()
    return place, offered, staff


def workers_of(counter: Counter) -> list[int]:
    """The web processes that answer: children of the gunicorn which this counter started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            told = (folder / "environ").read_bytes()
            parent = re.search(r"PPid:\s+(\d+)", (folder / "status").read_text())
        except OSError:
            continue
        if b"gunicorn" in command and f"VENTANILLA_PORT={counter.port}\0".encode() in told:
            found.append((int(folder.name), int(parent[1]) if parent else 0))
    masters = {pid for pid, _ in found}
    return [pid for pid, parent in found if parent in masters]


def kill(pid: int) -> None:
    """As the machine does when it is out of memory: nothing is tidied up."""
    os.kill(pid, signal.SIGKILL)
