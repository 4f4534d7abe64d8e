"""An act that waits is tried when somebody presses; one that says too little gets a newer one."""

import pytest

from app.accounts.models import Role
from app.acts import csv, queries, sealing, services
from app.acts.errors import NothingNew
from app.acts.manifest import read_again
from app.acts.models import Step
from app.acts.services import making
from app.booking import services as booking
from app.booking.models import Status
from app.core import alarms, clock
from app.core.db import db
from tests import town
from tests.audit.authority_stand_in import an_authority


@pytest.fixture
def waiting(served, clerk):
    """Asked for, and it failed."""
    act = services.ask(served, clerk)
    act.problem, act.tries = "the device does not open", 5
    act.try_at = clock.now().replace(year=clock.now().year + 1)
    db.session.commit()
    return act


@pytest.fixture
def panel(desk, served):
    return f"{town.base(served.town)}/desk/visits/{served.code}/act"


@pytest.fixture
def keeper(app, place):
    client = app.test_client()
    town.enter(client, town.a_supervisor(role=Role.ADMINISTRATOR))
    return client


def test_the_clerk_sees_that_it_did_not_work_and_has_it_tried_now(desk, panel, waiting):
    page = desk.get(f"{panel}/").text
    assert "acts-again" in page
    assert waiting.problem not in page

    assert town.send(desk, f"{panel}/again", f"{panel}/").status_code == 303
    assert queries.unfinished() == [waiting]
    services.seal_all()

    assert waiting.is_sealed
    assert "acts-again" not in desk.get(f"{panel}/").text


def test_what_was_changed_before_the_seal_is_written_down_anew(served, clerk):
    act = services.ask(served, clerk)
    db.session.commit()
    with sealing.in_hand() as sealer:
        services.fix(act, sealer)
    act.manifest = act.manifest.replace("Pere", "Pera")
    db.session.commit()
    services.go_on(act)
    assert not act.is_sealed

    services.try_again(act, clerk)
    db.session.commit()
    services.go_on(act)

    assert act.step is Step.SEALED
    assert b"Pera" not in sealing.manifest_in(making.read(act.edition))


def test_a_missing_stamp_is_asked_for_at_once(app, desk, panel, served, tmp_path, monkeypatch):
    act = services.ask(served)
    db.session.commit()
    with an_authority(tmp_path, "no") as entry, monkeypatch.context() as away:
        away.setitem(app.config, "TIMESTAMP_AUTHORITIES", [entry])
        services.go_on(act)
    assert not act.edition.is_stamped

    town.send(desk, f"{panel}/again", f"{panel}/")
    services.stamp_all()

    assert act.edition.is_stamped
    with pytest.raises(NothingNew):
        services.try_again(act, queries.clerk_of(served))


def test_a_corrected_result_gets_another_act_and_both_pages_say_so(
    desk, panel, act, served, client
):
    served.outcome = "Ja és al padró, amb els fills."
    db.session.commit()

    assert town.send(desk, f"{panel}/correct", f"{panel}/").status_code == 303

    newer = queries.acts_of(served)[0]
    services.go_on(newer)
    said = read_again(sealing.manifest_in(making.read(newer.edition)))
    assert said["meeting"]["outcome"] == "Ja és al padró, amb els fills."
    assert (said["act"]["reason"], said["act"]["replaces"]["csv"]) == (
        "corrected",
        csv.shown(act.csv),
    )
    older = client.get(f"{town.base(served.town)}/ca/check/{csv.shown(act.csv)}").text
    assert "act-newer" in older


def test_pressed_twice_there_is_one_newer_act(act, clerk):
    services.correct(act, clerk)
    with pytest.raises(NothingNew):
        services.correct(act, clerk)


def test_what_came_after_an_act_that_was_sealed_during_the_visit_gets_one_too(
    identified, act_in_mid_visit
):
    identified.outcome = "Ja és al padró."
    booking.move_on(identified, Status.SERVED)
    db.session.commit()

    newer, older = queries.acts_of(identified)

    assert (older, newer.reason) == (act_in_mid_visit, "continued")
    services.go_on(newer)
    said = read_again(sealing.manifest_in(making.read(newer.edition)))
    assert said["meeting"]["times"]["ended_at"]
    assert said["statement"]["text"] == "Visc al carrer Major, 7."


def test_the_office_sees_what_waits_and_why_and_has_it_tried(keeper, waiting, place):
    page = f"{town.base(place)}/office/acts/"
    assert "the device does not open" in keeper.get(page).text

    sent = town.send(keeper, f"{page}waiting/{waiting.code}/again", page)

    assert sent.status_code == 303
    assert (waiting.problem, waiting.tries) == ("", 0)
    assert "the device does not open" not in keeper.get(page).text


def test_what_does_not_succeed_rings_on_the_board(waiting, place):
    assert [one.kind for one in alarms.ringing()] == ["acts"]

    waiting.tries = 1
    db.session.commit()

    assert alarms.ringing() == []


def test_nobody_else_has_it_tried(client, waiting, panel, app):
    stranger = app.test_client()
    town.enter(stranger, town.a_clerk(waiting.visit.procedure, name="Biel Mas"))

    assert town.send(stranger, f"{panel}/again", f"{panel}/").status_code == 404
    assert waiting.tries == 5
