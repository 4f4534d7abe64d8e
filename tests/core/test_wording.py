"""Short sentences, one name for each thing, nothing that swells: the check finds the contrary."""

import pytest

from tests.spoiled import House


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def told(house, locale, old, new):
    house.rewrite(locale, old, new)
    answer = house.run("wording", "check")
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
