"""How a device is let in, and what it says of itself from then on."""

from datetime import timedelta

import pytest
import time_machine

from app.core import clock
from app.core.db import db
from app.kiosks import queries, services
from app.kiosks.errors import BoothTaken, CodeOver
from app.kiosks.models import Kiosk, OrderKind
from app.kiosks.words import troubles_of
from app.schedule.models import Resource, ResourceKind
from tests import town
from tests.kiosks.device import KEY, a_device, open_browser

HOME = "http://vilaclara.localhost"
DEVICE = f"{HOME}/kiosk/device"


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def office(app, place):
    """The browser of somebody who plans."""
    browser = app.test_client()
    town.enter(browser, town.a_supervisor())
    return browser


def approve(office, code, name="Biblioteca", **fields):
    page = f"{HOME}/office/kiosks/approve"
    return town.send(office, page, code=code, name=name, **{"booth": "0", **fields})


def test_a_device_shows_a_code_and_gets_its_key_once_it_was_typed(client, office):
    asked = client.post(f"{DEVICE}/enrol", json={"version": "1.0"}).json
    wait = client.post(f"{DEVICE}/key", json={"device_code": asked["device_code"]})
    assert wait.status_code == 428

    assert approve(office, asked["user_code"].lower()).status_code == 303
    given = client.post(f"{DEVICE}/key", json={"device_code": asked["device_code"]})

    key = {"Authorization": f"Bearer {given.json['key']}"}
    assert client.post(f"{DEVICE}/heartbeat", json={}, headers=key).json["name"] == "Biblioteca"
    again = client.post(f"{DEVICE}/key", json={"device_code": asked["device_code"]})
    assert again.status_code == 410


def test_a_code_is_good_for_ten_minutes(client, office):
    asked = client.post(f"{DEVICE}/enrol", json={}).json

    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        answer = approve(office, asked["user_code"])
        late = client.post(f"{DEVICE}/key", json={"device_code": asked["device_code"]})

    assert answer.status_code in (303, 422)
    assert db.session.query(Kiosk).count() == 0
    assert late.status_code == 410


@pytest.mark.parametrize("code", ["", "BCDF", "BCDF-GHJK", "'; drop table", "ÑÑÑÑÑÑÑÑ"])
def test_a_guessed_code_lets_nobody_in(office, code):
    answer = approve(office, code)

    assert answer.status_code == 422
    assert db.session.query(Kiosk).count() == 0


def test_two_kiosks_are_not_one_place(place):
    booth = Resource(kind=ResourceKind.BOOTH, name="Cabina")
    db.session.add(booth)
    db.session.flush()
    by = town.a_supervisor()
    services.approve(services.ask({})[1], by, name="A", booth=booth)

    with pytest.raises(BoothTaken):
        services.approve(services.ask({})[1], by, name="B", booth=booth)


def test_a_clerk_lets_no_device_in(app, place):
    browser = app.test_client()
    town.enter(browser, town.a_clerk(town.a_procedure()))

    assert browser.get(f"{HOME}/office/kiosks/approve").status_code == 403


def test_the_register_does_not_know_the_key(place):
    secret, shown = services.ask({})
    services.approve(shown, town.a_supervisor(), name="A")
    kiosk, key = services.take(secret)

    assert key.encode() not in (kiosk.key_digest or b"")
    assert len(kiosk.key_digest) == 32


def test_the_key_of_a_removed_kiosk_opens_nothing(client, place):
    kiosk = a_device(place)
    open_browser(client, kiosk)

    services.remove(kiosk, town.a_supervisor("Pau"))
    db.session.commit()

    assert client.post(f"{DEVICE}/heartbeat", json={}, headers=KEY).status_code == 403
    assert client.post(f"{DEVICE}/stay", json={}, headers=KEY).status_code == 403
    assert client.get(f"{HOME}/ca/kiosk/").status_code == 409
    assert queries.kiosks() == []


@pytest.mark.parametrize("key", ["", "Bearer ", "Bearer x", "Basic eDp5", "Bearer " + "k" * 5000])
def test_without_its_key_a_device_is_nobody(client, place, key):
    a_device(place)

    answer = client.post(f"{DEVICE}/heartbeat", json={}, headers={"Authorization": key})

    assert answer.status_code == 403


def test_a_heartbeat_is_kept_as_facts_and_nothing_else(client, place):
    kiosk = a_device(place)
    facts = {
        "version": "1.2",
        "uptime": 4000,
        "camera": True,
        "printer": "no_paper",
        "secret": "x",
        "temperature": "4\x00" + "2" * 500,
        "test": {"camera": "ok", "other": 1},
    }

    answer = client.post(f"{DEVICE}/heartbeat", json=facts, headers=KEY)

    assert answer.json["every"] == 30
    db.session.refresh(kiosk)
    assert kiosk.facts["camera"] is True
    assert "secret" not in kiosk.facts
    assert len(kiosk.facts["temperature"]) == 80
    assert kiosk.test == {"camera": "ok"}
    with client.application.test_request_context():
        assert len(troubles_of(kiosk)) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"[" * 9000, b'{"a": NaN}'])
