"""Supervisors and administrators change hours, closed days, rules and people, on their screens."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.accounts.models import Role
from app.audit.models import AuditEntry
from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from app.schedule import queries as schedule
from app.schedule import services as rules
from app.schedule.models import Resource, ResourceKind, Shift
from app.towns import queries as towns
from app.towns import services as town_rules
from app.towns.models import Media, Office
from app.towns.tenant import speak_for
from tests import town

MONDAY = date(2026, 11, 30)
TUESDAY = MONDAY + timedelta(days=1)
MORNING = (time(9), time(14))


@pytest.fixture(autouse=True)
def clock():
    """Eight o'clock of a Monday morning on the peninsula."""
    with time_machine.travel(datetime(2026, 11, 30, 7, 0, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def place():
    return town.a_town(region="CT", horizon_days=60)


@pytest.fixture
def padron(place):
    procedure = town.a_procedure()
    db.session.commit()
    return procedure


@pytest.fixture
def ana(padron):
    person = town.counter_of(town.a_clerk(padron, hours=MORNING))
    db.session.commit()
    return person


@pytest.fixture
def visit(place, padron, ana):
    return town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10), name="Pere Roig")


@pytest.fixture
def boss(client, place):
    """The browser of a supervisor."""
    person = town.a_supervisor()
    db.session.commit()
    town.enter(client, person)
    return client


def at(place, path=""):
    return f"{town.base(place)}/office/{path}"


def hours_page(person, path=""):
    return at(town.db.session.get_one(town.Town, person.town_id), f"hours/{person.code}{path}")


def remove(client, page, action, **fields):
    """Press one of the small buttons of a page, with whatever its form carries."""
    text = client.get(page).text
    form = re.search(rf'<form method="post" action="{re.escape(action)}">(.*?)</form>', text, re.S)
    assert form, f"no button for {action}"
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1]))
    return client.post(page.split("/office/")[0] + action, data={**hidden, **fields})


def path_of(address):
    return "/" + address.split("/", 3)[3]


def confirm(client, answer, url, **marked):
    """Press the button of the page that shows what would break."""
    form = re.search(r'<form id="decide-form".*?</form>', answer.text, re.S)
    assert form, answer.text
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', form[0]):
        fields.setdefault(name, []).append(value)
    for name, value in re.findall(r'name="(visit-\w+)" value="(\w+)" checked', form[0]):
        fields[name] = [value]
    fields.update({name.replace("_", "-"): [value] for name, value in marked.items()})
    return client.post(url, data=fields)


def said(client, answer, place):
    """What the next page says."""
    page = client.get(answer.headers["Location"], base_url=town.base(place)).text
    found = re.search(r'id="said".*?</div>\s*</div>', page, re.S)
    return found[0] if found else ""


PAGES = (
    "",
    "hours",
    "hours?week=2027-01-04",
    "hours?week=x",
    "hours/{code}",
    "hours/{code}/shifts/new",
    "hours/{code}/shifts/{shift}",
    "hours/{code}/days/new",
    "hours/{code}/days/2026-12-01",
    "hours/{code}/absences/new",
    "closed",
    "closed?year=2027",
    "closed?year=9999",
    "closed?year=x",
    "closed/new",
    "closed/seasons/new",
    "procedures",
    "procedures/padron",
    "town",
    "people",
    "people/new",
    "people/{code}",
    "people/{code}/skills",
    "promises",
    "waits",
    "waits/staffing",
    "waits/staffing?arrivals=500&minutes=240&within=0&share=99&patience=600",
)


def a_page(path, person):
    return path.format(code=person.code, shift=schedule.shifts_of(person.id)[0].id)


def test_every_screen_opens_for_a_supervisor_and_an_administrator(client, place, padron, ana):
    for role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
        town.enter(client, town.a_supervisor(role=role))
        for path in PAGES:
            answer = client.get(at(place, a_page(path, ana)))
            assert answer.status_code == 200, path


def test_clerks_and_strangers_do_not_enter(client, place, padron, ana):
    stranger = client.get(at(place, "hours"))
    assert (stranger.status_code, "/desk/sign-in" in stranger.headers["Location"]) == (303, True)

    town.enter(client, ana.account)
    for path in PAGES:
        assert client.get(at(place, a_page(path, ana))).status_code == 403, path


def test_the_way_to_the_back_office_is_shown_to_who_may_enter(client, place, padron, ana):
    town.enter(client, ana.account)
    assert "/office/" not in client.get(f"{town.base(place)}/desk/").text

    town.enter(client, town.a_supervisor())
    assert 'href="/office/hours"' in client.get(f"{town.base(place)}/desk/").text

    town.enter(client, town.a_supervisor(role=Role.ADMINISTRATOR))
    page = client.get(at(place)).text
    assert 'href="/desk/"' not in page  # who plans and keeps the record attends nobody
    assert 'id="home" href="/office/"' in page


