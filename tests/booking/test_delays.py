"""How long people must wait for a first free time is measured every night and told."""

import urllib.request
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.booking import queries, services
from app.booking.jobs import measure_delays
from app.core.db import db
from app.schedule.models import DelayMeasure, ShiftException
from tests import town
from tests.storm import a_place

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ten_o_clock(request):
    if "storm" in request.keywords:
        yield None  # the processes of a running counter have the clock of the street
        return
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def place():
    return town.a_town(alarm_days=1, horizon_days=10)


def a_busy_clerk(padron, days):
    """On duty in the mornings, but not on these next days."""
    counter = town.counter_of(town.a_clerk(padron, hours=(time(9), time(14)), channels=("video",)))
    for offset in range(days):
        day = NOW.date() + timedelta(days=offset)
        db.session.add(ShiftException(resource_id=counter.id, day=day))
    db.session.commit()


def measures():
    return {row.channel: row for row in db.session.scalars(sa.select(DelayMeasure))}


def test_days_to_the_first_free_time_are_counted_by_channel(place):
    a_busy_clerk(town.a_procedure(), 3)

    assert services.measure_delays(place) == 3

    found = measures()
    assert (found["video"].days, found["video"].is_alarm) == (3, True)
    assert (found["phone"].days, found["phone"].is_alarm) == (None, True)


def test_within_the_limit_nothing_rings(place):
    padron = town.a_procedure()
    padron.alarm_days = 3
    a_busy_clerk(padron, 3)
    services.measure_delays(place)

    assert not measures()["video"].is_alarm


def test_it_is_measured_once_a_night_and_again_the_next(place, ten_o_clock):
    a_busy_clerk(town.a_procedure(), 0)

    assert measure_delays() == 3
    assert measure_delays() == 0
    ten_o_clock.shift(timedelta(days=1))
    assert measure_delays() == 3
    assert {row.day for row in queries.latest_delays()} == {NOW.date() + timedelta(days=1)}


def test_a_monitor_on_this_machine_reads_the_alarm(client, place):
    a_busy_clerk(town.a_procedure(), 3)
    services.measure_delays(place)
    db.session.commit()

    page = client.get("/metrics").text

    figures = town.figures_in(page)
    here = {"channel": "video", "procedure": "padron", "town": "vilaclara"}
    assert figures["ventanilla_days_to_first_free", frozenset(here.items())] == 3
    assert figures["ventanilla_delay_alarm", frozenset(here.items())] == 1


@pytest.mark.storm
def test_a_monitor_scrapes_a_running_counter(stormed):
    """Whichever of its processes answers, on both registers."""
    with stormed.errand():
        place, _, _ = a_place("scraped", 1, padron=20)
    with stormed.errand(place):
        services.measure_delays(place)

    for _ in range(4):
        with urllib.request.urlopen(f"http://127.0.0.1:{stormed.counter.port}/metrics") as answer:
            figures = town.figures_in(answer.read().decode())
        for channel in ("video", "phone", "in_person"):
            here = {"channel": channel, "procedure": "padron", "town": place.slug}
            assert figures["ventanilla_days_to_first_free", frozenset(here.items())] <= 1
            assert figures["ventanilla_delay_alarm", frozenset(here.items())] == 0


def test_from_elsewhere_the_figures_do_not_exist_without_the_token(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "METRICS_TOKEN", "only the monitor knows")
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}

    assert client.get("/metrics", environ_base=elsewhere).status_code == 404
    wrong = {"Authorization": "Bearer guess"}
    assert client.get("/metrics", environ_base=elsewhere, headers=wrong).status_code == 404
    right = {"Authorization": "Bearer only the monitor knows"}
    assert client.get("/metrics", environ_base=elsewhere, headers=right).status_code == 200
