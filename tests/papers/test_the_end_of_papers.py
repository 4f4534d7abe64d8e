"""Papers end with their visit, or when somebody takes them back; what is left says nothing."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.archive.errors import FileGone, FileOpensNoMore
from app.archive.models import StoredFile
from app.archive.services import open_file
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db
from app.papers import incoming, jobs, queries
from app.papers.models import Paper, PaperState
from app.privacy import services as privacy
from app.privacy.models import BlockReason
from app.privacy.services import ending
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
