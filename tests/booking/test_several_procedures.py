"""Several errands in one visit: one person who can do them all, and the time that they take."""

from datetime import UTC, datetime, time

import pytest
import sqlalchemy as sa
import time_machine

from app.booking.forms import written_start
from app.booking.models import Status, Visit
from app.core.db import db
from app.schedule import queries as schedule
from app.schedule.models import Resource, ResourceKind, Shift
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
    return town.a_procedure(minutes=20, papers=[town.texts("Passport")])


@pytest.fixture
def birth(place):
    return town.a_procedure("birth", minutes=30, name=town.texts("Birth"))


@pytest.fixture
def clerk(padron, birth):
    person = town.a_clerk(padron, birth)
    db.session.commit()
    return person


def at(place, path):
    return f"{town.base(place)}/en/{path}"


def times(place, *also, channel="video", more=""):
    words = "".join(f"&also={slug}" for slug in also)
    return at(place, f"procedures/padron/times?channel={channel}{words}{more}")


def book(client, place, starts_at, *also, phone="600 12 34 56"):
    words = "".join(f"&also={slug}" for slug in also)
    url = at(
        place,
        f"visits/new?procedure=padron&channel=video{words}&starts={written_start(starts_at)}",
    )
    page = client.get(url)
    if page.status_code != 200:
        return page
    data = {
        "csrf_token": town.token_in(page.text),
        "token": town.field_in(page.text, "token"),
        "phone": phone,
    }
    answer = client.post(url, data=data)
    if answer.status_code != 303:
        return answer
    code = town.digits_sent(town.sent_to(town.PHONE)[-1])
    return town.send(client, f"{town.base(place)}{answer.location}", code=code)


def test_the_other_procedures_that_can_be_done_that_way_are_asked_for(client, place, clerk):
    only_here = town.a_procedure("wedding", name=town.texts("Wedding"))
    only_here.minutes = {"in_person": 30}
    db.session.commit()

    page = client.get(times(place)).text

    assert "Do you need anything else in the same visit?" in page
    assert 'name="also" value="birth"' in page
    assert 'value="wedding"' not in page
    assert 'value="padron"' not in page


def test_the_times_are_those_of_all_of_it(client, place, padron, clerk):
    """Duty ends at midnight: the last start of fifty minutes is earlier than that of twenty."""
    page = client.get(times(place, "birth")).text

    assert "about 50 minutes" in page
    assert "also=birth" in page
    assert 'value="birth" checked' in page


def test_what_is_asked_for_stays_while_one_looks_around(client, place, clerk):
    page = client.get(times(place, "birth", more="&needs=more_time")).text

    start = written_start(town.tomorrow_at(10))
    assert (
        f"also=birth&amp;starts={start}"
        in client.get(times(place, "birth", more="&day=2026-12-01")).text
    )
    assert "day=2026-12-02" in page
    for link in [part.split('"')[0] for part in page.split('hx-get="')[1:]]:
        assert "also=birth" in link
        assert "needs=more_time" in link
    needs_form = page[page.index("needs__form") : page.index("needs-apply")]
    assert 'name="also" value="birth"' in needs_form


def test_one_visit_is_booked_for_all_of_it(client, place, padron, birth, clerk):
    starts_at = town.tomorrow_at(10)

    done = book(client, place, starts_at, "birth")

    visit = db.session.scalars(sa.select(Visit)).one()
    assert done.status_code == 303
    assert visit.status is Status.BOOKED
    assert visit.minutes == 50
    assert visit.procedure is padron
    assert visit.also == [birth]
    wish = town.a_wish(place, padron)
    assert not schedule.free_at(wish, town.tomorrow_at(10, 40))
    assert schedule.free_at(wish, town.tomorrow_at(10, 50))


def test_the_summary_the_calendar_and_the_papers_name_all_of_it(client, place, birth, clerk):
    birth.papers = [town.texts("Book of family")]
    done = book(client, place, town.tomorrow_at(10), "birth")
    visit = db.session.scalars(sa.select(Visit)).one()

    page = client.get(f"{town.base(place)}{done.location}").text
    ics = client.get(at(place, f"visits/{visit.code}/calendar.ics")).text

    assert "Also in this visit: Birth en" in page
    assert "What to have at hand: Register en" in page
    assert "Book of family en" in page
    assert "SUMMARY:Register en\\, Birth en · Vilaclara" in ics
    assert "DTEND:20261201T095000Z" in ics


