"""A paper before both sides: whoever shows turns the pages, and the other one follows."""

import pytest
import sqlalchemy as sa

from app.booking.models import Status
from app.core import stream
from app.core.db import db
from app.desk import services as desk
from app.desk.services import Words
from app.papers import queries
from app.papers.models import Look
from app.queue import services as queue
from tests.papers.files import a_pdf


@pytest.fixture
def paper(citizen, called):
    return citizen.send("volant.pdf", a_pdf(3))["paper"]


def news(visit) -> list[dict]:
    return [
        told for told in stream.told(queries.news_of(visit)) if "page" in told or "over" in told
    ]


def test_the_clerk_opens_a_paper_and_the_citizen_gets_it(paper, called, citizen, counter_of):
    told = counter_of.post(f"/{paper}/show").get_json()

    assert (told["by"], told["page"]) == ("clerk", 1)
    assert news(called)[-1]["paper"] == paper
    shown = citizen.get("/look")
    assert f'data-paper="{paper}"' in shown.text


def test_page_place_and_marks_follow_the_one_who_shows(paper, called, citizen, counter_of):
    counter_of.post(f"/{paper}/show")
    mark = {"page": 2, "left": 0.1, "top": 0.2, "width": 0.3, "height": 0.05}

    sent = {"page": 2, "zoom": 250, "left": 0.25, "top": 0.5, "marks": [mark], "said": "La data"}
    assert counter_of.post("/look", json=sent).status_code == 204

    told = news(called)[-1]
    assert (told["page"], told["zoom"], told["left"], told["top"]) == (2, 250, 0.25, 0.5)
    assert told["marks"] == [mark]
    assert told["said"] == "La data"


def test_the_other_side_does_not_turn_pages_until_it_shows_itself(paper, citizen, counter_of):
    counter_of.post(f"/{paper}/show")

    assert citizen.post("/look", json={"page": 3}).status_code == 409

    citizen.post(f"/{paper}/show")
    assert citizen.post("/look", json={"page": 3}).status_code == 204
    assert counter_of.post("/look", json={"page": 1}).status_code == 409


def test_a_pointer_is_told_and_not_kept(paper, called, counter_of):
    counter_of.post(f"/{paper}/show")

    counter_of.post("/look", json={"point": {"left": 0.5, "top": 0.25}})

    assert news(called)[-1] == {"page": 1, "left": 0.5, "top": 0.25}


@pytest.mark.parametrize(
    "sent",
    [
        {"page": "2"},
        {"page": True},
        {"zoom": None},
        {"left": []},
        {"marks": {}},
        {"marks": [1]},
        {"marks": [{"page": 1}]},
        {"marks": [{"page": 1, "left": 0, "top": 0, "width": 1, "height": 1}] * 25},
        {"point": 5},
        {"point": {}},
        {"page": float("nan")},
    ],
)
def test_what_is_no_place_is_refused(paper, called, counter_of, sent):
    counter_of.post(f"/{paper}/show")
    before = len(news(called))

    assert counter_of.post("/look", json=sent).status_code == 400
    assert len(news(called)) == before


def test_what_is_beyond_the_paper_ends_at_its_edge(paper, called, counter_of):
    counter_of.post(f"/{paper}/show")

    counter_of.post("/look", json={"page": 99, "zoom": 10_000, "left": -4, "top": 7})

    told = news(called)[-1]
    assert (told["page"], told["zoom"], told["left"], told["top"]) == (3, 400, 0, 1)


def test_only_during_the_call_is_a_paper_looked_at_together(citizen, counter_of):
    paper = citizen.send("volant.pdf", a_pdf())["paper"]

    assert citizen.post(f"/{paper}/show").status_code == 409
    assert counter_of.post("/look", json={"page": 1}).status_code == 409


def test_closing_ends_it_for_both(paper, called, citizen, counter_of):
    counter_of.post(f"/{paper}/show")

    citizen.post("/look", json={"close": True})

    assert news(called)[-1] == {"over": True}
    assert counter_of.get("/look").status_code == 204


def test_removing_the_paper_ends_it_too(paper, called, citizen, counter_of):
    counter_of.post(f"/{paper}/show")

    citizen.post(f"/{paper}/remove")

    assert news(called)[-1] == {"over": True}


def test_when_the_visit_is_over_nobody_looks_any_more(paper, called, counter_of):
    counter_of.post(f"/{paper}/show")

    queue.begin(called)
    desk.close(called, Status.SERVED, Words("Done.", "", "", ""))

    assert db.session.scalar(sa.select(sa.func.count()).select_from(Look)) == 0
