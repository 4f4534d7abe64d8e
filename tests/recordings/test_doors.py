"""The doors of a recording: who is asked what, what the browser sends, who may look at it."""

import pytest

from app.accounts.models import Role
from app.booking.models import Status
from app.calls import services as calls
from app.calls.models import Part
from app.core.db import db
from app.recordings import queries, services
from app.recordings.models import End, PieceKind, State, Viewing
from tests import town
from tests.recordings.conftest import a_film, agree, end_take, now_ms, send_film, sent_as


def card_of(visit):
    return f"http://vilaclara.localhost/ca/visits/{visit.code}/room/recording"


def desk_of(visit, path=""):
    return f"http://vilaclara.localhost/desk/visits/{visit.code}{path}"


@pytest.fixture
def at_the_desk(app, clerk):
    """The browser of whoever attends."""
    client = app.test_client()
    town.enter(client, clerk)
    return client


@pytest.fixture
def no_tokens(app, monkeypatch):
    """Scripts send their token in a header; here it is left out."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)


@pytest.fixture
def kept(running, take):
    send_film(running, take, a_film())
    services.stop(running, End.CLERK)
    end_take(running, take)
    db.session.commit()
    for number in services.claim_due():
        db.session.commit()
        services.finish(number)
    return running


def answer(client, visit, segment, said, page=None):
    page = page or client.get(card_of(visit)).text
    text = town.field_in(page, "text") if 'name="text"' in page else ""
    return client.post(
        card_of(visit),
        data={
            "csrf_token": town.token_in(page),
            "segment": segment.code,
            "text": text,
            "answer": said,
        },
        headers={"HX-Request": "true"},
    )


def press(client, visit, **fields):
    """A button of the clerk's panel."""
    here = desk_of(visit, "/room/recording")
    token = town.token_in(client.get(here).text)
    return client.post(here, data={"csrf_token": token, **fields}, headers={"HX-Request": "true"})


def test_the_citizen_reads_why_and_answers(client, asked, visit):
    page = client.get(card_of(visit)).text
    assert "So that it can be shown later what was said. ca" in page

    done = answer(client, visit, asked, "yes", page)

    assert done.status_code == 200
    assert asked.consents[0].is_valid


def test_an_answer_to_an_older_text_comes_back_with_the_new_one(client, asked, visit):
    page = client.get(card_of(visit)).text
    visit.procedure.recording_reason = town.texts("Another reason.")
    db.session.commit()

    done = answer(client, visit, asked, "yes", page)

    assert done.status_code == 409
    assert "Another reason. ca" in done.text
    assert asked.consents[0].is_given is None


@pytest.mark.parametrize("said", ["", "maybe", "YES"])
def test_what_is_no_answer_changes_nothing(client, asked, visit, said):
    assert answer(client, visit, asked, said).status_code == 409
    assert asked.consents[0].is_given is None


def test_an_answer_to_another_question_changes_nothing(client, asked, visit):
    page = client.get(card_of(visit)).text
    fields = {"segment": "bbbbbbbbbbbb", "text": town.field_in(page, "text"), "answer": "yes"}

    done = client.post(card_of(visit), data={"csrf_token": town.token_in(page), **fields})

    assert done.status_code == 409
    assert asked.consents[0].is_given is None


def test_no_ends_the_question_and_the_visit_goes_on(client, asked, visit):
    answer(client, visit, asked, "no")

    assert asked.state is State.REFUSED
    assert visit.status is Status.IN_SERVICE


def test_the_citizen_stops_it_with_one_press(client, running, visit):
    done = answer(client, visit, running, "withdraw")

    assert done.status_code == 200
    assert running.ended_by is End.WITHDRAWN


def test_a_card_that_has_not_changed_is_not_sent(client, asked, people, visit):
    page = client.get(card_of(visit), headers={"HX-Request": "true"}).text
    seen = page.split("?seen=")[1].split('"')[0]

    again = client.get(f"{card_of(visit)}?seen={seen}", headers={"HX-Request": "true"})
    agree(asked, people[1])
    changed = client.get(f"{card_of(visit)}?seen={seen}", headers={"HX-Request": "true"})

    assert (again.status_code, changed.status_code) == (204, 200)


