"""What is no paper, or means harm, is turned away with a sentence; the house goes on."""

import io
import os

import pytest
import sqlalchemy as sa
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject

from app.archive.models import StoredFile
from app.audit.models import AuditEntry
from app.core.db import db
from app.papers import incoming, sandbox
from app.papers.models import Paper, PaperState
from app.papers.names import HIDDEN, clean_name
from tests import town
from tests.papers import files
from tests.papers.files import a_pdf, a_photograph, saved

MEGABYTE = 1024 * 1024
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
DOCUMENT_WITH_MACROS = b"PK\x03\x04" + bytes(200)


def the_paper() -> Paper:
    return db.session.scalars(sa.select(Paper)).one()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dibuix.svg", SVG),
        ("carta.docm", DOCUMENT_WITH_MACROS),
        ("programa.exe", b"MZ"),
        ("factura.pdf.exe", b"MZ"),
        ("foto.gif", b"GIF89a"),
        ("foto.heic", b"\0\0\0\x18ftypheic"),
        ("sense ending", a_pdf()),
        ("pagina.html", b"<script>alert(1)</script>"),
    ],
)
def test_what_is_no_paper_by_its_name_is_refused_before_it_is_sent(citizen, name, content):
    answer = citizen.begin(name, content)

    assert answer.status_code == 415
    assert len(answer.get_json()["error"].split()) > 5
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Paper)) == 0


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("dibuix.png", lambda: SVG, "mismatch"),
        ("carta.pdf", lambda: DOCUMENT_WITH_MACROS, "mismatch"),
        ("foto.pdf", lambda: a_photograph(), "mismatch"),
        ("foto.png", lambda: a_photograph(), "mismatch"),
        ("heic.jpg", lambda: b"\0\0\0\x18ftypheic" + bytes(40), "heic"),
        ("davant.pdf", lambda: b"<script>alert(1)</script>" + a_pdf(), "mismatch"),
        ("tallat.jpg", lambda: a_photograph()[:4_000], "broken"),
        ("tallat.png", lambda: a_photograph(kind="PNG")[:3_000], "broken"),
        ("tallat.pdf", lambda: a_pdf()[:250], "broken"),
        ("nomes-el-cap.pdf", lambda: b"%PDF-1.7\n", "broken"),
        ("tancat.pdf", lambda: a_pdf(1, files.is_locked), "locked"),
        ("engega.pdf", lambda: a_pdf(1, files.starts_a_program), "actions"),
        ("enllac.pdf", lambda: a_pdf(1, files.starts_a_program_from_a_link), "actions"),
        ("envia.pdf", lambda: a_pdf(1, files.sends_what_is_written), "actions"),
        ("formulari.pdf", lambda: a_pdf(1, files.is_a_form_of_one_program), "form"),
        ("llarg.pdf", lambda: a_pdf(61), "pages"),
        ("cercle.pdf", lambda: a_pdf(1, files.goes_round), "broken"),
        ("imatge.pdf", lambda: a_pdf(1, files.shows_a_huge_picture), "pixels"),
        ("bomba.pdf", lambda: a_pdf(1, files.unpacks_to_much), "bomb"),
        ("144.png", lambda: saved(Image.new("1", (12_000, 12_000)), "PNG"), "pixels"),
        ("144.jpg", lambda: saved(Image.new("L", (12_000, 12_000)), "JPEG"), "pixels"),
        ("400.png", lambda: saved(Image.new("1", (20_000, 20_000)), "PNG"), "pixels"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_paper_inside_is_refused_with_a_sentence(citizen, name, content, reason):
    told = citizen.send(name, content())

    assert told["state"] == "refused"
    assert len(told["words"].split()) > 5
    assert the_paper().reason == reason
    assert not (incoming.folder() / told["paper"]).exists()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 0
    assert citizen.get(f"/{told['paper']}/file").status_code == 409
    assert told["words"] in citizen.page()
    assert citizen.send("bo.pdf", a_pdf())["state"] == "ready"  # the house goes on


@pytest.mark.parametrize(
    ("change", "what"),
    [(files.runs_a_script, ["scripts"]), (files.carries_a_program, ["files"])],
)
def test_what_could_run_is_not_in_the_paper_that_is_read(citizen, change, what):
    told = citizen.send("formulari.pdf", a_pdf(2, change))

    assert told["state"] == "ready"
    assert the_paper().taken_out == what
    clean = citizen.get(f"/{told['paper']}/file").data
    for word in (b"JavaScript", b"OpenAction", b"EmbeddedFile", b"/AA", b"Launch"):
        assert word not in clean
    assert len(PdfReader(io.BytesIO(clean)).pages) == 2


def test_a_file_that_is_two_things_at_once_is_one_afterwards(citizen):
    both = a_photograph() + b"PK\x03\x04<script>alert(1)</script>" + a_pdf(1, files.runs_a_script)

    told = citizen.send("foto.jpg", both)

    clean = citizen.get(f"/{told['paper']}/file").data
    assert told["state"] == "ready"
    for part in (b"PK\x03\x04", b"<script>", b"%PDF", b"JavaScript"):
        assert part not in clean


def test_a_pdf_with_a_page_hung_behind_its_end_loses_it(citizen):
    told = citizen.send("volant.pdf", a_pdf() + b"\n<html><script>alert(1)</script></html>")

    assert b"<script>" not in citizen.get(f"/{told['paper']}/file").data


def test_a_photograph_is_upright_however_the_telephone_was_held(citizen):
    exif = Image.Exif()
    exif[0x0112] = 6
    wide = Image.new("RGB", (800, 400), "red")

    told = citizen.send("foto.jpg", saved(wide, "JPEG", exif=exif))

    upright = Image.open(io.BytesIO(citizen.get(f"/{told['paper']}/file").data))
    assert upright.size == (400, 800)


def test_pictures_of_every_kind_of_colour_are_read(citizen):
    kinds = {
        "1": "PNG",
        "L": "PNG",
        "P": "PNG",
        "RGBA": "PNG",
        "LA": "PNG",
        "I;16": "PNG",
        "CMYK": "JPEG",
    }
    for mode, kind in kinds.items():
        ending = "png" if kind == "PNG" else "jpg"
        content = saved(Image.new(mode, (300, 200)), kind)

        assert citizen.send(f"{mode[0]}-{len(mode)}.{ending}", content)["state"] == "ready", mode


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\Ana\\DNI.pdf", "DNI.pdf"),
        ("/etc/cron.d/x.pdf", "x.pdf"),
        ("a\0b\r\nSet-Cookie: x.pdf", "abSet-Cookie x.pdf"),
        ("factura\u202efdp.exe.pdf", "facturafdp.exe.pdf"),
        ("\u2066\u200b.pdf", "paper.pdf"),
        ("....pdf", "paper.pdf"),
        ("CON<>|?*.pdf", "CON.pdf"),
        ("n" * 300 + ".pdf", "n" * 75 + ".pdf"),
        ("مستند.pdf", "مستند.pdf"),
    ],
)
def test_names_lead_nowhere_and_hide_nothing(citizen, sent, kept):
    told = citizen.send(sent, a_pdf())

    assert told["name"] == kept
    assert "\r" not in citizen.get(f"/{told['paper']}/file").headers["Content-Disposition"]
    assert f"<bdi>{kept}</bdi>" in citizen.page()


