"""What a clerk decides about the line: pass on, let go first, call again, pause, close, be away."""

import re
import secrets
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from app.audit.models import AuditEntry
from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from app.core.stream import StreamMessage
from app.queue import queries as line
from app.queue import services as queue
from app.queue.models import LAST_TICKET, Ticket
from app.schedule import queries as schedule
from app.schedule import services as time_of
from app.schedule.models import CounterState, ResourceKind, Skill
from app.towns.models import Channel
from app.towns.tenant import town_of
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
    person = town.a_clerk(padron)
    db.session.commit()
    return person


@pytest.fixture
def desk(client, clerk):
    town.enter(client, clerk)
    return client


def home(place, path=""):
    return f"{town.base(place)}/desk/{path}"


def page_of(place, visit, path=""):
    return home(place, f"visits/{visit.code}{path}")


def somebody(place, procedure, channel="in_person", phone="", name="Pere Roig", **fields):
    """In the line without an appointment."""
    visit = queue.receive_walk_in(
        fields.pop("clerk"),
        town.a_wish(place, procedure, channel),
        phone=phone,
        name=name,
        reads="ca",
        needs=[],
        form_token=secrets.token_urlsafe(24),
        anyway=True,
    )
    db.session.commit()
    return visit


def test_who_comes_in_gets_a_number_and_no_message(place, padron, clerk):
    visit = somebody(place, padron, clerk=clerk)

    assert visit.status is Status.WAITING
    assert line.ticket_of(visit).number == 1
    assert visit.citizen is None
    assert town.sent_to("") == []


def test_numbers_begin_again_every_day_and_after_the_last(place, padron, clerk, ten_o_clock):
    first = somebody(place, padron, clerk=clerk)
    db.session.get(Ticket, first.id).position = LAST_TICKET
    db.session.flush()
    second = somebody(place, padron, clerk=clerk)
    ten_o_clock.shift(timedelta(days=1))
    tomorrow = somebody(place, padron, clerk=clerk)

    assert line.ticket_of(first).number == LAST_TICKET
    assert line.ticket_of(second).number == 1
    assert line.ticket_of(tomorrow).number == 1


def test_a_number_whose_person_is_still_here_is_left_out(place, padron, clerk):
    first = somebody(place, padron, clerk=clerk)
    other = somebody(place, padron, clerk=clerk)
    db.session.get(Ticket, other.id).position = LAST_TICKET
    db.session.flush()

    third = somebody(place, padron, clerk=clerk)

    assert line.ticket_of(first).number == 1
    assert line.ticket_of(third).number == 2


def test_the_register_refuses_two_equal_numbers(place, padron, clerk):
    first = somebody(place, padron, clerk=clerk)
    second = somebody(place, padron, clerk=clerk)
    position = db.session.get(Ticket, first.id).position

    db.session.get(Ticket, second.id).position = position
    with pytest.raises(sa.exc.IntegrityError):
        db.session.flush()


def test_a_walk_in_at_the_desk_is_printed_with_its_number(desk, place, padron):
    url = home(place, "walk-in")
    page = desk.get(url).text
    token = town.field_in(page, "token")

    answer = town.send(
        desk, url, procedure="padron", channel="in_person", language="ca", name="Ona", token=token
    )

    ticket = desk.get(f"{town.base(place)}{answer.location}").text
    assert "Número 1" in ticket
    assert desk.get(home(place)).text.count("Ona") >= 1


def test_nobody_is_taken_in_by_telephone_without_a_number(desk, place, padron):
    url = home(place, "walk-in")
    token = town.field_in(desk.get(url).text, "token")

    answer = town.send(desk, url, procedure="padron", channel="phone", language="ca", token=token)

    assert answer.status_code == 409
    assert 'value="padron"' in answer.text


def test_after_closing_nobody_is_taken_in_unless_the_clerk_says_so(place, client, padron):
    clerk = town.a_clerk(padron, hours=(time(16), time(18)))
    db.session.commit()
    town.enter(client, clerk)
    url = home(place, "walk-in")
    fields = {"procedure": "padron", "channel": "in_person", "language": "ca"}
    fields["token"] = town.field_in(client.get(url).text, "token")

    refused = town.send(client, url, **fields)
    taken = town.send(client, url, **fields, anyway="1")

    assert refused.status_code == 409
    assert 'name="anyway"' in refused.text
    assert taken.status_code == 303


