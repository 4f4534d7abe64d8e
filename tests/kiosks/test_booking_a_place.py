"""A kiosk is a place that can be booked: its hours, its cleaning, and one person at a time."""

import re
from datetime import time, timedelta

import pytest

from app.booking import queries as booking
from app.core.db import db
from app.kiosks import services
from app.schedule import queries as schedule
from app.schedule.models import Resource, ResourceKind, Shift
from tests import town
from tests.kiosks.device import a_device

HOME = "http://vilaclara.localhost"


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def booth(place) -> Resource:
    made = Resource(kind=ResourceKind.BOOTH, name="Sala petita", buffer_minutes=10)
    db.session.add(made)
    db.session.flush()
    town.a_clerk(town.a_procedure())
    town.a_clerk(town.the_procedure("padron"), name="Biel Mas")
    return made


def starts_of(place, booth) -> set:
    wish = booking.wish_for(
        place, town.the_procedure("padron"), "video", "ca", booth_id=booth.id if booth else None
    )
    day = town.tomorrow_at(12).date()
    return {one.starts_at for one in schedule.free_times(wish, day, day)}


def book_at(place, booth, hour):
    procedure = town.the_procedure("padron")
    wish = booking.wish_for(place, procedure, "video", "ca", booth_id=booth.id)
    return town.a_visit(wish, town.tomorrow_at(hour))


def test_its_cleaning_time_is_kept_after_each_visit(place, booth):
    visit = book_at(place, booth, 12)

    left = starts_of(place, booth)

    end = visit.ends_at
    assert visit.starts_at not in left
    assert end not in left  # twenty minutes of visit, then ten of cleaning
    assert end + timedelta(minutes=10) in left
    assert visit.starts_at in starts_of(place, None)  # another clerk, from somebody's own device


def test_outside_the_hours_of_the_library_nobody_books_it(place, booth):
    for weekday in range(7):
        row = Shift(resource_id=booth.id, weekday=weekday, channels=["video"])
        row.starts, row.ends = time(10), time(13)
        db.session.add(row)
    db.session.flush()

    hours = {one.astimezone(place.zone).hour for one in starts_of(place, booth)}

    assert hours <= {10, 11, 12}
    assert hours


def test_out_of_service_it_is_not_offered(client, place, booth):
    kiosk = a_device(place)
    kiosk.booth = booth
    page = f"{HOME}/ca/procedures/padron/times?channel=video"
    assert f"booth-{booth.code}" in client.get(page).text

    services.stop_serving(kiosk, town.a_supervisor("Pau"), "Painters")
    db.session.commit()

    assert f"booth-{booth.code}" not in client.get(page).text
    assert client.get(f"{page}&booth={booth.code}").status_code == 404


def test_somebody_books_it_under_a_nickname(client, place, booth):
    page = client.get(f"{HOME}/ca/procedures/padron/times?channel=video&booth={booth.code}").text
    link = re.search(r'href="(/ca/visits/new[^"]+)"', page)[1].replace("&amp;", "&")
    assert f"booth={booth.code}" in link
    token = town.field_in(client.get(HOME + link).text, "token")

    town.send(client, HOME + link, phone="600 123 456", name="Lluna", token=token)

    visit = booking.by_form(token)
    assert (visit.booth_id, visit.name) == (booth.id, "Lluna")


@pytest.mark.parametrize("code", ["nothing", "x" * 300, "'"])
def test_a_place_that_is_none_does_not_exist(client, place, booth, code):
    page = f"{HOME}/ca/procedures/padron/times"

    answer = client.get(page, query_string={"channel": "video", "booth": code})

    assert answer.status_code == 404
