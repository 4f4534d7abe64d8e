"""What happened is written once, in order, and a change is found."""

import sqlalchemy as sa

from app.audit import services
from app.audit.models import AuditEntry
from app.booking import services as booking
from app.core.db import db
from app.towns.tenant import town_of
from tests import town


def a_story():
    """A visit held, booked and cancelled; returns its town."""
    place = town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron)
    visit = town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))
    booking.cancel(visit, "citizen")
    db.session.flush()
    return place


def test_every_step_of_a_visit_has_its_line():
    a_story()

    names = list(db.session.scalars(sa.select(AuditEntry.name).order_by(AuditEntry.number)))
    assert names == ["VisitHeld", "VisitBooked", "PersonIdentified", "VisitCancelled"]
    assert services.first_broken() is None


def test_a_changed_line_is_found():
    a_story()
    db.session.execute(sa.update(AuditEntry).where(AuditEntry.number == 2).values(name="Nothing"))
    db.session.expire_all()

    assert services.first_broken() == 2


def test_a_missing_line_is_found():
    a_story()
    db.session.execute(sa.delete(AuditEntry).where(AuditEntry.number == 1))
    db.session.expire_all()

    assert services.first_broken() == 1


def test_each_town_has_a_chain_of_its_own():
    first = a_story()
    town.a_town("etxalde")
    services.write("Something", {})

    numbers = list(db.session.scalars(sa.select(AuditEntry.number)))
    assert numbers == [1]
    with town_of(first.id):
        assert services.first_broken() is None


def test_no_telephone_and_no_name_stands_in_the_audit():
    a_story()

    for facts in db.session.scalars(sa.select(AuditEntry.facts)):
        assert town.PHONE not in str(facts)
        assert "Pere" not in str(facts)
