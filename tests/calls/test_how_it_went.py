"""How a call went: what browsers measured, without content, for the clerk and for monitors."""

import json

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from app.calls import queries, services
from app.calls.errors import NotInTheRoom
from app.calls.models import CallFigures, Ending, Part
from app.core.db import db
from app.queue import services as queue
from tests import town

SAID = {
    "seconds": 184.4,
    "picture_ms": 240,
    "sent_kbits": 610.2,
    "received_kbits": 580,
    "loss": 1.26,
    "round_trip_ms": 96,
    "frames": 24.96,
    "height": 360,
    "mends": 1,
    "is_relayed": True,
    "ending": "hung_up",
}


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def clerk(place):
    return town.a_clerk(town.a_procedure(), name="Ana Pi")


@pytest.fixture
def visit(place, clerk):
    made = town.a_visit(town.a_wish(place, town.the_procedure("padron")))
    queue.arrive(made)
    queue.call_next(clerk)
    db.session.commit()
    return made


@pytest.fixture
def seat(visit):
    services.join(visit, Part.CLERK, "Ana Pi", camera=True, microphone=True)
    taken = services.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True)
    db.session.commit()
    return taken


def say(client, visit, seat, **figures):
    page = client.get(f"{town.base(visit.town)}/ca/visits/{visit.code}/wait")
    body = {"participant": seat.code, "incarnation": seat.incarnation, **figures}
    return client.post(
        f"{town.base(visit.town)}/ca/visits/{visit.code}/room/figures",
        data=json.dumps(body),
        content_type="application/json",
        headers={"X-CSRFToken": town.token_in(page.text)},
    )


def test_what_a_browser_measured_is_kept_and_the_last_word_counts(client, visit, seat):
    say(client, visit, seat, **{**SAID, "seconds": 15, "ending": "ongoing"})

    answer = say(client, visit, seat, **SAID)

    assert answer.status_code == 204
    [kept] = queries.how_it_went(visit)
    assert (kept.seconds, kept.loss, kept.frames) == (184, 1.3, 25.0)
    assert (kept.is_relayed, kept.ending) == (True, Ending.HUNG_UP)


def test_a_window_that_was_replaced_may_still_tell_and_both_are_kept(client, visit, seat):
    say(client, visit, seat, **SAID)
    services.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True)
    db.session.commit()

    say(client, visit, seat, **SAID)

    assert [kept.incarnation for kept in queries.how_it_went(visit)] == [1, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"loss": 400},
        {"frames": -1},
        {"seconds": "long"},
        {"height": True},
        {"mends": float("inf")},
        {"ending": "happily"},
        {"is_relayed": "perhaps"},
        {"received_kbits": None},
        {"id": 7, "town_id": 9},
    ],
)
def test_a_figure_that_makes_no_sense_is_left_out_and_the_rest_is_kept(visit, seat, wrong):
    kept = services.keep_figures(seat, 1, {"round_trip_ms": 96, **wrong})

    assert kept.round_trip_ms == 96
    assert kept.town_id == visit.town_id
    assert (kept.loss, kept.frames, kept.height, kept.is_relayed) == (None, None, None, None)
    assert (kept.seconds, kept.mends, kept.ending) == (0, 0, Ending.ONGOING)


@pytest.mark.parametrize("incarnation", [0, -1, 2, 10**9])
def test_a_window_that_never_was_tells_nothing(visit, seat, incarnation):
    with pytest.raises(NotInTheRoom):
        services.keep_figures(seat, incarnation, SAID)


def test_a_foreign_seat_a_large_body_and_a_list_are_refused(client, visit, seat):
    foreign = say(client, visit, seat, **SAID, participant="2222bbbb3333")
    large = say(client, visit, seat, note="x" * 5_000)
    page = client.get(f"{town.base(visit.town)}/ca/visits/{visit.code}/wait")
    nonsense = client.post(
        f"{town.base(visit.town)}/ca/visits/{visit.code}/room/figures",
        data="[1, 2",
        headers={"X-CSRFToken": town.token_in(page.text)},
    )

    assert (foreign.status_code, large.status_code, nonsense.status_code) == (404, 413, 400)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CallFigures)) == 0


def test_the_clerk_reads_how_it_went(client, clerk, visit, seat):
    services.keep_figures(seat, 1, SAID)
    db.session.commit()
    town.enter(client, clerk)

    text = client.get(f"{town.base(visit.town)}/desk/visits/{visit.code}").text

    assert "Com ha anat la trucada" in text
    assert "per un repetidor" in text
    assert "240 ms" in text


def test_before_any_call_there_is_nothing_to_read(client, clerk, visit):
    town.enter(client, clerk)

    assert (
        "Com ha anat la trucada"
        not in client.get(f"{town.base(visit.town)}/desk/visits/{visit.code}").text
    )


def test_a_monitor_reads_them_by_town_and_without_anybodys_name(client, visit, seat):
    services.keep_figures(seat, 1, SAID)
    db.session.commit()

    text = client.get("/metrics").text

    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    here = ("town", "vilaclara")
    assert found["ventanilla_calls_now", here] == 1
    assert found["ventanilla_call_relayed_ratio", here] == 1
    assert found["ventanilla_call_endings", ("ending", "hung_up"), here] == 1
    assert found["ventanilla_call_picture_seconds", ("quantile", "0.95"), here] == 0.24
    assert found["ventanilla_call_loss_ratio", ("quantile", "0.5"), here] == pytest.approx(0.013)
    assert "Pere" not in text
    assert visit.code not in text
