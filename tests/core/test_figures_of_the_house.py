"""What a monitor sees of the work of the house: every figure moves with what it speaks of."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from app.acts import services as acts
from app.acts.models import SealedAct
from app.booking import services as booking
from app.booking.models import Status
from app.calls.models import Part, Participant
from app.core import clock
from app.core.db import db
from app.queue import services as queue
from tests import town


@pytest.fixture
def visit():
    place = town.a_town(early_minutes=60 * 24 * 30)
    town.a_clerk(town.a_procedure())
    return town.a_visit(town.a_wish(place, town.the_procedure("padron")))


def seen(client, name, /, **labels):
    shown = town.figures_in(client.get("http://localhost/metrics").text)
    return shown.get((name, frozenset(labels.items())))


def test_bookings_and_all_that_is_told_are_counted_for_a_day(client, visit, time_machine):
    booked = {"town": "vilaclara", "name": "VisitBooked"}
    assert seen(client, "ventanilla_events", **booked) == 1

    time_machine.move_to(clock.now() + timedelta(hours=25))

    assert seen(client, "ventanilla_events", **booked) is None


def test_who_waits_is_counted_and_for_how_long(client, visit, time_machine):
    time_machine.move_to(clock.now(), tick=False)
    queue.arrive(visit)
    db.session.commit()
    time_machine.shift(90)

    assert seen(client, "ventanilla_waiting", town="vilaclara") == 1
    assert seen(client, "ventanilla_waiting_longest_seconds", town="vilaclara") == 90


def test_who_takes_a_seat_again_is_a_reconnection(client, visit):
    for part, incarnation in ((Part.CITIZEN, 3), (Part.CLERK, 1)):
        seat = Participant(visit_id=visit.id, part=part, seat=incarnation, incarnation=incarnation)
        db.session.add(seat)
    db.session.commit()

    assert seen(client, "ventanilla_call_joins", town="vilaclara") == 2
    assert seen(client, "ventanilla_call_reconnections", town="vilaclara") == 2


def test_acts_that_wait_for_their_seal_are_seen(client, visit):
    queue.arrive(visit)
    queue.call(town.a_clerk(visit.procedure, name="Other"), visit)
    booking.move_on(visit, Status.SERVED)
    acts.ask(visit)
    db.session.commit()
    assert seen(client, "ventanilla_acts_unsealed") == 1
    assert seen(client, "ventanilla_acts_in_vain") == 0

    db.session.query(SealedAct).update({"tries": 2})
    db.session.commit()

    assert seen(client, "ventanilla_acts_in_vain") == 1


def test_who_is_told_no_is_counted_by_the_kind_of_no(client, visit):
    def told():
        shown = town.figures_in(client.get("http://localhost/metrics").text)
        return {
            dict(labels)["kind"]: count
            for (name, labels), count in shown.items()
            if name == "ventanilla_refusals_total"
        }

    before = told()

    for _ in range(2):
        answer = client.get(f"{town.base(visit.town)}/ca/visits/nobody")
        assert answer.status_code == 404

    changed = {kind: count - before.get(kind, 0) for kind, count in told().items()}
    assert [count for count in changed.values() if count] == [2]


def test_processes_of_one_machine_count_their_refusals_together(tmp_path):
    """As gunicorn starts them: the place is told before the first of them is made."""
    counts = tmp_path / "counts"
    counts.mkdir()
    program = """
from app import create_app
from app.core import metrics
made = create_app(TESTING=True, SMS_PROVIDER="memory")
with made.app_context():
    metrics.refusals.labels("Missing").inc()
counted = metrics.MultiProcessCollector(None).collect()
print([sample.value for figure in counted for sample in figure.samples])
"""
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={
                **os.environ,
                "PROMETHEUS_MULTIPROC_DIR": str(counts),
                "VENTANILLA_INSTANCE": str(tmp_path),
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for _ in range(2)
    ]

    assert told == ["[1.0]", "[2.0]"]
