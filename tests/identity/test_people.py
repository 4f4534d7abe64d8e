"""Who works here: their own passkeys, and the links and closed doors that a supervisor gives."""

import re

import pytest
import sqlalchemy as sa

from app.accounts import services as accounts
from app.accounts.models import Role
from app.audit.models import AuditEntry
from app.core.db import db
from app.identity.models import OpenSession, Passkey
from tests import town
from tests.identity.people import HOME, a_citizen, a_device, a_key_of, post, sign_in

DESK = f"{HOME}/desk"
PEOPLE = f"{HOME}/office/access"


@pytest.fixture
def clerk():
    town.a_town()
    person = town.a_clerk(name="Ana Pi")
    db.session.commit()
    return person


@pytest.fixture
def supervisor(clerk):
    person = accounts.employ("Sol Mas", Role.SUPERVISOR, ["ca"])
    db.session.commit()
    return person


def keys_of(person):
    return db.session.scalars(sa.select(Passkey).where(Passkey.account_id == person.id)).all()


def enrol(client, link, device):
    options = post(client, f"{link}/options").json
    return post(client, f"{link}/finish", device.create(options))


def link_in(page):
    return HOME + re.search(r'id="people-address">[^<]*?(/desk/enrol/[^<]+)<', page)[1]


def test_the_staff_list_rename_and_remove_their_own_passkeys(client, clerk):
    first, second = a_device(), a_device()
    a_key_of(clerk, first)
    sign_in(client, first, door=DESK)
    assert "passkeys/new" in client.get(f"{DESK}/passkeys").text
    options = post(client, f"{DESK}/passkeys/new/options").json
    assert post(client, f"{DESK}/passkeys/new/finish", second.create(options)).status_code == 200
    old, new = keys_of(clerk)

    town.send(client, f"{DESK}/passkeys/{new.code}", name="Security key")
    assert "Security key" in client.get(f"{DESK}/passkeys").text
    assert town.send(client, f"{DESK}/passkeys/{old.code}/remove").status_code == 303

    assert [key.name for key in keys_of(clerk)] == ["Security key"]
    assert client.get(f"{DESK}/").status_code == 200


def test_the_last_passkey_of_the_staff_stays(client, clerk):
    device = a_device()
    key = a_key_of(clerk, device)
    sign_in(client, device, door=DESK)
    page = client.get(f"{DESK}/passkeys/{key.code}/remove").text
    assert "remove-yes" not in page

    token = town.token_in(page)
    answer = client.post(f"{DESK}/passkeys/{key.code}/remove", data={"csrf_token": token})

    assert answer.status_code == 409
    assert keys_of(clerk) == [key]


def test_a_second_passkey_is_encouraged_quietly_while_there_is_one(client, clerk):
    town.enter(client, clerk)
    assert "second-passkey" not in client.get(f"{DESK}/").text
    a_key_of(clerk, a_device())
    assert "second-passkey" in client.get(f"{DESK}/").text

    a_key_of(clerk, a_device())

    assert "second-passkey" not in client.get(f"{DESK}/").text


def test_a_passkey_added_since_the_last_access_is_said(app, client, clerk):
    mine, other = a_device(), a_device()
    a_key_of(clerk, mine)
    sign_in(client, mine, door=DESK)
    assert "new-passkeys" not in client.get(f"{DESK}/").text
    a_key_of(clerk, other)

    sign_in(client, mine, door=DESK)

    assert "new-passkeys" in client.get(f"{DESK}/").text


def test_a_supervisor_gives_a_new_link_and_everything_before_it_ends(
    app, client, clerk, supervisor
):
    lost, new = a_device(), a_device()
    a_key_of(clerk, lost)
    thief = app.test_client()
    sign_in(thief, lost, door=DESK)
    older = accounts.invite(clerk)
    db.session.commit()
    town.enter(client, supervisor)

    page = town.send(client, f"{PEOPLE}/{clerk.code}/link").text
    link = link_in(page)

    assert thief.get(f"{DESK}/").status_code == 303
    assert thief.get(f"{DESK}/enrol/{older}").status_code == 410
    browser = app.test_client()
    assert enrol(browser, link, new).json == {"next": "/desk/"}
    assert browser.get(f"{DESK}/").status_code == 200
    assert len(keys_of(clerk)) == 1
    assert sign_in(thief, lost, door=DESK).status_code == 403
    assert link_in(page) not in client.get(f"{PEOPLE}/{clerk.code}/link").text
    line = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.name == "RecoveryOffered")
    ).one()
    assert line.author == f"account:{supervisor.id}"
    assert line.facts["account_id"] == clerk.id


