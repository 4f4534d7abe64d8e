"""The tenant is part of every question, also of those that forget it."""

import re

import pytest
import sqlalchemy as sa

from app.accounts import queries as accounts
from app.booking.models import Visit
from app.core.db import db
from app.towns import queries
from app.towns.models import OfTown, Procedure
from app.towns.tenant import NoTown, every_town, speak_for, town_of
from tests import town


@pytest.fixture
def two_towns():
    """Both with the procedure `padron`, a clerk and a visit."""
    places = []
    for slug in ("vilaclara", "etxalde"):
        place = town.a_town(slug)
        padron = town.a_procedure()
        clerk = town.a_clerk(padron, name=f"Clerk of {slug}")
        visit = town.a_visit(town.a_wish(place, padron), town.tomorrow_at(10))
        places.append((place, clerk, visit))
    return places


def test_a_question_about_no_town_is_refused(two_towns):
    speak_for(None)

    with pytest.raises(NoTown):
        db.session.scalars(sa.select(Visit)).all()


def test_a_question_about_everything_answers_about_one_town(two_towns):
    for place, _, visit in two_towns:
        with town_of(place.id):
            assert db.session.scalars(sa.select(Visit)).all() == [visit]


def test_every_model_of_a_town_is_asked_about_with_its_town(two_towns, statements):
    (place, _, _), _ = two_towns
    models = OfTown.__subclasses__()
    with town_of(place.id):
        for model in models:
            statements.clear()
            db.session.execute(sa.select(sa.func.count()).select_from(model))
            asked = rf"{model.__tablename__}\.town_id = (\?|%\()"  # as either register writes it
            assert re.search(asked, statements[-1]), model

    assert len(models) >= 12


def test_changing_and_deleting_rows_is_bounded_to_the_town(two_towns):
    (mine, _, _), (other, _, theirs) = two_towns
    with town_of(mine.id):
        db.session.execute(sa.update(Visit).values(name="changed"))
        db.session.execute(sa.delete(Procedure).where(Procedure.slug == "none"))
    with every_town():
        db.session.refresh(theirs)

    assert theirs.name == "Pere"


def test_a_row_number_of_another_town_is_nobody(two_towns):
    (mine, _, _), (_, their_clerk, _) = two_towns
    with town_of(mine.id):
        assert accounts.account(their_clerk.id) is None


def test_a_link_of_another_town_is_a_page_that_does_not_exist(client, two_towns):
    (mine, _, my_visit), (other, _, their_visit) = two_towns

    assert client.get(f"{town.base(mine)}/ca/visits/{my_visit.code}").status_code == 200
    assert client.get(f"{town.base(mine)}/ca/visits/{their_visit.code}").status_code == 404


def test_a_clerk_of_another_town_is_a_stranger_here(client, two_towns):
    (mine, _, _), (_, their_clerk, _) = two_towns
    town.enter(client, their_clerk)
    name = client.get_cookie("ventanilla-staff", town.account_town(their_clerk).host).value
    client.set_cookie("ventanilla-staff", name, domain=mine.host)

    assert client.get(f"{town.base(mine)}/desk/").status_code == 303


def test_a_host_that_is_no_town_is_a_page_with_the_way_back(client, two_towns):
    answer = client.get("http://nowhere.localhost/ca/")

    assert answer.status_code == 404
    assert "<main" in answer.text


def test_the_plain_host_lists_the_towns(client, two_towns):
    page = client.get("http://localhost/ca/").text

    assert "http://vilaclara.localhost:8000/ca/" in page
    assert "http://etxalde.localhost:8000/ca/" in page


def test_search_finds_without_accents_and_in_parts(two_towns):
    (mine, _, _), _ = two_towns
    with town_of(mine.id):
        town.a_procedure("obra", name={"ca": "Llicència d’obres"}, keywords={"ca": ["paleta"]})

        found = {
            words: [p.slug for p in queries.procedures(words)]
            for words in ("llicencia", "OBRES", "paletes", "inexistent", "")
        }

    assert found["llicencia"] == found["OBRES"] == ["obra"]
    assert found["inexistent"] == []
    assert len(found[""]) == 2
