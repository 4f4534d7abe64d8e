"""Settings that would lie or leak, headers of every answer, a register in trouble, and assets."""

import gc
import re
import sqlite3
import threading
from pathlib import Path

import flask
import psycopg
import pytest
import sqlalchemy as sa
from flask_migrate import upgrade
from flask_wtf.csrf import generate_csrf, validate_csrf
from itsdangerous import BadSignature
from sqlalchemy.exc import OperationalError, TimeoutError

from app import create_app
from app.core import assets
from app.core import db as register
from app.core.db import db, transaction
from app.towns.models import Town
from tests import town


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"DEMO": True, "PRODUCTION": True}, "exclude each other"),
        ({"DEMO": True, "SMS_PROVIDER": "twilio"}, "real messages"),
        ({"DEMO": True, "PUBLIC_SCHEME": "https"}, "public https"),
        ({"DEMO": True, "HOST": "0.0.0.0"}, "this machine only"),  # noqa: S104 - what is refused
        ({"PRODUCTION": True}, "https"),
        ({"PRODUCTION": True, "PUBLIC_SCHEME": "https"}, "real message provider"),
        ({"SMS_PROVIDER": "twilio"}, "TWILIO_ACCOUNT_SID"),
        (
            {
                "SMS_PROVIDER": "twilio",
                "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
                "TWILIO_AUTH_TOKEN": "t",
                "SMS_SENDER": "Ayto_Madrid",
            },
            "neither a number",
        ),
        ({"SMS_PROVIDER": "pigeon"}, "no provider"),
    ],
)
def test_an_unsafe_installation_does_not_start(tmp_path, wrong, why):
    with pytest.raises(SystemExit, match=why):
        create_app(TESTING=True, INSTANCE=str(tmp_path), SECRET_KEY="k" * 32, **wrong)


@pytest.mark.parametrize("sender", ["AytoMadrid", "Vilaclara 1", "+34600123456"])
def test_a_fit_sender_is_taken(tmp_path, sender):
    made = create_app(
        TESTING=True,
        INSTANCE=str(tmp_path),
        SMS_PROVIDER="twilio",
        TWILIO_ACCOUNT_SID="AC" + "0" * 32,
        TWILIO_AUTH_TOKEN="t",
        SMS_SENDER=sender,
    )

    assert made.config["SMS_SENDER"] == sender


def test_settings_come_from_the_file_and_then_from_the_environment(tmp_path, monkeypatch):
    (tmp_path / "ventanilla.toml").write_text('domain = "example.org"\nport = 9000\n')
    monkeypatch.setenv("VENTANILLA_PORT", "9001")

    made = create_app(TESTING=True, INSTANCE=str(tmp_path))

    assert (made.config["DOMAIN"], made.config["PORT"]) == ("example.org", 9001)


def test_demonstration_pages_do_not_exist_otherwise(client):
    place = town.a_town()

    for path in ("/demo/", "/demo/phone"):
        assert client.get(town.base(place) + path).status_code == 404
    assert client.post(town.base(place) + "/demo/enter/x").status_code in (400, 404)


@pytest.mark.parametrize(
    "trouble",
    [
        sqlite3.OperationalError("database is locked"),
        sqlite3.OperationalError("database or disk is full"),
        OperationalError("INSERT", {}, sqlite3.OperationalError("attempt to write a readonly")),
        OperationalError("SELECT", {}, psycopg.OperationalError("connection refused")),
        OperationalError("COMMIT", {}, psycopg.errors.AdminShutdown("terminating connection")),
        OperationalError("SELECT", {}, psycopg.errors.LockNotAvailable("lock timeout")),
        TimeoutError("QueuePool limit of size 10 overflow 10 reached"),
    ],
    ids=["locked", "full", "readonly", "away", "ended", "waits", "crowded"],
)
def test_a_register_in_trouble_is_said_kindly(app, client, monkeypatch, trouble):
    place = town.a_town()

    def broken():
        raise trouble

    monkeypatch.setitem(app.view_functions, "portal.help_page", broken)
    answer = client.get(town.base(place) + "/en/help")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Nothing was changed" in answer.text
    assert place.phone.replace(" ", "\u00a0") in answer.text


def test_a_mistake_of_ours_is_an_apology_with_a_telephone(app, client, monkeypatch):
    place = town.a_town()
    monkeypatch.setitem(app.view_functions, "portal.help_page", lambda: 1 / 0)
    monkeypatch.setitem(app.config, "APOLOGISE", True)

    answer = client.get(town.base(place) + "/en/help")

    assert answer.status_code == 500
    assert "our mistake" in answer.text
    assert place.phone.replace(" ", "\u00a0") in answer.text


