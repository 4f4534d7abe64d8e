"""From nothing to a town that attends people, and what its people do afterwards."""

from datetime import time, timedelta

import pytest

from app.accounts.models import Account, Role
from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.office import services
from app.office.errors import LinkOver
from app.schedule import queries as schedule
from app.schedule import services as rules
from app.schedule.models import Resource, Shift
from app.schedule.services import Hours
from app.towns import queries as towns
from app.towns.models import Town
from app.towns.tenant import speak_for, town_of
from tests import town

STREET = "http://localhost"


@pytest.fixture
def token():
    made = services.make_link()
    db.session.commit()
    return made


def begin(client, token, **fields):
    answers = {
        "name": "Sobreira do Río",
        "main": "gl",
        "others": ["es"],
        "region": "GA",
        "phone": "981 00 00 00",
        "person": "Antía Lago",
    }
    page = f"{STREET}/setup/{token}"
    token_of_form = town.token_in(client.get(page).text)
    return client.post(page, data={"csrf_token": token_of_form, **answers, **fields})


def test_a_town_begins_with_six_answers(client, token):
    answer = begin(client, token)

    place = db.session.query(Town).one()
    assert answer.status_code == 200
    assert (place.slug, place.host, place.languages) == (
        *("sobreira-do-rio", "sobreira-do-rio.localhost", ["gl", "es"]),
    )
    assert f"{place.host}" in answer.text
    assert "/desk/enrol/" in answer.text
    with town_of(place.id):
        assert db.session.query(Account).one().role is Role.ADMINISTRATOR


def test_the_link_opens_once(client, token):
    begin(client, token)

    assert client.get(f"{STREET}/setup/{token}").status_code == 404
    assert client.get(f"{STREET}/setup/nonsense").status_code == 404


def test_a_new_link_ends_the_one_before(client, token):
    other = services.make_link()

    with pytest.raises(LinkOver):
        services.open_link(token)
    assert services.open_link(other)


def test_the_link_opens_nothing_on_the_host_of_a_town(client, token):
    place = town.a_town()

    assert client.get(f"{town.base(place)}/setup/{token}").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "···"},
        {"main": "xx"},
        {"others": "xx"},
        {"region": "XX"},
        {"phone": "1"},
        {"phone": "x" * 40},
        {"person": ""},
        {"name": "x" * 200},
    ],
)
def test_what_cannot_be_gets_a_sentence_and_no_town(client, token, fields):
    answer = begin(client, token, **fields)

    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert db.session.query(Town).count() == 0
    assert client.get(f"{STREET}/setup/{token}").status_code == 200, "the link is not used up"


def test_two_towns_do_not_share_an_address(client, token):
    town.a_town("sobreira-do-rio")
    db.session.commit()
    speak_for(None)

    answer = begin(client, token)

    assert answer.status_code == 409
    assert db.session.query(Town).count() == 1


def test_the_command_prints_a_link_only_in_an_empty_house(app):
    run = app.test_cli_runner()

    assert "/setup/" in run.invoke(args=["office", "first-run", "--if-empty"]).output
    town.a_town()
    db.session.commit()
    assert run.invoke(args=["office", "first-run", "--if-empty"]).output == ""
    assert "/setup/" in run.invoke(args=["office", "first-run"]).output


def a_town_just_begun() -> tuple[Town, Account]:
    place = town.a_town(languages=("gl", "es"))
    return place, town.a_supervisor("Antía", Role.ADMINISTRATOR)


def test_the_guide_goes_from_an_office_to_a_visit(client):
    place, admin = a_town_just_begun()
    town.enter(client, admin)
    base = f"{town.base(place)}/office"
    assert "not-ready" in client.get(base + "/").text

    steps = [
        (
            "setup/office",
            {"name-gl": "Casa do Concello", "address": "Praza, 1", "phone": "981000000"},
        ),
        ("setup/procedures", {"chosen": ["padron", "registro"]}),
        ("people/invite", {"name": "Brais", "role": "clerk", "languages": ["gl", "es"]}),
    ]
    for path, fields in steps:
        if path == "people/invite":
            fields["procedures"] = [one.id for one in towns.procedures()]
        page = f"{base}/{path}"
        answer = town.send(client, page, page, **fields)
        assert answer.status_code in (200, 303), (path, answer.text[:2000])
    hours = {
        "weekdays": ["0", "1", "2", "3", "4", "5", "6"],
        "starts": "09:00",
        "ends": "14:00",
        "channels": ["video", "phone"],
    }
    assert (
        town.send(client, f"{base}/setup/hours", f"{base}/setup/hours", **hours).status_code == 303
    )
    done = town.send(client, f"{base}/setup/visit", f"{base}/setup/visit", phone="600 12 34 56")

    assert done.status_code == 200, done.text[:1500]
    visit = db.session.query(Visit).one()
    assert visit.phone == "+34600123456"
    assert visit.made_by_id == admin.id
    assert f"/visits/{visit.code}" in done.text
    assert len(town.sent_to("+34600123456")) >= 1
    assert "not-ready" not in client.get(base + "/").text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("setup/office", {}),
        ("setup/office", {"name-gl": "Casa", "address": "", "phone": "981000000"}),
        ("setup/office", {"name-gl": "", "address": "Praza", "phone": "981000000"}),
        ("people/invite", {"name": "", "role": "clerk", "languages": "gl"}),
        ("people/invite", {"name": "x", "role": "kiosk", "languages": "gl"}),
        ("people/invite", {"name": "x", "role": "clerk", "languages": "xx"}),
        ("setup/hours", {"weekdays": "9", "starts": "09:00", "ends": "14:00"}),
        ("setup/hours", {"weekdays": "1", "starts": "14:00", "ends": "09:00", "channels": "video"}),
        ("setup/hours", {"weekdays": "1", "starts": "x", "ends": "09:00", "channels": "video"}),
        ("setup/visit", {"phone": "1"}),
        ("setup/visit", {}),
    ],
)
def test_each_step_says_what_is_wrong_and_does_nothing(client, path, fields):
    place, admin = a_town_just_begun()
    town.a_clerk(town.a_procedure(), languages=("gl",))
    db.session.query(Shift).delete()
    town.enter(client, admin)
    page = f"{town.base(place)}/office/{path}"
    before = [db.session.query(model).count() for model in (Account, Shift, Visit)]

    answer = town.send(client, page, page, **fields)

    assert answer.status_code == 422
    assert [db.session.query(model).count() for model in (Account, Shift, Visit)] == before


