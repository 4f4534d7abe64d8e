"""Citizens come in with a code or a passkey, and see the visits that are theirs and no others."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.accounts import queries as people
from app.accounts import services as accounts
from app.accounts.models import Account
from app.audit.models import AuditEntry
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.identity import services
from app.identity.errors import RecoveryGone
from app.identity.models import OpenSession, Passkey, RecoveryCheck
from app.messaging.models import Message, MessageState
from tests import town
from tests.identity.people import (
    HOME,
    HOST,
    ME,
    a_citizen,
    a_device,
    a_key_of,
    post,
    sign_in,
    sign_in_by_code,
)

NEW_PHONE = "+34611999888"


@pytest.fixture
def place():
    made = town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron)
    db.session.commit()
    return made


def a_wish(place):
    return town.a_wish(place, town.the_procedure("padron"))


def enrol(client, device):
    """Add a passkey with the pages of somebody who is in."""
    options = post(client, f"{ME}/passkeys/new/options").json
    return post(client, f"{ME}/passkeys/new/finish", device.create(options))


def keys():
    return db.session.scalars(sa.select(Passkey).order_by(Passkey.id)).all()


def pass_days(monkeypatch, days):
    later = clock.now() + timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: later)


def test_my_visits_are_behind_a_door(client, place):
    answer = client.get(ME)

    assert answer.status_code == 303
    assert answer.location.startswith("/ca/me/sign-in?next=")


def test_a_code_lets_a_citizen_see_the_next_and_the_earlier_visits(client, place):
    coming = town.a_visit(a_wish(place), town.tomorrow_at(10))
    earlier = town.a_visit(a_wish(place), town.tomorrow_at(9))
    earlier.go(Status.CANCELLED)
    db.session.commit()

    assert sign_in_by_code(client).location == "/ca/me"
    page = client.get(ME).text

    assert page.index(f"/ca/visits/{coming.code}") < page.index(f"/ca/visits/{earlier.code}")


def test_a_known_and_an_unknown_number_get_the_same_answer(app, client, place):
    town.a_visit(a_wish(place))

    known = town.send(client, f"{ME}/sign-in", phone=town.PHONE)
    unknown = town.send(app.test_client(), f"{ME}/sign-in", phone=NEW_PHONE)

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert len(town.sent_to(town.PHONE)) == len(town.sent_to(NEW_PHONE)) + 1  # the visit's own


def test_a_wrong_code_and_the_code_of_another_browser_let_nobody_in(app, client, place):
    asked = town.send(client, f"{ME}/sign-in", phone=town.PHONE)
    code = town.digits_sent(town.sent_to(town.PHONE)[-1])
    wrong = "000000" if code != "000000" else "111111"
    assert town.send(client, f"{HOME}{asked.location}", code=wrong).status_code == 422
    thief = app.test_client()
    town.send(thief, f"{ME}/sign-in", phone=town.PHONE)

    answer = town.send(thief, f"{ME}/sign-in/code", code=code)

    assert answer.status_code == 422
    assert thief.get(ME).status_code == 303


def test_a_number_is_asked_for_before_its_code(client, place):
    assert client.get(f"{ME}/sign-in/code").location.startswith("/ca/me/sign-in")
    assert town.send(client, f"{ME}/sign-in", phone="12345").status_code == 422


def test_somebody_who_has_just_booked_is_in_and_is_offered_a_passkey(client, place):
    visit = book(client, place)

    page = client.get(f"{HOME}/ca/visits/{visit.code}?done=1").text

    assert "visit-add-passkey" in page
    assert client.get(ME).status_code == 200
    assert client.get(f"{ME}/passkeys/new").status_code == 200
    assert enrol(client, a_device()).json == {"next": "/ca/me/passkeys"}
    assert "visit-add-passkey" not in client.get(f"{HOME}/ca/visits/{visit.code}?done=1").text


def book(client, place, phone="612 34 56 78", hour=10):
    """With the code, as everybody."""
    starts = town.tomorrow_at(hour).strftime("%Y%m%dT%H%MZ")
    url = f"{HOME}/ca/visits/new?procedure=padron&channel=video&starts={starts}"
    page = client.get(url).text
    held = client.post(
        url,
        data={
            "csrf_token": town.token_in(page),
            "token": town.field_in(page, "token"),
            "phone": phone,
            "name": "Pere",
        },
    )
    if "hold=" in held.location:
        number = "+34" + phone.replace(" ", "")
        code = town.digits_sent(town.sent_to(number)[-1])
        done = town.send(client, f"{HOME}{held.location}", code=code)
    else:
        done = held
    return db.session.scalars(
        sa.select(Visit).where(Visit.code == done.location.split("/")[3].split("?")[0])
    ).one()


def test_a_passkey_instead_of_the_code_books_at_once(client, place):
    citizen, device = a_citizen("+34612345678"), a_device()
    a_key_of(citizen, device)
    sign_in(client, device)
    sent = len(town.sent_to("+34612345678"))

    visit = book(client, place)

    assert visit.booked_at is not None
    assert visit.citizen_id == citizen.id
    booked = sa.select(AuditEntry).where(AuditEntry.name == "VisitBooked")
    assert db.session.scalars(booked).one().facts["shown_by"] == "passkey"
    messages = town.sent_to("+34612345678")[sent:]
    assert not any(message.startswith("code") or "@vilaclara" in message for message in messages)


def test_a_passkey_does_not_confirm_the_number_of_somebody_else(client, place):
    citizen, device = a_citizen("+34612345678"), a_device()
    a_key_of(citizen, device)
    sign_in(client, device)

    visit = book(client, place, phone="611 99 98 88")

    assert visit.citizen_id != citizen.id
    assert f"/ca/visits/{visit.code}" not in client.get(ME).text
    assert db.session.scalars(sa.select(OpenSession)).all()[-1].account_id == citizen.id


def test_the_form_offers_a_passkey_in_its_field_and_a_button(client, place):
    starts = town.tomorrow_at(10).strftime("%Y%m%dT%H%MZ")
    for url in (
        f"{HOME}/ca/visits/new?procedure=padron&channel=video&starts={starts}",
        f"{HOME}/ca/visits/now?procedure=padron&channel=video",
        f"{ME}/sign-in",
    ):
        page = client.get(url).text

        assert 'autocomplete="tel webauthn"' in page
        assert "data-conditional" in page


def test_a_code_is_asked_for_once_more_when_the_number_was_silent_for_long(
    client, place, monkeypatch
):
    citizen, device = a_citizen("+34612345678"), a_device()
    a_key_of(citizen, device)
    pass_days(monkeypatch, 61)
    sign_in(client, device)

    visit = book(client, place)

    assert visit.citizen_id == citizen.id  # the passkey says who it is, the code that it is theirs
    assert sum("@vilaclara" in text for text in town.sent_to("+34612345678")) == 1


def test_a_number_that_was_silent_for_long_shows_nothing_of_whoever_had_it(
    client, place, monkeypatch
):
    strangers = town.a_visit(a_wish(place), town.tomorrow_at(10))
    pass_days(monkeypatch, 61)

    sign_in_by_code(client)

    assert f"/ca/visits/{strangers.code}" not in client.get(ME).text
    assert people.account(strangers.citizen_id).phone is None


def test_whoever_has_the_number_now_may_say_that_the_visits_are_not_theirs(client, place):
    strangers = town.a_visit(a_wish(place))
    sign_in_by_code(client)
    assert f"/ca/visits/{strangers.code}" in client.get(ME).text

    town.send(client, f"{ME}/not-mine")

    assert f"/ca/visits/{strangers.code}" not in client.get(ME).text
    assert strangers.status is Status.BOOKED


def test_whoever_lost_the_number_keeps_their_visits_by_the_passkey(client, place):
    visit = town.a_visit(a_wish(place))
    device = a_device()
    a_key_of(people.account(visit.citizen_id), device)
    accounts.start_afresh(people.account(visit.citizen_id))
    db.session.commit()

    sign_in(client, device)

    assert f"/ca/visits/{visit.code}" in client.get(ME).text


def test_another_number_needs_a_passkey_and_its_own_code(client, place):
    visit = town.a_visit(a_wish(place), town.tomorrow_at(12))
    citizen, device = people.account(visit.citizen_id), a_device()
    sign_in_by_code(client)
    assert town.send(client, f"{ME}/phone", phone=NEW_PHONE).status_code == 200
    assert town.sent_to(NEW_PHONE) == []
    a_key_of(citizen, device)
    sign_in(client, device)

    town.send(client, f"{ME}/phone", phone=NEW_PHONE)
    code = town.digits_sent(town.sent_to(NEW_PHONE)[-1])
    done = town.send(client, f"{ME}/phone/code", code=code)

    assert done.location == "/ca/me"
    assert (citizen.phone, visit.phone) == (NEW_PHONE, NEW_PHONE)
    assert place.phone in town.sent_to(town.PHONE)[-1]  # whoever did not want it may call
    waiting = sa.select(Message).where(Message.state == MessageState.QUEUED)
    reminders = [one for one in db.session.scalars(waiting) if one.key.startswith("visit:")]
    assert {one.phone for one in reminders} == {NEW_PHONE}


def test_a_number_that_comes_to_somebody_brings_no_visits_of_whoever_had_it(client, place):
    strangers = town.a_visit(a_wish(place), phone=NEW_PHONE)
    citizen, device = a_citizen(), a_device()
    a_key_of(citizen, device)
    sign_in(client, device)

    town.send(client, f"{ME}/phone", phone=NEW_PHONE)
    code = town.digits_sent(town.sent_to(NEW_PHONE)[-1])
    town.send(client, f"{ME}/phone/code", code=code)

    assert f"/ca/visits/{strangers.code}" not in client.get(ME).text
    assert people.account(strangers.citizen_id).phone is None


def test_a_code_by_sms_never_adds_renames_or_removes_when_there_is_a_passkey(client, place):
    key = a_key_of(a_citizen(), a_device())
    sign_in_by_code(client)

    assert client.get(f"{ME}/passkeys").text.count(key.code) == 0
    assert "passkey-form" in client.get(f"{ME}/passkeys/new").text
    assert post(client, f"{ME}/passkeys/new/options").status_code == 403
    for path in (f"/passkeys/{key.code}", f"/passkeys/{key.code}/remove"):
        page = client.get(f"{ME}{path}").text
        assert "/passkeys/confirm/options" in page
        client.post(
            f"{ME}{path}", data={"csrf_token": town.token_in(page), "name": "Mine, says the thief"}
        )
    assert [one.name for one in keys()] == ["Telephone"]


def test_one_passkey_lets_add_another_and_the_new_one_belongs_to_the_same_person(client, place):
    first, second = a_device(), a_device()
    a_key_of(a_citizen(), first)
    sign_in_by_code(client)
    options = post(client, f"{ME}/passkeys/confirm/options").json
    assert [key["id"] for key in options["allowCredentials"]]
    post(client, f"{ME}/passkeys/confirm/finish", first.get(options))

    assert enrol(client, second).status_code == 200

    assert len(keys()) == 2
    assert len({key.user_handle for key in keys()}) == 1
    assert len({key.account_id for key in keys()}) == 1


def test_what_was_shown_long_ago_is_shown_again_before_a_passkey_is_added(
    client, place, monkeypatch
):
    device = a_device()
    a_key_of(a_citizen(), device)
    sign_in(client, device)
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert post(client, f"{ME}/passkeys/new/options").status_code == 403
    assert "/passkeys/confirm/options" in client.get(f"{ME}/passkeys/new").text


def test_without_any_passkey_a_fresh_code_is_asked_for(client, place, monkeypatch):
    sign_in_by_code(client)
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert "again=1" in client.get(f"{ME}/passkeys/new").location
    assert post(client, f"{ME}/passkeys/new/options").status_code == 403


def test_options_are_as_the_law_of_passkeys_wants_them(client, place):
    key = a_key_of(a_citizen(), a_device())
    device = a_device()
    sign_in(client, device)  # unknown: refused
    first = a_device()
    second_key = a_key_of(people.account(key.account_id), first)
    sign_in(client, first)

    options = post(client, f"{ME}/passkeys/new/options").json
    entering = post(client, f"{ME}/sign-in/options").json

    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    excluded = {one["id"] for one in options["excludeCredentials"]}
    assert excluded == {_id(key), _id(second_key)}
    assert len(key.user_handle) == 64
    assert town.PHONE not in str(options)
    assert entering.get("allowCredentials", []) == []
    assert entering["userVerification"] == "required"


def _id(key):
    from webauthn.helpers import bytes_to_base64url

    return bytes_to_base64url(key.credential_id)


def test_there_is_a_limit_to_the_passkeys_of_one_person(client, place):
    citizen = a_citizen()
    devices = [a_device() for _ in range(10)]
    for device in devices:
        a_key_of(citizen, device)
    sign_in(client, devices[0])

    answer = post(client, f"{ME}/passkeys/new/options")

    assert answer.status_code == 409
    assert "error" in answer.json


def test_every_change_of_a_passkey_is_told_by_message(client, place):
    device = a_device()
    a_key_of(a_citizen(), device)
    sign_in(client, device)
    code = keys()[0].code

    town.send(client, f"{ME}/passkeys/{code}", name="El meu telèfon")
    town.send(client, f"{ME}/passkeys/{code}/remove")

    assert keys() == []
    told = [text for text in town.sent_to(town.PHONE) if place.phone in text]
    assert len(told) == 3
    assert len(set(told)) == 3


def test_what_a_removed_passkey_had_opened_is_closed(app, client, place):
    mine, lost = a_device(), a_device()
    citizen = a_citizen()
    a_key_of(citizen, mine)
    key = a_key_of(citizen, lost)
    thief = app.test_client()
    sign_in(thief, lost)
    sign_in(client, mine)
    assert thief.get(ME).status_code == 200

    town.send(client, f"{ME}/passkeys/{key.code}/remove")

    assert thief.get(ME).status_code == 303
    assert client.get(ME).status_code == 200
    assert sign_in(thief, lost).json["unknown"] is True


def test_the_device_is_told_which_passkeys_are_still_taken(client, place):
    one, other = a_device(), a_device()
    citizen = a_citizen()
    kept, gone = a_key_of(citizen, one), a_key_of(citizen, other)
    sign_in(client, one)

    town.send(client, f"{ME}/passkeys/{gone.code}/remove")
    page = client.get(f"{ME}/passkeys").text
    assert f'data-accepted="{_id(kept)}"' in page
    town.send(client, f"{ME}/passkeys/{kept.code}/remove")
    page = client.get(f"{ME}/passkeys").text

    assert 'data-module="passkey-signals"' in page
    assert 'data-accepted=""' in page
    assert 'data-module="passkey-signals"' not in client.get(f"{ME}/passkeys").text


def test_a_name_is_checked(client, place):
    device = a_device()
    a_key_of(a_citizen(), device)
    sign_in(client, device)
    code = keys()[0].code

    assert town.send(client, f"{ME}/passkeys/{code}", name="  ").status_code == 422
    assert town.send(client, f"{ME}/passkeys/{code}", name="x" * 41).status_code == 422
    assert town.send(client, f"{ME}/passkeys/{code}", name="a\r\nb\u202e<b>").status_code == 303
    assert keys()[0].name == "a b <b>"
    assert "a b &lt;b&gt;" in client.get(f"{ME}/passkeys").text


def test_passkeys_of_somebody_else_do_not_exist(client, place):
    theirs = a_key_of(a_citizen(NEW_PHONE), a_device())
    mine = a_device()
    a_key_of(a_citizen(), mine)
    sign_in(client, mine)

    for path in (f"/passkeys/{theirs.code}", f"/passkeys/{theirs.code}/remove"):
        assert client.get(f"{ME}{path}").status_code == 404
    assert len(keys()) == 2


RECOVER = f"{HOME}/office/access/citizens/recover"


@pytest.fixture
def two_clerks(app, place):
    """Two of the staff who get in, each with a browser of their own."""
    people = []
    for name in ("Ana Pi", "Pere Bo"):
        clerk, browser = town.a_clerk(name=name), app.test_client()
        a_key_of(clerk, a_device())
        town.enter(browser, clerk)
        people.append((clerk, browser))
    return people


def links():
    return [text for text in town.sent_to(town.PHONE) if "/me/recover/" in text]


def recoveries():
    return db.session.scalars(sa.select(RecoveryCheck)).all()


def test_recovery_takes_two_checks_and_the_telephone_and_replaces_what_was_lost(
    app, client, two_clerks
):
    lost, new = a_device(), a_device()
    citizen = a_citizen()
    a_key_of(citizen, lost)
    thief = app.test_client()
    sign_in(thief, lost)
    (clerk, at_the_counter), (colleague, elsewhere) = two_clerks
    assert town.send(at_the_counter, RECOVER, phone=town.PHONE).status_code == 422  # how?

    assert town.send(at_the_counter, RECOVER, phone=town.PHONE, seen="in_person").status_code == 303
    assert links() == []
    assert thief.get(ME).status_code == 200  # one of the staff alone changes nothing
    assert "see-recoveries" not in at_the_counter.get(f"{HOME}/desk/").text
    assert "see-recoveries" in elsewhere.get(f"{HOME}/desk/").text
    code = recoveries()[0].code
    assert f"confirm-{code}" not in at_the_counter.get(RECOVER).text
    assert town.send(at_the_counter, f"{RECOVER}/{code}/confirm").status_code == 403
    assert f"confirm-{code}" in elsewhere.get(RECOVER).text
    assert town.send(elsewhere, f"{RECOVER}/{code}/confirm").status_code == 303
    assert town.send(elsewhere, f"{RECOVER}/{code}/confirm").status_code == 404  # once

    link = HOME + links()[-1].split(":8000")[-1]
    assert len(links()) == 1
    assert thief.get(ME).status_code == 303  # at once
    browser = app.test_client()
    assert browser.get(link).status_code == 200
    options = post(browser, f"{link}/options").json
    assert options.get("excludeCredentials", []) == []
    assert post(browser, f"{link}/finish", new.create(options)).json == {"next": "/ca/me/passkeys"}

    assert browser.get(ME).status_code == 200
    assert browser.get(link).status_code == 410
    assert [key.account_id for key in keys()].count(citizen.id) == 1
    assert sign_in(thief, lost).status_code == 403
    lines = {
        line.name: line for line in db.session.scalars(sa.select(AuditEntry)) if "Reco" in line.name
    }
    assert lines["RecoveryAsked"].author == f"account:{clerk.id}"
    assert lines["RecoveryOffered"].author == f"account:{colleague.id}"
    assert lines["RecoveryOffered"].facts["reason"] == f"in_person, seen by account:{clerk.id}"


def test_a_recovery_that_is_not_confirmed_changes_nothing(client, two_clerks):
    a_key_of(a_citizen(), a_device())
    (clerk, asks), (_colleague, declines) = two_clerks
    town.send(asks, RECOVER, phone=town.PHONE, seen="video")
    town.send(asks, RECOVER, phone=town.PHONE, seen="video")  # pressed twice
    (found,) = recoveries()

    assert town.send(declines, f"{RECOVER}/{found.code}/decline").status_code == 303

    assert recoveries() == []
    assert links() == []
    declined = sa.select(AuditEntry).where(AuditEntry.name == "RecoveryDeclined")
    assert db.session.scalars(declined).one().facts["asked_by_id"] == clerk.id


def taken_link_of(app, boss, colleague):
    """The boss gives a new link for the colleague, and uses it himself. His second browser."""
    his, second = app.test_client(), app.test_client()
    town.enter(his, boss)
    page = f"{HOME}/office/access/{colleague.code}/link"
    address = re.search(r"/desk/enrol/([\w-]+)", town.send(his, page, page).text)
    link = f"{HOME}/desk/enrol/{address[1]}"
    options = post(second, f"{link}/options").json
    assert "next" in post(second, f"{link}/finish", a_device().create(options)).json
    return his, second


@pytest.mark.parametrize("asks_as", ["himself", "the colleague"])
def test_a_manager_is_not_both_people_of_a_recovery(app, two_clerks, asks_as):
    a_key_of(a_citizen(), a_device())
    boss = town.a_supervisor(name="Neus Serra")
    (colleague, _), (_third, honest) = two_clerks
    browsers = taken_link_of(app, boss, colleague)
    asks, confirms = browsers if asks_as == "himself" else reversed(browsers)
    town.send(asks, RECOVER, phone=town.PHONE, seen="video")
    (found,) = recoveries()

    refused = town.send(confirms, f"{RECOVER}/{found.code}/confirm")

    assert refused.status_code == 403
    assert re.search("both of you|per tots dos", refused.text)  # in their language
    assert links() == []
    assert town.send(honest, f"{RECOVER}/{found.code}/confirm").status_code == 303
    assert len(links()) == 1


def test_nor_through_somebody_whom_he_let_in_before(app, two_clerks):
    a_key_of(a_citizen(), a_device())
    boss, other_boss = town.a_supervisor(), town.a_supervisor(name="Laia Font")
    a_key_of(other_boss, a_device())
    (colleague, _), _ = two_clerks
    his, _second = taken_link_of(app, boss, other_boss)
    _, third = taken_link_of(app, other_boss, colleague)
    town.send(his, RECOVER, phone=town.PHONE, seen="video")

    refused = town.send(third, f"{RECOVER}/{recoveries()[0].code}/confirm")

    assert refused.status_code == 403


def test_a_week_later_whoever_came_by_a_link_confirms(app, two_clerks, monkeypatch):
    a_key_of(a_citizen(), a_device())
    boss = town.a_supervisor()
    (colleague, _), _ = two_clerks
    taken_link_of(app, boss, colleague)
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    services.ask_recovery(town.PHONE, seen="video", by=boss)
    db.session.commit()

    services.grant_recovery(recoveries()[0].code, colleague)

    assert recoveries() == []


def test_a_link_that_was_given_and_not_used_takes_nobodys_voice(two_clerks):
    a_key_of(a_citizen(), a_device())
    boss = town.a_supervisor()
    (colleague, _), _ = two_clerks
    for _ in range(2):
        accounts.offer_recovery(colleague, boss)
    services.ask_recovery(town.PHONE, seen="video", by=boss)
    db.session.commit()

    services.grant_recovery(recoveries()[0].code, colleague)

    assert recoveries() == []


def test_a_recovery_waits_for_a_day_only(client, two_clerks, monkeypatch):
    a_key_of(a_citizen(), a_device())
    (_clerk, asks), (_colleague, confirms) = two_clerks
    town.send(asks, RECOVER, phone=town.PHONE, seen="video")
    (found,) = recoveries()
    moment = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: moment)

    with pytest.raises(RecoveryGone):
        services.grant_recovery(found.code, _colleague)

    services.forget_recoveries()
    assert recoveries() == []


def test_a_check_of_somebody_who_no_longer_works_here_is_none(client, two_clerks):
    a_key_of(a_citizen(), a_device())
    (clerk, asks), (_colleague, confirms) = two_clerks
    town.send(asks, RECOVER, phone=town.PHONE, seen="video")
    (found,) = recoveries()

    accounts.deactivate(clerk)
    db.session.commit()

    assert f"confirm-{found.code}" not in confirms.get(RECOVER).text
    assert town.send(confirms, f"{RECOVER}/{found.code}/confirm").status_code == 404
    assert links() == []


def test_a_recovery_of_another_town_is_none(app, two_clerks):
    a_key_of(a_citizen(), a_device())
    (_clerk, asks), _ = two_clerks
    town.send(asks, RECOVER, phone=town.PHONE, seen="video")
    code = recoveries()[0].code
    other = town.a_town(slug="benimar")
    stranger = town.a_clerk(name="Neus Serra")
    a_key_of(stranger, a_device())
    browser = app.test_client()
    town.enter(browser, stranger)

    there = f"http://{other.host}/office/access/citizens/recover/{code}"
    assert town.send(browser, f"{there}/confirm").status_code == 404
    assert town.send(browser, f"{there}/decline").status_code == 404


def test_where_nobody_else_works_one_check_has_to_do(client, place):
    a_key_of(a_citizen(), a_device())
    clerk = town.a_clerk(name="Ana Pi")
    town.enter(client, clerk)

    assert "Demaneu" not in client.get(RECOVER).text
    assert town.send(client, RECOVER, phone=town.PHONE, seen="in_person").status_code == 303

    assert len(links()) == 1
    assert recoveries() == []


def test_recovery_tells_nothing_about_a_number(client, two_clerks):
    (_clerk, asks), _ = two_clerks

    answer = town.send(asks, RECOVER, phone=NEW_PHONE, seen="video")

    assert answer.status_code == 303
    assert town.sent_to(NEW_PHONE) == []
    assert recoveries() == []


def test_a_link_of_the_staff_and_a_link_of_a_citizen_open_their_own_door_only(client, place):
    citizen = a_citizen()
    clerk = town.a_clerk(name="Ana Pi")
    theirs, staffs = accounts.offer_recovery(citizen), accounts.invite(clerk)
    db.session.commit()

    assert client.get(f"{ME}/recover/{staffs}").status_code == 410
    assert client.get(f"{HOME}/desk/enrol/{theirs}").status_code == 410
    assert post(client, f"{HOME}/desk/enrol/{theirs}/options").status_code == 410
    assert post(client, f"{ME}/recover/{staffs}/options").status_code == 410


def test_a_kiosk_never_keeps_a_passkey_and_lets_nobody_in(app, client, place):
    token = services.invite_kiosk("Biblioteca")
    device, citizen = a_device(), a_citizen()
    key = a_key_of(citizen, device)
    db.session.commit()
    link = f"{HOME}/kiosk/enrol/{token}"
    assert client.get(link).status_code == 200  # looking does not use it up
    assert town.send(client, link).status_code == 303
    assert client.get(link).status_code == 410

    starts = town.tomorrow_at(10).strftime("%Y%m%dT%H%MZ")
    form = client.get(
        f"{HOME}/ca/visits/new?procedure=padron&channel=video&starts={starts}",
        headers={"User-Agent": "an ordinary browser"},
    ).text
    assert "webauthn" not in form
    assert "passkey-form" not in form
    assert "passkey-form" not in client.get(f"{ME}/sign-in").text
    for door in (ME, f"{HOME}/desk"):
        assert post(client, f"{door}/sign-in/options").status_code == 403
    visit = book(client, place)
    assert client.get(ME).status_code == 303  # booked, and nobody is left signed in
    assert "visit-add-passkey" not in client.get(f"{HOME}/ca/visits/{visit.code}?done=1").text
    sign_in_by_code(client)
    assert post(client, f"{ME}/passkeys/new/options").status_code == 403
    assert keys() == [key]


def test_a_kiosk_is_closed_from_the_command_line(app, client, place):
    made = app.test_cli_runner().invoke(args=["identity", "kiosk", "vilaclara", "Biblioteca"])
    token = made.output.strip().rsplit("/", 1)[1]
    town.speak_for(place.id)
    town.send(client, f"{HOME}/kiosk/enrol/{token}")
    listed = app.test_cli_runner().invoke(args=["identity", "kiosks", "vilaclara"])
    assert "Biblioteca" in listed.output
    assert post(client, f"{ME}/sign-in/options").status_code == 403

    code = listed.output.split()[0]
    app.test_cli_runner().invoke(args=["identity", "kiosks", "vilaclara", "--close", code])

    assert post(client, f"{ME}/sign-in/options").status_code == 200


def test_nothing_of_a_citizen_is_seen_in_another_town(client, place):
    device = a_device()
    a_key_of(a_citizen(), device)
    sign_in(client, device)
    other = town.a_town("etxalde")
    town.a_procedure()
    db.session.commit()
    name = client.get_cookie("ventanilla-citizen", HOST).value
    client.set_cookie("ventanilla-citizen", name, domain=other.host)

    assert client.get(f"http://{other.host}/eu/me").status_code == 303
    assert people.citizen_of(town.PHONE) is None


def test_one_telephone_is_one_person_in_each_town(place):
    here = a_citizen()
    town.a_town("etxalde")
    there = a_citizen()

    assert here.id != there.id
    assert db.session.get(Account, here.id).phone == there.phone
