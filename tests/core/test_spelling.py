"""Every word that people read is spelled right: the check is asked with catalogues that are not."""

import shutil

import pytest

from tests.spoiled import House

RIGHT = 'msgstr "Escriba su número de móvil."'


@pytest.fixture
def house(tmp_path):
    """The tools and the words, to be spoiled; hunspell is the machine's."""
    return House(tmp_path)


def unknown(house, locale):
    told = house.run("spelling", "unknown", locale)
    assert told.returncode == 0, told.stderr
    return told.stdout.split()


@pytest.mark.skipif(not shutil.which("hunspell"), reason="NO HUNSPELL: spelling was NOT tried")
def test_a_letter_in_the_wrong_place_stands_out(house):
    house.rewrite("es", RIGHT, 'msgstr "Escriba su núemro de móvil."')

    assert unknown(house, "es") == ["núemro"]


def test_aranese_has_no_dictionary_so_that_every_new_word_stands_out(house):
    house.rewrite("oc_ES", 'msgstr "Tocatz er enlaç."', 'msgstr "Tocatz quelcom."')

    assert unknown(house, "oc_ES") == ["quelcom"]
