"""Somebody touches the screen, is attended, and leaves nothing: what the server does about it."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from app.booking.models import Status, Visit
from app.calls import services as calls
from app.calls.models import Part
from app.core import clock
from app.core.db import db
from app.desk import services as desk
from app.kiosks import queries, services
from app.kiosks.models import Kiosk, OrderKind
from app.papers.models import Paper, PaperKind, Side
from app.queue import services as queue
from app.schedule.models import Resource, ResourceKind
from tests import town
from tests.beside import beside_another
from tests.kiosks.device import KEY, a_device, open_browser

HOME = "http://vilaclara.localhost"


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def kiosk(place) -> Kiosk:
    return a_device(place)


@pytest.fixture
def clerk(place):
    return town.a_clerk(town.a_procedure())


def press_now(client):
    return town.send(client, f"{HOME}/ca/kiosk/now", page=f"{HOME}/ca/kiosk/")


def test_one_touch_and_they_are_in_the_line(client, kiosk, clerk):
    open_browser(client, kiosk)

    answer = press_now(client)

    assert answer.location.endswith("/ca/kiosk/call")
    visit = db.session.query(Visit).one()
    assert (visit.status, visit.phone, visit.is_walk_in) == (Status.WAITING, "", True)
    assert 'data-status="waiting"' in client.get(f"{HOME}/ca/kiosk/call").text
    assert queue.call_next(clerk).id == visit.id


def test_the_three_doors_stand_once_more_in_plain_language(client, kiosk, clerk):
    open_browser(client, kiosk)

    start = client.get(f"{HOME}/ca/kiosk/").text
    plain = client.get(f"{HOME}/ca/kiosk/plain").text

    assert 'id="plain" href="/ca/kiosk/plain"' in start
    assert 'id="back" href="/ca/kiosk/"' in plain
    for door in ("now", "appointment", "phone"):
        assert f'id="door-{door}"' in plain
    assert plain.count('<svg class="pictogram"') == 5
    press_now(client)
    assert client.get(f"{HOME}/ca/kiosk/plain").location.endswith("/ca/kiosk/")


def test_two_touches_are_one_place_in_the_line(client, kiosk, clerk):
    open_browser(client, kiosk)

    press_now(client)
    town.send(client, f"{HOME}/ca/kiosk/now", page=f"{HOME}/ca/kiosk/call")

    assert db.session.query(Visit).count() == 1


def test_when_nobody_is_on_duty_it_says_so_with_the_telephone(client, kiosk):
    open_browser(client, kiosk)

    answer = press_now(client)

    assert answer.status_code == 409
    assert "900 000 011" in re.sub(r"[\s\u00a0\u202f]", " ", answer.text)
    assert db.session.query(Visit).count() == 0


def test_the_ticket_opens_one_browser_once(client, app, kiosk):
    ticket = services.open_stay(kiosk)[1]
    db.session.commit()

    assert client.get(f"{HOME}/kiosk/begin/{ticket}").status_code == 303
    other = app.test_client().get(f"{HOME}/kiosk/begin/{ticket}")
    assert other.status_code == 409
    assert "Aquesta pantalla ja està oberta en una altra finestra" in other.text
    assert client.get(f"{HOME}/ca/kiosk/").status_code == 200


def test_of_two_browsers_with_one_ticket_at_once_the_first_is_the_kiosk(client, kiosk, monkeypatch):
    ticket = services.open_stay(kiosk)[1]
    db.session.commit()

    def another():
        services.enter(queries.open_stay_of(kiosk))
        db.session.flush()

    with beside_another(monkeypatch, another):
        answer = client.get(f"{HOME}/kiosk/begin/{ticket}")

    assert answer.status_code == 409
    assert client.get_cookie("ventanilla-kiosk", domain="vilaclara.localhost") is None


def test_the_same_browser_with_its_ticket_again_goes_on_where_it_was(client, kiosk, clerk):
    ticket = services.open_stay(kiosk)[1]
    db.session.commit()
    client.get(f"{HOME}/kiosk/begin/{ticket}")
    press_now(client)

    answer = client.get(f"{HOME}/kiosk/begin/{ticket}")

    assert answer.location.endswith("/kiosk/")
    assert queries.open_stay_of(kiosk).visit.is_waiting


def test_a_browser_that_is_no_kiosk_sees_none_of_its_screens(client, kiosk):
    for path in ("", "call", "mine", "phone", "papers", "stream", "appointment/code"):
        assert client.get(f"{HOME}/ca/kiosk/{path}").status_code == 409


def test_the_screen_begins_in_the_language_of_the_town_whatever_the_browser_wants(client, kiosk):
    ticket = services.open_stay(kiosk)[1]
    db.session.commit()
    client.get(f"{HOME}/kiosk/begin/{ticket}", headers={"Accept-Language": "eu"})

    answer = client.get(f"{HOME}/kiosk/", headers={"Accept-Language": "eu"})

    assert answer.location.endswith("/ca/kiosk/")


def test_finishing_leaves_the_line_and_asks_for_the_papers_only(client, kiosk, clerk):
    open_browser(client, kiosk)
    press_now(client)

    answer = town.send(client, f"{HOME}/ca/kiosk/leave", page=f"{HOME}/ca/kiosk/call")

    assert answer.location.endswith("/papers")
    assert db.session.query(Visit).one().status is Status.LEFT
    for path in ("", "call", "mine", "phone"):
        assert client.get(f"{HOME}/ca/kiosk/{path}").location.endswith("/papers")


@pytest.mark.parametrize("screen", ["", "appointment", "appointment/number", "phone", "papers"])
def test_no_screen_is_kept_for_the_key_back(client, kiosk, screen):
    open_browser(client, kiosk)

    answer = client.get(f"{HOME}/ca/kiosk/{screen}")

    assert "no-store" in answer.headers["Cache-Control"]


def test_the_end_clears_the_browser_and_the_session_opens_nothing(client, kiosk, clerk):
    open_browser(client, kiosk)
    press_now(client)
    services.hear(kiosk, {})
    db.session.commit()
    name = client.get_cookie("ventanilla-kiosk", domain="vilaclara.localhost").value

    answer = town.send(client, f"{HOME}/ca/kiosk/end", page=f"{HOME}/ca/kiosk/call")

    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert answer.headers["Cache-Control"] == "no-store"
    client.set_cookie("ventanilla-kiosk", name, domain="vilaclara.localhost")
    assert client.get(f"{HOME}/ca/kiosk/call").status_code == 409
    assert [one.kind for one in queries.open_orders(kiosk)] == [OrderKind.WIPE]


def test_without_a_device_the_next_person_begins_with_another_session(client, kiosk):
    open_browser(client, kiosk)
    before = client.get_cookie("ventanilla-kiosk", domain="vilaclara.localhost").value

    answer = town.send(client, f"{HOME}/ca/kiosk/end", page=f"{HOME}/ca/kiosk/")

    assert "/kiosk/begin/" in answer.location
    client.get(answer.location if "://" in answer.location else HOME + answer.location)
    after = client.get_cookie("ventanilla-kiosk", domain="vilaclara.localhost").value
    assert after != before
    assert client.get(f"{HOME}/ca/kiosk/").status_code == 200


def test_the_server_ends_it_when_nobody_answers_and_the_device_is_silent(client, kiosk, clerk):
    open_browser(client, kiosk)
    press_now(client)
    stay = queries.open_stay_of(kiosk)
    waits = timedelta(seconds=300 + 60 + 16)

    stay.seen_at = clock.now() - waits + timedelta(seconds=10)
    assert services.end_what_is_over() == 0
    stay.seen_at = clock.now() - waits
    assert services.end_what_is_over() == 1

    assert (stay.why, stay.visit_id) == ("silent", None)
    assert db.session.query(Visit).one().status is Status.LEFT
    db.session.commit()
    assert client.get(f"{HOME}/ca/kiosk/call").status_code == 409


def test_whoever_only_began_is_over_after_ninety_and_sixty_seconds(client, kiosk):
    open_browser(client, kiosk)
    stay = queries.open_stay_of(kiosk)
    services.see(stay)

    stay.seen_at = clock.now() - timedelta(seconds=90 + 60 + 16)

    assert services.end_what_is_over() == 1


def test_a_start_page_that_nobody_touched_stays(client, kiosk):
    open_browser(client, kiosk)
    stay = queries.open_stay_of(kiosk)

    stay.seen_at = clock.now() - timedelta(hours=3)

    assert services.end_what_is_over() == 0


def test_nobody_is_asked_during_a_call(client, kiosk, clerk):
    open_browser(client, kiosk)
    press_now(client)
    visit = queue.call_next(clerk)
    calls.join(visit, Part.CITIZEN, "", camera=True, microphone=True)
    stay = queries.open_stay_of(kiosk)
    stay.seen_at = stay.begun_at = clock.now() - timedelta(hours=2)

    assert services.end_what_is_over() == 0

    calls.end(visit)
    assert stay.seen_at > clock.now() - timedelta(minutes=1)  # the clock begins again


def test_an_hour_outside_a_call_is_the_longest(client, kiosk):
    open_browser(client, kiosk)
    stay = queries.open_stay_of(kiosk)
    services.see(stay)
    stay.begun_at = clock.now() - timedelta(minutes=61)

    assert services.end_what_is_over() == 1
    assert stay.why == "long"


def test_the_next_browser_ends_whoever_was_there_before(client, kiosk, clerk):
    open_browser(client, kiosk)
    press_now(client)
    before = queries.open_stay_of(kiosk)

    services.open_stay(kiosk)

    assert before.why == "device"
    assert db.session.query(Visit).one().status is Status.LEFT


def test_the_look_of_one_person_is_not_the_next_ones(client, kiosk):
    open_browser(client, kiosk)
    town.send(client, f"{HOME}/ca/kiosk/look", page=f"{HOME}/ca/kiosk/", contrast="1")
    town.send(client, f"{HOME}/ca/kiosk/look", page=f"{HOME}/ca/kiosk/", low="1")
    page = client.get(f"{HOME}/ca/kiosk/").text
    assert 'data-contrast="more"' in page
    assert 'data-reach="low"' in page

    open_browser(client, kiosk)

    page = client.get(f"{HOME}/ca/kiosk/").text
    assert "data-contrast" not in page
    assert "data-reach" not in page


def test_out_of_service_it_offers_the_telephone_and_takes_nobody_in(client, kiosk, clerk):
    services.stop_serving(kiosk, town.a_supervisor(), "Painters")
    db.session.commit()
    open_browser(client, kiosk)

    page = client.get(f"{HOME}/ca/kiosk/").text

    assert "door-now" not in page
    press_now(client)
    assert db.session.query(Visit).count() == 0


def test_the_librarian_gets_a_message_once(client, kiosk):
    kiosk.librarian_phone = town.PHONE
    open_browser(client, kiosk)

    for _ in range(2):
        town.send(client, f"{HOME}/ca/kiosk/librarian", page=f"{HOME}/ca/kiosk/")

    assert len(town.sent_to(town.PHONE)) == 1
    assert [one.kind for one in queries.open_orders(kiosk)] == [OrderKind.CHIME] * 2


def test_the_clerk_sees_the_kiosk_and_acts_on_it(client, app, kiosk, clerk):
    open_browser(client, kiosk)
    press_now(client)
    visit = queue.call_next(clerk)
    db.session.commit()
    desk = app.test_client()
    town.enter(desk, clerk)
    page = f"{HOME}/desk/visits/{visit.code}"
    assert kiosk.name in desk.get(page).text

    for act in ("louder", "table", "private", "print"):
        sent = town.send(desk, f"{page}/kiosk", page=f"{page}/kiosk", act=act)
        assert sent.status_code == 200, act
    assert town.send(desk, f"{page}/kiosk", page=f"{page}/kiosk", act="explode").status_code == 404

    stay = queries.open_stay_of(kiosk)
    assert (stay.volume, stay.is_private) == (80, True)
    kinds = {one.kind for one in queries.open_orders(kiosk)}
    assert kinds == {OrderKind.SOUND, OrderKind.PRINT}


def test_once_the_clerk_is_done_the_screen_says_what_comes_next_whoever_tells_it(
    client, kiosk, clerk
):
    """The line that is looked at every ten seconds may hear of it before the call does."""
    open_browser(client, kiosk)
    press_now(client)
    visit = queue.call_next(clerk)
    desk.close(visit, Status.SERVED, desk.Words(outcome="Fet.", next_steps="Res més."))
    db.session.commit()

    asked = client.get(f"{HOME}/ca/kiosk/call", headers={"HX-Request": "true"})

    assert asked.headers["HX-Redirect"].endswith("/ca/kiosk/call")
    assert client.get(f"{HOME}/ca/kiosk/call").location.endswith("/ca/kiosk/after")
    assert "Res més." in client.get(f"{HOME}/ca/kiosk/after").text


def test_a_clerk_acts_on_nobody_elses_kiosk(client, app, kiosk, clerk):
    open_browser(client, kiosk)
    press_now(client)
    visit = queue.call_next(clerk)
    colleague = town.a_clerk(visit.procedure, name="Biel Mas")
    db.session.commit()
    desk = app.test_client()
    town.enter(desk, colleague)

    assert desk.get(f"{HOME}/desk/visits/{visit.code}/kiosk").status_code == 404


def test_what_is_printed_is_a_sheet_for_whoever_is_still_there(client, kiosk, clerk):
    open_browser(client, kiosk)
    press_now(client)
    visit = queue.call_next(clerk)
    visit.next_steps = "Hi anirem demà."
    order = services.print_receipt(queries.open_stay_of(kiosk))
    assert services.print_receipt(queries.open_stay_of(kiosk)).id == order.id
    db.session.commit()
    address = f"{HOME}/kiosk/device/orders/{order.code}/paper"

    sheet = client.get(address, headers=KEY)

    assert sheet.data.startswith(b"%PDF-")
    services.end(queries.open_stay_of(kiosk), "ended")
    db.session.commit()
    assert client.get(address, headers=KEY).status_code == 409


@pytest.mark.parametrize(
    ("outcome", "clerk_reads"),
    [
        ("no_paper", "Imprimir: no hi ha paper"),
        ("stopped", "Imprimir: la impressora està aturada"),
        ("done", "Imprimir: fet"),
    ],
)
def test_how_printing_went_is_told_to_both_in_plain_words(
    client, app, kiosk, clerk, outcome, clerk_reads
):
    open_browser(client, kiosk)
    press_now(client)
    visit = queue.call_next(clerk)
    stay = queries.open_stay_of(kiosk)
    order = services.print_receipt(stay)
    db.session.commit()
    address = f"{HOME}/kiosk/device/orders/{order.code}"
    desk = app.test_client()
    town.enter(desk, clerk)

    client.post(address, json={"outcome": outcome}, headers=KEY)

    page = desk.get(f"{HOME}/desk/visits/{visit.code}/kiosk").text
    assert clerk_reads in page
    screen = client.get(f"{HOME}/ca/kiosk/after").text
    for words in ("data-text-no-paper", "data-text-stopped", "data-text-done", "data-text-failed"):
        assert re.search(f'{words}="[^"]+"', screen)


def test_it_is_a_device_of_its_own_town_alone(client, kiosk, place):
    other = town.a_town("etxalde")
    db.session.commit()

    answer = client.post(f"{town.base(other)}/kiosk/device/heartbeat", json={}, headers=KEY)

    assert answer.status_code == 403


def test_who_is_at_the_screen_is_told_politely_of_the_next_one(client, kiosk, clerk, place):
    booth = Resource(kind=ResourceKind.BOOTH, name="Cabina", buffer_minutes=5)
    db.session.add(booth)
    db.session.flush()
    kiosk.booth_id = booth.id
    visit = town.a_visit(town.a_wish(place, town.the_procedure("padron")))
    visit.booth_id, visit.name = booth.id, "Lluna"
    visit.starts_at = clock.now() + timedelta(minutes=12)
    db.session.commit()
    open_browser(client, kiosk)

    page = client.get(f"{HOME}/ca/kiosk/").text

    assert "Lluna" in page
    visit.starts_at = clock.now() + timedelta(minutes=40)
    db.session.commit()
    assert "Lluna" not in client.get(f"{HOME}/ca/kiosk/").text


def test_a_scanned_sheet_is_a_paper_of_the_visit(client, kiosk, clerk):
    open_browser(client, kiosk)
    press_now(client)
    visit = queue.call_next(clerk)
    stay = queries.open_stay_of(kiosk)
    order = services.scan(stay, clerk)
    assert services.scan(stay, clerk).id == order.id
    db.session.commit()
    sheet = BytesIO()
    Image.new("L", (600, 800), 240).save(sheet, "JPEG")
    address = f"{HOME}/kiosk/device/orders/{order.code}"

    sent = client.post(f"{address}/scan", data=sheet.getvalue(), headers=KEY)

    assert sent.status_code == 204
    paper = db.session.query(Paper).one()
    assert (paper.visit_id, paper.side, paper.kind) == (visit.id, Side.CITIZEN, PaperKind.JPEG)
    client.post(address, json={"outcome": "done"}, headers=KEY)
    assert stay.papers == 1


def test_what_was_scanned_after_they_left_is_nobodys(client, kiosk, clerk):
    open_browser(client, kiosk)
    press_now(client)
    queue.call_next(clerk)
    order = services.scan(queries.open_stay_of(kiosk), clerk)
    services.end(queries.open_stay_of(kiosk), "ended")
    db.session.commit()

    sent = client.post(
        f"{HOME}/kiosk/device/orders/{order.code}/scan", data=b"\xff\xd8\xff", headers=KEY
    )

    assert sent.status_code == 409
    assert db.session.query(Paper).count() == 0
