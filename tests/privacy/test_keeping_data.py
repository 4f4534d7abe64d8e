"""Whoever keeps the data: terms, requests with their month, what is blocked, what must wait."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.accounts import queries as accounts
from app.accounts import services as account_services
from app.accounts.models import Account, Role
from app.audit.models import AuditEntry
from app.core import clock
from app.core.db import db
from app.privacy import jobs, queries, services
from app.privacy.models import (
    Blocking,
    BlockReason,
    DataRequest,
    Kept,
    LegalHold,
    RequestState,
    RetentionRule,
)
from app.privacy.terms import TERMS
from app.towns.models import Town
from tests import town

NAME = "Remei Salabert"


@pytest.fixture
def place() -> Town:
    made = town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron)
    town.a_visit(town.a_wish(made, padron), town.tomorrow_at(10), name=NAME)
    return made


@pytest.fixture
def keeper(client, place) -> Account:
    person = account_services.employ("Joan Pla", Role.ADMINISTRATOR, ["ca"])
    db.session.commit()
    town.enter(client, person)
    return person


@pytest.fixture
def blocked(place, keeper) -> Blocking:
    made = services.block(accounts.citizen_of(town.PHONE), place, BlockReason.ASKED)
    db.session.commit()
    return made


def office(place: Town, path: str) -> str:
    return f"{town.base(place)}/office{path}"


def last_line() -> AuditEntry:
    return db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number.desc())).first()


def usual(**changed: str) -> dict[str, str]:
    return {kind.value: str(term.days) for kind, term in TERMS.items()} | changed


def test_terms_are_changed_within_what_is_allowed(client, place, keeper):
    answer = town.send(client, office(place, "/retention"), **usual(codes="3"))

    assert answer.status_code == 303
    assert queries.terms()[Kept.CODES] == 3
    assert last_line().facts["kind"] == "codes"
    assert last_line().author == f"account:{keeper.id}"


@pytest.mark.parametrize("typed", ["0", "-1", "", "forever", "99999999", "31", "1e1", "３"])
def test_a_term_that_is_not_allowed_is_said_and_nothing_changes(client, place, keeper, typed):
    answer = town.send(client, office(place, "/retention"), **usual(codes=typed, waits="20"))

    assert answer.status_code == 422
    assert 'id="codes-error"' in answer.text
    assert db.session.scalars(sa.select(RetentionRule)).all() == []


def test_the_nightly_report_is_shown(client, place, keeper):
    with time_machine.travel(clock.now() + timedelta(days=100)):
        jobs.run(place)

    assert "Missatges destruïts" in client.get(office(place, "/retention")).text


def test_a_request_on_paper_has_a_month(client, place, keeper):
    answer = town.send(client, office(place, "/requests"), phone="600 12 34 56", kind="access")

    asked = db.session.scalars(sa.select(DataRequest)).one()
    assert answer.headers["Location"] == f"/office/requests/{asked.code}"
    assert 28 <= (asked.due_on - clock.today(place.time_zone)).days <= 31
    page = client.get(office(place, "/requests")).text
    assert f"asked-{asked.code}" in page
    assert NAME not in page


def test_a_month_that_is_over_is_said(client, place, keeper):
    town.send(client, office(place, "/requests"), phone="600 12 34 56", kind="access")

    with time_machine.travel(clock.now() + timedelta(days=32)):
        town.enter(client, keeper)
        assert "tag--refusal" in client.get(office(place, "/requests")).text


@pytest.mark.parametrize(
    ("phone", "kind"), [("", "access"), ("12", "access"), ("600 12 34 56", ""), ("600123456", "x")]
)
def test_a_request_that_is_none_is_said(client, place, keeper, phone, kind):
    answer = town.send(client, office(place, "/requests"), phone=phone, kind=kind)

    assert answer.status_code == 422
    assert db.session.scalars(sa.select(DataRequest)).all() == []


def test_an_erasure_that_is_done_blocks_and_one_that_is_refused_does_not(client, place, keeper):
    for state, is_blocked in (("refused", False), ("done", True)):
        town.send(client, office(place, "/requests"), phone="600 12 34 56", kind="erasure")
        asked = db.session.scalars(sa.select(DataRequest).order_by(DataRequest.id.desc())).first()
        page = office(place, f"/requests/{asked.code}")

        answer = town.send(client, f"{page}/answer", page, state=state)

        assert answer.status_code == 303
        db.session.refresh(asked)
        assert asked.state is RequestState(state)
        assert bool(db.session.scalars(sa.select(Blocking)).all()) is is_blocked


def test_an_answer_that_is_none_is_refused(client, place, keeper):
    town.send(client, office(place, "/requests"), phone="600 12 34 56", kind="erasure")
    asked = db.session.scalars(sa.select(DataRequest)).one()
    page = office(place, f"/requests/{asked.code}")

    assert town.send(client, f"{page}/answer", page, state="perhaps").status_code == 400
    assert asked.state is RequestState.OPEN


def test_blocked_data_is_seen_with_a_reason_only(client, place, blocked):
    page = office(place, f"/blocked/{blocked.code}")
    assert NAME not in client.get(page).text

    assert town.send(client, f"{page}/see", page).status_code == 422
    assert town.send(client, f"{page}/see", page, reason="court").status_code == 422
    answer = town.send(client, f"{page}/see", page, reason="court", reference="DP 12/2026")

    assert NAME in answer.text
    assert last_line().facts["reference"] == "DP 12/2026"
    assert NAME not in str(list(db.session.scalars(sa.select(AuditEntry.facts))))


@pytest.mark.parametrize(
    "reference", ["", "Remei, 600123456", "x" * 41, "a\r\nb", "<b>", "=1+1", "--"]
)
def test_a_reference_cannot_be_a_story(client, place, blocked, reference):
    page = office(place, f"/blocked/{blocked.code}")

    answer = town.send(client, f"{page}/see", page, reason="court", reference=reference)

    assert answer.status_code == 422


def test_what_must_wait_is_not_destroyed_until_it_is_lifted(client, place, blocked):
    page = office(place, f"/blocked/{blocked.code}")
    town.send(client, f"{page}/hold", page, reason="claim", reference="RP 7/2026")
    held = db.session.scalars(sa.select(LegalHold)).one()
    holds = office(place, "/holds")
    assert "blocked-destroy" not in client.get(page).text

    assert town.send(client, f"{page}/destroy", page, early="1").status_code == 409
    town.send(client, office(place, f"/holds/{held.code}/lift"), holds)
    assert town.send(client, f"{page}/destroy", page, early="1").status_code == 303

    db.session.refresh(blocked)
    assert blocked.is_destroyed
    assert re.search(r"[0-9a-f]{64}", client.get(page).text)


def test_before_its_day_it_is_destroyed_only_on_purpose(client, place, blocked):
    page = office(place, f"/blocked/{blocked.code}")

    assert town.send(client, f"{page}/destroy", page).status_code == 409
    assert not blocked.is_destroyed


def test_data_that_is_destroyed_is_destroyed_once(client, place, blocked):
    page = office(place, f"/blocked/{blocked.code}")
    token = town.token_in(client.get(page).text)

    answers = [
        client.post(f"{page}/destroy", data={"csrf_token": token, "early": "1"}).status_code
        for _ in range(2)
    ]

    assert answers == [303, 409]
    see = {"csrf_token": token, "reason": "court", "reference": "DP 1/2026"}
    assert client.post(f"{page}/see", data=see).status_code == 409


def test_a_hold_by_telephone(client, place, keeper):
    page = office(place, "/holds")
    fields = {"reason": "court", "reference": "DP 1/2026"}

    assert town.send(client, page, phone="611 22 33 44", **fields).status_code == 422
    assert town.send(client, page, phone="600 12 34 56", **fields).status_code == 303

    assert queries.is_on_hold(accounts.citizen_of(town.PHONE).id)
    assert town.PHONE not in client.get(page).text
    assert last_line().name == "HoldPlaced"


def test_the_data_sheet_is_read_from_this_installation(client):
    place = town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron)
    town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))
    town.enter(client, town.a_supervisor("Ona", Role.ADMINISTRATOR))

    text = client.get(f"{town.base(place)}/office/retention/sheet").text

    assert "Data sheet for the impact assessment" in text
    assert text.count('<th scope="row">') >= 20
    assert "Pere" not in text
    assert town.PHONE not in text
