"""A citizen books: when, who, the code, done."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.booking import services
from app.booking.errors import HoldOver, NotCancellable, TimeTaken, TooManyHolds
from app.booking.forms import written_start
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.messaging import services as messaging
from app.messaging.models import Message
from app.schedule import queries as schedule
from app.schedule.models import Allocation, AllocationState
from tests import town

# PostgreSQL asks for the town's turn, and for the last place among the news, besides.
MOST_STATEMENTS_OF_A_BOOKING = {"sqlite": 19, "postgresql": 23}


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def wish(place):
    padron = town.a_procedure()
    town.a_clerk(padron)
    return town.a_wish(place, padron)


def bodies():
    return list(db.session.scalars(sa.select(Message.body).order_by(Message.id)))


def form_page(client, wish, starts_at):
    url = (
        f"{town.base(wish.town)}/ca/visits/new?procedure={wish.procedure.slug}"
        f"&channel=video&starts={written_start(starts_at)}"
    )
    return url, client.get(url).text


def send_phone(client, wish, starts_at, phone="600 12 34 56", name="", page=None, **headers):
    url, page = (page, client.get(page).text) if page else form_page(client, wish, starts_at)
    data = {
        "csrf_token": town.token_in(page),
        "token": town.field_in(page, "token"),
        "phone": phone,
        "name": name,
    }
    return client.post(url, data=data, headers=headers)


def send_code(client, answer, wish, typed):
    url = f"{town.base(wish.town)}{answer.location}"
    page = client.get(url).text
    return client.post(url, data={"csrf_token": town.token_in(page), "code": typed})


def book_over_http(client, wish, starts_at=None, phone="600 12 34 56"):
    starts_at = starts_at or schedule.first_free(wish).starts_at
    answer = send_phone(client, wish, starts_at, phone)
    assert answer.status_code == 303
    return send_code(client, answer, wish, town.digits_sent(bodies()[-1]))


def test_a_citizen_books_with_a_telephone_and_a_code(client, wish):
    done = book_over_http(client, wish)

    visit = db.session.scalars(sa.select(Visit)).one()
    assert done.status_code == 303
    assert done.location == f"/ca/visits/{visit.code}?done=1"
    assert visit.status is Status.BOOKED
    assert visit.citizen.phone == "+34600123456"
    allocation = db.session.scalars(sa.select(Allocation)).one()
    assert (allocation.state, allocation.claim) == (AllocationState.BOOKED, visit.code)
    page = client.get(f"{town.base(wish.town)}{done.location}")
    assert page.status_code == 200
    assert visit.code in page.text


def test_the_message_brings_the_one_link(client, wish):
    book_over_http(client, wish)

    visit = db.session.scalars(sa.select(Visit)).one()
    assert f"http://vilaclara.localhost:8000/ca/visits/{visit.code}" in bodies()[-1]


def test_the_code_can_be_filled_in_by_the_telephone_on_our_page_only(client, wish):
    send_phone(client, wish, schedule.first_free(wish).starts_at)

    code = town.digits_sent(bodies()[-1])
    assert bodies()[-1].startswith(code)
    assert bodies()[-1].endswith(f"\n@vilaclara.localhost #{code}")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Write your mobile number"),
        ("123", "nine digits"),
        ("no sé", "nine digits"),
        ("806 123 456", "cannot send messages"),
        ("902 123 456", "cannot send messages"),
        ("+33 6 12 34 56 78", "numbers from Spain"),
        ("6" * 200, "nine digits"),
    ],
)
def test_a_number_that_cannot_be_sent_a_message_is_refused_before_any(client, wish, typed, why):
    starts_at = schedule.first_free(wish).starts_at
    url, _ = form_page(client, wish, starts_at)

    answer = send_phone(client, wish, starts_at, typed, page=url.replace("/ca/", "/en/"))

    assert answer.status_code == 422
    assert why in answer.text
    assert f'value="{typed}"' in answer.text
    assert bodies() == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Visit)) == 0


@pytest.mark.parametrize(
    "typed",
    ["600123456", "0034 600 12 34 56", "+34 600-12-34-56", "６００１２３４５６", "600.12.34.56"],
)
def test_a_number_is_understood_however_it_is_written(client, wish, typed):
    answer = send_phone(client, wish, schedule.first_free(wish).starts_at, typed)

    assert answer.status_code == 303
    assert db.session.scalars(sa.select(Visit)).one().phone == "+34600123456"


def test_a_town_may_accept_telephones_of_its_neighbours(client):
    place = town.a_town(phone_countries=["ES", "FR"])
    padron = town.a_procedure()
    town.a_clerk(padron)
    wish = town.a_wish(place, padron)

    answer = send_phone(client, wish, schedule.first_free(wish).starts_at, "+33 6 12 34 56 78")

    assert answer.status_code == 303


def test_a_wrong_code_is_said_and_what_was_typed_is_kept(client, wish):
    answer = send_phone(client, wish, schedule.first_free(wish).starts_at)
    right = town.digits_sent(bodies()[-1])
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"

    refused = send_code(client, answer, wish, wrong)

    assert refused.status_code == 422
    assert f'value="{wrong}"' in refused.text
    assert db.session.scalars(sa.select(Visit)).one().status is Status.HELD


def test_a_code_may_be_typed_with_spaces(client, wish):
    answer = send_phone(client, wish, schedule.first_free(wish).starts_at)
    right = town.digits_sent(bodies()[-1])

    assert send_code(client, answer, wish, f" {right[:3]} {right[3:]} ").status_code == 303


def test_after_five_wrong_codes_even_the_right_one_is_refused(client, wish):
    answer = send_phone(client, wish, schedule.first_free(wish).starts_at)
    right = town.digits_sent(bodies()[-1])
    for n in range(1, 6):
        send_code(client, answer, wish, f"{(int(right) + n) % 1_000_000:06d}")

    refused = send_code(client, answer, wish, right)

    assert refused.status_code == 422
    assert db.session.scalars(sa.select(Visit)).one().status is Status.HELD


def test_a_code_out_of_time_is_said_to_be_so(client, wish, monkeypatch):
    answer = send_phone(client, wish, schedule.first_free(wish).starts_at)
    right = town.digits_sent(bodies()[-1])
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: later)

    refused = client.post(
        f"{town.base(wish.town)}{answer.location}".replace("/ca/", "/en/"),
        data={
            "csrf_token": town.token_in(
                client.get(f"{town.base(wish.town)}{answer.location}").text
            ),
            "code": right,
        },
    )

    assert refused.status_code == 422
    assert "expired" in refused.text


def test_confirming_twice_is_confirming_once(client, wish):
    answer = send_phone(client, wish, schedule.first_free(wish).starts_at)
    right = town.digits_sent(bodies()[-1])
    url = f"{town.base(wish.town)}{answer.location}"
    page = client.get(url).text
    data = {"csrf_token": town.token_in(page), "code": right}
    with client.session_transaction(base_url=town.base(wish.town)) as session:
        hold = session["hold"]

    first = client.post(url, data=data)
    with client.session_transaction(base_url=town.base(wish.town)) as session:
        session["hold"] = hold
    second = client.post(url, data=data)

    assert first.location.split("?")[0] == second.location.split("?")[0]
    assert len([body for body in bodies() if "/visits/" in body]) == 1


def test_the_second_of_two_gets_the_nearest_times_with_the_form_kept(client, wish):
    starts_at = schedule.first_free(wish).starts_at
    url, page = form_page(client, wish, starts_at)
    town.a_visit(wish, starts_at, phone="+34600999999")

    data = {
        "csrf_token": town.token_in(page),
        "token": town.field_in(page, "token"),
        "phone": "600 12 34 56",
        "name": "Pere Roig",
    }
    answer = client.post(url, data=data)

    assert answer.status_code == 409
    assert 'value="600 12 34 56"' in answer.text
    assert 'value="Pere Roig"' in answer.text
    others = schedule.nearest(wish, starts_at)
    assert all(f'value="{written_start(other.starts_at)}"' in answer.text for other in others)
    assert len(bodies()) == 1  # only the winner's link
    again = client.post(url, data={**data, "starts": written_start(others[0].starts_at)})
    assert again.status_code == 303


def test_the_service_refuses_the_second_and_leaves_no_trace(wish):
    starts_at = schedule.first_free(wish).starts_at
    town.a_hold(wish, starts_at)

    with pytest.raises(TimeTaken):
        town.a_hold(wish, starts_at, phone="+34600999999")

    assert db.session.scalar(sa.select(sa.func.count()).select_from(Visit)) == 1


def test_the_same_form_sent_twice_is_one_visit(wish):
    starts_at = schedule.first_free(wish).starts_at

    first = town.a_hold(wish, starts_at, form_token="a" * 24)
    second = town.a_hold(wish, starts_at, form_token="a" * 24)

    assert first is second


def test_somebody_elses_form_token_opens_nothing(wish):
    starts_at = schedule.first_free(wish).starts_at
    mine = town.a_hold(wish, starts_at, form_token="a" * 24)
    other = schedule.first_free(wish).starts_at

    theirs = town.a_hold(wish, other, phone="+34600999999", form_token="a" * 24)

    assert theirs.code != mine.code
    assert mine.phone == town.PHONE


def test_few_holds_for_one_telephone(app, wish):
    tomorrow = clock.today("Europe/Madrid") + timedelta(1)
    for free in schedule.free_times(wish, tomorrow, tomorrow)[: 3 * 6 : 3]:
        town.a_hold(wish, free.starts_at)

    with pytest.raises(TooManyHolds):
        town.a_hold(wish, town.tomorrow_at(20))


def test_the_same_number_typed_again_is_no_obstacle_to_oneself(client, wish):
    starts_at = town.tomorrow_at(10)
    send_phone(client, wish, starts_at)

    again = send_phone(client, wish, starts_at)

    assert again.status_code == 303


def test_a_number_put_right_on_the_same_page_is_taken(client, wish):
    starts_at = town.tomorrow_at(10)
    url, page = form_page(client, wish, starts_at)
    form = {"csrf_token": town.token_in(page), "token": town.field_in(page, "token")}

    client.post(url, data={**form, "phone": "600 12 34 56"})
    right = client.post(url, data={**form, "phone": "600 12 34 57"})

    assert right.status_code == 303
    held = db.session.scalars(sa.select(Visit).where(Visit.status == Status.HELD)).one()
    assert held.phone == "+34600123457"


def test_a_hold_is_not_made_longer_for_ever(client, wish, monkeypatch):
    answer = send_phone(client, wish, town.tomorrow_at(10))
    url = f"{town.base(wish.town)}{answer.location}"
    token = town.token_in(client.get(url).text)
    begun = clock.now()
    answers = []
    for minutes in range(9, 9 * 14, 9):
        monkeypatch.setattr(clock, "now", lambda m=minutes: begun + timedelta(minutes=m))
        more = client.post(url.replace("/new?", "/new/extend?"), headers={"X-CSRFToken": token})
        answers.append(more.status_code)

    assert answers[:10] == [204] * 10
    assert answers[-1] == 409


def test_a_stranger_cannot_close_the_door_to_the_owner_of_a_number(app, wish):
    for hour in (10, 11):
        stranger = app.test_client()
        answer = send_phone(stranger, wish, town.tomorrow_at(hour))
        for _ in range(5):
            send_code(stranger, answer, wish, "000000")
    owner = app.test_client()
    owner.environ_base["REMOTE_ADDR"] = "192.0.2.77"

    answer = send_phone(owner, wish, town.tomorrow_at(12))
    done = send_code(owner, answer, wish, town.digits_sent(bodies()[-1]))

    assert done.status_code == 303


def test_enter_never_chooses_another_time(client, wish):
    """The first button of a form is the one that Enter presses."""
    starts_at = schedule.first_free(wish).starts_at
    url, page = form_page(client, wish, starts_at)
    town.a_visit(wish, starts_at, phone="+34600999999")

    refused = client.post(
        url,
        data={
            "csrf_token": town.token_in(page),
            "token": town.field_in(page, "token"),
            "phone": "600 12 34 56",
        },
    )

    first = refused.text[refused.text.index("<button", refused.text.index("<form id=")) :]
    assert 'name="starts"' not in first[: first.index(">")]


def test_a_hold_that_ran_out_is_booked_again_when_the_time_is_still_free(wish, monkeypatch):
    visit = town.a_hold(wish, town.tomorrow_at(10))
    later = clock.now() + timedelta(minutes=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    services.expire(visit)

    assert services.book(visit).status is Status.BOOKED


def test_a_hold_that_ran_out_and_was_taken_is_refused(wish, monkeypatch):
    visit = town.a_hold(wish, town.tomorrow_at(10))
    later = clock.now() + timedelta(minutes=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    town.a_visit(wish, visit.starts_at, phone="+34600999999")

    with pytest.raises(HoldOver):
        services.book(visit)


def test_a_hold_can_be_kept_longer_as_often_as_needed(client, wish, monkeypatch):
    starts_at = town.tomorrow_at(10)
    answer = send_phone(client, wish, starts_at)
    url = f"{town.base(wish.town)}{answer.location}"
    token = town.token_in(client.get(url).text)
    begun = clock.now()
    for minutes in (9, 18, 27):
        monkeypatch.setattr(clock, "now", lambda m=minutes: begun + timedelta(minutes=m))
        more = client.post(url.replace("/new?", "/new/extend?"), headers={"X-CSRFToken": token})
        assert more.status_code == 204
        assert 590 <= int(more.headers["X-Session-Seconds"]) <= 600


def test_a_hold_of_another_browser_does_not_exist(app, client, wish):
    answer = send_phone(client, wish, schedule.first_free(wish).starts_at)

    stranger = app.test_client()
    seen = stranger.get(f"{town.base(wish.town)}{answer.location}")
    invented = stranger.get(f"{town.base(wish.town)}/ca/visits/new?hold=bcdfghjkmnpq")

    assert seen.status_code == invented.status_code == 404
    assert seen.text.replace(answer.location.split("=")[1], "") == invented.text.replace(
        "bcdfghjkmnpq", ""
    )


def test_choosing_again_gives_the_first_time_back(client, wish):
    first, second = town.tomorrow_at(10), town.tomorrow_at(12)
    send_phone(client, wish, first)
    send_phone(client, wish, second)

    assert schedule.free_at(wish, first)
    assert not schedule.free_at(wish, second)


def test_more_time_is_half_as_long_again(client, wish):
    starts_at = town.tomorrow_at(10)
    url, _ = form_page(client, wish, starts_at)
    url += "&needs=more_time"

    send_phone(client, wish, starts_at, page=url)

    visit = db.session.scalars(sa.select(Visit)).one()
    assert (visit.minutes, visit.needs) == (30, ["more_time"])


def test_a_message_that_nobody_can_receive_any_more_is_dropped(client, wish, monkeypatch):
    send_phone(client, wish, schedule.first_free(wish).starts_at)
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: later)

    messaging.deliver_due()

    assert db.session.scalars(sa.select(Message.state)).one() == "dropped"


def test_cancelling_frees_the_time_and_says_so(client, wish):
    visit = town.a_visit(wish, town.tomorrow_at(10))
    url = f"{town.base(wish.town)}/ca/visits/{visit.code}/cancel"

    answer = client.post(url, data={"csrf_token": town.token_in(client.get(url).text)})

    assert answer.location == f"/ca/visits/{visit.code}"
    assert schedule.free_at(wish, visit.starts_at)
    assert visit.status is Status.CANCELLED
    states = list(db.session.scalars(sa.select(Message.state).order_by(Message.id)))
    # Neither the link nor the reminders leave any more; the farewell does.
    assert states[-1] == "queued"
    assert set(states[:-1]) == {"dropped"}


def test_a_visit_is_cancelled_once(wish):
    visit = town.a_visit(wish, town.tomorrow_at(10))
    services.cancel(visit, "citizen")
    town.a_visit(wish, visit.starts_at, phone="+34600999999")

    services.cancel(visit, "citizen")

    assert not schedule.free_at(wish, visit.starts_at)


def test_a_visit_being_attended_cannot_be_cancelled(wish):
    visit = town.a_visit(wish)
    services.move_on(visit, Status.WAITING)
    services.move_on(visit, Status.CALLED)

    with pytest.raises(NotCancellable):
        services.cancel(visit, "citizen")


def test_reading_the_cancel_page_changes_nothing(client, wish):
    visit = town.a_visit(wish, town.tomorrow_at(10))

    client.get(f"{town.base(wish.town)}/ca/visits/{visit.code}/cancel")

    assert visit.status is Status.BOOKED


def test_the_calendar_file_keeps_its_name_and_raises_its_sequence(client, wish):
    visit = town.a_visit(wish, town.tomorrow_at(10))
    url = f"{town.base(wish.town)}/ca/visits/{visit.code}/calendar.ics"
    before = client.get(url).text
    services.cancel(visit, "citizen")
    after = client.get(url).text

    assert f"UID:{visit.code}@vilaclara.localhost" in before
    assert "SEQUENCE:0" in before
    assert "STATUS:CONFIRMED" in before
    assert f"UID:{visit.code}@vilaclara.localhost" in after
    assert "SEQUENCE:1" in after
    assert "STATUS:CANCELLED" in after


def test_a_hold_is_no_visit_yet(client, wish):
    visit = town.a_hold(wish)

    for page in ("", "/cancel", "/calendar.ics", "/wait"):
        url = f"{town.base(wish.town)}/ca/visits/{visit.code}{page}"
        assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "",
        "procedure=padron",
        "procedure=padron&channel=video",
        "procedure=padron&channel=video&starts=yesterday",
        "procedure=padron&channel=video&starts=20269999T0000Z",
        "procedure=padron&channel=smoke&starts=20261201T0900Z",
        "procedure=nothing&channel=video&starts=20261201T0900Z",
    ],
)
def test_a_broken_address_is_a_page_that_does_not_exist(client, wish, query):
    answer = client.get(f"{town.base(wish.town)}/ca/visits/new?{query}")

    assert answer.status_code == 404
    assert 'lang="ca"' in answer.text


def test_a_form_without_its_token_or_from_elsewhere_is_refused(client, wish):
    starts_at = schedule.first_free(wish).starts_at
    url, page = form_page(client, wish, starts_at)
    good = {
        "csrf_token": town.token_in(page),
        "token": town.field_in(page, "token"),
        "phone": "600123456",
    }

    without = client.post(url, data={**good, "csrf_token": ""})
    elsewhere = client.post(url, data=good, headers={"Sec-Fetch-Site": "cross-site"})
    origin = client.post(url, data=good, headers={"Origin": "https://evil.example"})

    assert without.status_code == 400
    assert elsewhere.status_code == origin.status_code == 403
    assert bodies() == []


def test_a_time_that_has_passed_is_refused(client, wish):
    past = clock.now().replace(second=0, microsecond=0) - timedelta(hours=1)

    answer = send_phone(client, wish, past)

    assert answer.status_code == 409
    assert bodies() == []


def test_the_fourth_code_in_an_hour_is_refused(client, wish, time_machine):
    time_machine.move_to(clock.now())
    answer = send_phone(client, wish, town.tomorrow_at(10))
    url = f"{town.base(wish.town)}{answer.location}"
    token = town.token_in(client.get(url).text)
    again = url.replace("/new?", "/new/code?")

    sent = []
    for _ in range(3):
        time_machine.shift(31)
        sent.append(client.post(again, data={"csrf_token": token}).status_code)

    assert sent == [303, 303, 429]
    assert len(bodies()) == 3


def test_another_code_at_once_is_not_sent_and_the_page_says_so(client, wish, time_machine):
    time_machine.move_to(clock.now())
    answer = send_phone(client, wish, town.tomorrow_at(10))
    url = f"{town.base(wish.town)}{answer.location}".replace("/ca/", "/en/")
    again = url.replace("/new?", "/new/code?")

    time_machine.shift(29)
    soon = town.send(client, again, url)
    page = client.get(f"{town.base(wish.town)}{soon.location}").text
    time_machine.shift(1)
    later = town.send(client, again, url)

    assert len(bodies()) == 2
    assert "We have just sent you one" in page
    assert 'data-seconds="1"' in page
    assert "again=1" in later.location


def test_htmx_gets_the_piece_and_the_way_out(client, wish):
    starts_at = schedule.first_free(wish).starts_at

    wrong = send_phone(client, wish, starts_at, "123", **{"HX-Request": "true"})
    right = send_phone(client, wish, starts_at, **{"HX-Request": "true"})

    assert wrong.status_code == 422
    assert wrong.text.lstrip().startswith("<form")
    assert "HX-Request" in wrong.headers["Vary"]
    assert right.status_code == 204
    assert "/ca/visits/new?hold=" in right.headers["HX-Redirect"]


def test_taking_a_time_asks_the_register_no_more_than_it_must(client, wish, statements):
    """The hold, its line of the record, the code and its message; however full the day is."""
    first = schedule.first_free(wish).starts_at
    counts = []
    for number in range(3):
        url, page = form_page(client, wish, first + timedelta(minutes=20 * number))
        form = {
            "csrf_token": town.token_in(page),
            "token": town.field_in(page, "token"),
            "phone": f"60012345{number}",
            "name": "",
        }
        with client.session_transaction(base_url=town.base(wish.town)) as session:
            session.pop("hold", None)
        statements.clear()
        assert client.post(url, data=form).status_code == 303
        counts.append(sum(not text.startswith(("SAVE", "RELEASE")) for text in statements))

    most = MOST_STATEMENTS_OF_A_BOOKING[db.session.get_bind().dialect.name]
    assert counts[1] == counts[2] <= most