def test_a_test_visit_without_any_time_says_what_to_look_at(client):
    place, admin = a_town_just_begun()
    town.enter(client, admin)
    page = f"{town.base(place)}/office/setup/visit"

    assert town.send(client, page, page, phone="600 12 34 56").status_code == 409


def test_a_clerk_does_not_set_the_town_up(client):
    place = town.a_town()
    town.enter(client, town.a_clerk(town.a_procedure()))

    for path in ("setup", "setup/office", "people/invite", "town/file", "town/file.toml"):
        assert client.get(f"{town.base(place)}/office/{path}").status_code == 403


def test_who_leaves_hands_over_their_visits_first(client):
    place = town.a_town()
    padron = town.a_procedure()
    ana = town.a_clerk(padron)
    visit = town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))
    biel = town.a_clerk(padron, name="Biel Mas")
    db.session.commit()
    town.enter(client, town.a_supervisor())
    page = f"{town.base(place)}/office/staff/{ana.code}/let-go"

    look = town.send(client, page, page)
    assert look.status_code == 409
    assert "Biel Mas" in look.text
    db.session.expire_all()
    assert ana.is_active

    mark = town.field_in(look.text, "mark")
    fields = {"mark": mark, f"visit-{visit.code}": "give"}
    done = client.post(page, data={"csrf_token": town.token_in(look.text), **fields})

    assert done.status_code == 303
    db.session.expire_all()
    assert not ana.is_active
    assert not town.counter_of(ana).is_active
    assert visit.clerk_id == town.counter_of(biel).id


def test_nobody_lets_themselves_go(client):
    place = town.a_town()
    rosa = town.a_supervisor()
    town.enter(client, rosa)
    page = f"{town.base(place)}/office/staff/{rosa.code}/let-go"

    assert client.get(page).status_code in (403, 409)


def test_a_week_is_copied_as_it_is(client):
    place = town.a_town()
    ana = town.counter_of(town.a_clerk(town.a_procedure(), hours=(time(9), time(14))))
    monday = clock.today(place.time_zone) + timedelta(
        days=7 - clock.today(place.time_zone).weekday()
    )

    rules.set_day(ana, monday, [Hours(time(16), time(20), ("video",))], "", today=monday)
    rules.set_day(ana, monday + timedelta(days=1), [], "", today=monday)
    town.enter(client, town.a_supervisor())
    page = f"{town.base(place)}/office/hours/{ana.code}/copy"

    answer = town.send(
        client,
        page,
        page,
        week=monday.isoformat(),
        to=(monday + timedelta(days=9)).isoformat(),
        weeks="2",
    )

    assert answer.status_code in (303, 409), answer.text[:1500]
    copied = schedule.exceptions_of(ana.id, monday + timedelta(days=7))
    assert [(one.day, one.starts) for one in copied] == [
        (monday + timedelta(days=7), time(16)),
        (monday + timedelta(days=8), None),
        (monday + timedelta(days=14), time(16)),
        (monday + timedelta(days=15), None),
    ]


def test_a_change_says_how_many_times_it_takes_away_and_does_nothing(client):
    place = town.a_town()
    ana = town.counter_of(town.a_clerk(town.a_procedure(minutes=20), hours=(time(9), time(14))))
    shift = next(one for one in schedule.shifts_of(ana.id) if one.weekday == 2)
    town.enter(client, town.a_supervisor())
    page = f"{town.base(place)}/office/hours/{ana.code}/shifts/{shift.id}"
    text = client.get(page).text

    answer = client.post(
        page,
        data={
            "csrf_token": town.token_in(text),
            "row": town.field_in(text, "row"),
            "weekday": "2",
            "starts": "10:00",
            "ends": "14:00",
            "channels": ["video", "phone", "in_person"],
            "is_public": "y",
            "look": "1",
        },
    )

    assert answer.status_code == 200
    assert "This change removes 3 times next week." in answer.text
    db.session.expire_all()
    assert db.session.get(Shift, shift.id).starts == time(9)
    assert db.session.query(Resource).count() == 1
