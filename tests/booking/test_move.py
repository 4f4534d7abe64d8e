"""A citizen moves a visit: other times, both times side by side, and one button."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.booking import queries, services
from app.booking.forms import written_start
from app.booking.models import Status, Visit
from app.core.db import db
from app.messaging.models import Message
from app.schedule import queries as schedule
from tests import town

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
OTHER = "+34600999999"


@pytest.fixture(autouse=True)
def ten_o_clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def place():
    return town.a_town(late_minutes=15)


@pytest.fixture
def padron(place):
    return town.a_procedure()


@pytest.fixture
def wish(place, padron):
    town.a_clerk(padron)
    return town.a_wish(place, padron)


@pytest.fixture
def visit(wish):
    return town.a_visit(wish, town.tomorrow_at(10))


def page_of(visit, path="move", **asked):
    words = "&".join(f"{name}={value}" for name, value in asked.items())
    return f"{town.base(visit.town)}/en/visits/{visit.code}/{path}" + (f"?{words}" if words else "")


def to(starts_at):
    return {"starts": written_start(starts_at)}


def move(client, visit, starts_at, channel="video"):
    """From the page with both times, its button."""
    url = page_of(visit, channel=channel)
    return town.send(client, url, f"{url}&starts={written_start(starts_at)}", **to(starts_at))


def test_the_visit_page_leads_to_other_times_and_they_to_both_times(client, visit):
    new = town.tomorrow_at(12)

    seen = client.get(page_of(visit, "")[:-1]).text
    times = client.get(page_of(visit)).text
    both = client.get(page_of(visit, channel="video", starts=written_start(new))).text

    assert f"/en/visits/{visit.code}/move" in seen
    assert f"/move?channel=video&amp;starts={written_start(new)}" in times
    assert "10:00" in both
    assert "12:00" in both
    assert visit.starts_at == town.tomorrow_at(10)


def test_moving_takes_the_new_time_gives_the_old_one_back_and_says_so(client, wish, visit):
    old, new = visit.starts_at, town.tomorrow_at(12)

    answer = move(client, visit, new)

    assert answer.status_code == 303
    assert answer.location == f"/en/visits/{visit.code}?moved=1"
    assert (visit.starts_at, visit.status) == (new, Status.BOOKED)
    assert schedule.free_at(wish, old)
    assert not schedule.free_at(wish, new)
    page = client.get(f"{town.base(visit.town)}{answer.location}").text
    assert "Your visit has been moved" in page
    assert "12:00" in page


def test_a_visit_may_move_into_its_own_time(client, visit):
    """Ten minutes later overlaps what it has now: its own time is in nobody's way."""
    later = visit.starts_at + timedelta(minutes=10)

    assert move(client, visit, later).status_code == 303
    assert visit.starts_at == later


def test_its_own_time_is_shown_and_is_nothing_to_press(client, visit):
    page = client.get(page_of(visit)).text

    assert f'id="slot-{written_start(visit.starts_at)}"' not in page
    assert "yours now" in page


def test_pressing_twice_moves_once(client, visit):
    new = town.tomorrow_at(12)

    first, second = move(client, visit, new), move(client, visit, new)

    assert first.status_code == second.status_code == 303
    assert visit.version == 2
    moved = sa.select(Message).where(Message.key.endswith(":moved"))
    assert len(db.session.scalars(moved).all()) == 1


def test_a_time_taken_meanwhile_leaves_the_visit_as_it_was_and_shows_the_nearest(
    client, wish, visit
):
    old, new = visit.starts_at, town.tomorrow_at(12)
    url = page_of(visit, channel="video")
    client.get(f"{url}&starts={written_start(new)}")
    town.a_visit(wish, new, phone=OTHER)

    answer = move(client, visit, new)

    assert answer.status_code == 409
    assert "Your visit has not changed" in answer.text
    nearest = town.tomorrow_at(12, 20)
    assert f"starts={written_start(nearest)}" in answer.text
    assert (visit.starts_at, visit.version) == (old, 1)
    assert not schedule.free_at(wish, old)


def test_of_two_who_move_to_one_time_the_second_keeps_what_they_had(client, wish, visit):
    second = town.a_visit(wish, town.tomorrow_at(11), phone=OTHER)
    new = town.tomorrow_at(12)

    assert move(client, visit, new).status_code == 303
    assert move(client, second, new).status_code == 409
    assert second.starts_at == town.tomorrow_at(11)
    assert not schedule.free_at(wish, town.tomorrow_at(11))


def test_it_may_change_its_way_as_it_moves(client, place, padron):
    town.a_clerk(padron, channels=("video",))
    town.a_clerk(padron, name="Bet Mas", channels=("phone",))
    visit = town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))

    answer = move(client, visit, town.tomorrow_at(12), channel="phone")

    assert answer.status_code == 303
    assert (visit.channel, visit.clerk_name) == ("phone", "Bet Mas")


