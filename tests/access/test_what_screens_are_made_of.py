"""A change of a template, a style or a text leads to the screens that it may have changed."""

import pytest

from tests import town
from tests.journeys.access import made_of
from tests.screens import Screen, Things

HOME = Screen("/<lang>/", "/<lang>/", None)
PROCEDURE = Screen("a procedure", "/<lang>/procedures/padron", None)


@pytest.fixture
def pieces(app):
    """What those two screens of a small town are made of."""
    there = town.a_town(languages=("gl", "es"))
    town.a_procedure()
    things = Things(there.host, {}, {}, {})
    return {one.name: made_of.of_screen(app, things, one) for one in (HOME, PROCEDURE)}


@pytest.fixture
def found():
    return made_of.sums()


def test_a_screen_is_made_of_its_template_and_of_all_that_this_one_asks_for(pieces, found):
    home = pieces[HOME.name]

    assert {"template portal/home.html", "template ui/page.html"} <= home
    assert {"style site.css", "style components/button.css", "style tokens.css"} <= home
    assert "style desk.css" not in home
    assert all(home <= found.keys() for home in pieces.values())


def test_its_texts_are_those_of_its_features_in_its_language(pieces, found):
    parts = made_of.in_language(pieces[HOME.name], "eu")

    assert {"texts portal eu", "texts ui eu"} <= parts
    assert not any(name.startswith("texts") and name.endswith(" gl") for name in parts)


@pytest.mark.parametrize(
    ("changed", "which"),
    [
        ("template portal/home.html", {HOME.name}),
        ("style components/button.css", {HOME.name, PROCEDURE.name}),
        ("style desk.css", set()),
        ("texts portal eu", {HOME.name, PROCEDURE.name}),
        ("texts portal gl", set()),
        ("question checks.py", {HOME.name, PROCEDURE.name}),
    ],
)
def test_whatever_differs_leads_to_whoever_has_it(pieces, found, changed, which):
    assert changed in found
    other = {**found, changed: "another"}
    parts = {name: made_of.in_language(one, "eu") for name, one in pieces.items()}

    assert which == {
        name
        for name, one in parts.items()
        if made_of.sum_of(one, found) != made_of.sum_of(one, other)
    }


def test_asking_for_templates_is_as_before_once_they_were_noted(app, pieces):
    assert "get_template" not in vars(app.jinja_env)