def test_what_belongs_to_another_town_is_as_missing_as_what_never_was(client, boss, place, padron):
    other = town.a_town("etxalde", region="PV")
    theirs = town.counter_of(town.a_clerk(town.a_procedure("taxes")))
    shift = schedule.shifts_of(theirs.id)[0].id
    closure = town_rules.set_day(TUESDAY, "", office=None, today=MONDAY).id
    season = town_rules.add_season(
        MONDAY, TUESDAY, time(9), time(13), reason="", is_yearly=False, office=None
    ).id
    db.session.commit()
    speak_for(place.id)
    token = town.token_in(boss.get(at(place, "closed")).text)

    for path in (
        f"hours/{theirs.code}",
        f"hours/{theirs.code}/shifts/new",
        f"hours/{theirs.code}/shifts/{shift}",
        f"hours/{theirs.code}/days/new",
        f"hours/{theirs.code}/absences/new",
        f"people/{theirs.code}",
        f"people/{theirs.code}/skills",
        "procedures/taxes",
        "hours/nobody",
        "hours/nobody/days/2026-12-01",
    ):
        assert boss.get(at(place, path)).status_code == 404, path
    for path in (
        f"hours/{theirs.code}/shifts/{shift}/remove",
        f"hours/{theirs.code}/days/2026-12-01/remove",
        f"hours/{theirs.code}/absences/end",
        f"closed/{closure}/remove",
        f"closed/seasons/{season}/remove",
        "closed/999/remove",
    ):
        answer = boss.post(at(place, path), data={"csrf_token": token})
        assert answer.status_code == 404, path
    speak_for(other.id)
    assert (len(towns.closures()), len(towns.seasons())) == (1, 1)


def test_an_office_of_another_town_cannot_be_chosen(boss, place, padron, ana):
    town.a_town("etxalde")
    theirs = town.a_procedure("taxes").office_id
    db.session.commit()
    speak_for(place.id)

    answer = town.send(
        boss, at(place, f"people/{ana.code}"), name="Ana", where=theirs, buffer_minutes=0
    )

    assert answer.status_code in (409, 422)
    assert ana.office_id is None


def test_the_start_page_warns_and_otherwise_says_that_all_is_well(boss, place, padron, ana, visit):
    assert "Everything promised can be kept." in boss.get(at(place)).text

    rules.set_skills(ana, [])
    booking.measure_delays(place)
    db.session.commit()

    page = boss.get(at(place)).text
    assert "1 visit cannot be kept as things stand." in page
    assert 'id="warn-delays"' in page
    assert 'id="nobody-padron-video"' in page


def test_hours_are_added_to_the_week(boss, place, padron, ana):
    url = hours_page(ana, "/shifts/new")
    fields = {"weekdays": ["0", "2"], "channels": ["phone"], "is_public": "y"}

    answer = town.send(boss, url, starts="16:00", ends="19:00", **fields)

    assert answer.status_code == 303
    added = [one for one in schedule.shifts_of(ana.id) if one.starts == time(16)]
    assert [(one.weekday, one.channels, one.is_public) for one in added] == [
        (0, ["phone"], True),
        (2, ["phone"], True),
    ]
    assert "12 h more to attend" in said(boss, answer, place)
    assert "16:00–19:00" in boss.get(hours_page(ana)).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"starts": "9:00x"}, "Write a time with hours and minutes"),
        ({"starts": ""}, "Write a time with hours and minutes"),
        ({"ends": "16:00"}, "These hours have no length."),
        ({"ends": "15:00"}, "These hours end before they begin."),
        ({"weekdays": []}, "Choose at least one day of the week."),
        ({"channels": []}, "Choose at least one way of attending people."),
        ({"starts": "12:00"}, "These hours overlap with"),
        ({"valid_from": "2026-12-10", "valid_to": "2026-12-01"}, "The last day is before"),
        ({"valid_from": "x"}, "Write a date with day, month and year."),
        ({"weekdays": ["9"]}, ""),
        ({"channels": ["smoke"]}, ""),
    ],
)
def test_hours_that_make_no_sense_come_back_with_what_was_typed(
    boss, place, padron, ana, fields, sentence
):
    before = len(schedule.shifts_of(ana.id))
    good = {
        "weekdays": ["0"],
        "channels": ["video"],
        "starts": "16:00",
        "ends": "19:00",
        "valid_from": "2026-12-24",
    }

    answer = town.send(boss, hours_page(ana, "/shifts/new"), **{**good, **fields})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'id="error-summary"' in answer.text
    if "valid_from" not in fields:
        assert 'value="2026-12-24"' in answer.text
    assert len(schedule.shifts_of(ana.id)) == before


def test_a_shift_is_changed_and_removed(boss, place, padron, ana):
    shift = schedule.shifts_of(ana.id)[0]
    url = hours_page(ana, f"/shifts/{shift.id}")
    row = town.field_in(boss.get(url).text, "row")

    answer = town.send(
        boss, url, row=row, weekday=0, starts="10:00", ends="12:00", channels=["video"]
    )
    assert answer.status_code == 303
    assert (shift.starts, shift.is_public) == (time(10), False)

    action = path_of(hours_page(ana, f"/shifts/{shift.id}/remove"))
    assert remove(boss, hours_page(ana), action).status_code == 303
    assert len(schedule.shifts_of(ana.id)) == 6


