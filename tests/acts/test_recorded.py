"""A visit that was recorded: its act names film, gaps, consents, and the head of the ledger."""

import io
import json
import subprocess
import zipfile
from contextvars import Context

import pytest
from pypdf import PdfReader

from app.accounts.models import Role
from app.acts import csv, queries, sealing, services
from app.acts.services import making
from app.archive import queries as kept
from app.booking import services as booking
from app.booking.models import Status
from app.calls import services as calls
from app.calls.models import Part
from app.core import clock
from app.core.db import db
from app.queue import services as queue
from app.recordings import queries as recordings
from app.recordings import services as recording
from app.recordings.models import End
from app.towns.models import Recording
from tests import town
from tests.recordings.conftest import WEBM, a_film, agree, end_take, now_ms, send_film


@pytest.fixture
def running(place):
    """A call in which everybody has agreed, and which is being recorded."""
    procedure = town.a_procedure(recording=Recording.MAY, recording_reason=town.texts("So"))
    clerk = town.a_clerk(procedure)
    visit = town.a_visit(town.a_wish(place, procedure))
    queue.arrive(visit)
    queue.call(clerk, visit)
    calls.join(visit, Part.CLERK, "Ana Pi", camera=True, microphone=True)
    citizen = calls.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True)
    segment = recording.ask(visit, clerk)
    agree(segment, citizen)
    recording.start(segment, clerk, "Chrome/150")
    take = recording.begin_take(segment, WEBM, now_ms())
    db.session.commit()
    send_film(segment, take, a_film())
    return segment


@pytest.fixture
def ended(running):
    (take,) = running.takes
    end_take(running, take)
    recording.stop(running, End.CLERK)
    booking.move_on(running.visit, Status.SERVED)
    db.session.commit()
    return running


def make_the_film(segment) -> None:
    for number in recording.claim_due():
        db.session.commit()
        recording.finish(number)
    db.session.refresh(segment)


def test_an_act_waits_for_the_film_and_for_the_last_stamp_of_the_ledger(ended):
    (act,) = queries.acts_of(ended.visit)
    services.go_on(act)
    assert (act.step.value, act.problem) == ("asked", "")

    make_the_film(ended)
    services.go_on(act)
    assert act.step.value == "asked"

    recording.stamp_due()
    services.go_on(act)
    assert act.is_sealed, act.problem


@pytest.fixture
def act(ended):
    make_the_film(ended)
    (made,) = queries.acts_of(ended.visit)
    services.go_on(made)
    recording.stamp_due()
    services.go_on(made)
    assert made.is_sealed, made.problem
    return made


def test_it_names_the_film_its_originals_who_agreed_and_the_head_of_the_ledger(act, ended):
    said = json.loads(sealing.manifest_in(making.read(act.edition)))

    (segment,) = said["recording"]["segments"]
    assert segment["sha256"] == ended.sha256
    assert [file["sha256"] for file in said["files"]] == [ended.sha256, ended.takes[0].sha256]
    assert {one["what"] for one in said["consents"]} == {"recording"}
    assert said["meeting"]["id"] == recordings.meeting_of(ended.visit).code
    assert said["ledger"]["meeting"] == said["meeting"]["id"]
    assert said["ledger"]["stamps"][-1]["reason"] == "end"
    assert said["software"]["build"]


def test_who_agreed_and_did_so_no_longer_is_on_paper(running):
    (consent,) = running.consents
    (take,) = running.takes
    end_take(running, take)
    recording.withdraw(running, consent.participant)
    booking.move_on(running.visit, Status.SERVED)
    db.session.commit()
    make_the_film(running)
    recording.stamp_due()
    (act,) = queries.acts_of(running.visit)
    services.go_on(act)
    recording.stamp_due()
    services.go_on(act)
    assert act.is_sealed, act.problem

    pages = PdfReader(io.BytesIO(making.read(act.edition))).pages
    words = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "Retirado" in words
    assert said_by(act)["consents"][0]["withdrawn_at"]


def said_by(act):
    return json.loads(sealing.manifest_in(making.read(act.edition)))


def given_away(package):
    """As a server sends it: what is still to be read is read when the request is over."""
    return io.BytesIO(Context().run(b"".join, package))


@pytest.fixture
def at_home(act, tmp_path):
    """The proof package, unpacked."""
    package = zipfile.ZipFile(given_away(services.proof_package(act)))
    package.extractall(tmp_path)
    return tmp_path


