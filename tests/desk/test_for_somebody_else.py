"""The office books, moves and cancels for people, and tells them why."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.booking import services as booking
from app.booking.errors import PhoneNeeded
from app.booking.models import Status, Visit
from app.core.db import db
from app.queue import services as queue
from app.schedule import queries as schedule
from tests import town

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
AT_NOON = "20261130T1100Z"


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
    person = town.a_clerk(padron)
    db.session.commit()
    return person


@pytest.fixture
def desk(client, clerk):
    town.enter(client, clerk)
    return client


def home(place, path=""):
    return f"{town.base(place)}/desk/{path}"


def books(desk, place, channel="video", starts=AT_NOON, **fields):
    url = home(place, f"book/who?procedure=padron&channel={channel}&language=ca&starts={starts}")
    token = town.field_in(desk.get(url).text, "token")
    return town.send(desk, url, token=token, **fields)


def the_visit():
    return db.session.scalars(sa.select(Visit)).one()


def test_the_times_for_somebody_lead_to_the_question_for_whom(desk, place, padron):
    page = desk.get(home(place, "book?procedure=padron&channel=video&language=ca")).text

    assert f'id="slot-{AT_NOON}"' in page
    assert "/desk/book/who?procedure=padron&amp;channel=video" in page


def test_who_is_booked_for_gets_the_link_and_no_code(desk, place, padron, clerk):
    answer = books(desk, place, phone="612 34 56 78", name="Ona")

    visit = the_visit()
    assert answer.location == f"/desk/visits/{visit.code}/ticket"
    assert (visit.status, visit.made_by_id, visit.name) == (Status.BOOKED, clerk.id, "Ona")
    assert visit.code in town.sent_to("+34612345678")[0]


def test_a_visit_by_video_needs_a_telephone(desk, place, padron):
    assert books(desk, place, name="Ona").status_code == 422


def test_who_comes_in_person_may_have_no_telephone(desk, place, padron):
    answer = books(desk, place, "in_person", name="Ona")

    visit = the_visit()
    assert answer.status_code == 303
    assert visit.citizen_id is None
    assert visit.code in desk.get(f"{town.base(place)}{answer.location}").text


def test_without_a_telephone_there_is_no_visit_by_telephone(place, padron, clerk):
    with pytest.raises(PhoneNeeded):
        booking.book_for(
            clerk,
            town.a_wish(place, padron, "phone"),
            NOW + timedelta(hours=1),
            phone="",
            name="",
            reads="ca",
            needs=[],
            form_token="x" * 24,
        )


def test_a_time_that_was_just_taken_is_refused_with_the_nearest(desk, place, padron):
    town.a_visit(town.a_wish(place, padron), NOW + timedelta(hours=2))

    answer = books(desk, place, phone="612345678")

    assert answer.status_code == 409
    assert 'id="other-1"' in answer.text
    assert 'value="612345678"' in answer.text


def test_the_same_form_sent_twice_is_one_visit(desk, place, padron):
    url = home(place, f"book/who?procedure=padron&channel=video&language=ca&starts={AT_NOON}")
    page = desk.get(url).text
    fields = {"token": town.field_in(page, "token"), "phone": "612345678"}
    fields["csrf_token"] = town.token_in(page)

    first, second = desk.post(url, data=fields), desk.post(url, data=fields)

    assert first.location == second.location
    assert the_visit()


@pytest.mark.parametrize("starts", ["", "noon", "20261199T1100Z"])
def test_a_time_that_is_none_does_not_exist(desk, place, padron, starts):
    url = home(place, f"book/who?procedure=padron&channel=video&language=ca&starts={starts}")

    assert desk.get(url).status_code == 404


def test_a_visit_that_follows_knows_which_one(desk, place, padron, clerk):
    first = town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=10))
    queue.arrive(first)
    queue.call(clerk, first)
    db.session.commit()
    url = home(place, f"visits/{first.code}")
    town.send(desk, f"{url}/outcome", url, ended="served")

    today = desk.get(home(place)).text
    who = home(place, f"book/who?follows={first.code}&channel=video&language=ca&starts={AT_NOON}")
    page = desk.get(who).text
    town.send(desk, who, token=town.field_in(page, "token"), phone=first.phone, name=first.name)

    assert f"follows={first.code}" in today
    assert 'value="Pere"' in page
    second = db.session.scalars(sa.select(Visit).where(Visit.follows_id == first.id)).one()
    assert f'id="follows-{second.code}"' in desk.get(url).text


def test_the_office_moves_a_visit_and_says_why(desk, client, place, padron):
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=10))
    url = home(place, f"visits/{visit.code}/move?starts={AT_NOON}")

    answer = town.send(desk, url, reason="clerk_away")

    assert answer.status_code == 303
    assert visit.starts_at == NOW + timedelta(hours=2)
    assert "no pot venir" in town.sent_to(visit.phone)[-1]
    page = desk.get(f"{town.base(place)}/en/visits/{visit.code}").text
    assert "The person who was to attend you cannot come." in page


def test_a_reason_in_own_words_is_written_as_it_is(desk, place, padron):
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=10))
    url = home(place, f"visits/{visit.code}/cancel")

    town.send(desk, url, reason="own", words="Hi ha obres <al carrer>.")

    assert (visit.status, visit.ended_by) == (Status.CANCELLED, "office")
    assert "Hi ha obres <al carrer>." in town.sent_to(visit.phone)[-1]
    page = desk.get(f"{town.base(place)}/ca/visits/{visit.code}").text
    assert "Hi ha obres &lt;al carrer&gt;." in page


@pytest.mark.parametrize("fields", [{}, {"reason": "own"}, {"reason": "because"}])
def test_nothing_is_moved_or_cancelled_without_a_reason(desk, place, padron, fields):
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=10))
    begun = visit.starts_at

    cancelled = town.send(desk, home(place, f"visits/{visit.code}/cancel"), **fields)
    moved = town.send(desk, home(place, f"visits/{visit.code}/move?starts={AT_NOON}"), **fields)

    assert cancelled.status_code == moved.status_code == 422
    assert (visit.status, visit.starts_at) == (Status.BOOKED, begun)


def test_what_the_citizen_asked_for_is_not_explained_to_them(desk, place, padron):
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=10))

    town.send(desk, home(place, f"visits/{visit.code}/cancel"), reason="asked")

    assert "com heu demanat" in town.sent_to(visit.phone)[-1]


def test_a_cancelled_time_is_free_at_once(desk, place, padron):
    wish = town.a_wish(place, padron)
    visit = town.a_visit(wish, NOW + timedelta(minutes=10))

    town.send(desk, home(place, f"visits/{visit.code}/cancel"), reason="closed")

    assert schedule.free_at(wish, NOW + timedelta(minutes=10))


def test_a_visit_that_is_over_is_neither_moved_nor_cancelled(desk, place, padron):
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=10))
    booking.cancel(visit, "citizen")
    db.session.commit()

    for path in ("move", "cancel"):
        answer = town.send(
            desk, home(place, f"visits/{visit.code}/{path}"), home(place), reason="closed"
        )
        assert answer.status_code == 409
    assert visit.ended_by == "citizen"