def test_the_second_of_two_is_told_and_sees_the_difference(boss, place, padron, ana):
    shift = schedule.shifts_of(ana.id)[0]
    url = hours_page(ana, f"/shifts/{shift.id}")
    fields = {"weekday": 0, "ends": "13:00", "channels": ["video"], "is_public": "y"}
    row = town.field_in(boss.get(url).text, "row")
    rules.change_shift(shift, 0, rules.Hours(time(8), time(14), ("video",)))
    db.session.commit()

    answer = town.send(boss, url, row=row, starts="10:00", **fields)

    assert answer.status_code == 409
    table = re.search(r"<table.*?</table>", answer.text, re.S)[0]
    assert re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", table)[3:] == [
        "From", "08:00", "10:00", "Until", "14:00", "13:00",
    ]  # fmt: skip
    assert 'value="10:00"' in answer.text
    assert shift.starts == time(8)

    again = town.send(boss, url, row=town.field_in(answer.text, "row"), starts="10:00", **fields)
    assert (again.status_code, shift.starts) == (303, time(10))


def test_what_somebody_else_changed_is_not_removed_unseen(boss, place, padron, ana):
    shift = schedule.shifts_of(ana.id)[0]
    url = hours_page(ana, f"/shifts/{shift.id}/remove")
    text = boss.get(hours_page(ana)).text
    row = re.search(rf'{path_of(url)}">.*?name="row" value="(\w+)"', text, re.S)[1]
    rules.change_shift(shift, 0, rules.Hours(time(8), time(14), ("video",)))
    db.session.commit()

    answer = boss.post(url, data={"csrf_token": town.token_in(text), "row": row})

    assert answer.status_code == 409
    assert "Somebody else has changed this meanwhile." in answer.text
    assert len(schedule.shifts_of(ana.id)) == 7


def test_one_day_is_off_has_other_hours_and_is_as_usual_again(boss, place, padron, ana):
    new, known = hours_page(ana, "/days/new"), hours_page(ana, "/days/2026-12-01")
    assert town.send(boss, new, day="2026-12-01", kind="off", reason="Fira").status_code == 303
    assert schedule.exceptions_of(ana.id, MONDAY)[0].starts is None
    assert "Fira" in boss.get(hours_page(ana)).text

    answer = town.send(
        boss,
        known,
        row=town.field_in(boss.get(known).text, "row"),
        day="2026-12-01",
        kind="hours",
        starts="09:00",
        ends="11:00",
        starts_2="16:00",
        ends_2="00:00",
        channels=["video"],
    )
    assert answer.status_code == 303
    found = schedule.exceptions_of(ana.id, MONDAY)
    assert [(one.starts, one.ends) for one in found] == [
        (time(9), time(11)),
        (time(16), time(0)),
    ]

    action = path_of(hours_page(ana, "/days/2026-12-01/remove"))
    assert remove(boss, hours_page(ana), action).status_code == 303
    assert schedule.exceptions_of(ana.id, MONDAY) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"day": "2026-11-29"}, "That day has already passed."),
        ({"day": ""}, "Write a date with day, month and year."),
        ({"kind": "hours"}, "Write from when and until when."),
        ({"kind": "hours", "starts": "09:00", "ends": "08:00"}, "end before they begin"),
        (
            {"kind": "hours", "starts": "09:00", "ends": "10:00", "starts_2": "16:00"},
            "Write both: from when and until when.",
        ),
        (
            {
                "kind": "hours",
                "starts": "09:00",
                "ends": "12:00",
                "starts_2": "11:00",
                "ends_2": "13:00",
            },
            "These hours overlap with 09:00–12:00",
        ),
        ({"reason": "x" * 121}, "up to 120 letters"),
        ({"kind": "sometimes"}, ""),
    ],
)
def test_a_day_that_makes_no_sense_comes_back(boss, place, padron, ana, fields, sentence):
    sent = {"day": "2026-12-01", "kind": "off", "channels": ["video"], **fields}

    answer = town.send(boss, hours_page(ana, "/days/new"), **sent)

    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert schedule.exceptions_of(ana.id, MONDAY) == []


def test_a_day_that_is_different_already_is_not_overruled_unseen(boss, place, padron, ana):
    rules.set_day(ana, TUESDAY, [], "Trasllat", today=MONDAY)
    db.session.commit()
    fields = {"kind": "hours", "starts": "09:00", "ends": "10:00", "channels": ["video"]}

    answer = town.send(boss, hours_page(ana, "/days/new"), day="2026-12-01", **fields)

    assert answer.status_code == 409
    assert "Trasllat" in answer.text
    assert schedule.exceptions_of(ana.id, MONDAY)[0].starts is None

    row = town.field_in(answer.text, "row")
    again = town.send(
        boss, hours_page(ana, "/days/new"), row=row, day="2026-12-01", reason="Torn", **fields
    )
    assert again.status_code == 303
    assert schedule.exceptions_of(ana.id, MONDAY)[0].reason == "Torn"