def test_a_cleaned_name_has_no_sign_that_is_not_seen():
    every = "".join(chr(number) for number in range(0x3000))

    assert not HIDDEN.search(clean_name(every))


def test_more_papers_than_a_visit_needs_are_refused_until_one_is_removed(app, citizen, monkeypatch):
    monkeypatch.setitem(app.config, "PAPERS_OF_VISIT", 2)
    first = citizen.send("1.pdf", a_pdf(1))["paper"]
    citizen.send("2.pdf", a_pdf(2))

    assert citizen.begin("3.pdf", a_pdf(3)).status_code == 409

    citizen.post(f"/{first}/remove")
    assert citizen.send("3.pdf", a_pdf(3))["state"] == "ready"


def test_more_bytes_than_a_visit_may_have_are_refused(app, citizen, monkeypatch):
    monkeypatch.setitem(app.config, "PAPERS_BYTES", 1_000)

    assert citizen.begin("1.pdf", a_pdf(30)).status_code == 409


@pytest.mark.parametrize("size", [0, -1, 2**31, 10**12, "1", None, True, 1.5])
def test_a_size_that_cannot_be_is_refused(citizen, size):
    assert citizen.begin("1.pdf", a_pdf(), size=size).status_code in (400, 413, 415)


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(citizen):
    answer = citizen.begin("1.pdf", a_pdf(), size=21 * MEGABYTE)

    assert answer.status_code == 413


