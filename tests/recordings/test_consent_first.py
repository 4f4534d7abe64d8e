"""Nothing is recorded before everybody has agreed, and refusing never ends the visit."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.booking.models import Status
from app.calls import services as calls
from app.calls.models import Part
from app.core import clock
from app.core.db import db
from app.core.stream import StreamMessage
from app.recordings import queries, services
from app.recordings.errors import (
    AlreadyAsked,
    AnswerOver,
    ConsentMissing,
    NobodyToAsk,
    NotRecorded,
    NotRunning,
    TextChanged,
    Withdrawn,
)
from app.recordings.models import End, Piece, Reason, State, Way
from app.recordings.services import segments
from app.towns.models import Recording
from tests import town
from tests.beside import beside_another
from tests.recordings.conftest import WEBM, agree, now_ms, send, sent_as


def told(visit):
    """How it stands, as everybody in the call was told last."""
    question = sa.select(StreamMessage.payload).where(
        StreamMessage.channel == calls.room_of(visit), StreamMessage.name == "recording"
    )
    return list(db.session.scalars(question.order_by(StreamMessage.id)))


def in_minutes(monkeypatch, seconds):
    now = clock.now() + timedelta(seconds=seconds)
    monkeypatch.setattr(clock, "now", lambda: now)


def test_a_procedure_that_is_not_recorded_is_not(visit, clerk, people):
    visit.procedure.recording = Recording.NONE

    with pytest.raises(NotRecorded):
        services.ask(visit, clerk)


def test_nobody_is_asked_who_is_not_there(visit, clerk):
    with pytest.raises(NobodyToAsk):
        services.ask(visit, clerk)


def test_everybody_in_the_call_is_shown_the_text_in_the_language_they_read(asked, people):
    [consent] = asked.consents

    assert consent.participant_id == people[1].id
    assert consent.text.language == asked.visit.reads
    assert "So that it can be shown later what was said. ca" in consent.text.sentences
    assert consent.is_given is None


def test_one_question_at_a_time(asked, visit, clerk):
    with pytest.raises(AlreadyAsked):
        services.ask(visit, clerk)


def test_it_does_not_start_while_somebody_has_not_answered(asked, clerk):
    with pytest.raises(ConsentMissing):
        services.start(asked, clerk)

    assert asked.state is State.ASKED


def test_no_piece_and_no_take_is_taken_before_the_consent(asked):
    with pytest.raises(NotRunning):
        services.begin_take(asked, WEBM, now_ms())

    assert db.session.scalar(sa.select(sa.func.count()).select_from(Piece)) == 0


def test_who_agreed_and_to_which_words_is_kept(asked, people, visit):
    consent = agree(asked, people[1])

    meeting = queries.meeting_of(visit)
    line = queries.entries(meeting)[-1].text
    assert (consent.is_given, consent.way) == (True, Way.CLICKED)
    assert '"answer":"given"' in line
    assert consent.text.digest in line


def test_an_answer_to_an_older_text_is_refused_and_changes_nothing(asked, people):
    consent = asked.consents[0]
    older = consent.text
    asked.visit.procedure.recording_reason = town.texts("Another reason.")

    with pytest.raises(TextChanged):
        services.answer(asked, people[1], True, older.digest)

    assert consent.is_given is None
    assert consent.text.version == older.version + 1
    services.answer(asked, people[1], True, consent.text.digest)
    assert consent.is_valid


def test_the_same_words_are_the_same_version(asked, clerk, visit):
    services.call_off(asked)

    again = services.ask(visit, clerk)

    assert again.consents[0].text_id == asked.consents[0].text_id


def test_refusing_ends_the_question_and_not_the_visit(asked, people, visit, clerk):
    agree(asked, people[1], is_yes=False)

    assert asked.state is State.REFUSED
    assert visit.status is Status.IN_SERVICE
    with pytest.raises(NotRunning):
        services.start(asked, clerk)
    assert told(visit)[-1]["state"] == "refused"


def test_one_answers_once(asked, people):
    agree(asked, people[1])

    with pytest.raises(AnswerOver):
        agree(asked, people[1], is_yes=False)

    assert asked.consents[0].is_given is True


def test_a_stranger_answers_for_nobody(asked, people):
    with pytest.raises(AnswerOver):
        services.answer(asked, people[0], True, asked.consents[0].text.digest)


def test_everybody_sees_when_it_begins(running, visit):
    assert told(visit)[-1]["state"] == "recording"
    assert told(visit)[-1]["agreed"] == [running.consents[0].participant.code]


def test_withdrawing_stops_it_at_once_and_marks_the_gap(running, take, people, visit):
    send(running, take, b"picture")

    services.withdraw(running, people[1])

    assert (running.state, running.ended_by) == (State.CLOSING, End.WITHDRAWN)
    assert running.gaps[-1].reason is Reason.WITHDRAWN
    assert running.gaps[-1].until_ms is None
    assert told(visit)[-1]["state"] == "closing"
    assert visit.status is Status.IN_SERVICE


def test_what_was_filmed_two_seconds_after_withdrawing_is_refused(running, take, people):
    send(running, take, b"picture")
    services.withdraw(running, people[1])
    ended = running.at(running.ended_at) - running.at(take.started_at)

    late = sent_as(take, 2, b"later", starts=ended + 2100)
    with pytest.raises(Withdrawn):
        services.receive(running, take, late, b"later")

    before = sent_as(take, 2, b"before", starts=max(0, ended - 500))
    services.receive(running, take, before, b"before")
    assert take.pieces == 2


def test_withdrawing_twice_is_once(running, people):
    services.withdraw(running, people[1])
    services.withdraw(running, people[1])

    assert [gap.reason for gap in running.gaps] == [Reason.WITHDRAWN]


def test_who_agreed_and_thinks_again_before_it_begins_is_heard(asked, people):
    agree(asked, people[1])

    services.withdraw(asked, people[1])

    assert asked.state is State.REFUSED


def test_it_rests_while_somebody_new_is_asked(running, visit, clerk, people):
    guest = a_guest(visit, clerk)

    assert running.state is State.PAUSED
    assert running.open_gap.reason is Reason.NEWCOMER
    assert guest.code not in told(visit)[-1]["agreed"]
    with pytest.raises(ConsentMissing):
        services.go_on(running)

    agree(running, guest)
    services.go_on(running)
    assert running.state is State.RECORDING
    assert guest.code in told(visit)[-1]["agreed"]


def test_a_newcomer_who_refuses_leaves_it_resting(running, visit, clerk):
    guest = a_guest(visit, clerk)

    agree(running, guest, is_yes=False)

    assert running.state is State.PAUSED
    with pytest.raises(ConsentMissing):
        services.go_on(running)


def test_who_comes_back_need_not_agree_again(running, visit):
    calls.join(visit, Part.CITIZEN, "Pere", camera=True, microphone=True)

    assert running.state is State.RECORDING


def test_the_words_said_aloud_are_noted_once(running, people):
    services.note_spoken(running, people[1])
    first = running.consents[0].spoken_at
    services.note_spoken(running, people[1])

    assert running.consents[0].spoken_at == first


def test_a_pause_is_declared_with_its_place(running, monkeypatch):
    in_minutes(monkeypatch, 8)
    services.pause(running, Reason.IDENTITY_CARD, running.at(running.started_at) + 7_900)
    in_minutes(monkeypatch, 5)
    services.go_on(running)

    [gap] = running.gaps
    assert gap.reason is Reason.IDENTITY_CARD
    assert gap.from_ms == 7_900
    assert 12_900 <= gap.until_ms <= 13_500


def test_a_place_that_cannot_be_is_not_believed(running):
    services.pause(running, Reason.ASKED, 3_000_000)

    assert running.gaps[0].from_ms < 5_000


def test_pausing_twice_is_once(running):
    services.pause(running, Reason.IDENTITY_CARD)
    services.pause(running, Reason.IDENTITY_CARD)

    assert len(running.gaps) == 1


def test_hanging_up_ends_it(running, visit):
    calls.end(visit)

    assert (running.state, running.ended_by) == (State.CLOSING, End.CALL_OVER)


def test_a_question_ends_with_the_call(asked, visit):
    calls.end(visit)

    assert asked.state is State.CALLED_OFF


def test_everybody_is_told_when_nothing_arrives(running, visit, monkeypatch):
    in_minutes(monkeypatch, 7)

    services.watch()

    assert running.is_alarmed
    assert told(visit)[-1]["is_safe"] is False


def test_all_is_well_again_when_a_piece_arrives(running, take, visit):
    services.alarm(running)

    send(running, take, b"picture")

    assert told(visit)[-1]["is_safe"] is True


def test_a_browser_that_never_comes_back_ends_it(running, monkeypatch):
    in_minutes(monkeypatch, 601)

    services.watch()

    assert running.ended_by is End.SILENT


def test_nothing_is_recorded_for_ever(running, take, monkeypatch):
    in_minutes(monkeypatch, segments.LONGEST.total_seconds() + 1)
    running.heard_at = running.started_at + segments.LONGEST

    services.watch()

    assert running.ended_by is End.TOO_LONG


def a_guest(visit, clerk):
    """A companion who knocks and is let in."""
    invitation, _ = calls.invite(visit, Part.COMPANION, "Joan", None, clerk)
    guest = calls.join(
        visit, Part.COMPANION, "Joan", camera=True, microphone=True, invitation=invitation
    )
    calls.admit(guest)
    db.session.commit()
    return guest


def changed_by_another(row, **values):
    """In the register alone, as another process does it."""
    db.session.execute(
        sa.update(type(row)).where(type(row).id == row.id).values(**values),
        execution_options={"synchronize_session": False},
    )


def test_who_withdraws_in_the_very_moment_in_which_it_begins_is_not_recorded(
    asked, people, clerk, monkeypatch
):
    consent = agree(asked, people[1])
    db.session.commit()

    def withdraws():
        changed_by_another(consent, withdrawn_at=clock.now())
        changed_by_another(asked, state=State.REFUSED, ended_at=clock.now())

    with beside_another(monkeypatch, withdraws), pytest.raises(NotRunning):
        services.start(asked, clerk)

    assert asked.state is State.REFUSED


def test_a_pause_ends_only_with_the_consents_of_that_moment(running, people, monkeypatch):
    (consent,) = running.consents
    services.pause(running, Reason.ASKED)
    db.session.commit()

    def withdraws():
        changed_by_another(consent, withdrawn_at=clock.now())

    with beside_another(monkeypatch, withdraws), pytest.raises(ConsentMissing):
        services.go_on(running)

    assert running.state is State.PAUSED


def test_of_two_answers_at_once_the_first_counts(asked, people, monkeypatch):
    (consent,) = asked.consents

    def says_no():
        changed_by_another(consent, is_given=False, answered_at=clock.now(), way=Way.CLICKED)
        changed_by_another(asked, state=State.REFUSED, ended_at=clock.now())

    with beside_another(monkeypatch, says_no), pytest.raises(AnswerOver):
        agree(asked, people[1])

    assert consent.is_given is False


def test_who_withdraws_as_it_begins_ends_it(asked, people, monkeypatch):
    agree(asked, people[1])
    db.session.commit()

    def begins():
        changed_by_another(asked, state=State.RECORDING, started_at=clock.now())

    with beside_another(monkeypatch, begins):
        services.withdraw(asked, people[1])

    assert (asked.state, asked.ended_by) == (State.CLOSING, End.WITHDRAWN)
