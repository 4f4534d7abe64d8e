"""The statement of RD 1112/2018, made from the last automated report."""

import json
from pathlib import Path

import pytest

from tests import town


@pytest.fixture
def report(app):
    file = Path(app.instance_path) / "accessibility.json"

    def write(**changes):
        told = {
            "made_on": "2026-11-26",
            "tool": "axe-core 4.11",
            "pages": 8,
            "languages": ["es", "gl"],
            "violations": {},
            **changes,
        }
        file.write_text(json.dumps(told))

    yield write
    file.unlink(missing_ok=True)


def statement(client) -> str:
    town.a_town()
    town.a_procedure()
    return client.get("http://vilaclara.localhost/en/accessibility").text


def test_it_says_when_and_how_the_site_was_reviewed(client, report):
    report()

    text = statement(client)

    assert "On Thursday 26 November 2026 we reviewed it ourselves" in text
    assert "axe-core 4.11" in text
    assert "8 pages in 2 languages" in text
    assert "found no fault" in text
    for part in ("conformity", "prepared", "complain"):
        assert f'id="{part}"' in text


def test_what_was_found_is_listed(client, report):
    report(violations={"color-contrast": 3})

    text = statement(client)

    assert "conforms in part" in text
    assert "color-contrast" in text
    assert "on 3 pages" in text


@pytest.mark.parametrize("broken", ["", "[]", "{", '{"made_on": 5}'])
def test_a_report_that_cannot_be_read_stops_nobody(app, client, broken, report):
    (Path(app.instance_path) / "accessibility.json").write_text(broken)

    assert 'id="conformity"' in statement(client)
    (Path(app.instance_path) / "accessibility.json").unlink()


def test_the_product_comes_with_a_report_of_its_own(client):
    text = statement(client)

    assert "axe-core" in text
    assert "not been reviewed" not in text
