"""The files of a visit end with what they belong to: blocked with it, destroyed with it."""

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.accounts import queries as accounts
from app.accounts.models import Account
from app.archive import jobs, queries
from app.archive import services as archive
from app.archive.models import Envelope, StoredFile
from app.booking.models import Status
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db
from app.core.storage import Folder
from app.messaging import services as messaging
from app.privacy import jobs as nights
from app.privacy import queries as held
from app.privacy import services
from app.privacy.holdings import Person
from app.privacy.models import BlockReason, Kept
from app.towns.models import Town
from tests import town


@pytest.fixture(autouse=True)
def a_folder(app, tmp_path, monkeypatch):
    monkeypatch.setattr(app, "instance_path", str(tmp_path))
    monkeypatch.setitem(app.extensions, "storage", Folder(tmp_path / "files"))


@pytest.fixture
def place() -> Town:
    made = town.a_town()
    town.a_clerk(town.a_procedure())
    return made


def a_paper(place: Town, phone: str = town.PHONE) -> tuple[Account, StoredFile]:
    """Of a visit that was served."""
    wish = town.a_wish(place, town.the_procedure("padron"))
    visit = town.a_visit(wish, phone=phone)
    for status in (Status.WAITING, Status.CALLED, Status.IN_SERVICE, Status.SERVED):
        visit.go(status)
    file = archive.keep(io.BytesIO(b"12345678Z"), owner=f"visit:{visit.code}", name="DNI.pdf")
    db.session.commit()
    messaging.deliver_due()
    person = accounts.citizen_of(phone)
    assert person
    return person, file


def state_of(file: StoredFile) -> StoredFile:
    with sees_blocked():
        db.session.expire_all()
        return db.session.scalars(sa.select(StoredFile).filter_by(id=file.id)).one()


def test_they_see_which_files_we_hold(place):
    person, file = a_paper(place)

    rows = held.held_about(Person(person.id, person.phone or ""))["files"]

    assert rows == [{"name": "DNI.pdf", "size": 9, "kept_at": file.kept_at}]


def test_files_are_blocked_with_their_person_and_destroyed_with_them(place, app):
    person, file = a_paper(place)
    _, other = a_paper(place, phone="+34600999888")
    store = app.extensions["storage"]

    blocked = services.block(person, place, BlockReason.ASKED)
    db.session.commit()
    assert queries.files_of(file.owner) == []
    assert state_of(file).blocked_at is not None
    services.destroy(blocked, place, is_early=True)
    db.session.commit()
    jobs.take_away_what_ended()

    ended = state_of(file)
    assert (ended.name, ended.sha256) == ("", "")
    assert ended.is_destroyed
    assert not store.exists(ended.place)
    assert db.session.get(Envelope, ended.envelope_id).is_shredded
    assert archive.open_file(state_of(other)).read() == b"12345678Z"


def test_files_end_by_themselves_with_their_visit(place, app):
    _, file = a_paper(place)
    terms = held.terms()
    with time_machine.travel(clock.now() + timedelta(days=terms[Kept.VISITS] + 2)):
        nights.run(place)
        assert state_of(file).blocked_at is not None
        assert not state_of(file).is_destroyed
    with time_machine.travel(
        clock.now() + timedelta(days=terms[Kept.VISITS] + terms[Kept.BLOCKED] + 5)
    ):
        nights.run(place)
        jobs.take_away_what_ended()

    ended = state_of(file)
    assert ended.is_destroyed
    assert not app.extensions["storage"].exists(ended.place)
    assert db.session.get(Envelope, ended.envelope_id).is_shredded
