"""What happened is written once, in order, and a change is found in the register itself."""

import sqlalchemy as sa

from app.audit import queries, services
from app.audit.models import AuditEntry
from app.booking import services as booking
from app.core.db import db
from app.towns.models import Town
from app.towns.tenant import town_of
from tests import town


def a_story() -> Town:
    """A visit held, booked and cancelled; returns its town."""
    place = town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron)
    visit = town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))
    booking.cancel(visit, "citizen")
    db.session.flush()
    return place


def found() -> list[str]:
    db.session.expire_all()
    return [str(fault) for fault in services.verify().faults]


def test_every_step_of_a_visit_has_its_line():
    a_story()

    names = list(db.session.scalars(sa.select(AuditEntry.name).order_by(AuditEntry.number)))
    assert names == ["VisitHeld", "VisitBooked", "PersonIdentified", "VisitCancelled"]
    assert services.verify().is_whole


def test_a_changed_line_is_found():
    a_story()
    db.session.execute(sa.update(AuditEntry).where(AuditEntry.number == 2).values(name="Nothing"))

    assert found() == ["edited: line 2"]


def test_a_line_that_leads_to_another_visit_is_found():
    a_story()
    db.session.execute(sa.update(AuditEntry).where(AuditEntry.number == 2).values(visit_id=99))

    assert found() == ["edited: line 2"]


def test_a_missing_line_is_found():
    a_story()
    db.session.execute(sa.delete(AuditEntry).where(AuditEntry.number == 1))

    assert found() == ["missing: line 1"]


def test_each_town_has_a_chain_of_its_own():
    first = a_story()
    second = town.a_town("etxalde")
    services.write("Something", {})

    numbers = list(db.session.scalars(sa.select(AuditEntry.number)))
    assert numbers == [1]
    for place in (first, second):
        with town_of(place.id):
            assert services.verify().is_whole


def test_a_line_carried_to_another_town_is_found():
    first = a_story()
    second = town.a_town("etxalde")
    with town_of(first.id):
        line = queries.line_of(queries.found(queries.Search(), limit=1)[0])
    with town_of(second.id):
        copied = {**line._asdict(), "town_id": second.id, "number": 1, "previous": "0" * 64}
        db.session.add(AuditEntry(**copied))
        db.session.flush()

        assert found() == ["edited: line 1"]


def test_a_line_that_is_undone_with_its_fact_leaves_no_gap():
    a_story()
    try:
        with db.session.begin_nested():
            services.write("Never", {})
            raise ZeroDivisionError
    except ZeroDivisionError:
        services.write("Afterwards", {})

    assert queries.last_line()[0] == 5
    assert services.verify().is_whole
