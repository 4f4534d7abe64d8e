"""The sealed act comes out of the printer of the kiosk: the clerk presses once, or its citizen."""

import pytest

from app.acts import csv
from app.acts import queries as acts
from app.acts import services as sealed
from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from app.kiosks import queries, services
from app.queue import services as queue
from tests import town
from tests.kiosks.device import KEY, a_device, open_browser

HOME = "http://vilaclara.localhost"


@pytest.fixture
def kiosk():
    device = a_device(town.a_town())
    device.facts = {**device.facts, "printer": "ready"}
    db.session.commit()
    return device


@pytest.fixture
def clerk(kiosk):
    return town.a_clerk(town.a_procedure())


@pytest.fixture
def visit(client, kiosk, clerk):
    """Of whoever stands there; it has just ended, and has its act."""
    open_browser(client, kiosk)
    town.send(client, f"{HOME}/ca/kiosk/now", page=f"{HOME}/ca/kiosk/")
    found = queue.call_next(clerk)
    booking.move_on(found, Status.SERVED)
    act = sealed.ask(found, clerk)
    db.session.commit()
    sealed.go_on(act)
    return found


@pytest.fixture
def desk(app, clerk):
    client = app.test_client()
    town.enter(client, clerk)
    return client


def panel(visit):
    return f"{HOME}/desk/visits/{visit.code}/act"


def on_paper(client, order) -> bytes:
    return client.get(f"{HOME}/kiosk/device/orders/{order.code}/paper", headers=KEY).data


def test_the_clerk_presses_once_and_it_comes_out_where_they_are(client, desk, kiosk, visit):
    assert "acts-print" in desk.get(f"{panel(visit)}/").text

    for _ in range(2):
        assert town.send(desk, f"{panel(visit)}/print", f"{panel(visit)}/").status_code == 303

    (order,) = queries.open_orders(kiosk)
    assert on_paper(client, order) == sealed.read(acts.act_of(visit).edition)


def test_the_citizen_prints_it_at_the_end(client, kiosk, visit):
    after = f"{HOME}/ca/kiosk/after"
    assert "print-act" in client.get(after).text

    town.send(client, f"{HOME}/ca/kiosk/receipt", page=after, what="act")
    town.send(client, f"{HOME}/ca/kiosk/receipt", page=after)

    act, receipt = queries.open_orders(kiosk)
    assert on_paper(client, act) == sealed.read(acts.act_of(visit).edition)
    assert csv.shown(acts.act_of(visit).csv).encode() not in on_paper(client, receipt)


def test_whoever_left_gets_nothing_printed_for_the_next_one_to_find(client, desk, kiosk, visit):
    town.send(desk, f"{panel(visit)}/print", f"{panel(visit)}/")
    (order,) = queries.open_orders(kiosk)
    services.end(queries.open_stay_of(kiosk), "ended")
    db.session.commit()

    assert not on_paper(client, order).startswith(b"%PDF")
    assert "acts-print" not in desk.get(f"{panel(visit)}/").text
    assert town.send(desk, f"{panel(visit)}/print", f"{panel(visit)}/").status_code == 409


def test_a_kiosk_without_a_printer_offers_none(desk, kiosk, visit):
    kiosk.facts = {**kiosk.facts, "printer": "none"}
    db.session.commit()

    assert "acts-print" not in desk.get(f"{panel(visit)}/").text
