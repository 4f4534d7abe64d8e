"""Anybody checks an act, by its code or by a digest, and nobody learns more than that."""

import pytest

from app.acts import csv
from app.core.db import db
from tests import town


@pytest.fixture
def there(place):
    return f"{town.base(place)}/ca/check"


def pressed(client, there, code: str):
    return town.send(client, there, csv=code)


def test_a_code_leads_to_the_act_however_it_is_written(client, there, act):
    code = csv.shown(act.csv)
    for typed in (code, code.lower(), code.replace("-", ""), f"  {code.replace('-', ' ')} "):
        answer = pressed(client, there, typed)

        assert answer.status_code == 303
        assert answer.location.endswith(f"/ca/check/{code}")
    page = client.get(f"{there}/{code}").text
    assert "NO QUALIFICAT" in page
    assert "Segell automàtic" in page
    assert act.identifier in page


def test_unknown_and_malformed_codes_get_the_same_answer(client, there, act):
    answers = [
        pressed(client, there, code)
        for code in (csv.shown(csv.new()), "x", "'; DROP TABLE", "b" * 5000, "БББ", "0" * 28)
    ]

    assert {answer.status_code for answer in answers} == {404}
    errors = {answer.text.split('class="field__error"')[1].split("</p>")[0] for answer in answers}
    assert len(errors) == 1


@pytest.mark.parametrize("odd", ["x", "..%2f", "b" * 28, "%00", "a" * 3000])
def test_an_odd_address_is_a_page_that_does_not_exist(client, there, act, odd):
    assert client.get(f"{there}/{odd}").status_code == 404


def test_whoever_tries_many_codes_has_to_wait(app, client, there, monkeypatch):
    monkeypatch.setitem(app.config, "CODE_REQUESTS_PER_MINUTE", 3)
    page = client.get(there).text
    fields = {"csrf_token": town.token_in(page), "csv": csv.new()}

    answers = [client.post(there, data=fields).status_code for _ in range(5)]

    assert answers == [404, 404, 404, 429, 429]


def test_the_file_is_given_with_its_code_and_is_the_one_that_was_sealed(
    client, there, act, content
):
    answer = client.get(f"{there}/{csv.shown(act.csv)}/act.pdf")

    assert answer.status_code == 200
    assert answer.data == content
    assert answer.headers["Content-Type"] == "application/pdf"


def test_an_act_of_another_town_is_not_here(client, act):
    other = town.a_town("etxalde", ("eu", "es"))
    db.session.commit()

    assert client.get(f"{town.base(other)}/eu/check/{csv.shown(act.csv)}").status_code == 404


def test_a_digest_says_whether_the_file_is_ours_and_nothing_that_leads_to_it(client, there, act):
    found = town.send(client, f"{there}/file", there, sha256=act.edition.sha256.upper())
    unknown = town.send(client, f"{there}/file", there, sha256="0" * 64)
    wrong = town.send(client, f"{there}/file", there, sha256="hello")

    assert (found.status_code, unknown.status_code, wrong.status_code) == (200, 404, 422)
    assert "check-found" in found.text
    assert csv.shown(act.csv) not in found.text
    assert "check-unknown" in unknown.text


def test_the_citizen_has_their_own_copy(client, place, act, content, served):
    base = f"{town.base(place)}/ca/visits/{served.code}"

    assert csv.shown(act.csv) in client.get(f"{base}/act").text
    assert client.get(f"{base}/act.pdf").data == content
    assert f"/visits/{served.code}/act" in client.get(base).text


def test_codes_are_long_unlike_each_other_and_can_be_said_aloud():
    codes = {csv.new() for _ in range(200)}

    assert len(codes) == 200
    assert all(csv.read(csv.shown(code)) == code for code in codes)
    assert csv.read("É" * 28) == csv.read("") == "-" * 28
