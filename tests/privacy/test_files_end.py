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
from app.archive.errors import FileHeld
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
from app.privacy.errors import OnHold
from app.privacy.holdings import Person
from app.privacy.models import BlockReason, HoldReason, Kept
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


def test_what_a_judge_needs_keeps_the_files_too_also_those_that_come_later(place):
    person, file = a_paper(place)
    by = town.a_supervisor()
    first = services.place_hold(person.id, by, HoldReason.COURT, "DP 1/2026")
    second = services.place_hold(person.id, by, HoldReason.CLAIM, "RC 2/2026")
    _, later = a_paper(place)
    db.session.commit()

    for one in (file, later):
        with pytest.raises(FileHeld):
            archive.delete(one)
    services.lift(first, by)
    assert queries.is_on_hold(file.owner)
    services.lift(second, by)
    assert not queries.is_on_hold(file.owner)
    assert not queries.is_on_hold(later.owner)


def test_a_hold_on_one_visit_keeps_its_person_from_being_destroyed(place):
    person, file = a_paper(place)
    archive.hold(file.owner, reference="DP 1/2026")
    blocked = services.block(person, place, BlockReason.ASKED)
    db.session.commit()

    with pytest.raises(OnHold):
        services.destroy(blocked, place, is_early=True)
    with time_machine.travel(clock.now() + timedelta(days=2000)):
        assert blocked not in held.due_blockings()
        nights.run(place)
        assert not state_of(file).is_destroyed
        archive.release(file.owner)
        assert blocked in held.due_blockings()
        services.destroy(blocked, place)
    assert state_of(file).is_destroyed


def test_a_visit_stays_as_long_as_its_act_must(place):
    _, paper = a_paper(place)
    wish = town.a_wish(place, town.the_procedure("padron"))
    visit = town.a_visit(wish, phone="+34600999888")
    for status in (Status.WAITING, Status.CALLED, Status.IN_SERVICE, Status.SERVED):
        visit.go(status)
    act = archive.keep(
        io.BytesIO(b"sealed"), owner=f"visit:{visit.code}", name="act.pdf", purpose="act"
    )
    db.session.commit()
    begun = clock.now()

    for days in (370, 370 + 1100):
        with time_machine.travel(begun + timedelta(days=days)):
            nights.run(place)
    assert state_of(paper).is_destroyed
    assert not state_of(act).is_destroyed
    with time_machine.travel(begun + timedelta(days=1825 + 10)):
        nights.run(place)
    assert state_of(act).is_destroyed