def test_a_garbled_heartbeat_changes_nothing(client, place, body):
    kiosk = a_device(place)

    answer = client.post(f"{DEVICE}/heartbeat", data=body, headers=KEY)

    assert answer.status_code == 400
    assert kiosk.seen_at is None


@pytest.mark.parametrize(("off", "is_wrong"), [(3, False), (-100_000, True), (9e99, False)])
def test_a_wrong_clock_is_said_and_stops_nothing(client, place, off, is_wrong):
    kiosk = a_device(place)

    told = clock.now().timestamp() + off
    answer = client.post(f"{DEVICE}/heartbeat", json={"clock": told}, headers=KEY)

    assert answer.status_code == 200
    db.session.refresh(kiosk)
    assert bool(kiosk.facts["clock_off"]) is is_wrong


def test_three_missed_heartbeats_are_an_alarm_and_a_fourth_ends_it(client, office, place):
    kiosk = a_device(place)
    services.hear(kiosk, {})
    kiosk.seen_at = clock.now() - timedelta(seconds=89)
    assert services.raise_alarms() == 0

    kiosk.seen_at = clock.now() - timedelta(seconds=91)
    assert services.raise_alarms() == 1
    assert services.raise_alarms() == 0
    db.session.commit()
    assert "tag--refusal" in office.get(f"{HOME}/office/kiosks/").text

    client.post(f"{DEVICE}/heartbeat", json={}, headers=KEY)

    db.session.refresh(kiosk)
    assert kiosk.silent_at is None
    assert "tag--refusal" not in office.get(f"{HOME}/office/kiosks/").text


def test_an_order_from_afar_reaches_the_device_once(client, office, place):
    kiosk = a_device(place)
    services.hear(kiosk, {})
    db.session.commit()
    page = f"{HOME}/office/kiosks/{kiosk.code}"

    assert town.send(office, f"{page}/orders", page=page, order="restart").status_code == 303
    told = client.post(f"{DEVICE}/heartbeat", json={}, headers=KEY).json["orders"]
    assert [one["kind"] for one in told] == ["restart"]
    done = client.post(f"{DEVICE}/orders/{told[0]['code']}", json={"outcome": "done"}, headers=KEY)

    assert done.status_code == 204
    assert client.post(f"{DEVICE}/heartbeat", json={}, headers=KEY).json["orders"] == []


def test_a_device_that_is_not_heard_is_asked_nothing(office, place):
    kiosk = a_device(place)
    page = f"{HOME}/office/kiosks/{kiosk.code}"

    answer = town.send(office, f"{page}/orders", page=page, order="reboot")

    assert answer.status_code == 409


@pytest.mark.parametrize("order", ["wipe", "scan", "", "rm -rf /"])
def test_nothing_else_is_asked_from_afar(office, place, order):
    kiosk = a_device(place)
    services.hear(kiosk, {})
    db.session.commit()
    page = f"{HOME}/office/kiosks/{kiosk.code}"

    assert town.send(office, f"{page}/orders", page=page, order=order).status_code == 404


def test_the_proof_of_a_wipe_is_kept_with_the_stay(client, place):
    kiosk = a_device(place)
    open_browser(client, kiosk)
    stay = queries.open_stay_of(kiosk)
    services.see(stay)
    services.end(stay, "ended")
    db.session.commit()

    proof = {"stay": stay.code, "left": 0, "processes": 0, "seconds": 0.8, "profile": "p2"}
    made = client.post(f"{DEVICE}/stay", json={"wiped": proof}, headers=KEY).json

    assert made["url"].startswith(f"{HOME}/kiosk/begin/") or ":8000/kiosk/begin/" in made["url"]
    db.session.refresh(stay)
    assert stay.wiped_at is not None
    assert stay.proof["left"] == 0
    assert [one for one in queries.open_orders(kiosk) if one.kind is OrderKind.WIPE] == []


def test_out_of_service_nobody_can_book_its_place(place):
    booth = Resource(kind=ResourceKind.BOOTH, name="Cabina")
    db.session.add(booth)
    db.session.flush()
    kiosk = a_device(place)
    kiosk.booth = booth
    by = town.a_supervisor("Pau")

    services.stop_serving(kiosk, by, "Painters")
    assert not booth.is_active

    services.serve_again(kiosk, by)
    assert booth.is_active


def test_what_the_office_writes_is_checked(office, place):
    kiosk = a_device(place)
    page = f"{HOME}/office/kiosks/{kiosk.code}"
    good = {"name": "Llar", "booth": "0", "procedure": "0", "librarian": "", "volume": "40"}

    assert town.send(office, page, **good).status_code == 303
    for wrong in ({"volume": "140"}, {"name": ""}, {"librarian": "12"}, {"booth": "99999"}):
        assert town.send(office, page, **{**good, **wrong}).status_code == 422, wrong

    db.session.refresh(kiosk)
    assert (kiosk.name, kiosk.volume) == ("Llar", 40)


def test_a_code_that_was_never_given_is_none(place):
    with pytest.raises(CodeOver):
        services.take("never given")
