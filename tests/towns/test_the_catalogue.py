"""Common procedures that a town may begin with: whole, in every language, and ready to be asked."""

import pytest

from app.core.i18n import LANGUAGES
from app.requests.models import Kind, Way
from app.towns import queries
from app.towns import services as towns
from app.towns.errors import NameTaken
from app.towns.queries.catalogue import ORDER, catalogue, catalogued, columns_of
from tests import town

TEXTS = ("name", "summary", "purpose", "after")


def texts_of(value):
    """Every text of an item that is written in several languages."""
    if isinstance(value, dict):
        if value and set(value) <= set(LANGUAGES):
            yield value
        else:
            for inner in value.values():
                yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


def test_there_are_enough_to_open_a_town_hall():
    assert len(catalogue()) >= 25
    assert [item["slug"] for item in catalogue()] == list(ORDER)


@pytest.mark.parametrize("slug", ORDER)
def test_every_text_is_in_the_seven_languages(slug):
    item = catalogued(slug)

    assert item.keys() >= {*TEXTS, "papers", "keywords", "minutes"}
    for text in texts_of(item):
        assert set(text) == set(LANGUAGES), text
        assert all(text.values())


@pytest.mark.parametrize("slug", ORDER)
def test_languages_are_not_copies_of_each_other(slug):
    item = catalogued(slug)

    for name in ("summary", "purpose"):
        assert len(set(item[name].values())) >= 6, item[name]


@pytest.mark.parametrize("slug", ORDER)
def test_what_its_clerks_may_ask_can_be_asked(slug):
    for item in catalogued(slug).get("requests", ()):
        assert Kind(item["kind"])
        assert Way(item.get("way", "sms"))
        assert item["key"]


def test_a_town_takes_one_and_it_is_offered():
    town.a_town()
    office = town.a_procedure("other").office

    made = towns.add_procedure(office, **columns_of(catalogued("ibi")))

    assert queries.procedure_or_404("ibi") is made
    assert made.position == 1
    with pytest.raises(NameTaken):
        towns.add_procedure(office, **columns_of(catalogued("ibi")))
