"""Papers end with their visit, or when somebody takes them back; what is left says nothing."""

import os
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.archive import services as archive
from app.archive.errors import FileGone, FileOpensNoMore
from app.archive.models import StoredFile
from app.archive.services import open_file
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db, new_code
from app.papers import incoming, jobs, queries, services
from app.papers.models import Paper, PaperKind, PaperState, Side
from app.papers.services import checking
from app.privacy import services as privacy
from app.privacy.models import BlockReason
from app.privacy.services import ending
from tests import town
from tests.beside import beside_another
from tests.papers.files import a_pdf, a_photograph


def the_paper() -> Paper:
    return db.session.scalars(sa.select(Paper)).one()


def stored() -> list[StoredFile]:
    with sees_blocked():
        return list(db.session.scalars(sa.select(StoredFile)))


def test_what_was_removed_is_destroyed_after_an_hour(citizen):
    paper = citizen.send("volant de Jordi Puig.pdf", a_pdf())["paper"]
    citizen.post(f"/{paper}/remove")

    jobs.clear_away()
    assert not any(file.is_destroyed for file in stored())

    with time_machine.travel(clock.now() + queries.BRING_BACK + timedelta(minutes=1), tick=False):
        jobs.clear_away()
        assert citizen.post(f"/{paper}/restore").status_code == 404

    assert len(stored()) == 3
    assert all(file.is_destroyed for file in stored())
    left = the_paper()
    assert (left.name, left.digest, left.contents) == ("", "", {})


def test_what_nobody_went_on_sending_is_thrown_away_after_a_day(citizen):
    paper = citizen.begin("foto.jpg", a_photograph()).get_json()["paper"]
    citizen.piece(paper, 0, b"\xff\xd8\xff")

    jobs.clear_away()
    assert (incoming.folder() / paper).exists()

    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1), tick=False):
        jobs.clear_away()

    assert not (incoming.folder() / paper).exists()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Paper)) == 0


def test_a_check_that_its_process_did_not_end_is_made_again(citizen):
    content = a_pdf()
    paper = citizen.begin("volant.pdf", content).get_json()["paper"]
    citizen.piece(paper, 0, content)
    the_paper().go(PaperState.CHECKING)
    db.session.commit()

    assert jobs.look_into_what_waits() == 0
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=False):
        assert jobs.look_into_what_waits() == 1

    assert the_paper().state is PaperState.READY


def test_papers_end_with_their_visit_and_no_key_opens_them(citizen, visit, place):
    citizen.send("volant.pdf", a_pdf())
    files = stored()

    ending.end_visits([visit.id], place)
    db.session.expire_all()

    assert db.session.scalars(sa.select(Paper.name)).all() in ([], [""])
    for file in files:
        with pytest.raises((FileGone, FileOpensNoMore)):
            open_file(file)


def test_whose_data_is_blocked_shows_no_paper_to_anybody(citizen, counter_of, visit, place):
    paper = citizen.send("volant.pdf", a_pdf())["paper"]

    privacy.block(visit.citizen, place, BlockReason.ASKED)
    db.session.commit()

    assert counter_of.get(f"/{paper}").status_code == 404
    assert counter_of.get(f"/{paper}/file").status_code == 404
    assert citizen.get("").status_code == 404


def test_what_was_forgotten_keeps_nobody_elses_paper_from_being_forgotten(citizen, visit):
    """However many were removed before it."""
    for _ in range(100):
        db.session.add(a_forgotten_paper(visit))
    db.session.commit()
    paper = citizen.send("volant de Jordi Puig.pdf", a_pdf())["paper"]
    citizen.post(f"/{paper}/remove")

    with time_machine.travel(clock.now() + queries.BRING_BACK + timedelta(minutes=1), tick=False):
        jobs.clear_away()

    assert len(stored()) == 3
    assert all(file.is_destroyed for file in stored())


def a_forgotten_paper(visit) -> Paper:
    gone = clock.now() - timedelta(days=3)
    return Paper(
        visit_id=visit.id,
        side=Side.CITIZEN,
        key=new_code(),
        name="",
        kind=PaperKind.PDF,
        size=1,
        state=PaperState.REMOVED,
        moved_at=gone,
        removed_at=gone,
    )


def test_what_a_judge_may_ask_for_stays_and_keeps_nothing_else_from_going(
    citizen, visit, place, clerk
):
    kept = citizen.send("volant.pdf", a_pdf())["paper"]
    citizen.post(f"/{kept}/remove")
    archive.hold(f"visit:{visit.code}")
    other = a_forgotten_paper(town.a_visit(town.a_wish(place, visit.procedure)))
    other.name = "foto.jpg"
    db.session.add(other)
    db.session.commit()

    with time_machine.travel(clock.now() + queries.BRING_BACK + timedelta(minutes=1), tick=False):
        jobs.clear_away()

    assert not any(file.is_destroyed for file in stored())
    assert other.name == ""


def test_what_was_checked_and_could_not_be_written_down_is_checked_again(citizen, monkeypatch):
    """The register fails at the very end: what the citizen was told is kept safe is still here."""
    content = a_pdf()
    paper = citizen.begin("volant.pdf", content).get_json()["paper"]
    citizen.piece(paper, 0, content)

    def fails(event):
        raise OSError("no register")

    with monkeypatch.context() as street:
        street.setattr(checking, "publish", fails)
        with pytest.raises(OSError, match="no register"):
            citizen.finish(paper)
    assert the_paper().state is PaperState.CHECKING
    assert (incoming.folder() / paper).exists()

    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=False):
        jobs.look_into_what_waits()

    assert the_paper().state is PaperState.READY
    assert not (incoming.folder() / paper).exists()


def test_bytes_on_their_way_of_which_no_row_speaks_are_swept_away_after_a_month(citizen):
    """A process ended halfway; or an older register is here, and the newer one may come back."""
    coming = citizen.begin("foto.jpg", a_photograph()).get_json()["paper"]
    citizen.piece(coming, 0, b"\xff\xd8\xff")
    stranger = incoming.folder() / "bcdfghjkmnpq"
    stranger.write_bytes(b"noise")
    for days, is_there in ((29, True), (31, False)):
        before = (clock.now() - timedelta(days=days)).timestamp()
        for file in (stranger, incoming.folder() / coming):
            if file.exists():
                os.utime(file, (before, before))

        jobs.clear_away()

        assert stranger.exists() is is_there
    assert (incoming.folder() / coming).exists()


def test_of_two_windows_that_begin_the_same_file_at_once_the_second_finds_the_first(
    visit, monkeypatch
):
    with beside_another(monkeypatch, lambda: begun(visit)):
        second = begun(visit)

    assert the_paper().id == second.id


def begun(visit) -> Paper:
    return services.begin(
        visit, Side.CITIZEN, name="foto.jpg", size=9, key="a-key-of-sixteen-signs"
    )


def test_of_two_who_show_a_paper_at_once_both_look_at_one(citizen, called, monkeypatch):
    citizen.send("foto.jpg", a_photograph())
    with beside_another(monkeypatch, lambda: services.show(called, the_paper(), Side.CLERK)):
        services.show(called, the_paper(), Side.CITIZEN)

    assert queries.look_of(called).shown_by is Side.CITIZEN
