"""Testing the device before a visit: what is kept, who sees it, and which remedy is shown."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.booking import services as booking
from app.core.db import db
from app.devices import queries, services
from app.devices.browsers import Family, family_of
from app.devices.models import DeviceCheck, Heard, Line, Sense, Verdict, Way
from tests import town

FOUND = {
    "camera": "works",
    "microphone": "works",
    "loudspeaker": "yes",
    "way": "relay",
    "round_trip_ms": "80",
    "loss": "0.5",
    "kbits": "1400",
}


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def clerk(place):
    return town.a_clerk(town.a_procedure(), name="Ana Pi")


@pytest.fixture
def visit(place, clerk):
    return town.a_visit(town.a_wish(place, town.the_procedure("padron")))


@pytest.fixture
def page(visit):
    return f"{town.base(visit.town)}/ca/visits/{visit.code}/check"


def checks():
    return db.session.scalar(sa.select(sa.func.count()).select_from(DeviceCheck))


def a_check(**fields):
    right = {
        "camera": Sense.WORKS,
        "microphone": Sense.WORKS,
        "loudspeaker": Heard.YES,
        "way": Way.RELAY,
        "round_trip_ms": 80,
        "loss": 0.0,
        "kbits": 1400,
    }
    return DeviceCheck(**{**right, **fields})


def test_what_was_found_is_kept_and_told_in_words(client, page, visit):
    answer = town.send(client, page, **FOUND)

    assert answer.status_code == 200
    assert "El vostre aparell està a punt" in answer.text
    kept = queries.check_of(visit)
    assert (kept.camera, kept.loss, kept.kbits) == (Sense.WORKS, 0.5, 1400)
    assert kept.verdict is Verdict.READY


def test_a_second_test_takes_the_place_of_the_first(client, page, visit):
    town.send(client, page, **FOUND)

    town.send(client, page, **{**FOUND, "camera": "refused"})

    assert checks() == 1
    assert queries.check_of(visit).verdict is Verdict.SOUND_ONLY


def test_whoever_cannot_be_heard_is_offered_the_telephone(client, page):
    answer = town.send(client, page, **{**FOUND, "microphone": "silent"})

    assert 'id="check-phone"' in answer.text


def test_the_clerk_sees_it_before_calling(client, clerk, page, visit):
    town.send(client, page, **{**FOUND, "camera": "missing", "kbits": "120"})
    town.enter(client, clerk)

    text = client.get(f"{town.base(visit.town)}/desk/visits/{visit.code}").text

    assert "sense càmera, connexió feble" in text


def test_a_visit_that_was_not_tested_says_so(client, clerk, visit):
    town.enter(client, clerk)

    assert "Sense provar" in client.get(f"{town.base(visit.town)}/desk/visits/{visit.code}").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"camera": "perfect"},
        {"way": "pigeon"},
        {"kbits": "-4"},
        {"loss": "250"},
        {"round_trip_ms": "soon"},
        {"loudspeaker": "x" * 5000},
    ],
)
def test_figures_that_make_no_sense_are_refused_and_nothing_is_kept(client, page, wrong):
    answer = town.send(client, page, **{**FOUND, **wrong})

    assert answer.status_code == 422
    assert checks() == 0


def test_a_code_that_is_nobodys_tests_nothing(client, page):
    missing = f"{page.split('/ca/')[0]}/ca/visits/2222bbbb3333/check"

    assert client.get(missing).status_code == 404
    assert town.send(client, missing, page, **FOUND).status_code == 404
    assert town.send(client, f"{missing}/sample", page).status_code == 404


def test_only_visits_by_video_have_something_to_test(client, place, clerk):
    wish = town.a_wish(place, town.the_procedure("padron"), "phone")
    by_phone = town.a_visit(wish, phone="+34600123457")

    answer = client.get(f"{town.base(place)}/ca/visits/{by_phone.code}/check")

    assert answer.status_code == 303
    assert answer.location.endswith(f"/ca/visits/{by_phone.code}")


def test_a_visit_that_was_cancelled_has_nothing_to_test(client, page, visit):
    booking.cancel(visit, by="citizen")
    db.session.commit()

    assert client.get(page).status_code == 303


def test_the_page_may_use_the_camera_and_no_other_place_is_named(client, page):
    headers = client.get(page).headers

    assert "camera=(self)" in headers["Permissions-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_bytes_sent_to_measure_the_line_are_not_kept(client, page, statements):
    client.get(page)
    statements.clear()

    answer = town.send(client, f"{page}/sample", page)

    assert answer.status_code == 204
    assert not [text for text in statements if text.startswith(("INSERT", "UPDATE"))]


def test_the_relay_does_not_learn_which_visit_is_tested(app, client, page, visit):
    before = app.config["TURN_SERVERS"]
    app.config["TURN_SERVERS"] = [{"urls": ["turn:one.test"], "secret": "first"}]

    text = client.get(page).text

    app.config["TURN_SERVERS"] = before
    assert "turn:one.test" in text
    assert f":{visit.code}" not in text


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, Line.GOOD),
        ({"kbits": 599}, Line.WEAK),
        ({"kbits": 249}, Line.POOR),
        ({"round_trip_ms": 301}, Line.WEAK),
        ({"round_trip_ms": 801}, Line.POOR),
        ({"loss": 2.1}, Line.WEAK),
        ({"loss": 6.1}, Line.POOR),
        ({"loss": None, "way": Way.SERVER}, Line.GOOD),
        ({"way": Way.NONE}, Line.UNKNOWN),
        ({"kbits": None}, Line.UNKNOWN),
    ],
)
def test_figures_say_what_the_line_is_good_for(fields, line):
    assert a_check(**fields).line is line


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({}, Verdict.READY),
        ({"way": Way.NONE}, Verdict.READY),
        ({"loudspeaker": Heard.UNTESTED}, Verdict.READY),
        ({"camera": Sense.BUSY}, Verdict.SOUND_ONLY),
        ({"kbits": 100}, Verdict.SOUND_ONLY),
        ({"loudspeaker": Heard.NO}, Verdict.NOT_READY),
        ({"microphone": Sense.INSECURE}, Verdict.NOT_READY),
    ],
)
def test_what_works_decides_how_one_can_come(fields, verdict):
    assert a_check(**fields).verdict is verdict


CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"


@pytest.mark.parametrize(
    ("sent", "family"),
    [
        (f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1", Family.IPHONE),
        (f"{IPHONE} CriOS/131.0 Mobile/15E148 Safari/604.1", Family.IPHONE_OTHER),
        (f"Mozilla/5.0 (Linux; Android 14; Pixel) {CHROME} Mobile", Family.ANDROID),
        (f"Mozilla/5.0 (Linux; Android 13; SM-A5) SamsungBrowser/26.0 {CHROME}", Family.SAMSUNG),
        ("Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0", "android_firefox"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Edg/131.0", Family.CHROME),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", Family.FIREFOX),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X) AppleWebKit Version/18 Safari", Family.SAFARI),
        ("", Family.OTHER),
        ("x" * 4_000, Family.OTHER),
    ],
)
def test_a_browser_is_known_by_its_words(sent, family):
    assert family_of(sent) == family


def test_whoever_refused_reads_where_the_switch_is_in_their_browser(client, page):
    sent = f"{IPHONE} CriOS/131.0 Mobile/15E148 Safari/604.1"

    text = client.get(page, headers={"User-Agent": sent}).text

    assert "Obriu la Configuració del telèfon" in text


def test_nothing_is_kept_of_a_test_when_the_visit_of_another_town_is_named(client, page, visit):
    town.a_town("etxalde", ("eu", "es"))
    db.session.commit()

    answer = client.get(page.replace("vilaclara", "etxalde"))

    assert answer.status_code == 404


def test_keeping_says_so_without_figures(visit):
    from app.audit.models import AuditEntry

    services.keep(
        visit,
        camera=Sense.WORKS,
        microphone=Sense.WORKS,
        loudspeaker=Heard.YES,
        way=Way.SERVER,
        round_trip_ms=40,
        loss=None,
        kbits=900,
        browser="chrome",
    )

    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.name == "DeviceChecked")
    ).one()
    assert "ready" in str(entry.facts)
    assert queries.check_of(visit).checked_at - visit.held_at < timedelta(minutes=1)
