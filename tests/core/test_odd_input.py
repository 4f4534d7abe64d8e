"""Odd input is answered with a sentence, never with a trace."""

import gc
import io

import pytest
import sqlalchemy as sa
from flask import request

from app import create_app
from app.core import jobs, settings
from app.core.db import db
from tests import town

DEEP = "[" * 60_000 + "]" * 60_000


@pytest.fixture
def place():
    made = town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron)
    return made


@pytest.mark.parametrize("path", ["visits/a%00b", "visits/a%00b/cancel"])
def test_a_sign_that_no_register_holds_is_not_our_mistake(client, place, path):
    """SQLite looks for it and finds nothing; PostgreSQL refuses to look."""
    answer = client.get(f"{town.base(place)}/ca/{path}")

    assert answer.status_code in (400, 404)
    assert "<h1" in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "endpoint=x",
        "_anchor=a",
        "_method=x",
        "_scheme=x",
        "_external=1",
        "lang=xx",
        "slug=y",
        "a=%00",
    ],
)
def test_a_query_is_never_taken_for_an_order(client, place, query):
    answer = client.get(f"{town.base(place)}/ca/help?{query}")

    assert answer.status_code == 200
    assert 'href="http://vilaclara' not in answer.text.split("<body")[1]
    assert 'href="/eu/help?' in answer.text


@pytest.mark.parametrize(
    "starts", ["99991231T2359Z", "00010101T0000Z", "２０２６1201T0900Z", "x" * 9999]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_impossible_time_does_not_exist(client, place, starts, method):
    page = client.get(f"{town.base(place)}/ca/help")
    assert page.status_code == 200
    url = f"{town.base(place)}/ca/visits/new?procedure=padron&channel=video&starts={starts}"

    assert getattr(client, method)(url).status_code in (400, 404)


@pytest.mark.parametrize(
    "body",
    [
        DEEP,
        '{"participant": "x", "incarnation": 1e999, "signals": []}',
        '{"participant": "x", "incarnation": NaN, "signals": []}',
        '{"participant": ["x"], "incarnation": {}, "signals": [1]}',
        "nonsense",
        "",
    ],
)
def test_an_impossible_signal_is_refused(client, place, body):
    padron = town.the_procedure("padron")
    visit = town.a_visit(town.a_wish(place, padron))
    home = f"{town.base(place)}/ca/visits/{visit.code}"
    token = town.token_in(client.get(f"{home}/cancel").text)

    answer = client.post(
        f"{home}/room/signals",
        data=body,
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )

    assert answer.status_code in (400, 404, 409, 413)


def test_a_passkey_answer_nested_without_end_is_refused(client, place):
    page = client.get(f"{town.base(place)}/desk/sign-in").text
    token = page.split('name="csrf-token" content="')[1].split('"')[0]

    answer = client.post(
        f"{town.base(place)}/desk/sign-in/finish",
        data=DEEP,
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )

    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["a" * 3000, "..", "vilaclara.localhost.", "[::1]", "x:y:z"])
def test_a_strange_host_is_a_page_that_does_not_exist_or_the_town(client, place, host):
    assert client.get("/ca/", headers={"Host": host}).status_code in (200, 400, 404)


@pytest.mark.parametrize(
    ("word", "means"),
    [("False", False), ("no", False), ("0", False), ("YES", True), ("true", True)],
)
def test_no_means_no_in_the_environment(tmp_path, monkeypatch, word, means):
    monkeypatch.setenv("VENTANILLA_DEMO", word)

    made = create_app(TESTING=True, INSTANCE=str(tmp_path))

    assert made.config["DEMO"] is means
    assert any(rule.rule.startswith("/demo") for rule in made.url_map.iter_rules()) is means


def test_a_word_that_is_neither_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("VENTANILLA_PRODUCTION", "maybe")

    with pytest.raises(settings.Unsafe, match="yes or no"):
        create_app(TESTING=True, INSTANCE=str(tmp_path))


@pytest.mark.parametrize(
    "body", [DEEP, "[1]", '"x"', "7", '{"phone": {"a": 1}}', '{"phone": 1e999}']
)
def test_a_form_sent_as_json_is_an_empty_form(client, place, body):
    page = client.get(f"{town.base(place)}/ca/help").text
    token = page.split('name="csrf-token" content="')[1].split('"')[0]

    answer = client.post(
        f"{town.base(place)}/ca/me/sign-in",
        data=body,
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )

    assert answer.status_code == 422


def test_what_is_sent_with_a_form_never_touches_the_disk(app):
    """A library would put more than half a megabyte into a file of /tmp, in the open."""
    head = b'--x\r\nContent-Disposition: form-data; name="paper"; filename="dni.jpg"\r\n\r\n'
    body = head + bytes(1_500_000) + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    with app.test_request_context(method="POST", data=body, content_type=kind):
        assert isinstance(request.files["paper"].stream, io.BytesIO)
        assert len(request.files["paper"].read()) == 1_500_000


def test_a_register_that_dies_once_an_errand_is_done_does_not_end_the_worker(
    an_empty_house, tmp_path, monkeypatch
):
    house, done = an_empty_house(tmp_path, SECRET_KEY="s" * 40), []

    def look():
        done.append(db.session.scalar(sa.text("SELECT 1")))

    both = {name: jobs.Errand(name, 60, look) for name in ("one", "two")}
    monkeypatch.setattr(jobs, "_errands", both)
    with house.app_context(), monkeypatch.context() as line:
        dialect = db.engine.dialect
        db.engine.connect().close()

        def dies(connection):
            line.undo()
            raise dialect.dbapi.OperationalError("server closed the connection unexpectedly")

        line.setattr(dialect, "do_rollback", dies)
        gc.disable()
        try:
            assert jobs.run_due(1.0) == 2
            assert db.engine.pool.checkedout() == 0  # nor is its place lost until somebody tidies
        finally:
            gc.enable()
            db.engine.dispose()
    assert done == [1, 1]


def test_a_register_that_dies_once_the_answer_is_made_does_not_take_it_away(
    an_empty_house, tmp_path, monkeypatch
):
    house = an_empty_house(tmp_path, SECRET_KEY="s" * 40)
    with house.app_context():
        page = f"{town.base(town.a_town())}/ca/"
        db.session.commit()
        dialect = db.engine.dialect
        db.session.remove()
    begins = dialect.do_rollback
    died = []

    def dies(connection):
        if not died:
            died.append(True)
            raise dialect.dbapi.OperationalError("server closed the connection unexpectedly")
        begins(connection)

    monkeypatch.setattr(dialect, "do_rollback", dies)
    browser = house.test_client()

    assert browser.get(page).status_code == 200
    assert died
    assert browser.get(page).status_code == 200  # and leaves no broken connection behind
    with house.app_context():
        db.engine.dispose()
