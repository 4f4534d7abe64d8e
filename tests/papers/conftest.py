"""A booked visit with its papers, and both sides of the counter."""

import pytest
import sqlalchemy as sa

from app.core.db import db
from app.queue import services as queue
from app.towns.models import Procedure
from tests import town
from tests.papers.house import House


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def clerk(place):
    return town.a_clerk(town.a_procedure(), name="Ana Pi")


@pytest.fixture
def visit(place, clerk):
    """Booked; nobody has come yet."""
    padron = db.session.scalars(sa.select(Procedure)).one()
    return town.a_visit(town.a_wish(place, padron))


@pytest.fixture
def called(visit, clerk):
    """The same one, before the clerk."""
    queue.arrive(visit)
    queue.call_next(clerk)
    db.session.commit()
    return visit


@pytest.fixture
def citizen(client, place, visit):
    return House(client, f"{town.base(place)}/ca/visits/{visit.code}/papers")


@pytest.fixture
def counter_of(app, place, clerk, visit):
    """The clerk's side, signed in."""
    browser = app.test_client()
    town.enter(browser, clerk)
    return House(browser, f"{town.base(place)}/desk/visits/{visit.code}/papers")
