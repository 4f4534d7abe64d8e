"""Without us: the program of the package and others' programs say the same of a sealed file."""

import random
import re
import shutil
import subprocess
from pathlib import Path

import page
import pytest

from app.acts import sealing
from app.acts.sealing import keys
from tests.acts.test_changed_acts import STRUCTURES, flipped

VERIFIER = Path(__file__).parents[2] / "tools" / "verify.sh"


@pytest.fixture
def beside(tmp_path, content) -> Path:
    """A folder with the act and whom to believe, as somebody at home has it."""
    (tmp_path / "act.pdf").write_bytes(content)
    (tmp_path / "roots.pem").write_bytes(keys.roots_in_pem())
    (tmp_path / "manifest.json").write_bytes(sealing.manifest_in(content))
    return tmp_path


def verify(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(VERIFIER), "--roots", "roots.pem", "act.pdf", *more]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_with_openssl_alone_it_is_as_it_was_sealed(beside):
    said = verify(beside, "--manifest", "manifest.json")

    assert said.returncode == 0, said.stdout + said.stderr
    assert "NOT QUALIFIED AND PROVES NOTHING" in said.stdout
    assert "manifest.json is the one inside" in said.stdout


def test_also_when_the_stamp_came_later_or_there_are_several(beside, content):
    with sealing.in_hand() as sealer:
        (beside / "act.pdf").write_bytes(sealing.add_stamps(content, sealer).content)

    assert verify(beside).returncode == 0


@pytest.mark.parametrize("change", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_it_finds_what_the_strict_rule_finds(beside, content, change):
    (beside / "act.pdf").write_bytes(change(content))

    assert verify(beside).returncode == 1


def test_it_finds_random_bits(beside, content):
    chance = random.Random(56)
    for _ in range(12):
        at = chance.randrange(len(content))
        (beside / "act.pdf").write_bytes(flipped(content, at, chance.randrange(8)))

        assert verify(beside).returncode != 0, at


def test_it_finds_a_page_that_somebody_turned_and_had_stamped_again(beside, content):
    turned = STRUCTURES["a page is turned"](content)
    with sealing.in_hand() as sealer:
        (beside / "act.pdf").write_bytes(sealing.add_stamps(turned, sealer).content)

    assert verify(beside).returncode == 1


def test_a_seal_without_a_stamp_is_neither_yes_nor_no(beside, act, app, monkeypatch):
    from app.acts import document, manifest
    from tests.audit.authority_stand_in import an_authority

    with an_authority(beside, "with_an_error") as entry, sealing.in_hand() as sealer:
        monkeypatch.setitem(app.config, "TIMESTAMP_AUTHORITIES", [entry])
        said = (beside / "manifest.json").read_bytes()
        pdf = document.drawn(manifest.read_again(said), said)
        (beside / "act.pdf").write_bytes(sealing.seal(pdf, sealer).content)

    assert verify(beside).returncode == 2


def test_other_roots_and_another_manifest_are_refused(beside, tmp_path):
    (beside / "manifest.json").write_text("{}")
    assert verify(beside, "--manifest", "manifest.json").returncode == 1

    keys.development.make(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "ca.pem", beside / "roots.pem")
    assert verify(beside).returncode == 1


def test_a_recording_that_the_act_does_not_name_is_refused(beside):
    (beside / "film.webm").write_bytes(b"another film")

    said = verify(beside, "film.webm")

    assert said.returncode == 1
    assert "NOT AS IT WAS RECORDED" in said.stdout


@pytest.mark.skipif(not shutil.which("pdfsig"), reason="POPPLER IS MISSING (apt-packages.txt)")
def test_poppler_finds_the_seal_valid_and_the_whole_document_signed(beside):
    said = subprocess.run(
        ["pdfsig", "act.pdf"], cwd=beside, capture_output=True, text=True, check=False
    ).stdout

    assert "Signature is Valid" in said
    assert "ETSI.CAdES.detached" in said
    assert "Total document signed" in said


@pytest.mark.skipif(not shutil.which("qpdf"), reason="QPDF IS MISSING (apt-packages.txt)")
def test_qpdf_finds_nothing_wrong_and_the_file_says_which_standards_it_follows(beside, content):
    checked = subprocess.run(
        ["qpdf", "--check", "act.pdf"], cwd=beside, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout
    assert "PDF Version: 1.7" in checked.stdout
    said = content.decode("latin-1")
    assert re.search(r"pdfaid:part>3<.*pdfaid:conformance>A<", said, re.S)
    assert "pdfuaid:part>1<" in said


def test_another_validator_finds_it_to_be_pdf_a_3a_and_pdf_ua_1(act, content):
    """`page` passes the corpus of veraPDF. It has not learnt yet that a later revision is sealed
    by a later signature: of that one rule it may complain, once there is more than one. And it
    takes the last byte of a stream for an end of line where it happens to look like one."""
    drawn = content[: content.index(b"%%EOF") + 5]
    chance = {"PDFA3A-STREAM-LENGTH-001"}

    for file, profile, may_say in (
        (drawn, "3a", chance),
        (drawn, "ua1", set()),
        (content, "3a", {"PDFA3A-SIGNATURE-BYTERANGE-001", *chance}),
        (content, "ua1", set()),
    ):
        found = page.validate_pdf_bytes(file, profile=profile)
        assert {fault.rule_id for fault in found.failures} <= may_say, profile
        assert found.rules.total > 100
