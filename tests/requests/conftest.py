"""A town, a clerk, and somebody on their counter who may be asked for things."""

import pytest

from app.core.db import db
from app.queue import services as queue
from app.requests import services
from app.requests.models import Kind
from app.requests.queries import Words
from tests import town

TEXT = "We keep a copy of your paper for five years."


@pytest.fixture
def place():
    return town.a_town(early_minutes=60 * 24 * 30)


@pytest.fixture
def padron(place):
    return town.a_procedure()


@pytest.fixture
def clerk(place, padron):
    person = town.a_clerk(padron)
    db.session.commit()
    return person


@pytest.fixture
def visit(place, padron, clerk):
    """On the counter of the clerk, by video."""
    found = town.a_visit(town.a_wish(place, padron))
    queue.arrive(found)
    queue.call(clerk, found)
    db.session.commit()
    return found


@pytest.fixture
def ask(visit, clerk):
    """The clerk asks for something, in the words of the test."""

    def asked(kind=Kind.TEXT, title="Do you accept this?", *, of=None, token="", **words):
        body = words.pop("body", TEXT if kind in (Kind.TEXT, Kind.SIGN) else "")
        said = Words(kind, "ca", title, body, **words)
        return services.ask(of or visit, clerk, said, token=token or f"{title}{words}"[:60])

    return asked


@pytest.fixture
def desk(client, clerk):
    town.enter(client, clerk)
    return client


@pytest.fixture
def citizen(app):
    """Another browser."""
    return app.test_client()
