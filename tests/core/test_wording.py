"""Short sentences, one name for each thing, nothing that swells: the check sees the contrary."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def house(tmp_path):
    for folder in ("tools", "translations"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "app").symlink_to(ROOT / "app")
    return tmp_path


def told(house, locale, old, new):
    file = house / "translations" / locale / "LC_MESSAGES/messages.po"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    answer = subprocess.run(
        [sys.executable, "tools/wording.py", "check"],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    return answer.stdout


def test_a_thing_with_another_name_is_found(house):
    found = told(house, "eu", 'msgstr "Bideo-deia"', 'msgstr "Bideo-konferentzia"')

    assert "eu: “Video call” is not “bideo-dei” in “Bideo-konferentzia”" in found


def test_a_sentence_of_sixteen_words_is_found_on_a_citizens_page(house):
    long = "Puede " + "y ".join(["decir "] * 7) + "que no."

    found = told(house, "es", 'msgstr "Puede decir que no."', f'msgstr "{long}"')

    assert "es: 16 words in one sentence" in found


def test_a_translation_that_swells_is_found(house):
    found = told(house, "gl", 'msgstr "Feito."', f'msgstr "{"Feito " * 8}."')

    assert "gl: far longer than the English: 'Done.'" in found
