"""A paper comes over a good line or a poor one, with a script or without, and can be read."""

import hashlib
import io

import pytest
import sqlalchemy as sa
from PIL import Image

from app.archive import queries as files
from app.archive import services as archive
from app.audit.models import AuditEntry
from app.core.db import db
from app.papers import incoming
from app.papers.models import Paper, PaperState
from tests.papers.files import a_pdf, a_photograph


def the_paper() -> Paper:
    return db.session.scalars(sa.select(Paper)).one()


def kept(code: str | None) -> bytes:
    with archive.open_file(files.file_or_404(code or "")) as opened:
        return opened.read()


def test_a_pdf_is_read_page_by_page_by_both_sides(citizen, counter_of):
    told = citizen.send("volant.pdf", a_pdf(3))

    assert told["state"] == "ready"
    for side in (citizen, counter_of):
        page = side.get(f"/{told['paper']}")
        assert "Page number 2" in page.text  # its words, for whoever cannot see it
        picture = side.get(f"/{told['paper']}/pages/3")
        assert Image.open(io.BytesIO(picture.data)).size == (1414, 2000)
        assert side.get(f"/{told['paper']}/pages/2/words").get_json()["text"] == "Page number 2"
        assert side.get(f"/{told['paper']}/pages/4").status_code == 404


def test_a_photograph_loses_where_it_was_taken_and_the_original_is_kept_aside(citizen):
    sent = a_photograph()
    assert b"Exif" in sent

    told = citizen.send("foto.JPG", sent)

    clean = citizen.get(f"/{told['paper']}/file")
    assert clean.headers["Content-Disposition"].startswith("attachment")
    assert clean.headers["X-Content-Type-Options"] == "nosniff"
    assert not Image.open(io.BytesIO(clean.data)).getexif()
    assert b"Exif" not in clean.data
    assert kept(the_paper().original) == sent
    assert the_paper().digest == hashlib.sha256(sent).hexdigest()


def test_nobody_is_ever_given_the_original(app, citizen):
    paper = citizen.send("foto.jpg", a_photograph())["paper"]
    rules = [rule.rule for rule in app.url_map.iter_rules() if "<paper>" in rule.rule]

    assert not [rule for rule in rules if "original" in rule]
    assert citizen.get(f"/{paper}/file").data != a_photograph()


def test_nothing_in_the_clear_ever_touches_the_disk(app, citizen):
    content = a_pdf(1)
    begun = citizen.begin("a.pdf", content).get_json()
    citizen.piece(begun["paper"], 0, content)

    on_disk = (incoming.folder() / begun["paper"]).read_bytes()
    assert len(on_disk) == len(content)
    assert b"PDF" not in on_disk

    citizen.finish(begun["paper"])
    assert not (incoming.folder() / begun["paper"]).exists()
    assert the_paper().wrapped is None


def test_a_line_that_breaks_goes_on_where_it_was(citizen):
    content = a_photograph(2000, 1500)
    begun = citizen.begin("foto.jpg", content).get_json()
    citizen.piece(begun["paper"], 0, content[:10_001])

    again = citizen.begin("foto.jpg", content).get_json()

    assert (again["paper"], again["offset"]) == (begun["paper"], 10_001)
    rest = content[10_001:]
    assert citizen.piece(begun["paper"], 10_001, rest).get_json()["offset"] == len(content)
    assert citizen.finish(begun["paper"]).get_json()["state"] == "ready"
    assert kept(the_paper().original) == content


def test_two_windows_that_send_the_same_file_make_one_paper_of_it(citizen):
    content = a_photograph()
    first = citizen.begin("foto.jpg", content).get_json()
    second = citizen.begin("foto.jpg", content).get_json()
    assert first["paper"] == second["paper"]

    citizen.piece(first["paper"], 0, content[:9_000])
    late = citizen.piece(first["paper"], 0, content[:4_000])
    ahead = citizen.piece(first["paper"], 12_000, content[12_000:13_000])

    assert late.get_json()["offset"] == 9_000  # had already come
    assert (ahead.status_code, ahead.get_json()["offset"]) == (409, 9_000)
    citizen.piece(first["paper"], 9_000, content[9_000:])
    assert citizen.finish(first["paper"]).get_json()["state"] == "ready"
    assert citizen.finish(first["paper"]).get_json()["state"] == "ready"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Paper)) == 1
    assert kept(the_paper().original) == content