def test_a_day_that_somebody_else_made_usual_again_is_not_written_unseen(boss, place, padron, ana):
    rules.set_day(ana, TUESDAY, [], "Trasllat", today=MONDAY)
    db.session.commit()
    url = hours_page(ana, "/days/2026-12-01")
    row = town.field_in(boss.get(url).text, "row")
    rules.forget_day(ana, TUESDAY)
    db.session.commit()

    answer = town.send(boss, url, row=row, day="2026-12-01", kind="off", reason="Torn")

    assert answer.status_code == 409
    assert "It was removed, or it is the same as yours by now." in answer.text
    assert schedule.exceptions_of(ana.id, MONDAY) == []


def test_an_absence_is_written_listed_and_ended(boss, place, padron, ana):
    answer = town.send(
        boss,
        hours_page(ana, "/absences/new"),
        day="2026-12-01",
        last_day="2026-12-02",
        reason="Metge",
    )
    assert answer.status_code == 303
    (absence,) = schedule.absences_of(ana.id)
    assert absence.ends_at - absence.starts_at == timedelta(days=2)
    assert "Metge" in boss.get(hours_page(ana)).text

    action = path_of(hours_page(ana, "/absences/end"))
    assert remove(boss, hours_page(ana), action).status_code == 303
    assert schedule.absences_of(ana.id) == []


def test_whoever_is_ill_today_is_away_from_now_on(boss, place, padron, ana):
    answer = town.send(
        boss, hours_page(ana, "/absences/new"), day="2026-11-30", last_day="2026-11-30"
    )

    assert answer.status_code == 303
    (absence,) = schedule.absences_of(ana.id)
    assert absence.starts_at == datetime(2026, 11, 30, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"day": "2026-11-29"}, "An absence cannot begin in the past."),
        ({"last_day": "2026-11-30"}, "The absence ends before it begins."),
        ({"starts": "10:00", "ends": "10:00"}, "This absence has no length."),
        ({"day": ""}, "Write a date"),
        ({"starts": "25:00"}, "Write a time"),
    ],
)
def test_an_absence_that_makes_no_sense_comes_back(boss, place, padron, ana, fields, sentence):
    sent = {"day": "2026-12-01", "last_day": "2026-12-01", "reason": "Metge", **fields}

    answer = town.send(boss, hours_page(ana, "/absences/new"), **sent)

    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert 'value="Metge"' in answer.text
    assert schedule.absences_of(ana.id) == []


def test_a_form_without_anything_in_it_comes_back(app, boss, place, padron, ana, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    for path in (
        f"hours/{ana.code}/shifts/new",
        f"hours/{ana.code}/days/new",
        f"hours/{ana.code}/absences/new",
        "closed/new",
        "closed/seasons/new",
        "procedures/padron",
        "town",
        "people/new",
        f"people/{ana.code}",
    ):
        for sent in ({}, {"json": [0.5]}, {"json": {"day": [1]}}):
            answer = boss.post(at(place, path), **sent)
            assert (answer.status_code, 'id="error-summary"' in answer.text) == (422, True), path


def test_an_absence_of_somebody_else_is_not_ended_through_this_door(boss, place, padron, ana):
    joan = town.counter_of(town.a_clerk(padron, name="Joan Serra"))
    rules.absent(joan, town.tomorrow_at(9), town.tomorrow_at(12), "")
    (absence,) = schedule.absences_of(joan.id)
    db.session.commit()
    token = town.token_in(boss.get(hours_page(ana)).text)

    answer = boss.post(
        hours_page(ana, "/absences/end"), data={"csrf_token": token, "claim": absence.claim}
    )

    assert answer.status_code == 404
    assert len(schedule.absences_of(joan.id)) == 1


def test_an_absence_over_a_visit_is_decided_and_then_made(boss, place, padron, ana, visit):
    url = hours_page(ana, "/absences/new")
    sent = {"day": "2026-12-01", "last_day": "2026-12-01", "reason": "Metge"}

    shown = town.send(boss, url, **sent)

    assert shown.status_code == 409
    assert "1 visit could not be kept." in shown.text
    assert "Pere Roig" in shown.text
    assert "Ana Pi is away at that time." in shown.text
    assert schedule.absences_of(ana.id) == []

    done = confirm(boss, shown, url)

    assert done.status_code == 303
    assert visit.starts_at.astimezone(place.zone).date() == MONDAY
    assert "Moved to another time: 1." in said(boss, done, place)
    (absence,) = schedule.absences_of(ana.id)
    assert absence.reason == "Metge"
    names = ("RuleChanged", "VisitTimeChanged")
    entries = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.name.in_(names))).all()
    assert [entry.name for entry in entries] == list(names)
    assert len({entry.author for entry in entries}) == 1  # both by the supervisor
    assert entries[0].author not in ("house", "visitor")


