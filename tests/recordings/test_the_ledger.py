"""Every event of a meeting is chained and stamped, so that whatever is changed later is seen."""

import hashlib
import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from app.booking import services as booking
from app.booking.models import Status
from app.calls import services as calls
from app.calls.models import Part
from app.core import clock
from app.core.chain import Kind
from app.core.db import db
from app.recordings import jobs, ledger, queries, services
from app.recordings.models import End, LedgerEntry, LedgerStamp, Meeting, StampReason
from app.towns.models import Recording
from tests.audit.authority_stand_in import an_authority
from tests.recordings.conftest import end_take, send


@pytest.fixture
def meeting(running, take, visit) -> Meeting:
    """Recorded, ended, and stamped at both ends."""
    send(running, take, b"one")
    services.stop(running, End.CLERK)
    end_take(running, take)
    jobs.stamp_ledgers()
    return queries.meeting_of(visit)


def names(meeting):
    return [json.loads(row.text)["event"] for row in queries.entries(meeting)]


def faults(meeting):
    db.session.flush()
    db.session.expire_all()
    return {fault.kind for fault in queries.check(meeting).faults}


def row(meeting, number):
    return queries.entries(meeting)[number - 1]


def rewrite(meeting, first, **changes):
    """As somebody with the whole register in their hands would: every digest made again."""
    previous = row(meeting, first).previous
    for entry in queries.entries(meeting)[first - 1 :]:
        told = {**json.loads(entry.text), "previous": previous}
        if entry.number == first:
            told |= changes
        entry.text = ledger.rfc8785.dumps(told).decode()
        entry.previous, entry.digest = previous, ledger.digest_of(entry.text)
        previous = entry.digest
    meeting.digest = previous


def test_a_meeting_that_may_be_recorded_is_told_from_its_start(people, visit):
    found = names(queries.meeting_of(visit))

    assert found[:2] == ["LedgerOpened", "ParticipantJoined"]
    assert found.count("ParticipantJoined") == 2


def test_a_meeting_that_is_never_recorded_has_no_ledger(visit):
    visit.procedure.recording = Recording.NONE

    calls.join(visit, Part.CLERK, "Ana", camera=True, microphone=True)

    assert queries.meeting_of(visit) is None


def test_every_step_of_a_recording_stands_in_it(meeting):
    assert names(meeting)[-7:] == [
        *("RecordingAsked", "ConsentShown", "ConsentAnswered", "RecordingStarted"),
        *("TakeBegun", "PiecesReceived", "RecordingEnded"),
    ]


def test_what_happens_to_the_visit_stands_in_it_too(meeting, visit):
    booking.move_on(visit, Status.SERVED)

    assert "VisitMoved" in names(meeting)


def test_it_is_whole_and_says_how_far_it_is_stamped(meeting):
    found = queries.check(meeting)

    assert found.is_whole
    assert found.lines == meeting.number
    assert (found.stamps, found.waiting) == (2, 0)
    reasons = [stamp.reason for stamp in queries.stamps(meeting)]
    assert reasons == [StampReason.START, StampReason.END]


def test_anybody_can_check_it_with_tools_of_their_own(meeting, tmp_path):
    previous = hashlib.sha256(f"ventanilla meeting {meeting.code}".encode()).hexdigest()
    for entry in queries.entries(meeting):
        (tmp_path / "line").write_text(entry.text)
        said = subprocess.run(
            ["sha256sum", str(tmp_path / "line")], check=True, capture_output=True, text=True
        ).stdout.split()[0]
        assert said == entry.digest
        assert json.loads(entry.text)["previous"] == previous
        previous = said


def test_the_consent_stands_before_the_first_piece(meeting):
    found = names(meeting)

    assert found.index("ConsentAnswered") < found.index("RecordingStarted")
    assert found.index("RecordingStarted") < found.index("TakeBegun")
    assert found.index("TakeBegun") < found.index("PiecesReceived")


def test_no_telephone_and_no_key_of_a_visit_stands_in_it(meeting, visit):
    written = "".join(entry.text for entry in queries.entries(meeting))

    assert visit.code not in written
    assert visit.phone not in written
    assert visit.name not in written


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_line_that_was_edited_is_found(meeting, number):
    entry = row(meeting, number)
    entry.text = entry.text.replace('"at":"20', '"at":"19')

    assert Kind.EDITED in faults(meeting)


def test_an_edited_line_with_a_new_digest_is_found(meeting):
    entry = row(meeting, 4)
    entry.text = entry.text.replace('"at":"20', '"at":"19')
    entry.digest = ledger.digest_of(entry.text)

    assert Kind.EDITED in faults(meeting)


def test_a_line_of_another_meeting_does_not_fit(meeting):
    entry = row(meeting, 4)
    entry.text = entry.text.replace(meeting.code, "bbbbbbbbbbbb")
    entry.digest = ledger.digest_of(entry.text)

    assert faults(meeting)


