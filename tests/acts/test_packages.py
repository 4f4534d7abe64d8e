"""What a citizen takes home, and what a court gets: everything, with its digests, and one seal."""

import base64
import hashlib
import io
import json
import subprocess
import zipfile
from xml.etree import ElementTree as ET

import pytest

from app.accounts.models import Role
from app.acts import csv, sealing, services
from app.acts.sealing import keys
from app.acts.services.packing import ASIC_XML, CONTENT, DSIG
from app.archive import services as archive
from app.audit import queries as audit
from app.core import clock
from app.core.db import db
from app.papers.models import Paper, PaperKind, PaperState, Side
from tests import town


def unpacked(pieces) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(pieces)))


def test_the_proof_package_has_all_that_is_needed_and_checks_itself(act, content, tmp_path):
    package = unpacked(services.proof_package(act))
    package.extractall(tmp_path)

    assert package.testzip() is None
    assert package.read("act.pdf") == content
    assert package.read("manifest.json") == sealing.manifest_in(content)
    said = package.read("README.txt").decode()
    assert csv.shown(act.csv) in said
    assert "Com comprovar" in said
    assert "Cómo comprobar" in said
    done = subprocess.run(
        ["sh", "verify.sh", "--roots", "roots.pem", "act.pdf", "--manifest", "manifest.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_courts_package_is_an_asic_whose_seal_covers_every_file(act, tmp_path):
    package = unpacked(services.court_package(act))

    first = package.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert package.read("mimetype") == b"application/vnd.etsi.asic-e+zip"
    listed = ET.fromstring(package.read("META-INF/ASiCManifest001.xml"))  # noqa: S314 - our own
    named = {
        one.get("URI"): one.find(f"{{{DSIG}}}DigestValue").text
        for one in listed.iter(f"{{{ASIC_XML}}}DataObjectReference")
    }
    files = {name for name in package.namelist() if not name.startswith(("META-INF", "mimetype"))}
    assert set(named) == files
    for name, value in named.items():
        assert base64.b64decode(value) == hashlib.sha256(package.read(name)).digest()

    (tmp_path / "list").write_bytes(package.read("META-INF/ASiCManifest001.xml"))
    (tmp_path / "seal").write_bytes(package.read("META-INF/signature001.p7s"))
    (tmp_path / "roots").write_bytes(keys.roots_in_pem())
    done = subprocess.run(
        [
            "openssl",
            "cms",
            "-verify",
            "-cades",
            "-binary",
            "-inform",
            "DER",
            "-in",
            "seal",
            "-content",
            "list",
            "-CAfile",
            "roots",
            "-purpose",
            "any",
            "-out",
            "/dev/null",
        ],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_index_names_every_document_with_its_digest(act):
    index = ET.fromstring(services.index_of(act))  # noqa: S314 - our own

    (document,) = index.iter(f"{{{CONTENT}}}DocumentoIndizado")
    assert document.find(f"{{{CONTENT}}}IdentificadorDocumento").text == act.identifier
    assert document.find(f"{{{CONTENT}}}ValorHuella").text == act.edition.sha256
    assert csv.shown(act.csv) in ET.tostring(index, encoding="unicode")


def test_who_keeps_data_takes_it_and_stands_in_the_record(client, place, act):
    town.enter(client, town.a_supervisor(role=Role.ADMINISTRATOR))
    here = f"{town.base(place)}/office/acts/"
    code = csv.shown(act.csv)

    assert town.send(client, here, csv="x").status_code == 422
    assert town.send(client, here, csv=code).location.endswith(f"/of/{code}")
    court = town.send(client, f"{here}of/{code}/court.asice", f"{here}of/{code}")
    index = town.send(client, f"{here}of/{code}/index.xml", f"{here}of/{code}")

    assert court.headers["Content-Type"] == "application/vnd.etsi.asic-e+zip"
    assert unpacked([court.data]).testzip() is None
    assert index.status_code == 200
    told = [line.facts["what"] for line in audit.found(audit.Search(name="ActTaken"), limit=9)]
    assert sorted(told) == ["court", "index"]


@pytest.mark.parametrize("role", [Role.CLERK, Role.SUPERVISOR])
def test_nobody_else_takes_the_courts_package(client, place, act, role):
    town.enter(client, town.a_supervisor(role=role))

    assert client.get(f"{town.base(place)}/office/acts/").status_code == 403


def test_the_citizen_downloads_theirs(client, place, act, served):
    answer = client.get(f"{town.base(place)}/ca/visits/{served.code}/proof.zip")

    assert answer.headers["Content-Type"] == "application/zip"
    assert "act.pdf" in unpacked([answer.data]).namelist()


@pytest.fixture
def handed_over(identified):
    """A picture that the citizen sent during the visit, under a name with theirs in it."""
    content = b"the very bytes that came"
    owner = f"visit:{identified.code}"
    kept = [
        archive.keep(io.BytesIO(content), owner=owner, name="x", purpose=purpose).id
        for purpose in ("paper-original", "paper", "paper-sheets")
    ]
    paper = Paper(
        visit_id=identified.id,
        side=Side.CITIZEN,
        key="k",
        name="DNI de Pere.jpg",
        kind=PaperKind.JPEG,
        size=len(content),
        received=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        state=PaperState.READY,
        ready_at=clock.now(),
    )
    paper.original, paper.clean, paper.sheets = kept
    db.session.add(paper)
    db.session.commit()
    return content


def test_papers_are_named_by_their_digest_and_only_a_court_gets_them(handed_over, act):
    court = unpacked(services.court_package(act))
    home = unpacked(services.proof_package(act))

    (named,) = json.loads(home.read("manifest.json"))["files"]
    assert (named["name"], named["sha256"]) == (
        "paper-1.jpg",
        hashlib.sha256(handed_over).hexdigest(),
    )
    assert b"DNI de Pere" not in home.read("manifest.json")
    assert court.read("papers/paper-1.jpg") == handed_over
    assert not [name for name in home.namelist() if name.startswith("papers/")]
    assert named["sha256"] in court.read("index.xml").decode()
