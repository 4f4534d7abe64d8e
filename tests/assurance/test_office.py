"""What the town decides about identifying people: the register, the rules, what procedures ask."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.accounts import services as accounts
from app.accounts.models import Role
from app.assurance import queries
from app.assurance.models import AuthorisedClerk
from app.audit.models import AuditEntry
from app.core import clock
from app.core.db import db
from app.identity import eid
from app.towns.models import DocumentRule
from tests import town


@pytest.fixture
def office(client, place):
    boss = accounts.employ("Rosa Vila", Role.ADMINISTRATOR, ["ca"])
    db.session.commit()
    town.enter(client, boss)
    return client


def at(place, path=""):
    return f"{town.base(place)}/office/identification/{path}"


def told(name):
    return db.session.scalars(sa.select(AuditEntry).where(AuditEntry.name == name)).all()


def test_the_office_is_closed_to_clerks_and_to_everybody_else(client, place, clerk, padron):
    pages = ("", "clerks", "procedures/padron", "clerks/x")
    for path in pages:
        assert client.get(at(place, path), headers={"HX-Request": "true"}).status_code == 401
    town.enter(client, clerk)
    for path in pages:
        assert client.get(at(place, path)).status_code == 403


def test_the_back_office_leads_there_whoever_may_decide(client, office, place):
    door = 'id="door-identification-start"'
    assert door in office.get(f"{town.base(place)}/office/").text

    town.enter(client, accounts.employ("Pau Serra", Role.SUPERVISOR, ["ca"]))

    assert door not in client.get(f"{town.base(place)}/office/").text


def test_somebody_enters_the_register_and_may_identify_people(office, place, padron):
    other = town.a_clerk(padron, name="Bru Mas")
    db.session.commit()
    today = clock.today(place.time_zone)

    answer = town.send(
        office,
        at(place, "clerks"),
        account=other.code,
        first_day=today.isoformat(),
        last_day="",
        reference="Decret 7/2026",
    )

    assert answer.status_code == 303
    assert queries.is_authorised(other, place)
    page = office.get(at(place, "clerks")).text
    assert "Bru Mas" in page
    assert "Decret 7/2026" in page
    assert told("ClerkAuthorised")[-1].facts["account_id"] == other.id


@pytest.mark.parametrize(
    "change",
    [
        {"account": ""},
        {"account": "nobody"},
        {"first_day": "soon"},
        {"first_day": ""},
        {"last_day": "2001-01-01"},
        {"reference": "x" * 121},
    ],
    ids=str,
)
def test_an_entry_that_makes_no_sense_is_not_made(office, place, padron, change):
    other = town.a_clerk(padron, name="Bru Mas")
    db.session.commit()
    fields = {"account": other.code, "first_day": "2026-01-01", "last_day": "", "reference": ""}

    answer = town.send(office, at(place, "clerks"), **{**fields, **change})

    assert answer.status_code == 422
    assert 'id="error-summary"' in answer.text
    assert queries.entries_of(other) == []


def test_two_entries_for_the_same_days_are_refused(office, place, clerk):
    answer = town.send(
        office, at(place, "clerks"), account=clerk.code, first_day="2026-01-01", last_day=""
    )

    assert answer.status_code == 409
    assert len(queries.entries_of(clerk)) == 1


def test_an_entry_is_made_longer_and_ended_and_never_deleted(office, place, clerk):
    entry = queries.entries_of(clerk)[0]
    page = at(place, f"clerks/{entry.code}")
    last = entry.first_day + timedelta(days=9)

    town.send(office, page, last_day=last.isoformat(), reference="9/2026")
    assert (entry.last_day, entry.reference) == (last, "9/2026")
    early = (entry.first_day - timedelta(days=1)).isoformat()
    assert town.send(office, page, last_day=early, reference="").status_code == 422
    town.send(office, f"{page}/end", page)

    assert not queries.is_authorised(clerk, place)
    assert db.session.get(AuthorisedClerk, entry.id)
    assert told("AuthorisationEnded")[0].facts["account_id"] == clerk.id


def test_an_entry_of_another_town_is_missing(office, place, clerk):
    other = town.a_town("etxalde")
    foreign = AuthorisedClerk(account_id=clerk.id, first_day=clock.today(other.time_zone))
    db.session.add(foreign)
    db.session.commit()

    assert office.get(at(place, f"clerks/{foreign.code}")).status_code == 404


def test_the_rule_of_the_town_is_saved_and_told(office, place):
    town.send(office, at(place), rule="full", days="12")

    assert (place.document_rule, place.document_days) == (DocumentRule.FULL, 12)
    assert told("DocumentRuleChanged")[0].facts["days"] == 12


@pytest.mark.parametrize(
    "fields",
    [{"rule": "all", "days": "3"}, {"rule": "full", "days": "0"}, {"rule": "full", "days": "x"}],
    ids=str,
)
def test_a_rule_that_is_none_is_not_saved(office, place, fields):
    assert town.send(office, at(place), **fields).status_code == 422
    assert place.document_rule is DocumentRule.MASKED


def test_the_town_chooses_among_the_providers_of_the_installation(office, place, app, provider):
    assert "No national identity is configured" in _english(office, place)
    eid.offer(app, provider.oidc)
    try:
        town.send(office, at(place), rule="masked", days="30", providers="real")
        assert place.eid_providers == ["real"]
        town.send(office, at(place), rule="masked", days="30", providers="unheard of")
        assert place.eid_providers == []
    finally:
        app.extensions["eid"].clear()


def _english(office, place):
    boss = db.session.scalars(
        sa.select(accounts.Account).where(accounts.Account.name == "Rosa Vila")
    ).one()
    boss.locale = "en"
    db.session.commit()
    return office.get(at(place)).text


def test_what_a_procedure_asks_is_saved_with_its_reason(office, place, padron):
    page = at(place, "procedures/padron")

    words = {"act-ca": " Signar  ", "reason-es": "x"}
    town.send(office, page, book="none", enter="phone", act="checked", **words)

    assert padron.assurance == {"enter": "phone", "act": "checked"}
    assert padron.act == {"ca": "Signar"}
    assert padron.assurance_reason == {"es": "x"}
    assert told("RuleChanged")


def test_a_level_that_does_not_exist_is_not_saved(office, place, padron):
    page = at(place, "procedures/padron")

    answer = town.send(office, page, book="king", enter="none", act="none")

    assert answer.status_code == 422
    assert padron.assurance == {}
