"""What the one link of a visit shows, whatever has become of it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from app.queue import services as queue
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
    procedure = town.a_procedure()
    town.a_clerk(procedure)
    return procedure


@pytest.fixture
def visit(place, padron):
    return town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10), needs=["companion"])


def look(client, visit):
    db.session.commit()
    return client.get(f"{town.base(visit.town)}/en/visits/{visit.code}").text


def test_a_booked_visit_shows_all_that_can_be_done_with_it(client, visit):
    page = look(client, visit)

    for button in ("move", "channel", "calendar", "cancel"):
        assert f'id="visit-{button}"' in page
    assert "Somebody will be with me" in page


def test_a_visit_closed_in_the_evening_says_so_and_leads_to_the_times(client, visit):
    booking.move_on(visit, Status.WAITING)
    booking.cancel(visit, "closing")

    page = look(client, visit)

    assert "we closed before we could attend you" in page
    assert "procedures/padron/times?channel=video" in page


def test_a_visit_that_the_office_cancelled_says_so(client, visit):
    booking.cancel(visit, "office")

    assert "we had to cancel your visit" in look(client, visit)


def test_a_visit_that_its_citizen_cancelled_makes_no_excuses(client, visit):
    booking.cancel(visit, "citizen")

    page = look(client, visit)

    assert "This visit is cancelled" in page
    assert "We are sorry" not in page


def test_a_visit_in_service_offers_nothing_to_change(client, visit):
    booking.move_on(visit, Status.WAITING)
    booking.move_on(visit, Status.CALLED)

    page = look(client, visit)

    for button in ("move", "channel", "cancel", "earlier-ask"):
        assert f'id="visit-{button}"' not in page
    assert "Go back to the waiting room" in page


def test_a_telephone_visit_before_its_hour_says_when_we_call(client, place, padron):
    visit = town.a_visit(town.a_wish(place, padron, "phone"), town.tomorrow_at(10))

    page = look(client, visit)

    assert "at that time" in page
    assert 'id="place"' not in page


def test_the_page_costs_few_questions(client, visit, ten_o_clock, statements):
    look(client, visit)
    statements.clear()
    look(client, visit)
    booked = len(statements)
    ten_o_clock.move_to(visit.starts_at - timedelta(minutes=5))
    queue.arrive(visit)
    look(client, visit)
    statements.clear()
    look(client, visit)

    assert booked <= 8
    assert len(statements) <= 8
