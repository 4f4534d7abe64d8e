"""Every word that people read is spelled right: the check is asked with catalogues that are not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RIGHT = 'msgstr "Escriba su número de móvil."'


@pytest.fixture
def house(tmp_path):
    """The tools and the words, to be spoiled; hunspell is the machine's."""
    for folder in ("tools", "translations"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "app").symlink_to(ROOT / "app")
    return tmp_path


def unknown(house, locale):
    told = subprocess.run(
        [sys.executable, "tools/spelling.py", "unknown", locale],
        cwd=house,
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.split()


def rewrite(house, locale, old, new):
    file = house / "translations" / locale / "LC_MESSAGES/messages.po"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.skipif(not shutil.which("hunspell"), reason="NO HUNSPELL: spelling was NOT tried")
def test_a_letter_in_the_wrong_place_stands_out(house):
    rewrite(house, "es", RIGHT, 'msgstr "Escriba su núemro de móvil."')

    assert unknown(house, "es") == ["núemro"]


def test_aranese_has_no_dictionary_so_that_every_new_word_stands_out(house):
    rewrite(house, "oc_ES", 'msgstr "Tocatz er enlaç."', 'msgstr "Tocatz quelcom."')

    assert unknown(house, "oc_ES") == ["quelcom"]