def test_more_than_was_said_is_not_taken(citizen):
    content = a_pdf()
    paper = citizen.begin("1.pdf", content).get_json()["paper"]

    assert citizen.piece(paper, 0, content + b"more").status_code == 400
    assert citizen.piece(paper, 0, b"").status_code == 400
    assert the_paper().received == 0


@pytest.mark.parametrize("offset", ["", "x", "-5", "1e9", "99999999999999999999"])
def test_a_piece_that_begins_nowhere_changes_nothing(citizen, offset):
    paper = citizen.begin("1.pdf", a_pdf()).get_json()["paper"]

    assert citizen.piece(paper, offset, b"abc").status_code in (400, 409)
    assert the_paper().received == 0


@pytest.mark.parametrize("sent", [b"", b"[]", b"{", b"[" * 5_000, b'{"name": {}}', b"null"])
def test_words_that_are_none_are_refused(citizen, sent):
    for path in ("/uploads", "/look"):
        answer = citizen.post(path, data=sent, content_type="application/json")

        assert answer.status_code in (400, 409)


def test_a_form_that_is_much_too_large_is_refused_unread(app, citizen, monkeypatch):
    monkeypatch.setitem(app.config, "MAX_FILES_LENGTH", 100_000)

    assert citizen.form(("1.pdf", bytes(300_000))).status_code == 413


def test_a_full_disk_is_said_and_nothing_is_lost(citizen):
    content = a_pdf()
    paper = citizen.begin("1.pdf", content).get_json()["paper"]
    os.symlink("/dev/full", incoming.folder() / paper)

    answer = citizen.piece(paper, 0, content)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert the_paper().received == 0

    (incoming.folder() / paper).unlink()
    citizen.piece(paper, 0, content)
    assert citizen.finish(paper).get_json()["state"] == "ready"


def test_a_disk_that_is_nearly_full_takes_no_new_paper(app, citizen, monkeypatch):
    monkeypatch.setitem(app.config, "STORAGE_SPARE_MEGABYTES", 10**9)

    assert citizen.begin("1.pdf", a_pdf()).status_code == 503
    assert citizen.form(("1.pdf", a_pdf())).status_code == 422


def test_the_largest_picture_that_is_taken_needs_a_bounded_memory(tmp_path):
    bomb = saved(Image.new("1", (6_300, 6_300)), "PNG")
    (tmp_path / "original").write_bytes(bomb)

    read = sandbox.read(tmp_path / "original", "png", most_pages=1)

    assert read.refused == ""
    assert read.peak_kilobytes < 400_000


def test_what_the_house_itself_writes_is_accepted_again(citizen):
    told = citizen.send("volant.pdf", a_pdf(2, files.runs_a_script))
    clean = citizen.get(f"/{told['paper']}/file").data

    assert citizen.send("volant 2.pdf", clean)["state"] == "ready"


def test_objects_are_looked_into_however_deep_they_are(citizen):
    def hide(writer: PdfWriter) -> None:
        inside = files.named(**{"/S": "/Launch"})
        for _ in range(20):
            inside = files.named(**{"/Next": inside})
        files.root(writer)[NameObject("/Odd")] = inside

    citizen.send("amagat.pdf", a_pdf(1, hide))

    assert the_paper().reason == "actions"


def test_another_town_and_another_visit_find_nothing(app, place, citizen):
    paper = citizen.send("volant.pdf", a_pdf())["paper"]
    other = town.a_visit(
        town.a_wish(place, town.the_procedure("padron")), town.tomorrow_at(12), "+34600777888"
    )
    address = f"{town.base(place)}/ca/visits/{other.code}/papers/{paper}"

    for path in ("", "/file", "/thumb", "/pages/1", "/pages/1/words", "/state"):
        assert citizen.client.get(f"{address}{path}").status_code == 404, path


def test_a_refusal_is_in_the_record_with_its_reason(citizen):
    citizen.send("engega.pdf", a_pdf(1, files.starts_a_program))

    line = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.name == "PaperRefused")).one()
    assert line.facts["reason"] == "actions"
    assert the_paper().state is PaperState.REFUSED