def test_the_message_stays_as_short_as_ever(client, place, clerk):
    book(client, place, town.tomorrow_at(10), "birth")

    assert not any("Birth" in body for body in town.sent_to(town.PHONE))


def test_moving_keeps_all_of_it(client, place, birth, clerk):
    book(client, place, town.tomorrow_at(10), "birth")
    visit = db.session.scalars(sa.select(Visit)).one()
    new = town.tomorrow_at(12)
    url = at(place, f"visits/{visit.code}/move?channel=video")

    town.send(client, url, f"{url}&starts={written_start(new)}", starts=written_start(new))

    assert (visit.starts_at, visit.minutes, visit.also) == (new, 50, [birth])


def test_when_nobody_can_do_all_of_it_the_page_says_to_book_apart(client, place, padron, birth):
    town.a_clerk(padron)
    town.a_clerk(birth, name="Bet Mas")
    db.session.commit()

    page = client.get(times(place, "birth")).text

    assert "Nobody can do all of this in one visit" in page
    assert 'id="slots-alone"' in page
    assert 'class="slot"' not in page
    assert book(client, place, town.tomorrow_at(10), "birth").status_code == 404


def test_a_way_in_which_not_all_can_be_done_says_so(client, place, birth, clerk):
    birth.minutes = {"in_person": 30}
    db.session.commit()

    assert "Nobody can do all of this" in client.get(times(place, "birth")).text


def test_more_than_four_errands_are_more_than_one_visit(client, place, padron, birth):
    more = [town.a_procedure(f"thing-{number}") for number in range(3)]
    town.a_clerk(padron, birth, *more)
    db.session.commit()
    slugs = ["birth", *(one.slug for one in more)]

    assert "This is too much for one visit" in client.get(times(place, *slugs)).text
    assert book(client, place, town.tomorrow_at(10), *slugs).status_code == 404
    assert "about 90 minutes" in client.get(times(place, *slugs[:3])).text


def test_the_same_errand_twice_is_once(client, place, clerk):
    page = client.get(times(place, "birth", "birth", "padron")).text

    assert "about 50 minutes" in page


@pytest.mark.parametrize(
    "path",
    ["procedures/padron/times?channel=video", "visits/new?procedure=padron&starts=20261201T0900Z"],
)
def test_an_errand_that_the_town_does_not_do_does_not_exist(client, place, clerk, path):
    elsewhere = town.a_town("sobreira")
    town.a_procedure("secret")
    db.session.commit()

    assert client.get(at(place, f"{path}&also=secret")).status_code == 404
    assert client.get(at(place, f"{path}&also=nothing")).status_code == 404
    assert elsewhere.slug == "sobreira"


def test_a_sign_language_is_asked_about_only_where_somebody_signs(client, place, clerk):
    assert 'value="lse"' not in client.get(times(place)).text
    interpreter = Resource(kind=ResourceKind.INTERPRETER, name="Iris Vall", signs=["lse"])
    db.session.add(interpreter)
    db.session.flush()
    for weekday in range(7):
        db.session.add(
            Shift(
                resource_id=interpreter.id,
                weekday=weekday,
                starts=time(16),
                ends=time(18),
                channels=["video"],
            )
        )
    db.session.commit()

    page = client.get(times(place, more="&needs=lse")).text

    assert 'value="lse" checked' in page
    assert 'value="lsc"' not in page
    # Only while the interpreter is there: from four to six in the afternoon.
    assert f'id="slot-{written_start(NOW.replace(hour=15))}"' in page
    assert f'id="slot-{written_start(NOW.replace(hour=11))}"' not in page


def test_several_errands_cost_no_more_questions(client, place, clerk, statements):
    client.get(times(place))
    statements.clear()
    client.get(times(place))
    alone = len(statements)
    statements.clear()
    client.get(times(place, "birth"))

    assert len(statements) == alone <= 10
