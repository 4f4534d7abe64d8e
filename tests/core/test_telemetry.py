"""Spans: what leaves for a collector, read there, and what never does."""

import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from flask_migrate import upgrade
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app import create_app
from app.core import jobs, telemetry
from app.core.db import db
from app.towns.tenant import every_town, speak_for
from tests import postgres, town
from tests.counter import ROOT, a_free_port

REQUEST = 2  # the kind of span, as it travels
NAME, PHONE, CODE = "Berenguera Anguera", "612345678", "k3m9secretcode"


class Collector(HTTPServer):
    """A collector of spans: whatever is sent to it by OTLP/HTTP, decoded."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Heard)
        self.bodies, self.words = [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def spans(self):
        read = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            span
            for one in read
            for resource in one.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Heard(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/traces":
            self.server.bodies.append(body)
            self.server.words.append(self.headers.get("Authorization"))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.fixture
def collector():
    listening = Collector()
    yield listening
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def a_house(tmp_path):
    made = []

    def house(*, has_a_town=False, **settings):
        register = postgres.register_in(tmp_path)
        settings = {"DATABASE_URL": register, "INSTANCE": str(tmp_path), **settings}
        made.append(
            create_app(TESTING=True, SECRET_KEY="x" * 32, SMS_PROVIDER="memory", **settings)
        )
        if not has_a_town:
            return made[-1]
        with made[-1].app_context():
            upgrade()
            with every_town():
                town.a_town("telling")
                town.a_clerk(town.a_procedure())
                db.session.commit()
            speak_for(None)
            db.session.remove()
        return made[-1]

    yield house
    for app in made:
        telemetry.close(app)
        with app.app_context():
            db.engine.dispose()


def ask_for_everything(app):
    client, base = app.test_client(), "http://telling.localhost"
    host = {"User-Agent": NAME, "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
    answers = [
        client.get(f"{base}{path}", headers=host).status_code
        for path in (
            f"/ca/?name={NAME}&phone={PHONE}",
            f"/ca/visits/{CODE}",
            f"/ca/nowhere/{CODE}?phone={PHONE}",
            "/health/live",
        )
    ]
    client.post(f"{base}/ca/visits/new?procedure=padron", data={"phone": PHONE, "name": NAME})
    with app.app_context():
        jobs.run_due(time.monotonic())
    return answers


def test_a_request_is_told_by_its_route_and_questions_and_names_nobody(collector, a_house):
    words = {"Authorization": "Bearer own"}
    app = a_house(has_a_town=True, TELEMETRY_URL=collector.url, TELEMETRY_HEADERS=words)

    assert ask_for_everything(app) == [200, 404, 404, 200]
    telemetry.close(app)

    told = {span.name: span for span in collector.spans}
    home = f"GET {next(app.url_map.iter_rules('portal.home')).rule}"
    assert {home, "GET nowhere", "SELECT"} <= set(told)
    assert any(name.startswith("job app.") for name in told)
    assert any("/visits/<" in name for name in told)
    inside = {s.name for s in collector.spans if s.parent_span_id == told[home].span_id}
    assert "SELECT" in inside
    assert all(span.parent_span_id or span.kind != 3 for span in collector.spans)
    assert set(collector.words) == {"Bearer own"}
    everything = b"".join(collector.bodies)
    for word in (NAME, "Berenguera", PHONE, CODE, "127.0.0.1", "telling.localhost", "INSERT INTO"):
        assert word.encode() not in everything, word
    assert bytes.fromhex("ab" * 16) not in everything  # nor what a stranger says of themselves
    assert {one.key for span in collector.spans for one in span.attributes} <= telemetry.ALLOWED


def test_streams_are_not_told_wherever_they_begin_and_pages_are_whatever_they_ask(
    collector, a_house
):
    app = a_house(has_a_town=True, TELEMETRY_URL=collector.url)
    home = next(app.url_map.iter_rules("portal.home")).rule

    for path in ("kiosk/stream", "kiosk/stream?after=5", "ca/?next=/metrics", "health/live?x=1"):
        app.test_client().get(f"http://telling.localhost/{path}")
    telemetry.close(app)

    assert [span.name for span in collector.spans if span.kind == REQUEST] == [f"GET {home}"]


def test_a_mistake_is_told_by_its_kind_alone(collector, a_house):
    app = a_house(TELEMETRY_URL=collector.url)

    with app.app_context(), pytest.raises(LookupError), telemetry.span(app, "job of a test"):
        raise LookupError(f"nobody has {PHONE}")
    telemetry.close(app)

    (span,) = (span for span in collector.spans if span.name == "job of a test")
    (event,) = span.events
    assert [(one.key, one.value.string_value) for one in event.attributes] == [
        ("exception.type", "LookupError")
    ]
    assert span.status.code == 2
    assert span.status.message == ""


def test_a_part_of_nothing_tells_nothing(collector, a_house):
    app = a_house(TELEMETRY_URL=collector.url, TELEMETRY_PART="0")

    with app.app_context(), telemetry.span(app, "job of a test"):
        pass
    telemetry.close(app)

    assert collector.spans == []


def test_without_a_collector_the_house_goes_on(a_house):
    app = a_house(TELEMETRY_URL=f"http://127.0.0.1:{a_free_port()}")

    with app.app_context(), telemetry.span(app, "job of a test"):
        pass
    assert app.test_client().get("/health/live").status_code == 200

    telemetry.close(app)  # and ends, although nobody takes what it has to tell


def test_without_the_setting_nothing_of_it_is_imported_by_us():
    """Redis' own library looks for the interface by itself, where it is installed."""
    asked = (
        "import sys, app; app.create_app(SMS_PROVIDER='memory');"
        "ours = ('app.core.telemetry_spans', 'opentelemetry.instrumentation');"
        "sys.exit(any(name.startswith(ours) for name in sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


def test_without_the_packages_it_does_not_start_and_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "app.core.telemetry_spans", None)

    with pytest.raises(SystemExit, match="make install-telemetry"):
        create_app(TESTING=True, INSTANCE=str(tmp_path), TELEMETRY_URL="http://127.0.0.1:4318")
