"""Two questions after a visit: asked once, answered once, told as totals."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.audit.models import AuditEntry
from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from app.survey import queries, services
from app.survey.errors import AlreadyAnswered, NotOverYet
from app.survey.models import Answer, Said
from tests import town

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ten_o_clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def padron(place):
    return town.a_procedure()


@pytest.fixture
def clerk(padron):
    return town.a_clerk(padron)


def served(place, padron, number=0):
    visit = town.a_visit(
        town.a_wish(place, padron),
        NOW + timedelta(minutes=20 * (number + 1)),
        phone=f"+3460012345{number}",
    )
    for step in (Status.WAITING, Status.CALLED, Status.IN_SERVICE, Status.SERVED):
        booking.move_on(visit, step)
    db.session.commit()
    return visit


def address(visit):
    return f"{town.base(visit.town)}/ca/visits/{visit.code}"


def test_one_message_says_where_to_read_and_that_there_are_questions(place, padron, clerk):
    visit = served(place, padron)

    last = town.sent_to(visit.phone)[-1]

    assert visit.code in last
    assert "dues preguntes" in last


def test_nobody_is_asked_about_a_visit_that_did_not_take_place(place, padron, clerk):
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=20))
    booking.cancel(visit, "citizen")

    assert all("preguntes" not in text for text in town.sent_to(visit.phone))


def test_the_page_of_the_visit_leads_to_the_questions_until_they_are_answered(
    client, place, padron, clerk
):
    visit = served(place, padron)
    url = f"{address(visit)}/survey"

    before = client.get(address(visit)).text
    answer = town.send(client, url, understood="yes", solved="partly")
    after = client.get(address(visit)).text

    assert 'id="visit-survey"' in before
    assert answer.location.endswith(f"/visits/{visit.code}?thanks=1")
    assert 'id="visit-survey"' not in after
    assert db.session.get(Answer, visit.id).solved is Said.PARTLY


@pytest.mark.parametrize("fields", [{}, {"understood": "yes"}, {"understood": "x", "solved": "y"}])
def test_an_answer_that_lacks_something_is_asked_again(client, place, padron, clerk, fields):
    visit = served(place, padron)

    answer = town.send(client, f"{address(visit)}/survey", **fields)

    assert answer.status_code == 422
    assert db.session.get(Answer, visit.id) is None


def test_the_second_answer_is_refused(client, place, padron, clerk):
    visit = served(place, padron)
    services.answer(visit, Said.YES, Said.YES)
    db.session.commit()

    with pytest.raises(AlreadyAnswered):
        services.answer(visit, Said.NO, Said.NO)
    assert client.get(f"{address(visit)}/survey").status_code == 303


def test_before_its_end_a_visit_has_no_questions(place, padron, clerk):
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=20))

    with pytest.raises(NotOverYet):
        services.answer(visit, Said.YES, Said.YES)


def test_somebody_from_another_town_finds_nothing(client, place, padron, clerk):
    visit = served(place, padron)
    other = town.a_town("other")
    db.session.commit()

    assert client.get(f"{town.base(other)}/ca/visits/{visit.code}/survey").status_code == 404


def test_what_somebody_said_is_in_no_record(place, padron, clerk):
    visit = served(place, padron)
    services.answer(visit, Said.NO, Said.NO)

    facts = db.session.scalars(
        sa.select(AuditEntry.facts).where(AuditEntry.name == "SurveyAnswered")
    ).one()

    assert facts == {"town_id": place.id}


def test_totals_are_told_from_five_answers_on_and_of_ones_own_town(client, place, padron, clerk):
    for number in range(4):
        services.answer(served(place, padron, number), Said.YES, Said.NO)
    few = queries.totals(place.time_zone)
    services.answer(served(place, padron, 4), Said.PARTLY, Said.YES)
    db.session.commit()
    enough = queries.totals(place.time_zone)
    town.enter(client, clerk)
    page = client.get(f"{town.base(place)}/desk/survey").text
    other = town.a_town("other")

    assert not few.is_told
    assert enough.is_told
    assert enough.understood == {"yes": 4, "partly": 1, "no": 0}
    assert "80 %" in page
    assert queries.totals(other.time_zone).count == 0