def test_a_piece_that_arrives_damaged_is_asked_for_again(citizen):
    content = a_photograph()
    paper = citizen.begin("foto.jpg", content).get_json()["paper"]

    answer = citizen.piece(paper, 0, content[:5_000], digest="0" * 64)

    assert (answer.status_code, answer.get_json()["offset"]) == (400, 0)
    assert the_paper().received == 0


def test_a_file_that_is_not_all_here_is_not_finished(citizen):
    content = a_photograph()
    paper = citizen.begin("foto.jpg", content).get_json()["paper"]
    citizen.piece(paper, 0, content[:5_000])

    answer = citizen.finish(paper)

    assert (answer.status_code, answer.get_json()["offset"]) == (409, 5_000)
    assert the_paper().state is PaperState.RECEIVING


def test_a_file_that_changed_on_its_way_is_refused(citizen):
    content = a_photograph()
    told = citizen.begin("foto.jpg", content, digest="0" * 64).get_json()
    citizen.piece(told["paper"], 0, content)

    assert citizen.finish(told["paper"]).get_json()["state"] == "refused"
    assert the_paper().reason == "changed"


def test_what_was_turned_away_can_be_tried_again_and_goes_on_where_it_was(citizen):
    content = a_pdf()
    digest = hashlib.sha256(content).hexdigest()
    first = citizen.begin("volant.pdf", content).get_json()["paper"]
    citizen.piece(first, 0, bytes(len(content)))
    assert citizen.finish(first).get_json()["state"] == "refused"

    second = citizen.begin("volant.pdf", content, digest=digest).get_json()["paper"]
    citizen.piece(second, 0, content[:500])

    assert second != first
    assert citizen.send("volant.pdf", content) == {
        **{"paper": second, "state": "ready", "offset": len(content)},
        **{"name": "volant.pdf", "words": ""},
    }


def test_sending_can_be_given_up_and_nothing_is_left(citizen):
    content = a_photograph()
    paper = citizen.begin("foto.jpg", content).get_json()["paper"]
    citizen.piece(paper, 0, content[:5_000])

    assert citizen.post(f"/{paper}/cancel").status_code == 204

    assert db.session.scalar(sa.select(sa.func.count()).select_from(Paper)) == 0
    assert not (incoming.folder() / paper).exists()


def test_without_a_script_several_files_come_in_one_form(citizen):
    answer = citizen.form(("volant.pdf", a_pdf()), ("foto.png", a_photograph(kind="PNG")))

    assert answer.status_code == 303
    page = citizen.page()
    assert "volant.pdf" in page
    assert "foto.png" in page
    assert {paper.state for paper in db.session.scalars(sa.select(Paper))} == {PaperState.READY}


def test_a_form_without_files_says_what_to_do(citizen):
    answer = citizen.form(("", b""))

    assert answer.status_code == 422
    assert "error-summary" in answer.text


def test_the_clerk_sends_papers_too_and_the_citizen_sees_whose_they_are(citizen, counter_of):
    told = counter_of.send("resposta.pdf", a_pdf())

    assert told["state"] == "ready"
    assert f'id="paper-{told["paper"]}"' in citizen.page()
    assert f'id="paper-remove-{told["paper"]}"' not in citizen.page()
    assert citizen.post(f"/{told['paper']}/remove").status_code == 403


def test_a_paper_that_was_removed_can_be_brought_back_and_then_is_gone(citizen):
    paper = citizen.send("volant.pdf", a_pdf())["paper"]

    citizen.post(f"/{paper}/remove")
    assert citizen.get(f"/{paper}").status_code == 404
    assert f'id="paper-restore-{paper}"' in citizen.page()

    citizen.post(f"/{paper}/restore")
    assert citizen.get(f"/{paper}").status_code == 200


@pytest.mark.parametrize("side", ["citizen", "counter_of"])
def test_every_look_is_in_the_record(request, side, citizen):
    reader = request.getfixturevalue(side)
    paper = citizen.send("volant.pdf", a_pdf())["paper"]

    reader.get(f"/{paper}")

    lines = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.name == "FileRead")).all()
    assert len(lines) == 1
    assert lines[0].facts["why"] == "paper read"
    assert ("account:" in lines[0].facts["reader"]) == (side == "counter_of")


def test_the_record_says_nothing_of_names_or_contents(citizen):
    citizen.send("Jordi Puig 12345678Z.pdf", a_pdf())

    lines = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.name.like("Paper%"))).all()
    assert [line.name for line in lines] == ["PaperReceived"]
    assert not [line for line in lines if "Puig" in str(line.facts)]