def test_a_transfer_keeps_the_visit_its_number_and_its_note(desk, place, padron, clerk):
    taxes = town.a_procedure("taxes")
    other = town.a_clerk(taxes, name="Joan Vell")
    visit = somebody(place, padron, clerk=clerk)
    queue.call(clerk, visit)
    visit.note = "Speaks slowly."
    db.session.commit()
    url = page_of(place, visit, "/transfer")

    page = desk.get(f"{url}?procedure=taxes").text
    answer = town.send(desk, url, procedure="taxes", choice=str(town.counter_of(other).id))

    assert "Joan Vell" in page
    assert answer.status_code == 303
    assert (visit.status, visit.procedure.slug, visit.note) == (
        Status.WAITING,
        "taxes",
        "Speaks slowly.",
    )
    assert line.ticket_of(visit).number == 1
    assert queue.call_next(other) is visit


def test_of_two_windows_the_second_reads_a_sentence_and_the_fresh_visit(desk, place, padron, clerk):
    visit = somebody(place, padron, clerk=clerk)
    page = desk.get(page_of(place, visit)).text
    seen, token = town.field_in(page, "seen"), town.token_in(page)
    queue.call(clerk, visit)
    db.session.commit()

    answer = desk.post(
        page_of(place, visit, "/priority"),
        data={"csrf_token": token, "seen": seen, "reason": "age"},
    )

    assert answer.status_code == 409
    assert 'id="error-summary"' in answer.text
    assert 'id="outcome-form"' in answer.text
    assert visit.priority == 0


def test_of_two_clerks_who_call_one_person_the_second_sees_the_day_as_it_is(
    app, desk, place, padron, clerk
):
    visit = somebody(place, padron, clerk=clerk)
    other = town.a_clerk(padron, name="Other")
    db.session.commit()
    token = town.token_in(desk.get(home(place)).text)
    queue.call(other, visit)
    db.session.commit()

    answer = desk.post(page_of(place, visit, "/call"), data={"csrf_token": token})

    assert answer.status_code == 409
    assert 'id="error-summary"' in answer.text
    assert f'id="row-{visit.code}"' in answer.text
    assert visit.clerk_id == town.counter_of(other).id


def test_priority_has_a_reason_that_is_written_down(desk, place, padron, clerk):
    first = somebody(place, padron, clerk=clerk)
    second = somebody(place, padron, clerk=clerk, name="Rosa")

    town.send(desk, page_of(place, second, "/priority"), reason="pregnancy")

    assert second.priority_reason == "pregnancy"
    assert queue.call_next(clerk) is second
    facts = db.session.scalars(
        sa.select(AuditEntry.facts).where(AuditEntry.name == "PriorityChanged")
    ).one()
    assert facts["reason"] == "pregnancy"
    assert first.priority == 0


def test_priority_without_a_reason_is_asked_again(desk, place, padron, clerk):
    visit = somebody(place, padron, clerk=clerk)

    answer = town.send(desk, page_of(place, visit, "/priority"))

    assert answer.status_code == 422
    assert visit.priority == 0


def test_after_the_towns_number_of_calls_the_visit_is_over(desk, place, padron, clerk):
    place.calls_before_no_show = 2
    visit = town.a_visit(town.a_wish(place, padron, "phone"), NOW + timedelta(minutes=10))
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        queue.call(clerk, visit)
        db.session.commit()
        url = page_of(place, visit)

        town.send(desk, f"{url}/repeat", url)
        still_called, calls = visit.status, visit.calls
        town.send(desk, f"{url}/repeat", url)

    assert (still_called, calls) == (Status.CALLED, 2)
    assert visit.status is Status.NO_SHOW


def test_who_comes_late_for_an_appointment_gets_a_number_and_waits_by_arrival(desk, place, padron):
    visit = town.a_visit(town.a_wish(place, padron, "in_person"), NOW + timedelta(minutes=10))
    with time_machine.travel(NOW + timedelta(minutes=40), tick=False):
        town.send(desk, page_of(place, visit, "/arrived"), home(place))

        assert visit.status is Status.WAITING
        assert visit.is_walk_in
        assert line.ticket_of(visit).number == 1


