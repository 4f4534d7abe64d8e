"""The clerk sees the day, calls, writes how it ended; the citizen reads it."""

import pytest

from app.booking.models import Status
from app.core.db import db
from app.queue import services as queue
from tests import town


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def padron():
    return town.a_procedure()


@pytest.fixture
def clerk(place, padron):
    person = town.a_clerk(padron)
    db.session.commit()
    return person


@pytest.fixture
def desk(client, clerk):
    town.enter(client, clerk)
    return client


def home(place, path=""):
    return f"{town.base(place)}/desk/{path}"


def send(client, url, page=None, **fields):
    token = town.token_in(client.get(page or url).text)
    return client.post(url, data={"csrf_token": token, **fields})


def somebody_waits(place, padron, **fields):
    visit = town.a_visit(town.a_wish(place, padron), **fields)
    queue.arrive(visit)
    db.session.commit()
    return visit


def test_the_day_shows_who_waits_and_in_which_language(desk, place, padron):
    visit = somebody_waits(place, padron, name="Pere Roig", needs=["companion"])

    page = desk.get(home(place)).text

    assert "Pere Roig" in page
    assert f'id="row-{visit.code}"' in page
    assert "Register ca" in page


def test_an_empty_day_says_so(desk, place):
    assert desk.get(home(place)).text.count('class="empty-state') >= 2


def test_next_leads_to_the_persons_page(desk, place, padron):
    visit = somebody_waits(place, padron)

    answer = send(desk, home(place, "next"), home(place))

    assert answer.location == f"/desk/visits/{visit.code}"
    assert visit.status is Status.CALLED
    page = desk.get(home(place, f"visits/{visit.code}")).text
    assert 'data-role="clerk"' in page
    assert f'data-base="/desk/visits/{visit.code}/room"' in page


def test_next_with_nobody_there_is_a_sentence(desk, place):
    answer = send(desk, home(place, "next"), home(place))

    assert answer.status_code == 409
    assert 'id="error-summary"' in answer.text
    assert 'id="agenda"' in answer.text


def test_a_clerk_may_call_somebody_out_of_turn(desk, place, padron):
    visit = somebody_waits(place, padron)

    answer = send(desk, home(place, f"visits/{visit.code}/call"), home(place))

    assert answer.location == f"/desk/visits/{visit.code}"


def test_the_outcome_closes_the_visit_and_the_citizen_reads_it(desk, place, padron):
    visit = somebody_waits(place, padron)
    send(desk, home(place, "next"), home(place))
    page = home(place, f"visits/{visit.code}")

    answer = send(
        desk, f"{page}/outcome", page, ended="served", outcome="All done.", next_steps="Nothing."
    )

    assert answer.location == "/desk/"
    assert visit.status is Status.SERVED
    citizen = desk.get(f"{town.base(place)}/ca/visits/{visit.code}").text
    assert "All done." in citizen
    assert "Nothing." in citizen


def test_an_outcome_that_is_too_long_keeps_what_was_written(desk, place, padron):
    visit = somebody_waits(place, padron)
    send(desk, home(place, "next"), home(place))
    page = home(place, f"visits/{visit.code}")

    answer = send(desk, f"{page}/outcome", page, ended="served", outcome="x" * 2001)

    assert answer.status_code == 422
    assert "x" * 2001 in answer.text
    assert visit.status is Status.CALLED


def test_who_did_not_come_is_written_down(desk, place, padron):
    visit = somebody_waits(place, padron)
    send(desk, home(place, "next"), home(place))
    page = home(place, f"visits/{visit.code}")

    send(desk, f"{page}/outcome", page, ended="no_show")

    assert visit.status is Status.NO_SHOW


def test_what_a_clerk_writes_is_shown_as_text(desk, place, padron):
    visit = somebody_waits(place, padron, name="<b>Pere</b>")
    send(desk, home(place, "next"), home(place))
    page = home(place, f"visits/{visit.code}")
    send(desk, f"{page}/outcome", page, ended="served", outcome="<script>alert(1)</script>")

    citizen = desk.get(f"{town.base(place)}/ca/visits/{visit.code}").text
    day = desk.get(home(place)).text

    assert "<script>alert" not in citizen
    assert "<b>Pere" not in day


def test_whoever_comes_to_the_town_hall_is_received(desk, place, padron):
    visit = town.a_visit(town.a_wish(place, padron, "in_person"))
    db.session.commit()

    send(desk, home(place, f"visits/{visit.code}/arrived"), home(place))

    assert visit.status is Status.WAITING


def test_a_colleague_cannot_write_the_outcome(app, desk, place, padron):
    visit = somebody_waits(place, padron)
    send(desk, home(place, "next"), home(place))
    other = town.a_clerk(padron, name="Other")
    db.session.commit()
    stranger = app.test_client()
    town.enter(stranger, other)

    answer = send(
        stranger, home(place, f"visits/{visit.code}/outcome"), home(place), ended="served"
    )

    assert answer.status_code == 404
    assert visit.status is Status.CALLED


def test_calling_again_puts_them_back(desk, place, padron):
    visit = somebody_waits(place, padron)
    send(desk, home(place, "next"), home(place))
    page = home(place, f"visits/{visit.code}")

    send(desk, f"{page}/again", page)

    assert visit.status is Status.WAITING


def test_who_has_come_in_is_not_called_again(desk, place, padron):
    visit = somebody_waits(place, padron)
    send(desk, home(place, "next"), home(place))
    here = home(place, f"visits/{visit.code}/actions")
    piece = {"HX-Request": "true", "HX-Request-Type": "partial"}
    before = desk.get(here, headers=piece).text

    queue.begin(visit)
    db.session.commit()

    after = desk.get(here, headers=piece).text
    assert 'id="visit-repeat"' in before
    assert 'id="visit-repeat"' not in after
    assert 'id="visit-transfer"' in after
    assert desk.get(here).location == f"/desk/visits/{visit.code}"


def test_what_changed_meanwhile_is_a_sentence_and_changes_nothing(desk, place, padron):
    visit = somebody_waits(place, padron)
    send(desk, home(place, "next"), home(place))
    page = home(place, f"visits/{visit.code}")
    token = town.token_in(desk.get(page).text)
    send(desk, f"{page}/outcome", page, ended="served", outcome="Done.")

    answer = desk.post(f"{page}/again", data={"csrf_token": token})

    assert answer.status_code == 409
    assert visit.status is Status.SERVED


@pytest.mark.parametrize("door", ["outcome", "again", "room/end"])
def test_a_visit_that_nobody_called_is_not_closed(desk, place, padron, door):
    visit = town.a_visit(town.a_wish(place, padron))
    page = home(place)

    send(desk, home(place, f"visits/{visit.code}/{door}"), page, ended="no_show", outcome="x")

    assert visit.status is Status.BOOKED
    assert visit.outcome == ""


def test_what_happens_while_the_page_travels_is_heard_again(desk, place, padron):
    """The stream begins where the page was read, not where the browser got round to listening."""
    from app.core import stream

    before = stream.cursor()
    page = desk.get(home(place)).text

    assert f'hx-sse:connect="/desk/stream?after={before}"' in page