def test_a_card_opened_alone_says_that_nothing_is_asked_and_leads_back(client, visit):
    page = client.get(card_of(visit)).text

    assert "Ara no se us demana res sobre cap gravació." in page
    assert f'href="/ca/visits/{visit.code}"' in page


def test_a_card_opened_alone_that_asks_says_nothing_else(client, asked, visit):
    page = client.get(card_of(visit)).text

    assert 'id="recording-yes"' in page
    assert "no se us demana" not in page


def test_whoever_was_invited_answers_for_themselves(app, client, visit, clerk, people):
    _, link = calls.invite(visit, Part.COMPANION, "Joan", None, clerk)
    db.session.commit()
    page = client.get(link)
    client.post(link, data={"csrf_token": town.token_in(page.text)})
    invitation = calls_of(link)
    guest = calls.join(
        visit, Part.COMPANION, "Joan", camera=True, microphone=True, invitation=invitation
    )
    calls.admit(guest)
    segment = services.ask(visit, clerk)
    db.session.commit()

    card = client.get(f"{link}/room/recording").text
    done = client.post(
        f"{link}/room/recording",
        data={
            "csrf_token": town.token_in(card),
            "segment": segment.code,
            "text": town.field_in(card, "text"),
            "answer": "yes",
        },
    )
    elsewhere = app.test_client().get(f"{link}/room/recording")

    assert done.status_code == 303
    assert queries.consent_of(segment, guest).is_valid
    assert queries.consent_of(segment, people[1]).is_given is None
    assert elsewhere.status_code == 409  # the link is open on another device


def calls_of(link):
    from app.calls import queries as rooms

    return rooms.invitation_or_404(link.rsplit("/", 1)[1])


def test_the_clerk_asks_begins_pauses_and_ends(at_the_desk, visit, people):
    assert press(at_the_desk, visit, action="ask").status_code == 200
    segment = queries.open_segment(visit)
    early = press(at_the_desk, visit, action="start", segment=segment.code)
    assert (early.status_code, segment.state) == (409, State.ASKED)
    agree(segment, people[1])
    db.session.commit()

    for action, state in (
        ("start", State.RECORDING),
        ("card", State.PAUSED),
        ("go_on", State.RECORDING),
        ("pause", State.PAUSED),
        ("stop", State.CLOSING),
    ):
        assert press(at_the_desk, visit, action=action, segment=segment.code).status_code == 200
        assert segment.state is state, action


@pytest.mark.parametrize("fields", [{}, {"action": "x"}, {"action": "start", "segment": "x"}])
def test_a_button_that_is_none_changes_nothing(at_the_desk, asked, visit, fields):
    assert press(at_the_desk, visit, **fields).status_code == 409
    assert asked.state is State.ASKED


def test_a_colleague_records_nobody_elses_visit(app, visit, people, asked):
    colleague = town.a_clerk(visit.procedure, name="Eva Sol")
    client = app.test_client()
    town.enter(client, colleague)

    assert client.get(desk_of(visit, "/room/recording")).status_code == 404


def test_without_a_rule_there_is_nothing_to_press(client, at_the_desk, visit, people):
    from app.towns.models import Recording

    page = at_the_desk.get(desk_of(visit)).text
    assert "recorder-ask" in page
    visit.procedure.recording = Recording.NONE
    db.session.commit()

    page = at_the_desk.get(desk_of(visit)).text

    assert "recorder-ask" not in page
    assert "recordings.css" not in page


class Sender:
    """The script of the clerk's page."""

    def __init__(self, client, visit, segment):
        self.client = client
        self.base = desk_of(visit, f"/room/segments/{segment.code}")

    def begin(self, media_type="video/webm;codecs=vp8,opus", **more):
        sent = {"media_type": media_type, "now": now_ms(), **more}
        return self.client.post(f"{self.base}/takes", json=sent)

    def put(self, take, sent, body, **changes):
        told = {
            "kind": sent.kind.value,
            "starts": sent.starts_ms,
            "length": sent.length_ms,
            "sha256": sent.sha256,
            "head": sent.head,
            **changes,
        }
        return self.client.put(
            f"{self.base}/takes/{take.code}/pieces/{sent.number}",
            query_string=told,
            data=body,
            content_type="application/octet-stream",
        )