def test_what_changed_meanwhile_is_shown_again(boss, place, padron, ana, visit):
    url = hours_page(ana, "/absences/new")
    shown = town.send(boss, url, day="2026-12-01", last_day="2026-12-01")
    town.a_visit(town.a_wish(place, padron), town.tomorrow_at(11), phone="+34600000002")

    again = confirm(boss, shown, url, **{f"visit-{visit.code}": "cancel"})

    assert again.status_code == 409
    assert "The situation has changed meanwhile." in again.text
    assert "2 visits could not be kept." in again.text
    assert f'id="visit-{visit.code}-cancel" name="visit-{visit.code}" value="cancel" checked' in (
        again.text
    )
    assert visit.status is Status.BOOKED
    assert confirm(boss, again, url, all="cancel").status_code == 303
    assert visit.status is Status.CANCELLED


def test_odd_decisions_change_nothing_that_was_not_offered(boss, place, padron, ana, visit):
    url = hours_page(ana, "/absences/new")
    shown = town.send(boss, url, day="2026-12-01", last_day="2026-12-01")

    done = confirm(boss, shown, url, **{f"visit-{visit.code}": "explode", "all": "also"})

    assert (done.status_code, visit.status) == (303, Status.BOOKED)
    assert len(schedule.broken_promises(place)) == 1


def test_visits_of_another_town_are_shown_without_names(boss, place, padron, ana):
    place.pool = "alba"
    town.a_town("etxalde", pool="alba")
    theirs = town.a_procedure("taxes", name=town.texts("Secret"))
    rules.set_skills(ana, [theirs.id])
    town.a_visit(town.a_wish(town.account_town(theirs), theirs), town.tomorrow_at(10), name="Miren")
    speak_for(place.id)
    db.session.commit()

    shown = town.send(
        boss, hours_page(ana, "/absences/new"), day="2026-12-01", last_day="2026-12-01"
    )

    assert shown.status_code == 409
    assert "a visit of Etxalde" in shown.text
    for secret in ("Miren", "Secret", town.PHONE[3:]):
        assert secret not in shown.text


def test_the_year_shows_its_four_layers_together(boss, place, padron):
    office = db.session.get_one(Office, padron.office_id)
    town_rules.set_day(date(2027, 1, 17), "Sant Antoni", office=None, today=MONDAY)
    town_rules.set_day(date(2027, 3, 2), "Obres", office=office, today=MONDAY)
    town_rules.set_day(date(2027, 6, 24), "", office=None, today=MONDAY, is_open=True)
    town_rules.add_season(
        date(2027, 6, 15),
        date(2027, 9, 15),
        time(8),
        time(13),
        reason="Estiu",
        is_yearly=True,
        office=None,
    )
    db.session.commit()

    page = boss.get(at(place, "closed?year=2027")).text

    for word in (
        "Sant Antoni",
        "Obres",
        "Estiu",
        "Natividad",
        "The whole country",
        "The region",
        "The town",
        "One office",
        "The town opens",
        "Every year",
    ):
        assert word in page, word
    assert "8:00–13:00" in page


def test_a_day_is_closed_and_removed(boss, place, padron, ana):
    answer = town.send(
        boss, at(place, "closed/new"), day="2027-01-17", kind="closed", where=0, reason="Fira"
    )
    assert answer.headers["Location"].endswith("/office/closed?year=2027")
    (closure,) = towns.closures()

    page = at(place, "closed?year=2027")
    assert remove(boss, page, f"/office/closed/{closure.id}/remove").status_code == 303
    assert towns.closures() == []


def test_a_holiday_is_opened_from_the_list(boss, place, padron, ana):
    page = boss.get(at(place, "closed")).text
    assert "/office/closed/new?day=2026-12-25&amp;kind=open" in page
    url = at(place, "closed/new?day=2026-12-25&kind=open")
    assert 'value="open" checked' in boss.get(url).text or "checked" in boss.get(url).text

    town.send(boss, url, day="2026-12-25", kind="open", where=0)

    (closure,) = towns.closures()
    assert closure.is_open


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"day": "2026-11-29"}, "That day has already passed."),
        ({"day": "2027-01-17"}, "That day is on the list already."),
        ({"day": "never"}, "Write a date with day, month and year."),
        ({"where": "999"}, ""),
        ({"where": "x"}, ""),
    ],
)
def test_a_closed_day_that_makes_no_sense_comes_back(boss, place, padron, fields, sentence):
    town_rules.set_day(date(2027, 1, 17), "Fira", office=None, today=MONDAY)
    db.session.commit()
    sent = {"day": "2027-02-02", "kind": "closed", "where": 0, "reason": "Festa", **fields}

    answer = town.send(boss, at(place, "closed/new"), **sent)

    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert 'value="Festa"' in answer.text
    assert len(towns.closures()) == 1


