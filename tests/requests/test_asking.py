"""What a clerk asks and a citizen answers: one thing at a time, once, and as it was read."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.assurance import queries as assurance
from app.audit.models import AuditEntry
from app.audit.neutral import neutral_text
from app.booking.models import Status
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.core.stream import StreamMessage
from app.desk import services as desk
from app.identity import services as identity
from app.identity.services import Asker
from app.papers.events import PaperReceived
from app.queue import services as queue
from app.requests import jobs, queries, services
from app.requests.errors import (
    AnsweredAlready,
    AnswerLate,
    NotAskedNow,
    NotBeingAttended,
    TextChanged,
    TooManyAsked,
)
from app.requests.models import Kind, Request, State, Way
from app.requests.queries import Words
from app.requests.services import Said
from tests import town


def page(visit):
    return f"{town.base(visit.town)}/ca/visits/{visit.code}/asked"


def yes(request):
    return Said(True, request.text_digest)


def no(request):
    return Said(False, request.text_digest)


def answer(citizen, request, said="yes", **fields):
    fields = {"seen": request.text_digest, **fields}
    return town.send(citizen, page(request.visit), request=request.code, said=said, **fields)


def told(name):
    return db.session.scalars(sa.select(AuditEntry).where(AuditEntry.name == name)).all()


def test_the_citizen_sees_one_thing_at_a_time_and_the_next_after_an_answer(visit, ask):
    first, second = ask(title="First"), ask(title="Second")

    assert queries.current_in(visit) is first
    services.answer(first, yes(first))

    assert queries.current_in(visit) is second
    assert second.expires_at is not None


def test_what_waits_behind_another_cannot_be_answered_yet(visit, ask):
    ask(title="First")
    second = ask(title="Second")

    with pytest.raises(NotAskedNow):
        services.answer(second, yes(second))

    assert second.is_open


def test_no_is_an_answer_and_the_same_can_be_asked_again(visit, ask, clerk):
    request = ask()
    services.answer(request, no(request))

    again = services.repeat(request, clerk, token="again and again")

    assert request.state is State.REFUSED
    assert again.text_digest == request.text_digest
    assert again.repeats_id == request.id
    assert queries.current_in(visit) is again


def test_the_first_of_two_different_answers_counts(visit, ask):
    request = ask()
    services.answer(request, no(request))

    with pytest.raises(AnsweredAlready):
        services.answer(request, yes(request))

    assert request.state is State.REFUSED


def test_the_same_answer_from_a_second_tab_changes_nothing(visit, ask):
    request = ask()
    services.answer(request, yes(request))
    before = request.answered_at

    services.answer(request, yes(request))

    assert request.answered_at == before
    assert len(told("RequestAnswered")) == 1


def test_a_text_that_was_edited_on_the_way_is_not_accepted(visit, ask):
    request = ask()

    with pytest.raises(TextChanged):
        services.answer(request, Said(True, "0" * 64))

    assert request.is_open


def test_a_late_answer_is_refused_and_the_request_ends_by_itself(visit, ask, monkeypatch):
    request, second = ask(title="First"), ask(title="Second")
    late = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: late)

    with pytest.raises(AnswerLate):
        services.answer(request, yes(request))
    db.session.commit()
    count = jobs.expire_requests()

    assert count == 1
    assert request.state is State.EXPIRED
    assert queries.current_in(visit) is second
    assert second.expires_at > late


def test_the_clerk_withdraws_and_what_was_answered_meanwhile_stands(visit, ask):
    request, answered = ask(title="First"), ask(title="Second")
    services.withdraw(request)
    services.answer(answered, yes(answered))

    with pytest.raises(AnsweredAlready):
        services.withdraw(answered)

    assert request.state is State.WITHDRAWN
    assert answered.state is State.DONE


def test_pressing_twice_asks_once(visit, ask):
    first = ask(token="one press")

    assert ask(title="Other words", token="one press") is first
    assert len(queries.asked_in(visit)) == 1


def test_nobody_is_asked_before_they_are_attended_nor_after(visit, ask, clerk):
    request = ask()
    queue.call_again(visit)

    assert request.state is State.EXPIRED
    with pytest.raises(NotBeingAttended):
        ask(title="Later")


def test_ten_wait_at_the_most(visit, ask):
    for number in range(10):
        ask(title=f"Number {number}")

    with pytest.raises(TooManyAsked):
        ask(title="Number 11")


def test_everything_is_in_the_record_and_none_of_the_words_are(visit, ask):
    request = ask(title="Salut mental")
    services.answer(request, yes(request))

    lines = [*told("RequestMade"), *told("RequestAnswered")]

    assert len(lines) == 2
    mark = neutral_text(request.text_digest)  # whoever has the text finds its lines
    assert all(line.facts["text_digest"] == mark for line in lines)
    assert "Salut" not in str([line.facts for line in lines])


def test_both_sides_are_told_through_the_stream_and_the_day_is_not(visit, ask):
    before = db.session.scalar(sa.select(sa.func.max(StreamMessage.id))) or 0
    request = ask()
    services.answer(request, yes(request))

    news = db.session.execute(
        sa.select(StreamMessage.channel, StreamMessage.name).where(StreamMessage.id > before)
    ).all()

    assert news == [(f"visit:{visit.id}", "state")] * 2


def test_the_card_has_the_exact_text_one_question_and_its_answer(visit, ask, citizen):
    ask(title="First", body="A long text.\nIn two lines.")
    ask(title="Second")
    db.session.commit()

    shown = citizen.get(page(visit)).text

    assert "A long text.\nIn two lines." in shown
    assert "Second" not in shown
    assert shown.count('class="asked__form"') == 1


def test_an_answer_on_the_page_works_without_scripts(visit, ask, citizen):
    request = ask()
    db.session.commit()

    sent = answer(citizen, request)

    assert sent.status_code == 303
    assert request.state is State.DONE
    assert request.answer == {"how": "screen"}
    assert "Gràcies" in citizen.get(town.base(visit.town) + sent.location).text


def test_a_fragment_that_has_not_changed_is_not_sent(visit, ask, citizen):
    ask()
    db.session.commit()
    shown = citizen.get(page(visit), headers={"HX-Request": "true"}).text
    seen = town_seen(shown)

    same = citizen.get(f"{page(visit)}?seen={seen}", headers={"HX-Request": "true"})

    assert same.status_code == 204


def town_seen(text):
    return text.split("?seen=")[1].split('"')[0]


def test_two_tabs_the_second_is_told_and_sees_what_is_asked_now(visit, ask, citizen):
    first, second = ask(title="First"), ask(title="Second")
    db.session.commit()
    answer(citizen, first)

    token = town.token_in(citizen.get(page(visit)).text)
    late = citizen.post(
        page(visit),
        data={
            "csrf_token": token,
            "request": first.code,
            "said": "no",
            "seen": first.text_digest,
        },
        headers={"HX-Request": "true"},
    )

    assert late.status_code == 409
    assert "Second" in late.text
    assert first.state is State.DONE
    assert second.is_open


def test_a_request_of_another_visit_is_as_missing_as_one_that_never_was(
    visit, ask, citizen, place, padron, clerk
):
    other = town.a_visit(town.a_wish(place, padron), phone="+34600123457")
    request = ask()
    db.session.commit()

    statuses = {
        town.send(
            citizen, page(other), request=code, said="yes", seen=request.text_digest
        ).status_code
        for code in (request.code, "bcdfghjkmnpq")
    }

    assert statuses == {404}
    assert request.is_open


@pytest.mark.parametrize("said", ["", "maybe", "YES", "\x00"])
def test_odd_answers_change_nothing(visit, ask, citizen, said):
    request = ask()
    db.session.commit()

    assert answer(citizen, request, said).status_code == 409
    assert request.is_open


def test_data_are_confirmed_or_corrected_and_both_are_kept(visit, ask, citizen):
    fields = (("Street", "Carrer Major 4"), ("Floor", "2"))
    request = ask(Kind.DATA, "Is this right?", fields=fields)
    db.session.commit()

    answer(citizen, request, value=["Carrer Major 4", "3r\x00"])

    assert request.answer["values"] == ["Carrer Major 4", "3r"]
    assert request.answer["corrected"] == ["Floor"]
    assert request.fields[1] == {"label": "Floor", "value": "2"}


@pytest.mark.parametrize("value", [["only one"], ["a", "b" * 201], ["a", "b", "c"]])
def test_data_that_do_not_fit_are_asked_for_again(visit, ask, citizen, value):
    request = ask(Kind.DATA, "Is this right?", fields=(("Street", "A"), ("Floor", "2")))
    db.session.commit()

    assert answer(citizen, request, value=value).status_code == 422
    assert request.is_open


def test_what_is_done_elsewhere_is_not_done_by_saying_so(visit, ask, citizen):
    request = ask(Kind.PAPER, "Your identity card")
    db.session.commit()

    assert answer(citizen, request).status_code == 409
    assert request.is_open


def test_a_paper_that_came_answers_what_was_asked_for(visit, ask):
    first, second = ask(Kind.PAPER, "Your identity card"), ask(Kind.PAPER, "The lease")
    facts = {"town_id": visit.town_id, "visit_id": visit.id, "kind": "pdf", "pages": 1}

    publish(PaperReceived(**facts, paper_id=7, side="clerk"))
    assert first.is_open
    publish(PaperReceived(**facts, paper_id=8, side="citizen"))

    assert (first.state, second.state) == (State.DONE, State.ASKED)
    assert first.answer == {"how": "paper", "paper": 8}


def test_a_signature_takes_the_code_of_this_very_text(visit, ask, citizen):
    request = ask(Kind.SIGN, "Sign your application", way=Way.SMS)
    db.session.commit()
    town.sent_to(visit.phone)
    assert answer(citizen, request, "code").status_code == 200
    code = town.digits_sent(town.sent_to(visit.phone)[-1])

    wrong = answer(citizen, request, code="000000" if code != "000000" else "111111")
    right = answer(citizen, request, code=code)

    assert (wrong.status_code, right.status_code) == (422, 303)
    assert request.state is State.DONE
    assert request.answer == {"how": "screen", "phone_ending": visit.phone[-3:]}
    kept = queries.signed_texts(visit)[0]
    assert kept["sha256"] == request.text_digest
    assert kept["body"] == request.body


def test_a_code_of_the_booking_signs_nothing(visit, ask, citizen):
    request = ask(Kind.SIGN, "Sign your application", way=Way.SMS)
    identity.send_code(visit.phone, visit.purpose, Asker("127.0.0.1", visit.town.host))
    db.session.commit()
    code = town.digits_sent(town.sent_to(visit.phone)[-1])

    assert answer(citizen, request, code=code).status_code == 422
    assert request.is_open


def test_a_code_shows_the_telephone_and_answers_who_they_are(visit, ask, citizen):
    request = ask(Kind.IDENTIFY, "Show who you are", way=Way.SMS)
    db.session.commit()
    answer(citizen, request, "code")

    answer(citizen, request, code=town.digits_sent(town.sent_to(visit.phone)[-1]))

    assert request.state is State.DONE
    assert assurance.standing(visit).level.value == "phone"


def test_after_the_visit_the_citizen_reads_every_word_they_accepted(visit, ask, citizen):
    accepted, refused, open_one = ask(title="First"), ask(title="Second"), ask(title="Third")
    services.answer(accepted, yes(accepted))
    services.answer(refused, no(refused))
    queue.begin(visit)
    desk.close(visit, Status.SERVED, desk.Words())
    db.session.commit()

    page = citizen.get(f"{town.base(visit.town)}/ca/visits/{visit.code}").text

    assert accepted.body in page
    assert "Second" in page
    assert "Third" not in page
    assert open_one.state is State.EXPIRED


def test_the_digest_depends_on_every_word():
    words = Words(Kind.TEXT, "ca", "Title", "Body")
    others = (
        Words(Kind.TEXT, "es", "Title", "Body"),
        Words(Kind.TEXT, "ca", "Title", "Body."),
        Words(Kind.TEXT, "ca", "Titl", "eBody"),
        Words(Kind.SIGN, "ca", "Title", "Body"),
        Words(Kind.TEXT, "ca", "Title", "Body", cents=1),
        Words(Kind.TEXT, "ca", "Title", "Body", fields=(("a", "b"),)),
    )

    assert len({one.digest for one in (words, *others)}) == 7


def test_who_has_no_page_open_gets_one_message(place, padron, ask):
    other = town.a_clerk(padron, name="Joan Riu")
    found = town.a_visit(town.a_wish(place, padron, "in_person"), phone="+34600123458")
    queue.receive(found)
    queue.call(other, found)
    before = len(town.sent_to(found.phone))

    ask(of=found, token="first one")
    ask(of=found, token="second one", title="Second")

    assert len(town.sent_to(found.phone)) == before + 1
    assert found.code in town.sent_to(found.phone)[-1]


def test_the_table_keeps_answers_and_states_together(visit, ask):
    request = ask()

    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(
            sa.update(Request).where(Request.id == request.id).values(state=State.DONE)
        )