@pytest.fixture
def sender(at_the_desk, visit, running, no_tokens):
    return Sender(at_the_desk, visit, running)


def test_pieces_arrive_through_the_door(sender, running):
    told = sender.begin().json
    take = running.takes[0]
    sent = sent_as(take, 1, b"picture")

    done = sender.put(take, sent, b"picture")
    again = sender.put(take, sent, b"picture")

    assert told["take"] == take.code
    assert told["first"] == services.first_of_take(take.code)
    assert len(told["key"]) == 64
    assert (done.status_code, done.json) == (200, {"pieces": 1, "head": sent.head})
    assert again.json == done.json


def test_the_door_says_which_piece_it_wants(sender, running, take):
    done = sender.put(take, sent_as(take, 4, b"x"), b"x")

    assert (done.status_code, done.json["wanted"]) == (409, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "film"},
        {"kind": ""},
        {"starts": "-1"},
        {"starts": "x"},
        {"starts": "9" * 30},
        {"length": "1e3"},
        {"sha256": "0"},
        {"head": "'"},
    ],
    ids=str,
)
def test_a_garbled_piece_is_refused_at_the_door(sender, running, take, changes):
    done = sender.put(take, sent_as(take, 1, b"x"), b"x", **changes)

    assert done.status_code == 400
    db.session.refresh(take)
    assert take.pieces == 0


def test_a_piece_for_another_meeting_finds_no_door(sender, running, take, at_the_desk):
    sender.base = sender.base.replace(running.code, "bbbbbbbbbbbb")

    assert sender.put(take, sent_as(take, 1, b"x"), b"x").status_code == 404


def test_a_piece_that_is_too_large_is_refused(sender, running, take):
    body = b"0" * (1024 * 1024 + 1)

    assert sender.put(take, sent_as(take, 1, body), body).status_code == 413


def test_before_the_consent_the_door_is_shut(at_the_desk, visit, asked, no_tokens):
    assert Sender(at_the_desk, visit, asked).begin().status_code == 409
    assert asked.takes == []


@pytest.mark.parametrize(
    "sent",
    [b"", b"[]", b"{", b'{"media_type": 1, "now": "x"}', b'{"media_type":"video/webm"}', b"NaN"],
)
def test_a_garbled_beginning_is_refused(sender, sent):
    done = sender.client.post(f"{sender.base}/takes", data=sent, content_type="application/json")

    assert done.status_code == 400


def test_the_end_is_told_through_the_door(sender, running, take):
    sender.put(take, sent_as(take, 1, b"x"), b"x")
    address = f"{sender.base}/takes/{take.code}/end"

    bad = sender.client.post(address, json={"pieces": "many"})
    good = sender.client.post(address, json={"pieces": 1, "head": take.head, "now": now_ms()})

    assert (bad.status_code, good.status_code) == (400, 204)
    db.session.refresh(take)
    assert take.is_whole
    told = sender.client.get(f"{sender.base}/takes/{take.code}").json
    assert (told["is_open"], told["pieces"]) == (False, 1)


def test_a_browser_in_trouble_says_so(sender, running):
    assert sender.client.post(f"{sender.base}/trouble").status_code == 204
    assert running.is_alarmed


def test_a_stranger_sends_nothing(client, visit, running, take, no_tokens):
    strange = Sender(client, visit, running)

    assert strange.put(take, sent_as(take, 1, b"x"), b"x").status_code == 401


def test_text_is_a_piece_too(sender, running, take):
    body = b'[[10, "Pere", "hola"]]'
    sent = sent_as(take, 1, body, kind=PieceKind.TEXT, length=0)

    assert sender.put(take, sent, body).status_code == 200
    db.session.refresh(take)
    assert (take.pieces, take.length_ms) == (1, 0)