def verify(folder):
    films = sorted(str(file.relative_to(folder)) for file in (folder / "recording").iterdir())
    command = ["sh", "verify.sh", "--roots", "roots.pem", "--ledger", "ledger.jsonl", "act.pdf"]
    done = subprocess.run(
        [*command, *films], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_at_home_film_act_and_ledger_belong_together(at_home, ended):
    code, said = verify(at_home)

    assert code == 0, said
    assert said.count("is the one that it names") == 2
    assert "the ledger is whole" in said


def test_each_stamp_of_the_ledger_is_good_by_itself(at_home):
    stamps = sorted((at_home / "ledger").glob("*.tsr"))
    for stamp in stamps:
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-in", stamp, "-data", stamp.with_suffix(".txt")]
            + ["-CAfile", at_home / "roots.pem"],
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    assert len(stamps) >= 2


def _edited(lines):
    lines[2] = lines[2].replace('"author":"', '"author":"x')


def _deleted(lines):
    del lines[2]


def _reordered(lines):
    lines[2], lines[3] = lines[3], lines[2]


def _cut(lines):
    del lines[-1]


@pytest.mark.parametrize("change", [_edited, _deleted, _reordered, _cut])
def test_a_ledger_that_was_touched_is_found(at_home, change):
    lines = (at_home / "ledger.jsonl").read_text().splitlines()
    change(lines)
    (at_home / "ledger.jsonl").write_text("\n".join(lines) + "\n")

    code, said = verify(at_home)

    assert code == 1
    assert "NO   " in said


def test_a_bit_of_the_film_is_found(at_home):
    film = next((at_home / "recording").glob("segment-1.webm"))
    content = bytearray(film.read_bytes())
    content[len(content) // 2] ^= 1
    film.write_bytes(content)

    assert verify(at_home)[0] == 1


def test_whoever_has_the_film_compares_it_on_the_page_of_the_act(client, place, act, ended):
    page = client.get(f"{town.base(place)}/ca/check/{csv.shown(act.csv)}").text

    assert ended.sha256 in page


def test_whoever_has_the_film_alone_learns_that_it_is_ours_and_no_more(client, place, act, ended):
    here = f"{town.base(place)}/ca/check"
    for digest in (ended.sha256, ended.takes[0].sha256):
        answer = town.send(client, f"{here}/file", here, sha256=digest)

        assert answer.status_code == 200
        assert 'id="check-found"' in answer.text
        assert csv.shown(act.csv) not in answer.text
    assert town.send(client, f"{here}/file", here, sha256="0" * 64).status_code == 404


def test_the_courts_package_has_the_film_too(act, ended):
    package = zipfile.ZipFile(given_away(services.court_package(act)))

    assert package.testzip() is None
    assert "recording/segment-1.webm" in package.namelist()
    assert ended.sha256 in services.index_of(act).decode()


def test_of_a_blocked_visit_a_court_gets_all_and_nobody_else_anything(client, place, act, ended):
    owner, code = act.owner, ended.visit.code
    whole = zipfile.ZipFile(given_away(services.court_package(act))).namelist()
    for file in kept.files_of(owner):
        file.blocked_at = clock.now()
    for row in (ended.visit, ended, *recordings.consents(ended.visit)):
        row.blocked_at = clock.now()
    db.session.commit()
    town.enter(client, town.a_supervisor(role=Role.ADMINISTRATOR))
    here = f"{town.base(place)}/office/acts/of/{csv.shown(act.csv)}"

    court = town.send(client, f"{here}/court.asice", here)

    package = zipfile.ZipFile(io.BytesIO(court.data))
    assert package.testzip() is None
    assert package.namelist() == whole
    assert ended.sha256 in package.read("index.xml").decode()
    assert town.send(client, f"{here}/index.xml", here).status_code == 200
    for page in (f"visits/{code}/proof.zip", f"visits/{code}/act.pdf", f"check/{act.csv}/act.pdf"):
        assert client.get(f"{town.base(place)}/ca/{page}").status_code == 404


def test_a_blocked_film_is_in_no_package_but_the_courts(act, ended):
    for file in kept.files_of(act.owner, "recording"):
        file.blocked_at = clock.now()
    db.session.commit()

    court = zipfile.ZipFile(given_away(services.court_package(act)))
    home = zipfile.ZipFile(given_away(services.proof_package(act)))

    assert "recording/segment-1.webm" in court.namelist()
    assert "recording/segment-1.webm" not in home.namelist()