def test_who_was_given_up_and_comes_after_all_is_taken_in_again(desk, place, padron):
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=10))
    booking.move_on(visit, Status.NO_SHOW)
    db.session.commit()

    page = desk.get(page_of(place, visit)).text
    form = desk.get(home(place, f"walk-in?follows={visit.code}")).text

    assert 'id="visit-after-all"' in page
    assert 'value="Pere"' in form


def test_a_call_that_fails_goes_on_by_telephone_with_its_place(desk, place, padron, clerk):
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=10))
    queue.arrive(visit)
    queue.call(clerk, visit)
    db.session.commit()

    town.send(desk, page_of(place, visit, "/channel"), choice="phone")

    assert (visit.channel, visit.status) == (Channel.PHONE, Status.CALLED)
    assert f'href="tel:{visit.phone}"' in desk.get(page_of(place, visit)).text


def test_without_a_telephone_nobody_is_moved_to_the_telephone(desk, place, padron, clerk):
    visit = somebody(place, padron, clerk=clerk)

    answer = town.send(desk, page_of(place, visit, "/channel"), choice="phone")

    assert answer.status_code == 409
    assert visit.channel is Channel.IN_PERSON


def test_a_pause_says_what_follows_for_those_who_wait(desk, place, padron, clerk):
    somebody(place, padron, clerk=clerk)

    town.send(desk, home(place, "counter"), home(place), state="paused")
    queue.tell_waits(place)
    db.session.commit()
    presence = desk.get(home(place, "presence")).text

    assert "presence__warning" in presence
    assert town.counter_of(clerk).counter is CounterState.PAUSED


def test_a_counter_knows_three_states(desk, place):
    answer = town.send(desk, home(place, "counter"), home(place), state="asleep")

    assert answer.status_code == 404


def test_who_closes_decides_first_about_those_left_behind(desk, place, padron, clerk):
    stays = somebody(place, padron, clerk=clerk, name="Stays", phone="+34600000001")
    later = somebody(place, padron, clerk=clerk, name="Later", phone="+34600000002")
    sorry = somebody(place, padron, clerk=clerk, name="Sorry", phone="+34600000003")
    queue.set_counter(clerk, CounterState.OPEN)
    db.session.commit()

    asked = town.send(desk, home(place, "counter"), home(place), state="closed")
    page = desk.get(home(place, "closing")).text
    token = town.token_in(page)
    decided = desk.post(
        home(place, "closing"),
        data={"csrf_token": token, later.code: "time", sorry.code: "sorry"},
    )

    assert asked.location == "/desk/closing"
    assert all(name in page for name in ("Stays", "Later", "Sorry"))
    assert decided.status_code == 303
    assert stays.status is Status.WAITING
    assert later.status is Status.BOOKED
    assert later.starts_at > NOW + timedelta(hours=10)
    assert any(later.code in text for text in town.sent_to("+34600000002"))
    assert (sorry.status, sorry.ended_by) == (Status.CANCELLED, "closing")
    assert town.counter_of(clerk).counter is CounterState.OPEN


def test_who_leaves_nobody_behind_closes_at_once(desk, place, padron, clerk):
    answer = town.send(desk, home(place, "counter"), home(place), state="closed")

    assert answer.location == "/desk/"
    assert town.counter_of(clerk).counter is CounterState.CLOSED


def test_a_colleague_who_stays_leaves_nobody_behind(place, padron, clerk):
    town.a_clerk(padron, name="Other")
    somebody(place, padron, clerk=clerk)

    assert line.left_behind(place, town.counter_of(clerk).id) == []


def test_time_is_blocked_for_the_clerk_alone(desk, place, padron, clerk):
    wish = town.a_wish(place, padron)
    assert schedule.free_at(wish, NOW + timedelta(minutes=10))

    answer = town.send(desk, home(place, "block"), length="30", reason="Dentist")

    assert answer.status_code == 303
    assert schedule.free_at(wish, NOW + timedelta(minutes=10)) is None
    assert "Dentist" in desk.get(home(place, "day?mine=1")).text