def test_what_was_written_of_the_old_time_does_not_leave(client, visit):
    before = set(db.session.scalars(sa.select(Message.id).where(Message.phone == visit.phone)))
    new = town.tomorrow_at(10) + timedelta(days=6)

    move(client, visit, new)

    rows = db.session.scalars(sa.select(Message).where(Message.phone == visit.phone)).all()
    assert {row.state for row in rows if row.id in before} == {"dropped"}
    fresh = [row for row in rows if row.id not in before]
    assert {row.key.rsplit(":", 1)[1] for row in fresh} == {"moved", "two-days", "two-hours"}
    assert all(f":{visit.code}:2:" in row.key for row in fresh)
    assert {row.state for row in fresh} == {"queued"}


def test_the_calendar_entry_keeps_its_name_and_rises(client, visit):
    ics = page_of(visit, "calendar.ics")
    before = client.get(ics).text
    move(client, visit, town.tomorrow_at(12))
    after = client.get(ics).text

    uid = f"UID:{visit.code}@vilaclara.localhost"
    assert uid in before
    assert uid in after
    assert "SEQUENCE:0" in before
    assert "SEQUENCE:1" in after
    assert "DTSTART:20261201T110000Z" in after


def test_whoever_moves_no_longer_waits_for_an_earlier_time(client, visit):
    services.join(visit)
    db.session.commit()

    move(client, visit, town.tomorrow_at(9))

    assert queries.entry_of(visit) is None


@pytest.mark.parametrize(
    "asked",
    [
        {"starts": "yesterday"},
        {"starts": ""},
        {"starts": "20269999T0000Z"},
        {"channel": "smoke"},
        {"channel": "smoke", "starts": "20261201T1100Z"},
    ],
)
def test_a_broken_address_does_not_exist_and_changes_nothing(client, visit, asked):
    old = visit.starts_at

    looked = client.get(page_of(visit, **asked))
    token = town.token_in(client.get(page_of(visit, "cancel")).text)
    pressed = client.post(page_of(visit), data={"csrf_token": token, **asked})

    assert looked.status_code == 404
    assert pressed.status_code == 404
    assert visit.starts_at == old


@pytest.mark.parametrize(
    "starts_at",
    [NOW - timedelta(hours=1), NOW + timedelta(days=400), NOW + timedelta(days=1, minutes=3)],
    ids=["past", "too far", "off the grid"],
)
def test_a_time_that_is_not_offered_is_refused(client, visit, starts_at):
    answer = move(client, visit, starts_at)

    assert answer.status_code == 409
    assert visit.starts_at == town.tomorrow_at(10)


def test_a_visit_in_the_waiting_room_is_not_moved(client, visit):
    token = town.token_in(client.get(page_of(visit, "cancel")).text)
    services.move_on(visit, Status.WAITING)
    db.session.commit()

    looked = client.get(page_of(visit))
    pressed = client.post(page_of(visit), data={"csrf_token": token, **to(town.tomorrow_at(12))})

    assert (looked.status_code, pressed.status_code) == (200, 409)
    assert "cannot be changed any more" in looked.text
    assert "cannot be changed any more" in pressed.text
    assert visit.starts_at == town.tomorrow_at(10)
    assert "/move" not in client.get(page_of(visit, "")[:-1]).text


def test_a_visit_that_is_over_is_not_moved(client, visit, ten_o_clock):
    ten_o_clock.shift(timedelta(days=2))

    answer = client.get(page_of(visit))

    assert "cannot be changed any more" in answer.text


def test_somebody_elses_town_and_an_invented_code_look_the_same(client, visit):
    elsewhere = town.a_town("sobreira")
    db.session.commit()
    pages = [
        client.get(f"{town.base(elsewhere)}/en/visits/{code}/move")
        for code in (visit.code, "bcdfghjkmnpq")
    ]

    assert [page.status_code for page in pages] == [404, 404]
    first, second = (
        re.sub(r"bcdfghjkmnpq|nonce-\S+|content=\"[^\"]+\"", "", page.text).replace(visit.code, "")
        for page in pages
    )
    assert first == second


def test_a_hold_cannot_be_moved(client, wish):
    held = town.a_hold(wish, town.tomorrow_at(10))

    assert client.get(page_of(held)).status_code == 404


def test_a_form_without_its_token_moves_nothing(client, visit):
    answer = client.post(page_of(visit), data=to(town.tomorrow_at(12)))

    assert answer.status_code == 400
    assert visit.starts_at == town.tomorrow_at(10)


@pytest.mark.parametrize(
    ("path", "most", "most_again"),
    [("procedures/padron/times", 10, 4), ("visits/{code}/move", 12, 7)],
)
def test_one_day_of_times_costs_as_many_questions_as_thirty(
    client, place, padron, statements, path, most, most_again
):
    """And fewer still while no rule changes: what was worked out from the rules is kept."""
    town.a_clerk(padron, hours=(time(9), time(14)))
    visit = town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))
    url = f"{town.base(place)}/en/{path.format(code=visit.code)}"
    client.get(url)
    first, again = [], []
    for days in (1, 30):
        place.horizon_days = days
        db.session.commit()
        for counts in (first, again):
            statements.clear()
            page = client.get(url).text
            counts.append(sum(text.startswith("SELECT") for text in statements))
            assert page.count('class="day"') >= min(days, 10)

    assert first[0] == first[1] <= most
    assert again[0] == again[1] <= most_again
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Visit)) == 1