def test_a_day_closed_over_visits_asks_first(boss, place, padron, ana, visit):
    url = at(place, "closed/new")
    shown = town.send(boss, url, day="2026-12-01", kind="closed", where=0, reason="Fira")
    assert "It is a closed day." in shown.text

    done = confirm(boss, shown, url, **{f"visit-{visit.code}": "cancel"})

    assert (done.status_code, visit.status) == (303, Status.CANCELLED)
    assert [one.reason for one in towns.closures()] == ["Fira"]


def test_shorter_hours_are_written_and_removed(boss, place, padron, ana):
    fields = {
        "first_day": "2027-06-15",
        "last_day": "2027-09-15",
        "opens": "08:00",
        "closes": "13:00",
        "where": 0,
        "reason": "Estiu",
        "is_yearly": "y",
    }
    assert town.send(boss, at(place, "closed/seasons/new"), **fields).status_code == 303
    (season,) = towns.seasons()
    assert season.is_yearly

    action = f"/office/closed/seasons/{season.id}/remove"
    assert remove(boss, at(place, "closed"), action).status_code == 303
    assert towns.seasons() == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"last_day": "2027-06-01"}, "The last day is before the first one."),
        ({"closes": "07:00"}, "It must close later than it opens."),
        ({"opens": ""}, "Write a time with hours and minutes"),
    ],
)
def test_shorter_hours_that_make_no_sense_come_back(boss, place, fields, sentence):
    sent = {
        "first_day": "2027-06-15",
        "last_day": "2027-09-15",
        "opens": "08:00",
        "closes": "13:00",
        "where": 0,
        **fields,
    }

    answer = town.send(boss, at(place, "closed/seasons/new"), **sent)

    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert towns.seasons() == []


def rules_of(client, url, **changed):
    """The form as it is, with something changed in it."""
    page = client.get(url).text
    fields = dict(re.findall(r'<input [^>]*name="(\w+)"[^>]*value="([^"]*)"', page))
    boxes = re.findall(r'<input checked [^>]*name="(\w+)"', page)
    selected = re.findall(r'name="(\w+)"[^>]*>(?:(?!</select>).)*?selected value="(\w*)"', page)
    fields.update(dict(selected))
    kept = {name: value for name, value in fields.items() if name not in ("is_yearly",)}
    return client.post(url, data={**kept, **dict.fromkeys(boxes, "y"), **changed})


def test_the_rules_of_a_procedure_are_shown_and_changed(boss, place, padron, ana):
    url = at(place, "procedures/padron")

    answer = rules_of(
        boss,
        url,
        video="25",
        phone="",
        video_after="5",
        same_day_percent="20",
        notice_minutes="60",
        visits_per_phone="2",
    )

    assert answer.status_code == 303
    assert padron.minutes == {"video": 25, "in_person": 20}
    assert padron.buffers == {"video": [0, 5]}
    assert (padron.same_day_percent, padron.notice_minutes) == (20, 60)
    assert (padron.visits_per_phone, padron.horizon_days) == (2, None)
    assert 'value="25"' in boss.get(url).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"video": "0"}, "Write a number between"),
        ({"video": "", "phone": "", "in_person": ""}, "Write how many minutes it lasts"),
        ({"video": "a while"}, "Write a whole number, without letters."),
        ({"video_after": "-1"}, "Write a number between"),
        ({"staff_percent": "60", "walk_in_percent": "40"}, "The three shares together"),
        ({"more_time_percent": ""}, "Write a whole number"),
        ({"horizon_days": "9999999999999"}, "Write a whole number"),
        ({"alarm_days": "٣"}, "Write a whole number"),
    ],
)
def test_rules_that_nobody_could_keep_come_back(boss, place, padron, ana, fields, sentence):
    answer = rules_of(boss, at(place, "procedures/padron"), **fields)

    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert padron.minutes["video"] == 20


def test_a_procedure_that_two_people_change_shows_the_difference(boss, place, padron, ana):
    url = at(place, "procedures/padron")
    row = town.field_in(boss.get(url).text, "row")
    town_rules.change_procedure(padron, minutes={"video": 45})
    db.session.commit()

    answer = rules_of(boss, url, row=row, video="30")

    assert answer.status_code == 409
    assert re.search(r"Minutes by video call</th><td>45</td><td>30</td>", answer.text)
    assert padron.minutes == {"video": 45}


def test_a_procedure_that_nobody_attends_says_so(boss, place, padron):
    page = boss.get(at(place, "procedures/padron")).text

    assert "Nobody attends it: By video call." in page
    assert "Nobody attends it" in boss.get(at(place, "procedures")).text


