"""A clerk's agenda in the calendar of their telephone: a private address, and no names."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from app.booking import services as booking
from app.core.db import db
from app.desk import services
from tests import town


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def padron(place):
    return town.a_procedure()


@pytest.fixture
def clerk(padron):
    return town.a_clerk(padron)


def feed(client, place, token):
    return client.get(f"{town.base(place)}/agenda/{token}.ics")


def events(answer):
    return Calendar.from_ical(answer.data).walk("VEVENT")


def test_the_feed_shows_when_and_what_but_never_who(client, place, padron, clerk):
    visit = town.a_visit(town.a_wish(place, padron), name="Pilar Secreta")
    token = services.open_feed(clerk)
    db.session.commit()

    answer = feed(client, place, token)

    (event,) = events(answer)
    assert event["dtstart"].dt == visit.starts_at
    assert "Register" in event["summary"]
    assert "Pilar" not in answer.text
    assert visit.phone[-6:] not in answer.text


def test_a_moved_visit_keeps_its_uid_and_raises_its_sequence(client, place, padron, clerk):
    wish = town.a_wish(place, padron)
    visit = town.a_visit(wish)
    token = services.open_feed(clerk)
    db.session.commit()
    (before,) = events(feed(client, place, token))

    booking.move(visit, wish, visit.starts_at + timedelta(hours=3))
    db.session.commit()

    (after,) = events(feed(client, place, token))
    assert after["uid"] == before["uid"]
    assert after["sequence"] > before["sequence"]
    assert after["dtstart"].dt == before["dtstart"].dt + timedelta(hours=3)


def test_a_cancelled_visit_leaves_the_calendar(client, place, padron, clerk):
    visit = town.a_visit(town.a_wish(place, padron))
    token = services.open_feed(clerk)
    booking.cancel(visit, "citizen")
    db.session.commit()

    (event,) = events(feed(client, place, token))

    assert event["status"] == "CANCELLED"


def test_a_guessed_an_older_and_a_foreign_address_do_not_exist(client, place, clerk):
    older = services.open_feed(clerk)
    token = services.open_feed(clerk)
    db.session.commit()

    assert feed(client, place, token).status_code == 200
    assert feed(client, place, older).status_code == 404
    assert feed(client, place, "guess").status_code == 404
    assert feed(client, town.a_town("etxalde"), token).status_code == 404


def test_the_address_of_who_left_opens_nothing(client, place, clerk):
    token = services.open_feed(clerk)
    clerk.is_active = False
    db.session.commit()

    assert feed(client, place, token).status_code == 404


def test_the_command_prints_the_address_and_takes_it_away(app, client, place, clerk):
    db.session.commit()
    run = app.test_cli_runner().invoke

    address = run(args=["desk", "feed", "vilaclara", clerk.name]).output.strip()

    assert client.get(address.replace(":8000", "")).status_code == 200
    assert "closed" in run(args=["desk", "feed", "vilaclara", clerk.name, "--close"]).output
    assert client.get(address.replace(":8000", "")).status_code == 404
