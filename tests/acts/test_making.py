"""One act for each visit, with what happened in it and no more; stopped anywhere, it goes on."""

import json
import re
import subprocess

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.acts import csv, queries, sealing, services
from app.acts.errors import NothingNew, NotOver
from app.acts.manifest import digest_of
from app.acts.models import ActEdition, SealedAct, Step
from app.acts.services import making
from app.acts.services.asking import replace
from app.archive.models import StoredFile
from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from tests import town


def said_in(content: bytes) -> dict:
    return json.loads(sealing.manifest_in(content))


def test_a_visit_that_is_not_over_has_no_act_yet(attended, clerk):
    with pytest.raises(NotOver):
        services.ask(attended, clerk)


def test_asked_for_twice_it_is_one(served, clerk):
    first, second = services.ask(served, clerk), services.ask(served)

    assert first is second
    assert len(queries.acts_of(served)) == 1


def test_the_table_itself_forbids_a_second_one(act):
    twin = SealedAct(
        csv=csv.new(),
        identifier="ES_X",
        visit_id=act.visit_id,
        meeting="m",
        version=1,
        language="ca",
    )
    db.session.add(twin)

    with pytest.raises(IntegrityError):
        db.session.flush()


def test_sealed_twice_at_once_it_has_one_file(served, clerk):
    act = services.ask(served, clerk)
    db.session.commit()
    with sealing.in_hand() as sealer:
        services.fix(act, sealer)
        stale = act.manifest
        services.finish(act, sealer)
        sa.inspect(act).dict["step"], sa.inspect(act).dict["manifest"] = Step.FIXED, stale
        services.finish(act, sealer)

    assert act.is_sealed
    assert len(db.session.scalars(sa.select(ActEdition)).all()) == 1


def test_it_says_who_when_how_surely_and_what_came_of_it(act, content, served, clerk):
    said = said_in(content)

    assert said["act"]["csv"] == csv.shown(act.csv)
    assert said["act"]["identifier"].startswith("ES_L01990011_20")
    assert len(said["act"]["identifier"].split("_")[-1]) == 30
    assert said["body"]["dir3"] == "L01990011"
    assert said["meeting"]["outcome"] == "Ja és al padró."
    citizen, attending = said["participants"][:2]
    assert (citizen["name"], citizen["level"]) == ("Pere Puig Pla", "checked")
    assert attending["name"] == clerk.name
    assert attending["resolution"] == "7/2026"
    (consent,) = said["consents"]
    assert (consent["given"], consent["way"]) == (True, "clicked")
    assert re.fullmatch("[0-9a-f]{64}", consent["text_sha256"])
    assert said["ledger"]["lines"][-1]["event"]
    assert said["clock"]["offset_seconds"] in (-1, 0, 1)
    assert digest_of(sealing.manifest_in(content)) == act.digest


def test_nothing_in_it_opens_anything_or_says_more_than_it_must(content, served):
    written = sealing.manifest_in(content).decode()

    assert served.code not in written
    assert served.phone not in written
    assert "12345678Z" not in written
    assert "***4567**" in written


def test_between_digest_and_seal_it_cannot_be_changed(served, clerk):
    act = services.ask(served, clerk)
    db.session.commit()
    with sealing.in_hand() as sealer:
        services.fix(act, sealer)
    act.manifest = act.manifest.replace("Pere", "Pera")
    db.session.commit()

    services.go_on(act)

    assert not act.is_sealed
    assert "not what was digested" in act.problem


def test_once_sealed_what_it_says_is_in_the_file_and_nowhere_else(act, app):
    assert act.manifest == ""
    found = subprocess.run(
        ["grep", "-rlaF", "Pere Puig Pla", f"{app.instance_path}/files"],
        capture_output=True,
        check=False,
    )
    assert found.stdout == b""
    assert db.session.get(StoredFile, act.file).sealed_sha256 != act.edition.sha256


def test_another_one_in_its_place_has_another_code_and_says_which_and_why(act, clerk):
    other = replace(act, clerk, reason="corrected")
    db.session.commit()
    services.go_on(other)

    said = said_in(making.read(other.edition))["act"]
    assert other.csv != act.csv
    assert said["replaces"]["csv"] == csv.shown(act.csv)
    assert said["replaces"]["manifest_sha256"] == act.digest
    assert said["reason"] == "corrected"
    with pytest.raises(NothingNew):
        replace(act, clerk, reason="corrected")


def test_an_act_of_a_visit_in_which_nothing_was_stated_is_only_made_when_asked_for(identified):
    booking.move_on(identified, Status.SERVED)

    assert queries.acts_of(identified) == []


@pytest.mark.parametrize("reads", ["ca", "es", "eu", "en"])
def test_it_is_in_the_language_of_the_citizen_and_in_spanish(reads, tmp_path, client):
    place = town.a_town("etxalde", ("eu", "es", "ca", "en"), early_minutes=60 * 24 * 30)
    procedure = town.a_procedure()
    clerk = town.a_clerk(procedure, languages=("eu", "es", "ca", "en"))
    visit = town.a_visit(town.a_wish(place, procedure, reads=reads), reads=reads)
    from app.queue import services as queue

    queue.arrive(visit)
    queue.call(clerk, visit)
    booking.move_on(visit, Status.SERVED)
    act = services.ask(visit)
    db.session.commit()

    services.go_on(act)

    assert act.is_sealed, act.problem
    file = tmp_path / "act.pdf"
    file.write_bytes(making.read(act.edition))
    shown = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True)
    pages = shown.stdout.decode().split("\f")[:-1]
    assert all(csv.shown(act.csv) in page for page in pages)
    assert "12.2" not in shown.stdout.decode()
    info = subprocess.run(["pdfinfo", file], capture_output=True, check=True).stdout.decode()
    assert re.search(r"Tagged: +yes", info)
    assert re.search(r"PDF version: +1.7", info)
    assert re.search(r"Title: +\S", info)
    catalogue = re.findall(rb"/Type /Catalog.*?/Lang \(([a-z]+)", file.read_bytes(), re.S)
    assert catalogue[-1].decode() == reads
