"""Which language is spoken, what stands in for a missing text, and how a date is said."""

from datetime import date

import pytest
from flask import g

from app.core.i18n import (
    LANGUAGES,
    catalogue,
    date_in_words,
    in_language,
    negotiate,
    slug_of_tag,
    speaking,
)
from tests import town

DAYS = (date(2026, 3, 1), date(2026, 4, 11), date(2026, 8, 31), date(2027, 1, 2))
SAID = {
    "es": (
        "domingo, 1 de marzo de 2026",
        "sábado, 11 de abril de 2026",
        "lunes, 31 de agosto de 2026",
        "sábado, 2 de enero de 2027",
    ),
    "ca": (
        "diumenge, 1 de març de 2026",
        "dissabte, 11 d’abril de 2026",
        "dilluns, 31 d’agost de 2026",
        "dissabte, 2 de gener de 2027",
    ),
    "va": (
        "diumenge, 1 de març de 2026",
        "dissabte, 11 d’abril de 2026",
        "dilluns, 31 d’agost de 2026",
        "dissabte, 2 de gener de 2027",
    ),
    "gl": (
        "domingo, 1 de marzo de 2026",
        "sábado, 11 de abril de 2026",
        "luns, 31 de agosto de 2026",
        "sábado, 2 de xaneiro de 2027",
    ),
    "eu": (
        "2026ko martxoaren 1a, igandea",
        "2026ko apirilaren 11, larunbata",
        "2026ko abuztuaren 31, astelehena",
        "2027ko urtarrilaren 2a, larunbata",
    ),
    "oc": (
        "dimenge, 1 de març de 2026",
        "dissabte, 11 d’abriu de 2026",
        "deluns, 31 d’agost de 2026",
        "dissabte, 2 de gèr de 2027",
    ),
    "en": (
        "Sunday 1 March 2026",
        "Saturday 11 April 2026",
        "Monday 31 August 2026",
        "Saturday 2 January 2027",
    ),
}


@pytest.mark.parametrize("slug", LANGUAGES)
def test_a_date_is_said_as_its_speakers_say_it(slug):
    assert tuple(date_in_words(day, slug) for day in DAYS) == SAID[slug]


@pytest.mark.parametrize(
    ("tag", "slug"),
    [
        ("eu-ES", "eu"),
        ("ca-ES-valencia", "va"),
        ("ca-valencia", "va"),
        ("ca", "ca"),
        ("oc-ES", "oc"),
        ("oc-aranes", "oc"),
        ("gl", "gl"),
        ("en-US", "en"),
        ("de", None),
        ("va", None),
        ("xx", None),
        ("", None),
    ],
)
def test_a_browsers_tag_is_understood(tag, slug):
    assert slug_of_tag(tag) == slug


def test_the_choice_wins_then_the_browser_then_the_town():
    assert negotiate(own=("eu", "es"), cookie="gl", header=["ca"]) == "gl"
    assert negotiate(own=("eu", "es"), cookie="xx", header=["de", "ca-ES-valencia"]) == "va"
    assert negotiate(own=("eu", "es"), cookie=None, header=["de"]) == "eu"
    assert negotiate(own=(), cookie=None, header=[]) == "es"


@pytest.mark.parametrize(
    ("header", "slug"),
    [
        ("eu-ES,es;q=0.5", "eu"),
        ("ca-ES-valencia,ca;q=0.8", "va"),
        ("oc-aranes,oc;q=0.9", "oc"),
        ("de,fr;q=0.8", "ca"),
        ("", "ca"),
        ("*", "ca"),
        ("es;q=0, gl;q=0.2", "gl"),
        ("a" * 4096, "ca"),
        (";;;,,,=", "ca"),
    ],
)
def test_the_start_page_sends_to_the_visitors_language(client, header, slug):
    place = town.a_town(languages=("ca", "es"))

    answer = client.get(town.base(place) + "/", headers={"Accept-Language": header})

    assert answer.status_code == 302
    assert answer.location == f"/{slug}/"
    assert "Accept-Language" in answer.headers["Vary"]


def test_an_address_with_a_language_is_never_redirected_and_is_remembered(client):
    place = town.a_town()

    page = client.get(town.base(place) + "/eu/", headers={"Accept-Language": "es"})
    again = client.get(town.base(place) + "/", headers={"Accept-Language": "es"})

    assert page.status_code == 200
    assert again.location == "/eu/"


@pytest.mark.parametrize("path", ["/xx/", "/de/help", "/ES/", "/eus/", "/%00/", "/eu/nothing"])
def test_an_unknown_language_or_page_is_said_in_the_visitors_language(client, path):
    place = town.a_town(languages=("ca", "es"))

    answer = client.get(town.base(place) + path, headers={"Accept-Language": "gl"})

    assert answer.status_code == 404
    expected = "eu" if path.startswith("/eu/") else "gl"
    assert f'<html lang="{expected}"' in answer.text
    assert 'href="/"' in answer.text


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_page_says_its_language_and_leads_to_itself_in_the_others(client, language):
    place = town.a_town()
    town.a_procedure()

    page = client.get(f"{town.base(place)}/{language.slug}/procedures/padron?x=1").text

    assert f'<html lang="{language.html}"' in page
    for other in LANGUAGES.values():
        assert f"/{other.slug}/procedures/padron?x=1" in page
        assert f'lang="{other.html}"' in page


def test_the_towns_own_languages_come_first_in_the_menu(client):
    place = town.a_town(languages=("ca", "oc", "es"))

    page = client.get(town.base(place) + "/es/").text

    labels = ("Català", "Aranés", "Castellano", "Valencià", "Galego", "Euskara", "English")
    places = [page.index(f">{label}<") for label in labels]
    assert places == sorted(places)


def test_a_text_that_is_missing_is_said_in_the_nearest_language(app, tmp_path):
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    for slug, texts in {"va": {}, "ca": {"One": "Un"}, "es": {"One": "Uno", "Two": "Dos"}}.items():
        folder = tmp_path / LANGUAGES[slug].locale / "LC_MESSAGES"
        folder.mkdir(parents=True)
        made = Catalog(locale=LANGUAGES[slug].locale)
        for english, text in texts.items():
            made.add(english, text)
        with (folder / "messages.mo").open("wb") as file:
            write_mo(file, made)

    spoken = catalogue("va", str(tmp_path))

    assert spoken.gettext("One") == "Un"
    assert spoken.gettext("Two") == "Dos"


def test_a_towns_own_text_falls_to_the_nearest_language_too():
    texts = {"es": "Padrón", "ca": "Padró"}

    assert in_language(texts, "va") == "Padró"
    assert in_language(texts, "oc") == "Padró"
    assert in_language(texts, "eu") == "Padrón"
    assert in_language({"en": "Register"}, "eu") == "Register"
    assert in_language({}, "eu") == ""


def test_a_message_to_somebody_is_in_their_language_not_in_the_clerks(app):
    with app.test_request_context("/"):
        g.lang = "es"
        with speaking("eu"):
            assert date_in_words(DAYS[0]).startswith("2026ko")
        assert date_in_words(DAYS[0]).startswith("domingo")
