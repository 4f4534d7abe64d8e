"""What the house writes down about itself names nobody, whatever happens."""

import io
import json
import os
import subprocess
import sys

import pytest
import structlog

from app.booking.models import Visit
from app.core.db import db
from app.messaging import services as messaging
from app.messaging.providers import Refused
from app.schedule import queries as schedule
from tests import town

NAME = "Berenguera Anguera"


@pytest.fixture
def wish():
    place = town.a_town(early_minutes=60 * 24 * 30)
    town.a_clerk(town.a_procedure())
    made = town.a_wish(place, town.the_procedure("padron"))
    db.session.commit()
    return made


class Nobody:
    """A provider that takes nothing, and says it with the number."""

    can_call, can_join, reports_to = False, False, ""

    def send(self, parcel):
        raise Refused("nobody answers there")

    def sent_before(self, parcel, since):
        return None


@pytest.fixture
def written():
    """Where the house writes during this test, as it would write."""
    before, file = structlog.get_config()["logger_factory"], io.StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file))
    yield file
    structlog.configure(logger_factory=before)


def test_a_booking_that_goes_wrong_in_every_way_leaves_no_name_number_or_code(
    app, client, wish, written, monkeypatch
):
    at = schedule.first_free(wish).starts_at
    visit = town.a_visit(wish, at, name=NAME)
    monkeypatch.setitem(app.extensions, "sms", Nobody())
    messaging.deliver_due()

    def broken(**words):
        raise ValueError("a mistake of ours")

    monkeypatch.setitem(app.config, "APOLOGISE", True)
    monkeypatch.setitem(app.view_functions, "portal.visit", broken)
    base = town.base(wish.town)
    answers = [
        client.get(f"{base}/ca/visits/{visit.code}").status_code,
        client.get(f"{base}/ca/visits/{visit.code}/nothing").status_code,
        client.post(f"{base}/ca/visits/{visit.code}/cancel").status_code,
    ]

    said = written.getvalue()
    assert 500 in answers
    assert "mistake of ours" in said
    for word in (NAME, "Berenguera", town.PHONE, town.PHONE[3:], visit.code):
        assert word not in said, word
    assert db.session.get_one(Visit, visit.id).name == NAME


def test_in_production_each_line_is_one_piece_of_json(tmp_path):
    program = """
import structlog
from app import create_app
create_app()
structlog.get_logger().info("something", number=1)
"""
    environment = {
        **os.environ,
        "VENTANILLA_INSTANCE": str(tmp_path),
        "VENTANILLA_SECRET_KEY": "k" * 32,
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )

    line = json.loads(done.stderr.splitlines()[-1])
    assert (line["event"], line["number"], line["level"]) == ("something", 1, "info")
    assert line["timestamp"]
