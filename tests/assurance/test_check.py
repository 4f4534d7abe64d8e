"""A clerk identifies somebody: consent first, then face and document, and no number too many."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.assurance import queries, services, words
from app.assurance.errors import CheckOver, ConsentMissing, NotAuthorised, NotBeingAttended
from app.assurance.models import Check, CheckState, ConsentWay, DocumentKind, Method
from app.assurance.services.checks import Seen
from app.audit.models import AuditEntry
from app.booking import services as booking
from app.booking.models import Status
from app.core import clock
from app.core.db import db
from app.queue import services as queue
from app.towns.models import Channel, DocumentRule, Level
from tests import town

SEEN = Seen(DocumentKind.DNI, "Pere Roig Puig", "12345678X")


def panel(visit):
    return f"{town.base(visit.town)}/desk/visits/{visit.code}/identity/"


def card(visit):
    return f"{town.base(visit.town)}/ca/visits/{visit.code}/card"


def begin(visit, clerk):
    check = services.ask_to_check(
        visit, clerk, text=words.consent_digest(visit.town, "ca"), version=words.TEXT_VERSION
    )
    db.session.commit()
    return check


def finish(check, clerk):
    text = words.consent_digest(check.visit.town, check.language)
    return services.finish_check(check, clerk, SEEN, text=text)


def told(name):
    question = sa.select(AuditEntry).where(AuditEntry.name == name)
    return db.session.scalars(question.order_by(AuditEntry.number)).all()


FORM = {
    "kind": "dni",
    "name": "Pere Roig Puig",
    "number": "12.345.678-X",
    "expires": "2099-05-01",
    "name_matches": "y",
    "face_matches": "y",
}


def test_the_whole_check_on_both_screens(desk, citizen, attended):
    town.send(desk, panel(attended) + "ask", panel(attended))
    check = queries.open_check(attended)
    page = citizen.get(card(attended)).text
    assert "Ana Pi" in page
    assert "39/2015" in page

    town.send(citizen, card(attended), card(attended), check=check.code, answer="yes")
    town.send(desk, panel(attended) + "finish", panel(attended), check=check.code, **FORM)

    row = queries.standing(attended).best
    assert (row.method, row.level) == (Method.CLERK, Level.CHECKED)
    assert (row.by.name, row.name, row.document) == ("Ana Pi", "Pere Roig Puig", "***4567**")
    assert row.consent_way is ConsentWay.CLICKED
    assert row.text_version == words.TEXT_VERSION
    assert row.evidence["text_digest"] == words.consent_digest(attended.town, "ca")
    assert row.evidence["expires_on"] == "2099-05-01"
    for page in (desk.get(panel(attended)).text, citizen.get(card(attended)).text):
        assert 'data-level="checked"' in page or 'data-state="checked"' in page
    assert [entry.facts["way"] for entry in told("CheckAnswered")] == ["clicked"]
    assert told("PersonIdentified")[-1].author.startswith("account:")


def test_what_is_said_aloud_is_noted_by_the_clerk(desk, attended):
    attended.channel = Channel.IN_PERSON
    town.send(desk, panel(attended) + "ask", panel(attended))
    check = queries.open_check(attended)
    assert "39/2015" in desk.get(panel(attended)).text

    town.send(desk, panel(attended) + "said", panel(attended), check=check.code, answer="yes")
    town.send(desk, panel(attended) + "finish", panel(attended), check=check.code, **FORM)

    assert queries.standing(attended).best.consent_way is ConsentWay.SPOKEN


def test_the_citizen_keeps_a_copy_of_what_they_agreed_to(citizen, attended, clerk):
    check = begin(attended, clerk)
    services.agree(check, True)
    finish(check, clerk)
    db.session.commit()

    page = citizen.get(f"{town.base(attended.town)}/en/visits/{attended.code}/identity").text

    for words_of_it in ("Ana Pi", "***4567**", "article 12.2", words.TEXT_VERSION):
        assert words_of_it in page
    assert "12345678" not in page


def test_without_an_answer_nobody_is_identified(desk, attended, clerk):
    check = begin(attended, clerk)

    answer = town.send(desk, panel(attended) + "finish", panel(attended), check=check.code, **FORM)

    assert answer.status_code == 409
    with pytest.raises(ConsentMissing):
        finish(check, clerk)
    assert queries.level_of(attended) is Level.PHONE


def test_who_says_no_is_not_identified_and_may_be_asked_again(citizen, desk, attended, clerk):
    check = begin(attended, clerk)

    town.send(citizen, card(attended), card(attended), check=check.code, answer="no")

    with pytest.raises(CheckOver):
        finish(check, clerk)
    assert "identity-ask" in desk.get(panel(attended)).text
    assert begin(attended, clerk).id != check.id


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "library"}, "kind"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"number": "12"}, "number"),
        ({"number": "1" * 999}, "number"),
        ({"expires": ""}, "is_permanent"),
        ({"expires": "2001-01-01"}, "is_permanent"),
        ({"expires": "yesterday"}, "expires"),
        ({"name_matches": ""}, "name_matches"),
        ({"face_matches": ""}, "face_matches"),
    ],
    ids=str,
)
def test_what_does_not_match_is_not_written_down(desk, attended, clerk, change, field):
    check = begin(attended, clerk)
    services.agree(check, True)
    db.session.commit()
    fields = {key: text for key, text in {**FORM, **change}.items() if text}

    answer = town.send(
        desk, panel(attended) + "finish", panel(attended), check=check.code, **fields
    )

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert check.state is CheckState.AGREED
    assert queries.level_of(attended) is Level.PHONE


def test_a_document_that_never_expires_needs_no_day(desk, attended, clerk):
    check = begin(attended, clerk)
    services.agree(check, True)
    db.session.commit()

    fields = {**FORM, "expires": "", "is_permanent": "y", "check": check.code}
    town.send(desk, panel(attended) + "finish", panel(attended), **fields)

    assert queries.standing(attended).best.evidence["expires_on"] == "never"


def test_where_nothing_is_kept_the_number_is_not_even_asked(desk, attended, clerk, place):
    place.document_rule = DocumentRule.NOTHING
    check = begin(attended, clerk)
    services.agree(check, True)
    db.session.commit()
    assert 'name="number"' not in desk.get(panel(attended)).text

    town.send(desk, panel(attended) + "finish", panel(attended), check=check.code, **FORM)

    row = queries.standing(attended).best
    assert row.level is Level.CHECKED
    assert (row.document, row.document_rule) == ("", None)


# --- who may, and when ----------------------------------------------------------------------


@pytest.fixture
def stranger(attended, clerk):
    """The same clerk, no longer in the register."""
    for entry in queries.entries_of(clerk):
        services.end_entry(entry)
    db.session.commit()
    return clerk


def test_a_clerk_who_is_not_in_the_register_is_refused(desk, attended, stranger):
    answer = town.send(desk, panel(attended) + "ask", panel(attended))

    assert answer.status_code == 403
    assert queries.open_check(attended) is None
    assert "identity-ask" not in desk.get(panel(attended)).text


@pytest.mark.parametrize(
    ("first", "last", "may"), [(0, None, True), (1, None, False), (-9, -1, False), (-9, 0, True)]
)
def test_the_register_has_its_days(place, padron, first, last, may):
    other = town.a_clerk(padron, name="Bru Mas")
    today = clock.today(place.time_zone)
    last_day = today + timedelta(days=last) if last is not None else None
    services.authorise(other, today + timedelta(days=first), last_day, reference="", by=None)

    assert queries.is_authorised(other, place) is may


def test_a_clerk_who_loses_it_half_way_cannot_finish(desk, attended, clerk):
    check = begin(attended, clerk)
    services.agree(check, True)
    for entry in queries.entries_of(clerk):
        services.end_entry(entry)

    with pytest.raises(NotAuthorised):
        finish(check, clerk)


def test_nobody_is_identified_who_is_not_attended(visit, clerk, attended):
    check = begin(attended, clerk)
    services.agree(check, True)
    booking.move_on(attended, Status.SERVED)

    for errand in (
        lambda: begin(attended, clerk),
        lambda: finish(check, clerk),
    ):
        with pytest.raises(NotBeingAttended):
            errand()


def test_another_clerk_cannot_check_a_visit_that_is_not_theirs(client, attended, padron, place):
    other = town.a_clerk(padron, name="Bru Mas")
    services.authorise(other, clock.today(place.time_zone), None, reference="", by=None)
    db.session.commit()
    town.enter(client, other)

    answer = town.send(client, panel(attended) + "ask", panel(attended))

    assert answer.status_code == 404
    assert queries.open_check(attended) is None


def test_the_check_of_another_visit_changes_nothing(citizen, attended, clerk, place, padron):
    check = begin(attended, clerk)
    other = town.a_visit(town.a_wish(place, padron), phone="+34600111222")
    queue.arrive(other)
    db.session.commit()

    answer = town.send(citizen, card(other), card(other), check=check.code, answer="yes")

    assert answer.status_code == 404
    assert check.state is CheckState.ASKED


@pytest.mark.parametrize("said", ["", "maybe", "YES"])
def test_an_answer_is_yes_or_no(citizen, attended, clerk, said):
    check = begin(attended, clerk)

    answer = town.send(citizen, card(attended), card(attended), check=check.code, answer=said)

    assert answer.status_code == 409
    assert check.state is CheckState.ASKED


def test_an_answer_given_twice_is_given_once_and_the_first_one_stands(attended, clerk):
    check = begin(attended, clerk)

    services.agree(check, True)
    services.agree(check, True)

    with pytest.raises(CheckOver):
        services.agree(check, False)
    assert len(told("CheckAnswered")) == 1


def test_two_windows_of_the_clerk_ask_once(attended, clerk):
    assert begin(attended, clerk).id == begin(attended, clerk).id
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Check)) == 1


def test_the_table_allows_one_check_at_a_time(attended, clerk):
    check = begin(attended, clerk)
    twin = Check(
        visit_id=attended.id,
        by_id=clerk.id,
        language="ca",
        text_version=check.text_version,
        text_digest=check.text_digest,
    )

    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.add(twin)


def test_a_rule_that_changes_half_way_is_asked_about_again(attended, clerk, place):
    check = begin(attended, clerk)
    services.agree(check, True)
    place.document_rule = DocumentRule.FULL

    with pytest.raises(CheckOver):
        finish(check, clerk)
    assert queries.level_of(attended) is Level.PHONE


def test_the_copy_says_what_was_said_then_and_never_a_whole_number(citizen, attended, clerk, place):
    place.document_rule, place.document_days = DocumentRule.FULL, 12
    check = begin(attended, clerk)
    services.agree(check, True)
    row = finish(check, clerk)
    place.document_days = 40
    db.session.commit()

    page = citizen.get(f"{town.base(place)}/en/visits/{attended.code}/identity").text

    assert row.document == "12345678X"
    assert "12345678X" not in page
    assert "12 dies" in page
    assert "40 dies" not in page


def test_a_check_that_is_stopped_identifies_nobody(desk, attended, clerk):
    check = begin(attended, clerk)

    town.send(desk, panel(attended) + "stop", panel(attended), check=check.code)

    assert check.state is CheckState.STOPPED
    with pytest.raises(CheckOver):
        services.agree(check, True)


@pytest.mark.parametrize("code", ["\x00", "x" * 9999, "é", "' OR 1=1", "../x"])
def test_a_check_that_never_was_is_missing(desk, citizen, attended, code):
    fields = {"check": code, "answer": "yes"}

    assert town.send(citizen, card(attended), card(attended), **fields).status_code == 404
    for path in ("said", "stop", "finish"):
        answer = town.send(desk, panel(attended) + path, panel(attended), **fields)
        assert answer.status_code == 404


def test_a_refusal_beside_the_call_leaves_the_panel_where_it_is(desk, citizen, attended, clerk):
    check = begin(attended, clerk)
    services.agree(check, False)
    db.session.commit()
    token = town.token_in(desk.get(panel(attended)).text)
    fields = {"csrf_token": token, "check": check.code, "answer": "yes"}

    answer = desk.post(panel(attended) + "said", data=fields, headers={"HX-Request": "true"})
    address = f"{town.base(attended.town)}/ca/help"
    late = citizen.post(
        card(attended),
        data={**fields, "csrf_token": town.token_in(citizen.get(address).text)},
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == late.status_code == 409
    assert answer.text.lstrip().startswith('<section id="identity"')
    assert late.text.lstrip().startswith('<section id="card"')
    assert check.state is CheckState.REFUSED


def test_only_who_is_attended_asks_again_and_again(citizen, visit, clerk):
    """Two thousand people who wait must not each ask every three seconds."""
    queue.arrive(visit)
    db.session.commit()
    assert "every 3s" not in citizen.get(card(visit)).text

    queue.call(clerk, visit)
    db.session.commit()

    assert "every 3s" in citizen.get(card(visit)).text


# --- undo -----------------------------------------------------------------------------------


def checked(visit, clerk):
    check = begin(visit, clerk)
    services.agree(check, True)
    row = finish(check, clerk)
    db.session.commit()
    return row


def test_a_mistake_is_undone_with_its_reason_and_the_level_falls(desk, attended, clerk):
    row = checked(attended, clerk)
    page = f"{panel(attended)}{row.code}/undo"

    answer = town.send(desk, page, reason="It was the document of the sister.")

    assert answer.status_code == 303
    assert queries.level_of(attended) is Level.PHONE
    assert row.undone_by_id == clerk.id
    assert "sister" in desk.get(panel(attended)).text
    assert told("IdentificationUndone")[0].facts["level"] == "phone"
    assert "sister" not in str(told("IdentificationUndone")[0].facts)


def test_without_a_reason_nothing_is_undone(desk, attended, clerk):
    row = checked(attended, clerk)

    answer = town.send(desk, f"{panel(attended)}{row.code}/undo", reason=" ")

    assert answer.status_code == 422
    assert row.is_valid


def test_what_is_undone_twice_keeps_the_first_reason(desk, attended, clerk):
    row = checked(attended, clerk)
    services.undo(row, clerk, "the first reason")
    db.session.commit()

    answer = town.send(
        desk, f"{panel(attended)}{row.code}/undo", panel(attended), reason="the second reason"
    )

    assert answer.status_code == 409
    assert row.undone_reason == "the first reason"


def test_a_row_of_another_visit_is_missing(desk, attended, clerk, place, padron):
    row = checked(attended, clerk)
    other = town.a_visit(town.a_wish(place, padron), phone="+34600111222")

    assert desk.get(f"{panel(other)}{row.code}/undo").status_code == 404


# --- what does not jump ---------------------------------------------------------------------


def test_what_has_not_changed_is_not_sent(desk, citizen, attended, clerk):
    htmx = {"HX-Request": "true"}
    for browser, address, element in ((citizen, card, "card"), (desk, panel, "identity")):
        text = browser.get(address(attended), headers=htmx).text
        assert text.lstrip().startswith(f'<section id="{element}"')
        seen = text.split("?seen=")[1].split('"')[0]
        again = f"{address(attended)}?seen={seen}"
        assert browser.get(again, headers=htmx).status_code == 204

    begin(attended, clerk)

    for browser, address in ((citizen, card), (desk, panel)):
        assert browser.get(f"{address(attended)}?seen=x", headers=htmx).status_code == 200


def test_while_the_clerk_writes_the_panel_stays(desk, attended, clerk):
    check = begin(attended, clerk)
    services.agree(check, True)
    db.session.commit()

    page = desk.get(panel(attended), headers={"HX-Request": "true"}).text

    assert "identity-finish" in page
    assert "every 3s" not in page


def test_the_card_stands_beside_the_call_and_never_around_it(citizen, attended):
    page = citizen.get(f"{town.base(attended.town)}/ca/visits/{attended.code}/wait").text

    between = page[page.index('<section id="call"') : page.index('<section id="card"')]
    assert between.count("<section") == between.count("</section>") > 0
