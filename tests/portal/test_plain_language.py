"""The pages in plain language: reached from the full ones and back, one short idea a line."""

import re

import pytest

from app.core.db import db
from app.core.i18n import LANGUAGES
from tests import town

FULL_AND_PLAIN = (("", "plain"), ("help", "plain/visit"), ("privacy", "plain/privacy"))
MOST_WORDS = 12
SENTENCE = re.compile(r"<p>([^<]+)</p>")


@pytest.fixture
def place():
    made = town.a_town()
    db.session.commit()
    return made


def read(client, place, lang, path):
    answer = client.get(f"{town.base(place)}/{lang}/{path}")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(("full", "plain"), FULL_AND_PLAIN)
def test_a_clear_link_leads_there_and_another_one_back(client, place, full, plain):
    assert f'id="plain" href="/en/{plain}"' in read(client, place, "en", full)
    assert f'id="back" href="/en/{full}"' in read(client, place, "en", plain)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("plain", [page for _, page in FULL_AND_PLAIN])
def test_each_idea_has_its_drawing_and_few_words(client, place, lang, plain):
    page = read(client, place, lang, plain)
    ideas = page.split('<li class="idea">')[1:]
    sentences = [text for idea in ideas for text in SENTENCE.findall(idea.split("</li>")[0])]

    assert len(ideas) >= 5
    assert all(
        idea.startswith('<svg class="pictogram" viewBox="0 0 48 48" aria-hidden') for idea in ideas
    )
    assert [text for text in sentences if len(text.split()) > MOST_WORDS] == []
    assert [text for text in sentences if len(re.findall(r"[.?!]", text)) != 1] == []


def test_it_says_what_it_is_and_that_nobody_has_validated_it(client, place):
    page = read(client, place, "es", "plain")

    assert "Lenguaje claro" in page
    assert "Aún no la han revisado personas con dificultades para leer." in page
    assert "lectura fácil" not in page.lower()


def test_where_there_is_no_town_there_is_nothing_to_explain(client):
    assert client.get("/en/plain", base_url="http://localhost").status_code == 404
