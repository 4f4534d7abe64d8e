"""The number of a document: what is left of it under each rule, and for how long."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.assurance import documents, jobs, services
from app.assurance.models import Assurance, DocumentKind, Method
from app.audit.models import AuditEntry
from app.core import clock
from app.core.db import db
from app.towns.models import DocumentRule, Level
from tests import town


@pytest.mark.parametrize(
    ("kind", "number", "left"),
    [
        (DocumentKind.DNI, "12345678X", "***4567**"),
        (DocumentKind.NIE, "L1234567X", "****4567*"),
        (DocumentKind.PASSPORT, "ABC123456", "*****3456"),
        (DocumentKind.OTHER, "XY12345678AB", "*****4567***"),
        (DocumentKind.OTHER, "ABCD123XY", "*****23XY"),
        (DocumentKind.OTHER, "AB123", "***23"),
    ],
)
def test_four_signs_are_left_and_always_the_same_four(kind, number, left):
    assert documents.masked(kind, number) == left


def test_a_number_is_read_however_it_is_written():
    assert documents.plain(" 12.345.678-x ") == "12345678X"


def test_nothing_is_kept_where_the_rule_says_so(place):
    place.document_rule = DocumentRule.NOTHING

    assert documents.kept(place, DocumentKind.DNI, "12345678X") == documents.Kept(None)


def test_a_fingerprint_recognises_and_tells_nothing(place):
    place.document_rule = DocumentRule.DIGEST
    other = town.a_town("etxalde", document_rule=DocumentRule.DIGEST)

    first = documents.kept(place, DocumentKind.DNI, "12345678X").text

    assert first == documents.kept(place, DocumentKind.DNI, "12.345.678-x").text
    assert first != documents.kept(other, DocumentKind.DNI, "12345678X").text
    assert "1234" not in first or len(first) == 64


def identified(visit, number="12345678X"):
    identity = services.Identity(
        "Pere Roig", DocumentKind.DNI, documents.kept(visit.town, DocumentKind.DNI, number)
    )
    row = services.identify(visit, Method.CLERK, Level.CHECKED, evidence={}, identity=identity)
    db.session.commit()
    return row


def test_a_whole_number_is_masked_by_itself_when_its_days_are_over(place, visit):
    place.document_rule, place.document_days = DocumentRule.FULL, 3
    row = identified(visit)
    assert row.document == "12345678X"

    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        jobs.mask_documents()
        assert row.document == "12345678X"
    with time_machine.travel(clock.now() + timedelta(days=4), tick=False):
        assert jobs.mask_documents() == 1

    assert (row.document, row.document_rule) == ("***4567**", DocumentRule.MASKED)
    assert row.document_until is None


@pytest.mark.parametrize(
    ("rule", "left"),
    [(DocumentRule.MASKED, "***4567**"), (DocumentRule.NOTHING, "")],
)
def test_a_stricter_rule_is_applied_at_once_to_whole_numbers(place, visit, rule, left):
    place.document_rule = DocumentRule.FULL
    row = identified(visit)

    services.set_document_rule(place, rule, 30)

    assert row.document == left


def test_the_same_document_in_another_visit_is_recognised(place, visit, padron):
    place.document_rule = DocumentRule.DIGEST
    other = town.a_visit(town.a_wish(place, padron), phone="+34600111222")
    first, second = identified(visit), identified(other)
    identified(town.a_visit(town.a_wish(place, padron), phone="+34600111333"), "87654321A")

    from app.assurance import queries

    assert [row.id for row in queries.same_document(first)] == [second.id]


def test_no_number_and_no_name_reach_the_audit(place, visit):
    place.document_rule = DocumentRule.FULL
    identified(visit)

    facts = str([entry.facts for entry in db.session.scalars(sa.select(AuditEntry))])

    assert "PersonIdentified" in str(
        [entry.name for entry in db.session.scalars(sa.select(AuditEntry))]
    )
    for word in ("12345678", "4567", "Roig"):
        assert word not in facts


def test_the_table_keeps_no_day_without_a_whole_number(visit):
    row = identified(visit)

    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.execute(
            sa.update(Assurance)
            .where(Assurance.id == row.id)
            .values(document_until=clock.today("Europe/Madrid"))
        )