def test_the_limits_of_the_town_are_changed(boss, place, padron, ana):
    words = {"calls_before_no_show": "2", "region": "GA", "has_plain_sms": "y", "media": "janus"}
    answer = rules_of(boss, at(place, "town"), **words)

    assert answer.status_code == 303
    assert (place.calls_before_no_show, place.region) == (2, "GA")
    assert place.has_plain_sms
    assert place.media is Media.JANUS


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"calls_before_no_show": "0"}, "Write a number between"),
        ({"trade_minutes": "x"}, "Write a whole number"),
        ({"grid_minutes": "7"}, ""),
        ({"region": "ZZ"}, ""),
        ({"media": "pigeons"}, ""),
    ],
)
def test_limits_that_make_no_sense_come_back(boss, place, padron, fields, sentence):
    answer = rules_of(boss, at(place, "town"), **fields)

    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert (place.calls_before_no_show, place.region, place.grid_minutes) == (3, "CT", 10)


def test_a_new_region_asks_about_the_visits_on_its_holidays(boss, place, padron, ana):
    fair = datetime(2026, 12, 3, 9, tzinfo=UTC)  # San Francisco Javier, in Navarra alone
    visit = town.a_visit(town.a_wish(place, padron), fair)

    shown = rules_of(boss, at(place, "town"), region="NC")

    assert shown.status_code == 409
    assert f"case-{visit.code}" in shown.text
    assert place.region == "CT"


def test_things_are_added_renamed_and_put_away(boss, place, padron):
    fields = {"kind": "booth", "name": "Cabina 1", "where": padron.office_id, "buffer_minutes": 5}
    assert town.send(boss, at(place, "people/new"), **fields).status_code == 303
    booth = next(one for one in schedule.resources() if one.kind is ResourceKind.BOOTH)
    assert (booth.name, booth.buffer_minutes, booth.is_active) == ("Cabina 1", 5, True)

    answer = rules_of(boss, at(place, f"people/{booth.code}"), name="Cabina de la plaça")
    assert answer.status_code == 303
    assert (booth.name, booth.is_active) == ("Cabina de la plaça", True)
    assert "Cabina de la plaça" in boss.get(at(place, "people")).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "  "}, "Write a name."),
        ({"name": "x" * 81}, "up to 80 letters"),
        ({"buffer_minutes": "500"}, "between 0 and 120"),
        ({"kind": "clerk"}, ""),
        ({"signs": ["bsl"]}, ""),
    ],
)
def test_a_thing_without_sense_comes_back(boss, place, padron, fields, sentence):
    sent = {"kind": "desk", "name": "Taula", "where": 0, "buffer_minutes": 0, **fields}

    answer = town.send(boss, at(place, "people/new"), **sent)

    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert schedule.resources([ResourceKind.DESK]) == []


def test_a_clerk_who_is_renamed_is_so_everywhere(boss, place, padron, ana):
    rules_of(boss, at(place, f"people/{ana.code}"), name="Anna Pi")

    assert (ana.name, ana.account.name) == ("Anna Pi", "Anna Pi")


def test_putting_a_clerk_away_asks_about_their_visits(boss, place, padron, ana, visit):
    url = at(place, f"people/{ana.code}")
    row = town.field_in(boss.get(url).text, "row")

    shown = town.send(boss, url, row=row, name="Ana Pi", where=0, buffer_minutes=0)

    assert "Ana Pi is no longer here." in shown.text
    assert "Afterwards nobody would attend this:" in shown.text
    done = confirm(boss, shown, url, **{f"visit-{visit.code}": "cancel"})
    assert (done.status_code, ana.is_active, visit.status) == (303, False, Status.CANCELLED)


def test_skills_and_languages_are_changed(boss, place, padron, ana):
    taxes = town.a_procedure("taxes")
    db.session.commit()
    url = at(place, f"people/{ana.code}/skills")
    row = town.field_in(boss.get(url).text, "row")

    answer = town.send(
        boss, url, row=row, procedures=[padron.id, taxes.id], languages=["ca", "es", "oc"]
    )

    assert answer.status_code == 303
    assert schedule.skills_of(ana.id) == {padron.id, taxes.id}
    assert ana.account.languages == ["ca", "es", "oc"]


def test_a_clerk_who_loses_a_skill_with_visits_ahead_asks_first(boss, place, padron, ana, visit):
    url = at(place, f"people/{ana.code}/skills")
    row = town.field_in(boss.get(url).text, "row")

    shown = town.send(boss, url, row=row, languages=["ca", "es"])

    assert shown.status_code == 409
    assert "Ana Pi does not attend this any more." in shown.text
    done = confirm(boss, shown, url, **{f"visit-{visit.code}": "keep"})
    assert (done.status_code, schedule.skills_of(ana.id)) == (303, set())
    assert [one.claim for one in schedule.broken_promises(place)] == [visit.code]


def test_a_clerk_of_the_pool_gets_skills_of_ours_and_keeps_their_languages(boss, place, padron):
    place.pool = "alba"
    town.a_town("etxalde", pool="alba")
    lent = town.counter_of(town.a_clerk(town.a_procedure("taxes"), name="Miren Otegi"))
    db.session.commit()
    speak_for(place.id)
    url = at(place, f"people/{lent.code}/skills")
    assert "Miren Otegi" in boss.get(at(place, "people")).text
    row = town.field_in(boss.get(url).text, "row")

    answer = town.send(boss, url, row=row, procedures=[padron.id], languages=["en"])

    assert answer.status_code == 303
    assert padron.id in schedule.skills_of(lent.id)
    assert lent.account.languages == ["ca", "es"]


