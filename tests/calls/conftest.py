"""A visit that the clerk has just called, and the people around it."""

import pytest
import sqlalchemy as sa

from app.core.db import db
from app.queue import services as queue
from app.towns.models import Procedure
from tests import town


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def clerk(place):
    return town.a_clerk(town.a_procedure(), name="Ana Pi")


@pytest.fixture
def visit(place, clerk):
    """Called by the clerk and not yet in the call."""
    padron = db.session.scalars(sa.select(Procedure)).one()
    made = town.a_visit(town.a_wish(place, padron))
    queue.arrive(made)
    queue.call_next(clerk)
    db.session.commit()
    return made
