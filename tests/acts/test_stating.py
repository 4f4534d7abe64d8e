"""Article 12.2: stated, read back, put right, agreed to, signed; and each answer is to one text."""

import json

import pytest
import sqlalchemy as sa

from app.acts import queries, sealing, services, words
from app.acts.errors import IdentifyThem, NothingStated, StatementChanged
from app.acts.models import Statement, StatementState
from app.acts.services import making
from app.assurance import services as assurance
from app.assurance.errors import NotAuthorised
from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from tests import town


@pytest.fixture
def written(identified, clerk):
    statement = services.begin(identified, clerk)
    services.rewrite(statement, clerk, "Visc al carrer Major, 7.")
    return statement


@pytest.fixture
def read(written, clerk):
    services.read_back(written, clerk)
    return written


def test_only_somebody_in_the_register_signs_for_another(identified, padron):
    other = town.a_clerk(padron, name="Marc Roca")

    with pytest.raises(NotAuthorised):
        services.begin(identified, other)


def test_whoever_states_something_is_identified_first(attended, clerk):
    with pytest.raises(IdentifyThem):
        services.begin(attended, clerk)


def test_a_clerk_who_left_the_register_signs_no_more(read, clerk):
    services.agree(read, True, read.text_digest)
    from app.assurance import queries as register

    assurance.end_entry(register.entries_of(clerk)[0])

    with pytest.raises(NotAuthorised):
        services.sign_statement(read, clerk)


def test_what_is_put_right_is_read_and_answered_again(read, clerk):
    before = read.text_digest
    services.agree(read, True, before)

    services.rewrite(read, clerk, "Visc al carrer Major, 17.")

    assert read.state is StatementState.WRITTEN
    assert read.drafts[0]["text"] == "Visc al carrer Major, 7."
    with pytest.raises(StatementChanged):
        services.sign_statement(read, clerk)
    services.read_back(read, clerk)
    with pytest.raises(StatementChanged):
        services.agree(read, True, before)
    services.agree(read, True, read.text_digest)
    assert read.state is StatementState.AGREED


def test_nothing_is_read_back_before_something_is_written(identified, clerk):
    statement = services.begin(identified, clerk)

    with pytest.raises(NothingStated):
        services.rewrite(statement, clerk, "  \n ")
    with pytest.raises(NothingStated):
        services.read_back(statement, clerk)


def test_who_says_no_signs_nothing_and_may_begin_again(read, identified, clerk):
    services.note_answer(read, clerk, False, read.text_digest)

    assert read.state is StatementState.REFUSED
    assert queries.acts_of(identified) == []
    assert services.begin(identified, clerk) is not read


def test_two_windows_begin_one(identified, clerk):
    assert services.begin(identified, clerk) is services.begin(identified, clerk)
    assert len(db.session.scalars(sa.select(Statement)).all()) == 1


def test_after_the_visit_nobody_answers_any_more(read, identified):
    booking.move_on(identified, Status.SERVED)

    with pytest.raises(StatementChanged):
        services.agree(read, True, read.text_digest)


def test_signed_it_is_in_the_act_with_the_text_agreed_to(read, identified, clerk):
    services.agree(read, True, read.text_digest)
    services.sign_statement(read, clerk)
    db.session.commit()
    act = queries.acts_of(identified)[0]
    services.go_on(act)

    said = json.loads(sealing.manifest_in(making.read(act.edition)))["statement"]
    assert said["text"] == "Visc al carrer Major, 7."
    assert said["resolution"] == "7/2026"
    assert said["way"] == "clicked"
    digest = words.guide_digest(identified.town, "ca", "Visc al carrer Major, 7.")
    assert said["text_sha256"] == digest


def test_clerk_and_citizen_go_through_it_on_their_own_screens(desk, citizen, identified, place):
    panel = f"{town.base(place)}/desk/visits/{identified.code}/act"
    card = f"{town.base(place)}/ca/visits/{identified.code}/statement"

    assert town.send(desk, f"{panel}/statement/begin", f"{panel}/").status_code == 303
    code = town.field_in(desk.get(f"{panel}/").text, "statement")
    empty = town.send(desk, f"{panel}/statement/write", f"{panel}/", statement=code, text=" ")
    assert empty.status_code == 422
    sent = {"statement": code, "text": "Visc al carrer Major, 7.", "then": "read"}
    town.send(desk, f"{panel}/statement/write", f"{panel}/", **sent)

    page = citizen.get(card).text
    assert "Visc al carrer Major, 7." in page
    digest = town.field_in(page, "digest")
    late = town.send(citizen, card, statement=code, answer="yes", digest="0" * 64)
    assert late.status_code == 409
    said = town.send(citizen, card, statement=code, answer="yes", digest=digest)
    assert said.status_code == 303
    town.send(desk, f"{panel}/statement/sign", f"{panel}/", statement=code)

    assert queries.signed_statement(identified).code == code
    services.go_on(queries.acts_of(identified)[0])
    assert "acts-sealed" in desk.get(f"{panel}/").text
    assert "/act" in citizen.get(card).text