def test_a_transaction_that_fails_writes_nothing():
    place = town.a_town()
    db.session.commit()

    def change_and_fail():
        with transaction():
            place.name = "Changed"
            db.session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()

    assert db.session.get_one(Town, place.id).name == "Vilaclara"


def test_a_writer_waits_for_another_and_then_gives_up_with_a_refusal(tmp_path, monkeypatch):
    """Two connections to one file: the second is told that the register is busy, after its wait."""
    monkeypatch.setattr(register, "WRITE_WAIT_SECONDS", 0.2)
    made = create_app(
        TESTING=True, INSTANCE=str(tmp_path), DATABASE_URL=f"sqlite:///{tmp_path}/busy.db"
    )
    with made.app_context():
        upgrade()
        other = sqlite3.connect(tmp_path / "busy.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        def write():
            with transaction():
                db.session.add(Town(slug="x", host="x", name="x", languages=[], dir3="", phone=""))

        with pytest.raises(sqlite3.OperationalError, match="locked"):
            write()
        other.execute("ROLLBACK")
        write()
        assert other.execute("SELECT count(*) FROM town").fetchone() == (1,)
        other.close()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def file_register(tmp_path):
    """A register in a file of its own, as a house has it."""
    made = create_app(
        TESTING=True, INSTANCE=str(tmp_path), DATABASE_URL=f"sqlite:///{tmp_path}/turns.db"
    )
    with made.app_context():
        upgrade()
        yield made
        db.session.remove()
        db.engine.dispose()


def test_writers_of_one_process_stand_in_line_and_only_the_first_asks_the_file(
    file_register, monkeypatch
):
    """Each of a crowd that asks the file keeps its processor busy, and some have bad luck."""
    asking, most, order = set(), [0], []
    ordinary = register._patiently

    def noted(connection, statement, begun=None):
        if statement.startswith("BEGIN"):
            asking.add(connection)
        most[0] = max(most[0], len(asking))
        try:
            ordinary(connection, statement, begun)
        finally:
            asking.discard(connection)

    monkeypatch.setattr(register, "_patiently", noted)

    def write(number):
        with file_register.app_context():
            with transaction():
                order.append(number)
                db.session.execute(sa.text("UPDATE town SET name = name"))
            db.session.remove()

    with transaction():
        db.session.execute(sa.text("UPDATE town SET name = name"))
        crowd = [threading.Thread(target=write, args=(number,)) for number in range(12)]
        for one in crowd:
            one.start()
    for one in crowd:
        one.join()

    assert sorted(order) == list(range(12))
    assert most == [1]


@pytest.mark.parametrize("end", ["commit", "rollback", "close", "invalidate", "forget"])
def test_the_turn_passes_on_however_a_transaction_ends(file_register, end):
    writing = register._writing.set(True)
    connection = db.engine.connect()
    begun = connection.begin()
    match end:
        case "commit" | "rollback":
            getattr(begun, end)()
        case "close" | "invalidate":
            getattr(connection, end)()
        case "forget":
            del connection, begun
            gc.collect()

    with db.engine.begin() as another:
        assert another.info["has_turn"]
        another.execute(sa.text("UPDATE town SET name = name"))
    register._writing.reset(writing)
    assert "has_turn" not in db.engine.connect().info


def rotate(folder, *words):
    """A new application on that folder, and what the command says."""
    made = create_app(TESTING=True, INSTANCE=str(folder))
    with made.app_context():
        said = made.test_cli_runner().invoke(args=["core", "rotate-secret", *words])
        db.engine.dispose()
    return said


@pytest.fixture
def kept(tmp_path):
    """A folder with one secret key."""
    file = tmp_path / "secret_key"
    file.write_text("the first key\n")
    return file


def test_a_changed_secret_signs_and_the_last_one_is_still_read(tmp_path, kept):
    old = create_app(TESTING=True, INSTANCE=str(tmp_path))

    assert "1 older are still read" in rotate(tmp_path).output

    new = create_app(TESTING=True, INSTANCE=str(tmp_path))
    first, second = kept.read_text().split("\n")[:2]
    assert second == "the first key"
    assert len(first) >= 64
    assert kept.stat().st_mode & 0o777 == 0o600
    assert new.config["SECRET_KEY"] == first
    with old.test_request_context("/"):
        session = old.session_interface.get_signing_serializer(old).dumps({"a": 1})
        form = csrf_token_of(old)
    reader = new.session_interface.get_signing_serializer(new)
    assert reader.loads(session) == {"a": 1}
    assert old.session_interface.get_signing_serializer(old).dumps({"a": 1}) != reader.dumps(
        {"a": 1}
    )
    with new.test_request_context("/"):
        flask.session["csrf_token"] = form[1]
        validate_csrf(form[0])


def csrf_token_of(app):
    token = generate_csrf()
    return token, flask.session["csrf_token"]


def test_a_forgotten_secret_is_no_longer_read(tmp_path, kept):
    old = create_app(TESTING=True, INSTANCE=str(tmp_path))
    session = old.session_interface.get_signing_serializer(old).dumps({"a": 1})

    rotate(tmp_path, "--keep", "0")

    new = create_app(TESTING=True, INSTANCE=str(tmp_path))
    with pytest.raises(BadSignature):
        new.session_interface.get_signing_serializer(new).loads(session)
    assert "the first key" not in kept.read_text()


def test_secrets_are_changed_twice_and_only_as_many_are_kept_as_asked(tmp_path, kept):
    for _ in range(4):
        rotate(tmp_path, "--keep", "2")

    assert len(kept.read_text().split("\n")) == 4  # three keys and the end
    assert "the first key" not in kept.read_text()


def test_a_secret_of_the_settings_is_not_changed_in_a_file_nobody_reads(
    tmp_path, kept, monkeypatch
):
    monkeypatch.setenv("VENTANILLA_SECRET_KEY", "of the environment")
    monkeypatch.setenv("VENTANILLA_SECRET_KEY_FALLBACKS", '["yesterday"]')

    said = rotate(tmp_path)

    assert said.exit_code == 1
    assert "VENTANILLA_SECRET_KEY_FALLBACKS" in said.output
    assert kept.read_text() == "the first key\n"
    made = create_app(TESTING=True, INSTANCE=str(tmp_path))
    assert made.config["SECRET_KEY_FALLBACKS"] == ["yesterday"]


def test_a_new_secret_is_readable_by_nobody_else(tmp_path):
    made = create_app(TESTING=True, INSTANCE=str(tmp_path / "new"))

    with made.app_context():
        made.test_cli_runner().invoke(args=["core", "prepare"])

    file = tmp_path / "new" / "secret_key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(file.read_text()) >= 64
    with made.app_context():
        db.engine.dispose()


def test_one_stylesheet_holds_every_import_in_its_layer(tmp_path):
    root = Path(__file__).parents[2]

    text = assets.squeezed(assets.inlined(root / "static" / "css" / "site.css"))

    assert "@import" not in text
    for layer in ("tokens", "base", "components", "features"):
        assert f"@layer {layer} {{" in text


def test_a_script_loses_its_comments_and_nothing_else():
    source = """/** Says. */
export const a = 1
  /** @type {x} */ (a).b()
  c() /* kept */ // kept
  /**
   * @type {x}
   */
  d()
"""

    assert assets.lightened(source) == (
        "export const a = 1\n/** @type {x} */ (a).b()\nc() /* kept */ // kept\nd()\n"
    )


def test_no_script_has_a_template_text_of_several_lines():
    """Their indentation would be part of the text, and it is taken away."""
    for file in (Path(__file__).parents[2] / "static" / "js").rglob("*.js"):
        for text in re.findall(r"`[^`]*`", file.read_text()):
            assert "\n" not in text, file


def test_a_file_of_the_browser_is_compressed_and_kept_for_ever(client, app):
    url = app.config["ASSET_PREFIX"] + "vendor/htmx.min.js"

    answer = client.get(url, headers={"Accept-Encoding": "br, gzip"})

    assert answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"]
    assert len(answer.data) < 13_000
    answer.close()
    assert client.get(url.replace(url.split("/")[2], "0" * 12)).status_code == 404


def test_a_page_is_compressed_as_the_browser_likes(client):
    place = town.a_town()
    town.a_procedure()

    page = client.get(town.base(place) + "/ca/", headers={"Accept-Encoding": "br"})
    old = client.get(town.base(place) + "/ca/", headers={"Accept-Encoding": "gzip"})

    assert page.headers["Content-Encoding"] == "br"
    assert old.headers["Content-Encoding"] == "gzip"
