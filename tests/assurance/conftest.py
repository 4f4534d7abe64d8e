"""A town with one procedure, a clerk who may identify people, and somebody in the waiting room."""

import pytest

from app.assurance import services
from app.booking.models import Status
from app.core import clock
from app.core.db import db
from app.queue import services as queue
from tests import town


@pytest.fixture
def place():
    return town.a_town(early_minutes=60 * 24 * 30)


@pytest.fixture
def padron(place):
    return town.a_procedure()


@pytest.fixture
def clerk(place, padron):
    person = town.a_clerk(padron)
    services.authorise(person, clock.today(place.time_zone), None, reference="1/2026", by=None)
    db.session.commit()
    return person


@pytest.fixture
def visit(place, padron, clerk):
    """Booked by video, and not yet in the waiting room."""
    return town.a_visit(town.a_wish(place, padron))


@pytest.fixture
def attended(visit, clerk):
    """On the counter of the clerk."""
    queue.arrive(visit)
    queue.call(clerk, visit)
    db.session.commit()
    assert visit.status is Status.CALLED
    return visit


@pytest.fixture
def desk(client, clerk):
    town.enter(client, clerk)
    return client


@pytest.fixture
def citizen(app):
    """Another browser."""
    return app.test_client()