def test_a_link_for_somebody_without_passkeys_is_an_invitation(client, clerk, supervisor):
    town.enter(client, supervisor)

    town.send(client, f"{PEOPLE}/{clerk.code}/link")

    names = set(db.session.scalars(sa.select(AuditEntry.name)))
    assert "StaffInvited" in names
    assert "RecoveryOffered" not in names


def test_a_recovery_works_on_the_device_that_has_the_old_passkey(app, client, clerk, supervisor):
    device = a_device()
    a_key_of(clerk, device)
    token = accounts.offer_recovery(clerk)
    db.session.commit()

    options = post(client, f"{DESK}/enrol/{token}/options").json

    assert options.get("excludeCredentials", []) == []


def test_recovery_from_the_command_line(app, client, clerk):
    lost, new = a_device(), a_device()
    a_key_of(clerk, lost)
    place = town.account_town(clerk)

    made = app.test_cli_runner().invoke(args=["identity", "recover", "vilaclara", "Ana Pi"])
    nobody = app.test_cli_runner().invoke(args=["identity", "recover", "vilaclara", "Nemo"])
    town.speak_for(place.id)
    link = HOME + made.output.strip().split(":8000")[1]

    assert nobody.exit_code == 2
    assert enrol(client, link, new).status_code == 200
    assert sign_in(client, lost, door=DESK).status_code == 403


def test_somebody_leaves_and_comes_back(app, client, clerk, supervisor):
    device = a_device()
    a_key_of(clerk, device)
    theirs = app.test_client()
    sign_in(theirs, device, door=DESK)
    town.enter(client, supervisor)

    town.send(client, f"{PEOPLE}/{clerk.code}/deactivate")
    assert theirs.get(f"{DESK}/").status_code == 303
    assert sign_in(theirs, device, door=DESK).status_code == 403
    assert f"/office/access/{clerk.code}/reactivate" in client.get(f"{PEOPLE}/").text
    town.send(client, f"{PEOPLE}/{clerk.code}/reactivate", page=f"{PEOPLE}/")

    assert sign_in(theirs, device, door=DESK).status_code == 200


def test_nobody_does_it_to_themselves(client, supervisor):
    town.enter(client, supervisor)
    page = f"{PEOPLE}/"

    for what in ("link", "deactivate", "reactivate"):
        answer = town.send(client, f"{PEOPLE}/{supervisor.code}/{what}", page=page)
        assert answer.status_code == 409
    assert supervisor.is_active


def test_only_supervisors_see_who_works_here_and_clerks_help_citizens(client, clerk, supervisor):
    town.enter(client, clerk)
    assert client.get(f"{PEOPLE}/").status_code == 403
    assert client.get(f"{PEOPLE}/{supervisor.code}/link").status_code == 403
    assert client.get(f"{PEOPLE}/citizens/recover").status_code == 200

    town.enter(client, supervisor)

    page = client.get(f"{PEOPLE}/").text
    assert "Ana Pi" in page
    assert f"/office/access/{supervisor.code}/link" not in page


def test_people_of_another_town_do_not_work_here(client, clerk, supervisor):
    place = town.account_town(clerk)
    town.a_town("etxalde")
    stranger = town.a_clerk(name="Miren")
    citizen = a_citizen()
    db.session.commit()
    town.speak_for(place.id)
    town.enter(client, supervisor)

    for person in (stranger, citizen):
        for what in ("link", "deactivate"):
            assert client.get(f"{PEOPLE}/{person.code}/{what}").status_code == 404
    assert "Miren" not in client.get(f"{PEOPLE}/").text


def test_whoever_deactivates_leaves_a_line_and_no_open_session(client, clerk, supervisor):
    town.enter(client, clerk)
    accounts.deactivate(clerk)
    accounts.deactivate(clerk)
    db.session.commit()

    names = list(db.session.scalars(sa.select(AuditEntry.name)))
    assert names.count("StaffDeactivated") == 1
    still = sa.select(OpenSession).where(OpenSession.closed_at.is_(None))
    assert db.session.scalars(still).all() == []