def test_a_line_that_was_deleted_is_found(meeting):
    db.session.delete(row(meeting, 4))

    assert Kind.MISSING in faults(meeting)


def test_two_lines_that_changed_places_are_found(meeting):
    one, other = row(meeting, 3), row(meeting, 4)
    texts = {one.id: (other.text, other.previous, other.digest)}
    other.text, other.previous, other.digest = one.text, one.previous, one.digest
    one.text, one.previous, one.digest = texts[one.id]

    assert Kind.MOVED in faults(meeting)


@pytest.mark.parametrize("forgets", [False, True], ids=["the end is known", "the end is forged"])
def test_a_tail_that_was_cut_is_found(meeting, forgets):
    last = row(meeting, meeting.number - 2)
    db.session.execute(
        sa.delete(LedgerEntry).where(
            LedgerEntry.meeting_id == meeting.id, LedgerEntry.number > last.number
        )
    )
    if forgets:  # then the stamp of the end knows better
        meeting.number, meeting.digest = last.number, last.digest

    assert Kind.CUT in faults(meeting)


def test_a_ledger_that_was_written_anew_is_found_by_its_stamps(meeting):
    rewrite(meeting, 3, author="account:9")

    assert Kind.REWRITTEN in faults(meeting)


def test_a_forged_stamp_is_found(meeting):
    stamp = queries.stamps(meeting)[0]
    stamp.token = stamp.token[:-1] + bytes([stamp.token[-1] ^ 1])

    assert Kind.STAMP in faults(meeting)


def test_every_bit_of_a_line_counts(meeting):
    entry = row(meeting, 4)
    before = entry.text
    for place in range(0, len(before), 7):
        entry.text = before[:place] + chr(ord(before[place]) ^ 1) + before[place + 1 :]
        line = ledger.Line(meeting.code, 4, entry.text, entry.previous, entry.digest)
        assert not line.is_sound(4)
    entry.text = before


def test_it_is_stamped_every_five_minutes_while_it_runs(running, take, visit):
    send(running, take, b"one")
    later = clock.now() + timedelta(minutes=5, seconds=1)
    running.heard_at = later
    db.session.commit()

    with time_machine.travel(later, tick=False):
        jobs.watch()
        jobs.watch()

    stamps = queries.stamps(queries.meeting_of(visit))
    assert [stamp.reason for stamp in stamps] == [StampReason.START, StampReason.INTERVAL]
    assert names(queries.meeting_of(visit))[-1] == "PiecesReceived"


@pytest.mark.parametrize("manner", ["with_a_page", "another_question", "nothing", "no"])
def test_an_authority_in_trouble_is_asked_again_and_nothing_is_pretended(
    running, visit, app, monkeypatch, tmp_path, manner
):
    with an_authority(tmp_path / "tsa", manner) as authority:
        monkeypatch.setitem(app.config, "TIMESTAMP_AUTHORITIES", [authority])
        assert jobs.stamp_ledgers() == 0

    [stamp] = db.session.scalars(sa.select(LedgerStamp))
    assert (stamp.token, stamp.attempts) == (None, 1)
    assert stamp.problem
    assert stamp.try_at > clock.now()
    found = queries.check(queries.meeting_of(visit))
    assert (found.is_whole, found.stamps, found.waiting) == (True, 0, 1)

    monkeypatch.setitem(app.config, "TIMESTAMP_AUTHORITIES", [])
    stamp.try_at = clock.now()
    db.session.commit()
    assert jobs.stamp_ledgers() == 1
    assert queries.check(queries.meeting_of(visit)).stamps == 1


def test_a_stamp_is_what_openssl_says_it_is(meeting, app, tmp_path):
    stamp = queries.stamps(meeting)[0]
    (tmp_path / "token.tsr").write_bytes(stamp.token)
    (tmp_path / "message").write_bytes(
        services.stamped_message(meeting.code, stamp.number, stamp.digest)
    )
    root = Path(app.instance_path) / "timestamps" / "ca.pem"

    said = subprocess.run(
        [
            *("openssl", "ts", "-verify", "-in", str(tmp_path / "token.tsr")),
            *("-data", str(tmp_path / "message"), "-CAfile", str(root)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Verification: OK" in said.stdout + said.stderr


def test_the_command_says_whether_ledgers_are_whole(meeting, app):
    db.session.commit()

    good = app.test_cli_runner().invoke(args=["recordings", "check"])
    row(meeting, 3).text = "{}"
    db.session.commit()
    bad = app.test_cli_runner().invoke(args=["recordings", "check"])

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "edited: line 3" in bad.output


def test_the_command_says_what_is_recorded(place, visit, app):
    done = app.test_cli_runner().invoke(args=["recordings", "rule", "vilaclara", "padron", "must"])

    assert done.exit_code == 0
    db.session.expire_all()
    assert queries.rule_of(visit) is Recording.MUST
