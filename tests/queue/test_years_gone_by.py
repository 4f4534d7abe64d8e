"""Whoever looks for the next person reads those who are here, and not the years gone by."""

import pytest
import sqlalchemy as sa

from app.core.db import db
from app.queue.queries.people import callable_by
from app.schedule import queries as schedule
from tests import postgres, town


@pytest.mark.skipif(postgres.is_chosen(), reason="PostgreSQL counts its rows, and chooses by that")
def test_the_next_person_is_found_among_those_who_are_here():
    town.a_town()
    clerk = schedule.resource_of(town.a_clerk(town.a_procedure()).id)
    db.session.commit()
    question = callable_by(clerk).with_only_columns(sa.text("visit.id"))
    asked = question.compile(db.engine, compile_kwargs={"literal_binds": True})

    told = db.session.execute(sa.text(f"EXPLAIN QUERY PLAN {asked}"))

    steps = [row[3] for row in told]
    assert any("ix_visit_status_procedure (status=?" in step for step in steps), steps
    assert not any(step.startswith("SCAN visit") for step in steps), steps
