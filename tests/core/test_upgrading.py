"""The newest step of the register, taken on PostgreSQL while people go on booking."""

import os
import subprocess
import sys
import threading
import time

import psycopg
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade

from app import create_app
from app.core.db import db, transaction
from app.core.upkeep import copying
from app.towns.tenant import speak_for
from tests import postgres, town
from tests.counter import ROOT

NEWS = "INSERT INTO stream_message (channel, name, payload, told_at) VALUES ('a', 'b', '{}', now())"
TOUCH = "UPDATE visit SET starts_at = starts_at"


@pytest.fixture
def house(tmp_path, register):
    if postgres.programs() is None:
        pytest.skip("POSTGRESQL IS NOT INSTALLED: no step was taken while people book")
    with postgres.a_server() as address:
        made = create_app(TESTING=True, INSTANCE=str(tmp_path), DATABASE_URL=address)
        with made.app_context():
            upgrade()
            with transaction():
                place = town.a_town()
                clerk = town.a_clerk(town.a_procedure())
                assert clerk
                wish = town.a_wish(place, town.the_procedure("padron"))
                for hour in range(9, 15):
                    town.a_visit(wish, town.tomorrow_at(hour), f"+3460000{hour:04d}")
            speak_for(None)
            db.session.remove()
            yield made
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def before(house):
    """The register as the last release left it, with its rows."""
    folder = ScriptDirectory("app/migrations")
    head = folder.get_current_head()
    assert head
    last = folder.get_revision(head).down_revision
    assert isinstance(last, str)
    downgrade(revision=last)
    return last


def test_servers_that_start_at_once_prepare_one_register(tmp_path):
    if postgres.programs() is None:
        pytest.skip("POSTGRESQL IS NOT INSTALLED: no register was prepared by two")
    with postgres.a_server() as address:
        environment = {
            **{name: text for name, text in os.environ.items() if "VENTANILLA" not in name},
            "VENTANILLA_DATABASE_URL": address,
            "VENTANILLA_INSTANCE": str(tmp_path),
        }
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "core", "prepare"]
        started = [
            subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        ended = [(*one.communicate(timeout=240), one.returncode) for one in started]

    assert [code for *_, code in ended] == [0, 0], ended


def rows(house):
    with db.engine.connect() as connection:
        there = set(sa.inspect(connection).get_table_names())
        return {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in copying.tables()
            if table.name in there and table.name != "stream_message"
        }


class Writer(threading.Thread):
    """Somebody of the version that still runs, in small transactions of their own."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address = address.replace("postgresql+psycopg:", "postgresql:")
        self.over, self.count, self.failed = threading.Event(), 0, []

    def run(self):
        with psycopg.connect(self.address) as line:
            while not self.over.is_set():
                try:
                    line.execute(NEWS)
                    line.execute(TOUCH)
                    line.commit()
                    self.count += 1
                except psycopg.Error as error:
                    line.rollback()
                    self.failed.append(error)


def test_a_step_is_taken_while_somebody_writes_and_loses_nothing(house, before):
    was = rows(house)
    writer = Writer(house.config["DATABASE_URL"])
    writer.start()
    while not writer.count:
        time.sleep(0.01)

    upgrade()
    seen = writer.count
    while writer.count == seen:
        time.sleep(0.01)  # and after it too
    writer.over.set()
    writer.join()

    assert writer.failed == []
    now = rows(house)
    assert {name: now[name] for name in was} == was
    assert now["visit"] == 6
    told = db.session.scalar(sa.text("SELECT count(*) FROM stream_message WHERE channel = 'a'"))
    assert told == writer.count


def test_a_step_does_not_make_others_wait_behind_it_for_long(house, before):
    """Somebody holds every table for a while: the step gives way, and is taken after it."""
    address = house.config["DATABASE_URL"].replace("postgresql+psycopg:", "postgresql:")
    holder = psycopg.connect(address)
    with db.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
    holder.execute(f"LOCK TABLE {', '.join(f'public.{name}' for name in names)} IN SHARE MODE")  # type: ignore[arg-type]

    release = threading.Timer(5, holder.close)
    release.start()
    upgrade()
    release.join()

    assert db.session.scalar(sa.text("SELECT version_num FROM alembic_version")) != before
