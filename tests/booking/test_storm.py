"""Fifty people press the same button at the same instant, on a running server with two workers.

On both registers that the product knows: SQLite and PostgreSQL.
"""

import http.client
import re
import threading
from collections import Counter as Tally
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from tests import postgres, town
from tests.conftest import AS_MANY_AS_THEY_LIKE
from tests.counter import Counter, close_counter, open_counter

pytestmark = pytest.mark.storm

PEOPLE = 50


class Person(threading.Thread):
    """Somebody with the form open, who sends it when everybody does."""

    def __init__(self, counter: Counter, path: str, number: int, gate: threading.Barrier) -> None:
        super().__init__()
        self.line = http.client.HTTPConnection("127.0.0.1", counter.port, timeout=30)
        self.headers = {"Host": f"vilaclara.localhost:{counter.port}"}
        self.path, self.number, self.gate = path, number, gate
        self.status, self.text = 0, ""

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> None:
        body = urlencode(form) if form else None
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        self.line.request(method, path, body=body, headers={**self.headers, **kind})
        answer = self.line.getresponse()
        self.status, self.text = answer.status, answer.read().decode()
        cookies = [value.split(";")[0] for value in answer.headers.get_all("Set-Cookie") or []]
        if cookies:
            self.headers["Cookie"] = "; ".join(cookies)

    def open_the_form(self) -> None:
        self.ask("GET", self.path)
        self.form = {
            "csrf_token": town.token_in(self.text),
            "token": town.field_in(self.text, "token"),
            "phone": f"6000{self.number:05d}",
            "name": "Storm",
        }

    def run(self) -> None:
        self.gate.wait()
        self.ask("POST", self.path, self.form)


def crowd(counter: Counter, paths: list[str]) -> list[Person]:
    gate = threading.Barrier(len(paths))
    people = [Person(counter, path, number, gate) for number, path in enumerate(paths)]
    for person in people:
        person.open_the_form()
    for person in people:
        person.start()
    for person in people:
        person.join()
        person.line.close()
    return people


def offered(counter: Counter, slug: str) -> list[str]:
    """The links of every time offered by video on the last day shown, when one clerk is free."""
    person = Person(counter, "", 0, threading.Barrier(1))
    person.ask("GET", f"/ca/procedures/{slug}/times?channel=video")
    days = re.findall(r'href="([^"]*day=[^"]+)"', person.text)
    person.ask("GET", days[-1].replace("&amp;", "&"))
    links = re.findall(r'<a class="slot"[^>]*href="([^"]+)"', person.text)
    person.line.close()
    return [link.replace("&amp;", "&") for link in links]


OVERLAPS = sa.text(
    """
    SELECT count(*) FROM allocation one JOIN allocation two
      ON one.resource_id = two.resource_id AND one.id < two.id
     AND one.starts_at < two.ends_at AND two.starts_at < one.ends_at
    WHERE one.state != 'freed' AND two.state != 'freed'
    """
)


def active_overlaps(counter: Counter) -> int:
    file = f"sqlite:///{counter.folder}/ventanilla.db"
    engine = sa.create_engine(counter.environment.get("VENTANILLA_DATABASE_URL", file))
    with engine.connect() as register:
        count = register.scalar(OVERLAPS)
    engine.dispose()
    return int(count or 0)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stormed(request, tmp_path_factory):
    """The counter of the other tests, and one whose register is a PostgreSQL server."""
    if request.param == "sqlite":
        yield request.getfixturevalue("counter")
        return
    if postgres.programs() is None:
        pytest.skip("POSTGRESQL IS NOT INSTALLED: the storm was NOT tried on it (apt-packages.txt)")
    with postgres.a_server() as address:
        opened, process = open_counter(
            tmp_path_factory.mktemp("stormed"),
            DATABASE_URL=address,
            **AS_MANY_AS_THEY_LIKE,
        )
        yield opened
        assert close_counter(process) == 0


def test_one_wins_and_forty_nine_are_refused_politely(stormed):
    # At the end of the day only the guard of the demonstration is on duty: one place.
    link = offered(stormed, "matrimonio")[-1]

    people = crowd(stormed, [link] * PEOPLE)

    assert Tally(person.status for person in people) == {303: 1, 409: PEOPLE - 1}
    loser = next(person for person in people if person.status == 409)
    assert f'value="{loser.form["phone"]}"' in loser.text
    assert 'name="starts"' in loser.text
    assert active_overlaps(stormed) == 0


def test_overlapping_starts_never_overlap_in_the_register(stormed):
    links = offered(stormed, "nacimiento")[-12:]

    people = crowd(stormed, [links[number % len(links)] for number in range(PEOPLE)])

    statuses = Tally(person.status for person in people)
    assert set(statuses) == {303, 409}
    assert statuses[303] >= 3
    assert active_overlaps(stormed) == 0
