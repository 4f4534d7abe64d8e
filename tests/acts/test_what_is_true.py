"""What an act says must have been so: about who, about when, and about all that happened."""

import json
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from app.acts import document, manifest, queries, sealing, services, words
from app.acts.errors import StatementChanged
from app.acts.models import SealedAct, Statement, StatementState, Step
from app.acts.services import making
from app.assurance import queries as register
from app.assurance import services as assurance
from app.audit import services as audit
from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from app.recordings.services.ledger import open_ledger
from app.requests import services as requests
from app.requests.models import Kind
from app.requests.queries import Words
from tests.beside import beside_another


def sealed(act: SealedAct) -> SealedAct:
    db.session.commit()
    services.go_on(act)
    assert act.is_sealed, act.problem
    return act


def said_by(act: SealedAct) -> dict:
    return json.loads(sealing.manifest_in(making.read(act.edition)))


def on_paper(act: SealedAct) -> str:
    pages = PdfReader(BytesIO(making.read(act.edition))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def a_signed_statement(visit, clerk, text: str):
    statement = services.begin(visit, clerk)
    services.rewrite(statement, clerk, text)
    services.read_back(statement, clerk)
    services.agree(statement, True, statement.text_digest)
    services.sign_statement(statement, clerk)
    return statement


@pytest.mark.parametrize("name", ["王小明", "Ana 😀", "Ana\x9d", "Ana\ue000"])
def test_a_name_in_signs_that_no_font_has_stops_no_act(served, clerk, name):
    served.name = name
    served.outcome = f"Ve {name}."
    act = sealed(services.ask(served, clerk))

    assert said_by(act)["meeting"]["outcome"] == f"Ve {name}."
    assert f"U+{ord(name[-1]):04X}" in on_paper(act)


def test_no_sign_turns_the_reading_round_on_paper(served, clerk):
    served.outcome = "Rebut \u202e52 euros."
    act = sealed(services.ask(served, clerk))

    assert "Rebut [U+202E]52 euros." in on_paper(act)


def test_only_the_address_of_the_check_is_a_link(served, clerk):
    served.procedure.office.address = "http://elsewhere.example/pay"
    act = sealed(services.ask(served, clerk))

    pages = PdfReader(BytesIO(making.read(act.edition))).pages
    notes = [one.get_object() for page in pages for one in page.get("/Annots") or ()]
    links = {str(one["/A"]["/URI"]) for one in notes if "/A" in one}
    assert links == {said_by(act)["body"]["check"]}


def test_whether_the_clerk_stood_in_the_register_is_said_of_the_day_of_the_visit(served, clerk):
    assurance.end_entry(register.entries_of(clerk)[0])
    act = sealed(services.ask(served, clerk))

    (they,) = [one for one in said_by(act)["participants"] if one["part"] == "clerk"]
    assert (they["authorised"], they["resolution"]) == (True, "7/2026")


def test_a_second_statement_of_one_visit_stands_in_an_act_too(identified, clerk):
    a_signed_statement(identified, clerk, "Visc al carrer Major.")
    (first,) = queries.acts_of(identified)
    sealed(first)
    a_signed_statement(identified, clerk, "Som quatre a casa.")

    newest = queries.acts_of(identified)[0]
    assert newest.id != first.id
    sealed(newest)
    assert said_by(newest)["statement"]["text"] == "Som quatre a casa."
    assert "Visc al carrer Major." in on_paper(newest)


def test_what_came_while_an_act_waited_for_its_seal_is_said(identified, clerk):
    """The key was away between digest and seal, and meanwhile the visit ended."""
    a_signed_statement(identified, clerk, "Visc al carrer Major.")
    (act,) = queries.acts_of(identified)
    db.session.commit()
    with sealing.in_hand() as sealer:
        making.fix(act, sealer)
    assert act.step is Step.FIXED

    identified.outcome = "Ja és al padró."
    booking.move_on(identified, Status.SERVED)
    db.session.commit()
    for one in queries.acts_of(identified):
        sealed(one)

    assert said_by(queries.act_of(identified))["meeting"]["outcome"] == "Ja és al padró."


def test_a_seal_stands_for_the_words_that_were_digested_last(served, clerk):
    act = services.ask(served, clerk)
    db.session.commit()
    with sealing.in_hand() as sealer:
        making.fix(act, sealer)
        drawn = document.drawn

        def meanwhile(facts, content, attached=None):
            """Somebody else writes it down anew while this one is drawn."""
            other = content.decode().replace("Ja és al padró.", "No és al padró.")
            change = {"manifest": other, "digest": manifest.digest_of(other.encode())}
            db.session.execute(
                sa.update(SealedAct).where(SealedAct.id == act.id).values(**change),
                execution_options={"synchronize_session": False},
            )
            db.session.commit()
            return drawn(facts, content, attached)

        with pytest.MonkeyPatch.context() as street:
            street.setattr(making.document, "drawn", meanwhile)
            making.finish(act, sealer)
        if not act.is_sealed:
            making.finish(act, sealer)

    assert manifest.digest_of(sealing.manifest_in(making.read(act.edition))) == act.digest


def test_what_is_still_open_is_not_said_to_be_over(identified, clerk):
    asked = Words(kind=Kind.TEXT, language="ca", title="Ho llegiu?", body="Un text.")
    requests.ask(identified, clerk, asked, token="one-two-three")
    a_signed_statement(identified, clerk, "Visc al carrer Major.")
    (act,) = queries.acts_of(identified)
    sealed(act)

    assert said_by(act)["requests"][0]["state"] == "asked"
    assert "Sin respuesta todavía" in on_paper(act)


def test_a_record_of_any_length_stands_in_an_act_from_its_first_line(served, clerk):
    for _ in range(510):
        audit.write("Something", {"visit_id": served.id})
    act = sealed(services.ask(served, clerk))

    lines = said_by(act)["ledger"]["lines"]
    assert lines[0]["event"] == "VisitHeld"
    assert sum(line["event"] == "Something" for line in lines) == 510


def test_the_key_that_it_names_is_the_one_that_seals_it(served, clerk):
    """Between digest and seal the town hall got another key."""
    act = services.ask(served, clerk)
    db.session.commit()
    with sealing.in_hand() as sealer:
        making.fix(act, replace(sealer, is_qualified=True, is_for_development=False))
        making.finish(act, sealer)
        assert not act.is_sealed

        services.go_on(act)

    assert said_by(act)["seal"]["is_for_development"]


def test_a_newer_key_makes_no_older_seal_a_qualified_one(act, monkeypatch):
    """It was sealed with a key that is not; its next stamp is asked for by a house that has one."""
    add = sealing.add_stamps

    def qualified(content, sealer):
        return replace(add(content, sealer), is_qualified=True)

    monkeypatch.setattr(making.sealing, "add_stamps", qualified)
    with sealing.in_hand() as sealer:
        making.stamp(act, replace(sealer, is_qualified=True, is_for_development=False))

    assert act.edition.number == 2
    assert not act.edition.is_qualified


def test_an_answer_is_to_the_text_that_was_read_and_not_to_what_came_meanwhile(
    identified, clerk, monkeypatch
):
    statement = services.begin(identified, clerk)
    services.rewrite(statement, clerk, "Visc al carrer Major.")
    services.read_back(statement, clerk)
    db.session.commit()

    def put_right():
        other = {"text": "Dec mil euros.", "text_digest": "0" * 64}
        db.session.execute(
            sa.update(Statement).where(Statement.id == statement.id).values(**other),
            execution_options={"synchronize_session": False},
        )

    with beside_another(monkeypatch, put_right), pytest.raises(StatementChanged):
        services.agree(statement, True, statement.text_digest)

    assert statement.state is StatementState.READ


def test_what_is_read_back_is_what_stands_there(identified, clerk, monkeypatch):
    statement = services.begin(identified, clerk)
    services.rewrite(statement, clerk, "Visc al carrer Major.")
    db.session.commit()

    def from_another_window():
        db.session.execute(
            sa.update(Statement).where(Statement.id == statement.id).values(text="Som quatre."),
            execution_options={"synchronize_session": False},
        )

    with beside_another(monkeypatch, from_another_window):
        services.read_back(statement, clerk)

    digest = words.guide_digest(identified.town, statement.language, "Som quatre.")
    assert (statement.text, statement.text_digest) == ("Som quatre.", digest)


def test_a_meeting_that_began_after_an_act_puts_no_ledger_into_its_package(act):
    open_ledger(act.visit)
    db.session.commit()

    package = zipfile.ZipFile(BytesIO(b"".join(services.proof_package(act))))
    assert "ledger.jsonl" not in package.namelist()