def test_time_with_visits_is_not_blocked_before_they_are_decided_upon(desk, place, padron, clerk):
    visit = town.a_visit(town.a_wish(place, padron), NOW + timedelta(minutes=20))

    refused = town.send(desk, home(place, "block"), length="60")

    assert refused.status_code == 409
    assert f'id="standing-{visit.code}"' in refused.text
    assert visit.status is Status.BOOKED
    around = town.send(desk, home(place, "block"), length="60", around="1")
    assert around.status_code == 303
    assert schedule.free_at(town.a_wish(place, padron), NOW + timedelta(minutes=10)) is None
    assert visit.status is Status.BOOKED


def test_an_absence_is_taken_back_by_its_own_clerk_only(desk, place, padron, clerk):
    other = town.a_clerk(padron, name="Other")
    begin, end = NOW + timedelta(minutes=5), NOW + timedelta(minutes=25)
    time_of.absent(town.counter_of(clerk), begin, end, "")
    time_of.absent(town.counter_of(other), begin, end, "")
    db.session.commit()
    page = desk.get(home(place, "day?mine=1")).text
    claim = town.field_in(page, "claim")
    foreign = claim.replace(
        f"block:{town.counter_of(clerk).id}:", f"block:{town.counter_of(other).id}:"
    )

    refused = town.send(desk, home(place, "block/back"), home(place), claim=foreign)
    taken = town.send(desk, home(place, "block/back"), home(place), claim=claim)

    assert refused.status_code == 404
    assert taken.status_code == 303
    assert schedule.free_at(town.a_wish(place, padron), NOW + timedelta(minutes=10))


@pytest.mark.parametrize("starts", ["25:10", "noon", "12:99"])
def test_an_hour_that_is_none_is_asked_again(desk, place, starts):
    assert town.send(desk, home(place, "block"), length="15", starts=starts).status_code == 422


def test_the_hall_shows_a_number_and_a_desk_but_no_name(client, desk, place, padron, clerk):
    office = padron.office
    table = time_of.add_resource(ResourceKind.DESK, "Taula 7", office_id=office.id)
    queue.sit_at(clerk, table)
    visit = somebody(place, padron, clerk=clerk, name="Secret Name")
    url = f"{town.base(place)}/office/{office.slug}/display"
    before = client.get(url).text

    queue.call(clerk, visit)
    db.session.commit()
    after = client.get(f"{url}?part=called").text

    assert "Taula 7" not in before
    assert "Taula 7" in after
    assert 'data-call="1.1.' in after
    assert "Secret Name" not in before + after


def test_the_hall_of_another_town_does_not_exist_here(client, place, padron):
    slug = padron.office.slug
    other = town.a_town("other")
    db.session.commit()

    assert client.get(f"{town.base(other)}/office/{slug}/display").status_code == 404
    assert client.get(f"{town.base(place)}/office/{slug}/display").status_code == 200


def test_a_call_is_news_for_the_screen_of_its_hall(place, padron, clerk):
    visit = somebody(place, padron, clerk=clerk)
    queue.call(clerk, visit)
    db.session.flush()

    told = db.session.scalars(
        sa.select(StreamMessage).where(StreamMessage.channel == f"hall:{padron.office_id}")
    ).all()
    assert len(told) >= 1


def test_a_clerk_who_is_lent_sees_the_people_of_the_other_town(client, place, padron):
    place.pool = "alba"
    clerk = town.a_clerk(padron)
    other = town.a_town("other", pool="alba")
    there = town.a_procedure("padron")
    with town_of(other.id):
        db.session.add(Skill(resource_id=town.counter_of(clerk).id, procedure_id=there.id))
        db.session.flush()
        visit = town.a_visit(town.a_wish(other, there), NOW + timedelta(minutes=10), name="Far")
        queue.arrive(visit)
    db.session.commit()
    with town_of(place.id):
        town.enter(client, clerk)

    page = client.get(home(place)).text

    assert "Far" in page
    assert "Other" in page


def test_no_key_of_a_screen_presses_two_things():
    """Whatever features bring to the page of a visit, one letter means one thing there."""
    carried: dict[str, set[str]] = {}
    for file in (Path(__file__).parents[2] / "app").glob("*/templates/**/*.html"):
        for key in re.findall(r'data-key"?(?:=|: )"(.)"', file.read_text()):
            carried.setdefault(key, set()).add(file.parts[-2])

    assert {key for key, features in carried.items() if len(features) > 1} == set()
    assert len(carried) > 12
