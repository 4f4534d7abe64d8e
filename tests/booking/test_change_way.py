"""The same visit another way: by telephone instead of video, or the other way round."""

from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.booking.models import Status
from app.core.db import db
from app.messaging.models import Message
from app.queue import queries as line
from app.queue import services as queue
from app.schedule import queries as schedule
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
def visit(place, padron):
    town.a_clerk(padron)
    return town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))


def page_of(visit, path=""):
    return f"{town.base(visit.town)}/en/visits/{visit.code}{path}"


def change(client, visit, channel):
    return town.send(client, page_of(visit, "/channel"), channel=channel)


def test_the_other_ways_of_the_procedure_are_offered(client, visit):
    assert "I cannot use video" in client.get(page_of(visit)).text

    page = client.get(page_of(visit, "/channel")).text

    assert 'value="phone"' in page
    assert 'value="in_person"' in page
    assert 'value="video"' not in page
    assert "10:00" in page


def test_one_press_changes_the_way_and_keeps_the_time(client, visit):
    starts_at = visit.starts_at

    answer = change(client, visit, "phone")

    assert answer.location == f"/en/visits/{visit.code}?changed=1"
    assert (visit.channel, visit.starts_at, visit.status) == ("phone", starts_at, Status.BOOKED)
    page = client.get(f"{town.base(visit.town)}{answer.location}").text
    assert "Your visit has been changed" in page
    assert "By telephone" in page
    moved = sa.select(Message).where(Message.key == f"visit:{visit.code}:2:moved")
    assert db.session.scalars(moved).one().state == "queued"


def test_pressing_twice_changes_once(client, visit):
    first, second = change(client, visit, "phone"), change(client, visit, "phone")

    assert first.location == second.location
    assert visit.version == 2


def test_a_way_that_nobody_attends_then_leads_to_other_times(client, place, padron):
    town.a_clerk(padron, channels=("video",))
    town.a_clerk(padron, name="Bet Mas", channels=("phone",), hours=(time(16), time(18)))
    wish = town.a_wish(place, padron)
    visit = town.a_visit(wish, town.tomorrow_at(10))

    answer = change(client, visit, "phone")

    assert answer.status_code == 409
    assert "Your visit has not changed" in answer.text
    there = f"/en/visits/{visit.code}/move?channel=phone"
    assert there in answer.text
    assert (visit.channel, visit.version) == ("video", 1)
    assert not schedule.free_at(wish, visit.starts_at)
    assert "16:00" in client.get(f"{town.base(place)}{there}").text


@pytest.mark.parametrize("channel", ["smoke", ""])
def test_a_way_that_is_none_changes_nothing(client, visit, channel):
    assert change(client, visit, channel).status_code == 409
    assert visit.channel == "video"


def test_a_way_that_the_procedure_does_not_allow_is_neither_offered_nor_taken(
    client, visit, padron
):
    padron.minutes = {"video": 20, "phone": 20}
    db.session.commit()

    assert 'value="in_person"' not in client.get(page_of(visit, "/channel")).text
    assert change(client, visit, "in_person").status_code == 409
    assert visit.channel == "video"


def test_whoever_waits_for_a_video_call_is_called_by_telephone_and_keeps_the_place(
    client, place, padron, visit, ten_o_clock
):
    ten_o_clock.move_to(visit.starts_at - timedelta(minutes=5))
    queue.arrive(visit)
    behind = town.a_visit(town.a_wish(place, padron), phone="+34600000001")
    queue.arrive(behind)
    db.session.commit()
    room = client.get(page_of(visit, "/wait")).text
    assert "Call me by telephone instead" in room
    before = [one.id for one in line.waiting()]

    answer = town.send(client, page_of(visit, "/channel"), page_of(visit, "/wait"), channel="phone")

    assert answer.location == f"/en/visits/{visit.code}?changed=1"
    assert (visit.channel, visit.status) == ("phone", Status.WAITING)
    assert [one.id for one in line.waiting()] == before
    assert "when it is your turn" in client.get(page_of(visit)).text
    assert client.get(page_of(visit, "/wait")).location == f"/en/visits/{visit.code}"


def test_who_waits_at_home_is_not_sent_to_the_town_hall(client, visit, ten_o_clock):
    ten_o_clock.move_to(visit.starts_at)
    queue.arrive(visit)
    db.session.commit()

    assert change(client, visit, "in_person").status_code == 409
    assert visit.channel == "video"


def test_a_procedure_without_telephone_offers_none_in_the_waiting_room(
    client, visit, padron, ten_o_clock
):
    padron.minutes = {"video": 20, "in_person": 20}
    ten_o_clock.move_to(visit.starts_at)
    queue.arrive(visit)
    db.session.commit()

    assert "wait-phone" not in client.get(page_of(visit, "/wait")).text


def test_a_visit_that_is_over_keeps_its_way(client, visit, ten_o_clock):
    ten_o_clock.shift(timedelta(days=2))

    answer = town.send(
        client, page_of(visit, "/channel"), page_of(visit, "/cancel"), channel="phone"
    )

    assert answer.status_code == 409
    assert "cannot be changed any more" in answer.text
    assert visit.channel == "video"


def test_somebody_elses_visit_does_not_exist(client, visit):
    elsewhere = town.a_town("sobreira")
    db.session.commit()

    for code in (visit.code, "bcdfghjkmnpq"):
        assert client.get(f"{town.base(elsewhere)}/en/visits/{code}/channel").status_code == 404