def test_the_skills_of_a_desk_do_not_exist(boss, place, padron):
    desk = rules.add_resource(ResourceKind.DESK, "Taula 1")
    db.session.commit()

    assert boss.get(at(place, f"people/{desk.code}/skills")).status_code == 404


def test_broken_promises_are_listed_and_mended(boss, place, padron, ana, visit):
    url = at(place, "promises")
    assert "Everything promised can be kept." in boss.get(url).text
    rules.absent(ana, town.tomorrow_at(9), town.tomorrow_at(14), "")
    joan = town.counter_of(town.a_clerk(padron, name="Joan Serra", hours=MORNING))
    db.session.commit()
    assert "Pere Roig" in boss.get(url).text

    shown = town.send(boss, url)
    assert (shown.status_code, "Give it to Joan Serra" in shown.text) == (409, True)
    done = confirm(boss, shown, url)

    assert (done.status_code, visit.clerk_id) == (303, joan.id)
    assert "Given to somebody else: 1." in said(boss, done, place)


def test_broken_promises_that_changed_meanwhile_are_shown_again(boss, place, padron, ana, visit):
    url = at(place, "promises")
    rules.absent(ana, town.tomorrow_at(9), town.tomorrow_at(14), "")
    db.session.commit()
    shown = town.send(boss, url)
    town.a_clerk(padron, name="Joan Serra", hours=MORNING)
    db.session.commit()

    again = confirm(boss, shown, url, **{f"visit-{visit.code}": "cancel"})

    assert (again.status_code, visit.status) == (409, Status.BOOKED)
    assert "The situation has changed meanwhile." in again.text


def test_with_nothing_broken_there_is_nothing_to_decide(boss, place, padron, ana, visit):
    token = town.token_in(boss.get(at(place, "hours/") + ana.code).text)

    answer = boss.post(at(place, "promises"), data={"csrf_token": token})

    assert answer.status_code == 303


def test_waits_past_their_limit_stand_first_with_what_helps(boss, place, padron, ana):
    other = town.a_procedure("taxes", name=town.texts("Taxes"))
    other.position = 1
    booking.measure_delays(place)
    db.session.commit()

    page = boss.get(at(place, "waits")).text

    rows = re.findall(r'<tr( data-state="alarm")?>\s*<th scope="row">([^<]+)', page)
    assert [name for alarm, name in rows if alarm] == ["Taxes en"] * 3
    assert [bool(alarm) for alarm, _ in rows] == [True] * 3 + [False] * 3
    assert "Too long:" in page
    assert "/office/procedures/taxes#who" in page


def test_staffing_answers_what_the_command_answers(boss, place):
    page = boss.get(at(place, "waits/staffing?arrivals=12&minutes=15&within=10&share=80")).text

    assert "5 clerks are enough." in page
    cells = re.findall(
        r"<td>([^<]*)</td>", re.search(r'data-state="chosen".*?</tr>', page, re.S)[0]
    )
    assert cells[0] == "60 %"


@pytest.mark.parametrize(
    "query",
    [
        "arrivals=0&minutes=15&within=10&share=80",
        "arrivals=x&minutes=15&within=10&share=80",
        "arrivals=12&minutes=15&within=10&share=100",
        "arrivals=12&minutes=999&within=10&share=80",
        "arrivals=12",
    ],
)
def test_staffing_of_nonsense_comes_back(boss, place, query):
    answer = boss.get(at(place, f"waits/staffing?{query}"))

    assert answer.status_code == 422
    assert 'id="error-summary"' in answer.text


def test_an_administrator_who_signs_in_may_land_in_the_back_office(client, place):
    page = client.get(at(place, "hours"))

    assert page.headers["Location"].endswith("next=/office/hours") or (
        "next=%2Foffice%2Fhours" in page.headers["Location"]
    )
    login = client.get(page.headers["Location"], base_url=town.base(place)).text
    assert "/office/hours" in login


def test_a_week_costs_as_many_questions_with_many_people(boss, place, padron, statements):
    for number in range(3):
        town.a_clerk(padron, name=f"Clerk {number}")
    db.session.commit()
    boss.get(at(place, "hours"))
    statements.clear()
    boss.get(at(place, "hours"))
    few = len(statements)
    for number in range(12):
        town.a_clerk(padron, name=f"Another {number}")
    db.session.commit()
    boss.get(at(place, "hours"))
    statements.clear()
    boss.get(at(place, "hours"))

    assert len(statements) == few


def test_nobody_is_left_out_of_the_list(boss, place, padron, ana):
    names = [one.name for one in db.session.scalars(sa.select(Resource))]
    page = boss.get(at(place, "people")).text

    assert all(name in page for name in names)
    assert db.session.scalar(sa.select(sa.func.count(Shift.id))) == 7
