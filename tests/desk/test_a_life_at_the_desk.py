"""The day, the week and the print; whoever is looked for; notes, results and keys."""

import re
from datetime import UTC, datetime, time, timedelta

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
    return town.a_procedure(outcomes={"joined": town.texts("Joined"), "refused": {"ca": "No"}})


@pytest.fixture
def clerk(padron):
    person = town.a_clerk(padron, hours=(time(8), time(14)))
    db.session.commit()
    return person


@pytest.fixture
def desk(client, clerk):
    town.enter(client, clerk)
    return client


def home(place, path=""):
    return f"{town.base(place)}/desk/{path}"


def a_visit(place, padron, minutes=10, channel="video", **fields):
    wish = town.a_wish(place, padron, channel)
    return town.a_visit(wish, NOW + timedelta(minutes=minutes), **fields)


def on_the_counter(place, padron, clerk, **fields):
    visit = a_visit(place, padron, **fields)
    queue.arrive(visit)
    queue.call(clerk, visit)
    db.session.commit()
    return visit


def test_the_day_shows_only_what_is_asked_for(desk, place, padron):
    taxes = town.a_procedure("taxes")
    town.a_clerk(taxes, name="Other")
    a_visit(place, padron, name="Anna Register")
    a_visit(place, taxes, name="Bru Taxes", phone="+34600000001", channel="phone")

    assert "Bru Taxes" not in desk.get(home(place, "?procedure=padron")).text
    assert "Anna Register" not in desk.get(home(place, "?channel=phone")).text
    assert "Bru Taxes" not in desk.get(home(place, "?mine=1")).text
    assert "Bru Taxes" in desk.get(home(place, "?language=ca")).text


@pytest.mark.parametrize("query", ["channel=pigeon", "language=xx", "mine=9", "procedure=zzz"])
def test_an_odd_filter_breaks_nothing(desk, place, padron, query):
    assert desk.get(home(place, f"?{query}")).status_code == 200


def test_a_day_shows_what_is_free_between_visits(desk, place, padron):
    a_visit(place, padron, 60, name="Anna")

    page = desk.get(home(place, "day?mine=1")).text

    assert "Anna" in page
    assert "Lliure fins a les 11:00, 60 minuts" in page
    assert "Lliure fins a les 14:00" in page


def test_the_week_begins_on_monday_and_leads_to_each_day(desk, place, padron):
    visit = a_visit(place, padron, 24 * 60, name="Anna")

    page = desk.get(home(place, "week?day=2026-12-03&mine=1")).text

    assert f'id="week-{visit.code}"' in page
    assert "day=2026-11-30" in page
    assert "day=2026-12-06" in page


@pytest.mark.parametrize("path", ["day", "week", "print"])
@pytest.mark.parametrize("day", ["", "tomorrow", "0001-01-01", "9999-12-31", "2026-02-31"])
def test_an_odd_day_is_today(desk, place, padron, path, day):
    assert desk.get(home(place, f"{path}?day={day}")).status_code == 200


def test_the_print_has_everybody_but_those_who_cancelled(desk, place, padron):
    a_visit(place, padron, name="Anna")
    gone = a_visit(place, padron, 40, name="Gone", phone="+34600000001")
    booking.cancel(gone, "citizen")
    db.session.commit()

    page = desk.get(home(place, "print")).text

    assert "Anna" in page
    assert "Gone" not in page


@pytest.mark.parametrize(
    "words", ["joséphine", "NÚÑEZ jose", "600 12 34 56", "+34600123456", "CODE"]
)
def test_somebody_is_found_by_name_telephone_or_code(desk, place, padron, words):
    visit = a_visit(place, padron, name="Joséphine Núñez")
    a_visit(place, padron, 40, name="Somebody Else", phone="+34600999999")
    words = visit.code.upper() if words == "CODE" else words

    page = desk.get(home(place, "search"), query_string={"q": words}).text

    assert f'id="found-{visit.code}"' in page
    assert "Somebody Else" not in page


@pytest.mark.parametrize("words", ["", "%", "_", "zzz", "x" * 300, "' OR 1=1 --"])
def test_who_is_not_there_is_not_found(desk, place, padron, words):
    a_visit(place, padron, name="Anna")

    answer = desk.get(home(place, "search"), query_string={"q": words})

    assert answer.status_code == 200
    assert "Anna" not in answer.text


def test_nobody_of_another_town_is_found(desk, place, padron):
    other = town.a_town("other")
    taxes = town.a_procedure("taxes")
    town.a_clerk(taxes)
    a_visit(other, taxes, name="Foreign Anna")

    assert "Foreign Anna" not in desk.get(home(place, "search?q=anna")).text