def test_whoever_leaves_at_once_sends_the_last_pieces_from_the_next_page(at_the_desk, visit, take):
    place = f'data-address="/desk/visits/{visit.code}/room/segments/{take.segment.code}"'
    page = desk_of(visit, "/recordings")
    assert place not in at_the_desk.get(page).text  # it still runs, perhaps elsewhere

    services.stop(take.segment, End.CLERK)
    db.session.commit()

    assert place in at_the_desk.get(page).text


def look(client, visit, segment, reason):
    here = desk_of(visit, "/recordings")
    return town.send(client, here, segment=segment.code, reason=reason)


def opened_by(client, visit, segment):
    """The address of what they opened."""
    opened = look(client, visit, segment, "The citizen asked what was said")
    return f"http://vilaclara.localhost{opened.location}"


def test_whoever_looks_says_why_and_sees_a_part_of_it(at_the_desk, visit, kept):
    opened = opened_by(at_the_desk, visit, kept)
    page = at_the_desk.get(opened)
    part = at_the_desk.get(f"{opened}/file", headers={"Range": "bytes=0-3"})

    assert page.status_code == 200
    assert (part.status_code, part.data) == (206, b"\x1a\x45\xdf\xa3")
    assert part.headers["Content-Range"].endswith(f"/{kept.size}")
    line = queries.entries(queries.meeting_of(visit))[-1].text
    assert '"event":"RecordingSeen"' in line
    assert "The citizen asked what was said" in line


@pytest.mark.parametrize("reason", ["", "why", "x" * 301])
def test_without_a_reason_nobody_looks(at_the_desk, visit, kept, reason):
    assert look(at_the_desk, visit, kept, reason).status_code == 422
    assert db.session.query(Viewing).count() == 0


def test_a_look_is_nobody_elses(app, at_the_desk, visit, kept, place):
    opened = opened_by(at_the_desk, visit, kept)
    other = app.test_client()
    town.enter(other, town.a_supervisor())

    assert other.get(f"{opened}/file").status_code == 404


def test_a_look_ends_after_an_hour(at_the_desk, visit, kept):
    opened = opened_by(at_the_desk, visit, kept)
    viewing = db.session.query(Viewing).one()
    viewing.expires_at = viewing.opened_at
    db.session.commit()

    assert at_the_desk.get(opened).status_code == 404


def test_an_administrator_keeps_the_record_and_does_not_look(app, visit, kept):
    client = app.test_client()
    town.enter(client, town.a_supervisor(role=Role.ADMINISTRATOR))

    assert client.get(desk_of(visit, "/recordings")).status_code == 403


def copies_of(visit, path=""):
    return f"http://vilaclara.localhost/ca/visits/{visit.code}/recordings{path}"


def test_the_citizen_takes_a_copy_with_a_code_to_their_telephone(client, visit, kept):
    start = client.get(copies_of(visit))
    assert "copies-send" in start.text
    closed = client.get(copies_of(visit, f"/{kept.code}"))
    assert closed.status_code == 303

    sent = client.post(copies_of(visit, "/send"), data={"csrf_token": town.token_in(start.text)})
    digits = town.digits_sent(town.sent_to(visit.phone)[-1])
    proved = town.send(client, copies_of(visit, "/code"), code=digits)

    assert sent.status_code == 303
    assert proved.status_code == 303
    assert kept.code in client.get(copies_of(visit)).text
    copy = client.get(copies_of(visit, f"/{kept.code}"))
    assert (copy.status_code, len(copy.data)) == (200, kept.size)
    assert "attachment" in copy.headers["Content-Disposition"]
    line = queries.entries(queries.meeting_of(visit))[-1].text
    assert '"event":"RecordingTaken"' in line


def test_a_wrong_code_opens_nothing(client, visit, kept):
    page = client.get(copies_of(visit)).text
    client.post(copies_of(visit, "/send"), data={"csrf_token": town.token_in(page)})

    assert town.send(client, copies_of(visit, "/code"), code="000000").status_code == 422
    assert kept.code not in client.get(copies_of(visit)).text


def test_where_nothing_was_recorded_there_is_nothing(client, visit):
    assert client.get(copies_of(visit)).status_code == 404