def test_the_earlier_visits_of_a_telephone_are_at_hand(desk, place, padron, clerk):
    first = on_the_counter(place, padron, clerk)
    url = home(place, f"visits/{first.code}")
    town.send(desk, f"{url}/outcome", url, ended="served", outcome_code="joined", note="Hurried.")
    second = a_visit(place, padron, 60)

    page = desk.get(home(place, f"visits/{second.code}")).text

    assert f'id="earlier-{first.code}"' in page
    assert "Joined ca" in page
    assert "Hurried." in page


def test_the_note_is_for_the_office_alone(desk, place, padron, clerk):
    visit = on_the_counter(place, padron, clerk)
    url = home(place, f"visits/{visit.code}")

    town.send(desk, f"{url}/outcome", url, ended="served", outcome="Done.", note="Very angry.")

    citizen = desk.get(f"{town.base(place)}/ca/visits/{visit.code}").text
    assert "Done." in citizen
    assert "Very angry." not in citizen


def test_what_is_being_written_is_kept_and_not_yet_shown(desk, place, padron, clerk):
    visit = on_the_counter(place, padron, clerk)
    url = home(place, f"visits/{visit.code}")

    answer = town.send(desk, f"{url}/draft", url, ended="served", outcome="Half", note="Note")

    assert 'id="draft-state"' in answer.text
    assert "Half" in desk.get(url).text
    assert visit.status is Status.CALLED
    assert "Half" not in desk.get(f"{town.base(place)}/ca/visits/{visit.code}").text


def test_a_draft_that_is_too_long_says_that_it_is_not_saved(desk, place, padron, clerk):
    visit = on_the_counter(place, padron, clerk)
    url = home(place, f"visits/{visit.code}")

    answer = town.send(desk, f"{url}/draft", url, ended="served", outcome="x" * 2001)

    assert "sense desar" in answer.text
    assert visit.outcome == ""


def test_the_results_are_those_of_the_procedure(desk, place, padron, clerk):
    visit = on_the_counter(place, padron, clerk)
    url = home(place, f"visits/{visit.code}")
    page = desk.get(url).text

    refused = town.send(desk, f"{url}/outcome", url, ended="served", outcome_code="solved")
    town.send(desk, f"{url}/outcome", url, ended="served", outcome_code="joined")

    assert 'value="joined"' in page
    assert 'value="solved"' not in page
    assert refused.status_code == 422
    assert visit.outcome_code == "joined"
    assert "Joined en" in desk.get(f"{town.base(place)}/en/visits/{visit.code}").text


def test_an_attention_in_person_or_by_telephone_begins_when_the_clerk_says_so(desk, place, padron):
    visit = a_visit(place, padron, 10, "phone")
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        town.send(desk, home(place, f"visits/{visit.code}/call"), home(place))
        url = home(place, f"visits/{visit.code}")
        town.send(desk, f"{url}/begin", url)

    assert visit.status is Status.IN_SERVICE
    assert visit.in_service_at == NOW + timedelta(minutes=10)


def test_single_keys_can_be_turned_off(desk, place, padron):
    before = desk.get(home(place)).text
    town.send(desk, home(place, "keys"), home(place), keys="off")

    assert 'data-on="yes"' in before
    assert 'data-on="no"' in desk.get(home(place)).text


def test_equal_rows_are_drawn_once_and_what_people_write_is_text(desk, place, padron):
    a_visit(place, padron, name="<i>Anna</i>")

    first, second = desk.get(home(place)).text, desk.get(home(place)).text

    assert "&lt;i&gt;Anna" in first
    assert "<i>Anna" not in first + second


def test_a_day_of_many_visits_asks_the_register_as_little_as_a_day_of_few(
    desk, place, padron, statements
):
    headers = {"HX-Request": "true"}
    for number in range(7):
        a_visit(place, padron, 20 + 20 * number, phone=f"+3460000001{number}")
    desk.get(home(place), headers=headers)
    statements.clear()

    desk.get(home(place), headers=headers)

    assert len([one for one in statements if one.startswith("SELECT")]) <= 12


def test_what_happens_is_seen_at_once_by_everybody(app, desk, place, padron):
    """Rows are read once for a whole town; news make them be read again."""
    other = app.test_client()
    town.enter(other, town.a_clerk(padron, name="Other"))
    visit = a_visit(place, padron, name="Anna")
    assert "Anna" in desk.get(home(place)).text

    booking.cancel(visit, "citizen")
    db.session.commit()

    for clerk in (desk, other):
        page = clerk.get(home(place)).text
        assert re.search(rf'data-status="cancelled" id="row-{visit.code}"', page)
