"""After the end one file plays, and says what is missing; nothing plain is left behind."""

import json
import subprocess
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.archive import queries as archived
from app.archive import services as archive
from app.archive.models import StoredFile
from app.audit import queries as audit
from app.core import clock
from app.core.db import db
from app.recordings import jobs, queries, services
from app.recordings.models import End, PieceKind, Reason, StampReason, State, Take
from app.recordings.services import finishing, remux, segments, shelf
from app.recordings.services.remux import Part
from tests.recordings.conftest import WEBM, a_film, end_take, now_ms, send, send_film


def opened(code) -> bytes:
    with archive.open_file(archived.file_or_404(code)) as file:
        return file.read()


def probe(film: bytes, *shown: str) -> dict:
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", *shown, "-"]
    return json.loads(subprocess.run(command, input=film, check=True, capture_output=True).stdout)


def finished(segment):
    """As the job does it."""
    db.session.commit()
    for number in services.claim_due():
        db.session.commit()
        assert services.finish(number)
    return segment


@pytest.fixture
def ended(running, take):
    send_film(running, take, a_film())
    services.stop(running, End.CLERK)
    end_take(running, take)
    return running


def test_the_file_plays_for_as_long_as_it_was_recorded(ended):
    finished(ended)

    assert ended.state is State.KEPT
    assert abs(ended.duration_ms - 4000) < 500
    film = opened(ended.file)
    assert abs(float(probe(film, "format=duration")["format"]["duration"]) - 4) < 0.5


def test_it_has_picture_sound_and_text(ended):
    finished(ended)

    assert ended.streams == ["video vp8", "audio opus", "subtitle webvtt"]
    told = probe(opened(ended.file), "stream=codec_name")
    assert [one["codec_name"] for one in told["streams"]] == ["vp8", "opus", "webvtt"]


def test_both_digests_are_kept_and_the_originals_too(ended, take):
    finished(ended)

    assert opened(take.original) == a_film()
    assert archived.file_or_404(take.original).sha256 == take.sha256
    assert archived.file_or_404(ended.file).sha256 == ended.sha256
    assert ended.sha256 != take.sha256
    assert (take.size, ended.size) == (len(a_film()), len(opened(ended.file)))


def test_no_packet_was_touched_on_the_way(ended):
    finished(ended)

    assert ended.is_untouched is True
    assert ended.packets == remux.packets([Part(lambda: iter([a_film()]), 0)])
    assert ended.tool.startswith("ffmpeg version")


def test_packets_that_differ_are_noticed():
    one, other = (
        remux.packets([Part(lambda f=f: iter([f]), 0)]) for f in (a_film(), a_film(4, 880))
    )

    assert one == remux.packets([Part(lambda: iter([a_film()]), 0)])
    assert one["audio"] != other["audio"]


def test_what_was_written_stands_at_its_time(running, take):
    send_film(running, take, a_film())
    lines = json.dumps([[1200, "Pere", "El meu carrer és <Nou> & 5"]]).encode()
    send(running, take, lines, kind=PieceKind.TEXT, starts=1200, length=0)
    services.stop(running, End.CLERK)
    end_take(running, take)

    finished(running)

    text = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", "-", "-map", "0:s", "-f", "webvtt", "-"],
        input=opened(running.file),
        check=True,
        capture_output=True,
    ).stdout.decode()
    assert "00:01.2" in text
    assert "El meu carrer és <Nou> & 5" in text


def test_a_gap_is_said_in_the_track_of_text(running, take, monkeypatch):
    now = clock.now() + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: now)
    services.pause(running, Reason.IDENTITY_CARD)
    later = now + timedelta(seconds=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    services.go_on(running)
    send_film(running, take, a_film())
    services.stop(running, End.CLERK)
    end_take(running, take)

    finished(running)

    told = probe(opened(running.file), "packet=pts_time,duration_time,stream_index")
    texts = [one for one in told["packets"] if one["stream_index"] == 2]
    assert [round(float(one["pts_time"])) for one in texts] == [0, 1]
    assert round(float(texts[1]["duration_time"])) == 2


def test_after_a_reload_both_takes_are_in_it_each_at_its_own_time(running, take):
    send_film(running, take, a_film())
    again = services.begin_take(running, WEBM, now_ms())
    again.started_at = take.started_at + timedelta(seconds=7)
    db.session.commit()
    send_film(running, again, a_film(4, 880))
    services.stop(running, End.CLERK)
    end_take(running, again)

    finished(running)

    assert abs(running.duration_ms - 11_000) < 500
    assert running.is_untouched is True
    told = probe(opened(running.file), "packet=pts_time,stream_index")
    times = [float(one["pts_time"]) for one in told["packets"] if one["stream_index"] == 0]
    holes = [round(b - a) for a, b in zip(times, times[1:], strict=False) if b - a > 0.5]
    assert holes == [3]


def test_pieces_are_gone_and_their_digests_stay(ended, take, a_folder):
    finished(ended)

    rows = queries.pieces(take)
    assert [one.file for one in rows] == [None, None]
    assert all(one.sha256 for one in rows)
    left = db.session.scalars(
        sa.select(StoredFile.purpose).where(StoredFile.destroyed_at.is_(None))
    ).all()
    assert sorted(left) == ["recording", "recording-original"]


def test_the_record_tells_of_the_whole_and_not_of_each_piece(ended, take):
    finished(ended)

    kept = audit.found(audit.Search(name="FileKept"), limit=99)
    assert sorted(line.facts["purpose"] for line in kept) == ["recording", "recording-original"]
    assert not audit.found(audit.Search(name="FileDestroyed"), limit=99)
    assert not audit.found(audit.Search(name="PieceKept"), limit=99)
    (told,) = audit.found(audit.Search(name="RecordingKept"), limit=99)
    facts = {name: told.facts[name] for name in ("takes", "pieces", "gaps", "missing_ms")}
    assert facts == {"takes": 1, "pieces": 2, "gaps": 0, "missing_ms": 0}
    assert told.facts["sha256"]


def test_nothing_plain_is_left_on_any_disk(ended, a_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    finished(ended)

    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"\x1a\x45\xdf\xa3" not in file.read_bytes()[:4096], file


def test_the_last_pieces_are_waited_for(running, take):
    send_film(running, take, a_film())
    services.stop(running, End.CLERK)
    db.session.commit()

    assert services.claim_due() == []


def test_pieces_that_never_come_are_a_gap(running, take, monkeypatch):
    send_film(running, take, a_film())
    later = clock.now() + timedelta(seconds=9)
    monkeypatch.setattr(clock, "now", lambda: later)
    services.stop(running, End.CLERK)
    db.session.commit()
    much_later = later + finishing.PATIENCE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: much_later)

    finished(running)

    assert running.state is State.KEPT
    [gap] = running.gaps
    assert gap.reason is Reason.LOST
    assert gap.from_ms == 4000
    assert gap.until_ms >= 8_900


def test_of_nothing_there_is_no_file(running, take):
    services.stop(running, End.CLERK)
    services.finish_take(running, take, 0, take.head, now_ms())

    finished(running)

    assert running.state is State.LOST


def test_two_do_not_make_the_same_file(ended):
    db.session.commit()

    assert services.claim_due() == [ended.id]
    assert services.claim_due() == []


def test_whoever_works_for_longer_than_was_claimed_has_it_still(ended, tmp_path, monkeypatch):
    """The program goes on, past the end of the claim, until the claim was made again."""
    ended_claims, honest_claim, honest_join = tmp_path / "ended", finishing._claim_again, remux.join
    [number] = services.claim_due()
    db.session.commit()
    much_later = clock.now() + finishing.CLAIM * 2

    def claims(segment_id):
        honest_claim(segment_id)
        ended_claims.touch()

    def lasts(*told):
        monkeypatch.setattr(clock, "now", lambda: much_later)
        remux.run(["sh", "-c", f"until [ -e {ended_claims} ]; do sleep 0.05; done"])
        assert services.claim_due() == []
        return honest_join(*told)

    monkeypatch.setattr(remux, "TOLD_EVERY_SECONDS", 0.02)
    monkeypatch.setattr(finishing, "_claim_again", claims)
    monkeypatch.setattr(remux, "join", lasts)

    assert services.finish(number)

    assert ended.state is State.KEPT


@pytest.mark.parametrize("fails", [False, True])
def test_a_second_who_makes_the_same_changes_nothing_of_what_is_kept(ended, monkeypatch, fails):
    """Their claims are lost in a failing network, say: one is done while the other still works."""
    [number] = services.claim_due()
    db.session.commit()
    honest, kept = remux.join, []

    def slowly(*told):
        monkeypatch.setattr(remux, "join", honest)
        services.finish(number)
        kept.append((ended.file, ended.sha256, ended.kept_at))
        if fails:
            raise remux.Unreadable("too late")
        return honest(*told)

    monkeypatch.setattr(remux, "join", slowly)

    assert services.finish(number)

    db.session.expire_all()
    assert kept == [(ended.file, ended.sha256, ended.kept_at)]
    assert (ended.state, ended.problem, ended.attempts) == (State.KEPT, "", 0)
    lines = [row.text for row in queries.entries(queries.meeting_of(ended.visit))]
    assert sum('"event":"RecordingKept"' in line for line in lines) == 1


def test_what_waits_for_its_turn_is_claimed_by_nobody_yet(ended):
    assert services.claim_due(most=0) == []
    assert services.claim_due(most=1) == [ended.id]


def test_noise_is_no_film_and_is_tried_again_later(running, take):
    send(running, take, b"this is no film")
    services.stop(running, End.CLERK)
    end_take(running, take)
    db.session.commit()
    [number] = services.claim_due()

    assert services.finish(number) is False

    assert running.state is State.CLOSING
    assert running.problem
    assert running.claimed_until > clock.now()


class Stopped(BaseException):
    """The process ends here, as a power cut would."""


@pytest.mark.parametrize(
    "where",
    [
        (shelf, "envelope"),
        (shelf, "seal"),
        (shelf, "keep"),
        (remux, "join"),
        (finishing, "_note"),
        (segments, "tell"),
        (finishing, "_throw_away_pieces"),
        (shelf, "throw_away"),
    ],
    ids=lambda where: where[1],
)
@pytest.mark.parametrize("calls_before", [0, 1])
def test_whatever_step_is_interrupted_the_next_process_goes_on(
    ended, take, where, calls_before, monkeypatch
):
    place, name = where
    honest, count = getattr(place, name), 0

    def stumbling(*args, **kwargs):
        nonlocal count
        count += 1
        if count > calls_before:
            raise Stopped
        return honest(*args, **kwargs)

    db.session.commit()
    [number] = services.claim_due()
    db.session.commit()
    with monkeypatch.context() as street:
        street.setattr(place, name, stumbling)
        try:
            services.finish(number)
        except Stopped:
            db.session.rollback()

    db.session.expire_all()
    ended.claimed_until = None
    db.session.commit()
    for again in services.claim_due() or [number]:
        services.finish(again)

    assert ended.state is State.KEPT
    assert opened(take.original) == a_film()
    assert [one.file for one in queries.pieces(take)] == [None, None]
    lines = [row.text for row in queries.entries(queries.meeting_of(ended.visit))]
    assert sum('"event":"RecordingKept"' in line for line in lines) == 1
    kept = db.session.scalars(
        sa.select(StoredFile.purpose).where(StoredFile.destroyed_at.is_(None))
    ).all()
    assert sorted(kept) == ["recording", "recording-original"]


def test_the_job_makes_it_by_itself(ended, place):
    db.session.commit()

    assert jobs.make_files() == 1

    assert ended.state is State.KEPT
    reasons = [stamp.reason for stamp in queries.stamps(queries.meeting_of(ended.visit))]
    assert reasons[-1] is StampReason.END
    assert queries.is_settled(ended.visit)


def test_a_take_without_anything_is_passed_over(running, take):
    send_film(running, take, a_film())
    empty = services.begin_take(running, WEBM, now_ms())
    services.stop(running, End.CLERK)
    end_take(running, empty)

    finished(running)

    assert running.state is State.KEPT
    assert db.session.get(Take, empty.id).original is None


def test_an_original_that_somebody_else_joined_meanwhile_stays_the_one(running, take, monkeypatch):
    """Whoever was slow comes when the pieces are gone already: what they join is nothing."""
    send(running, take, b"some picture and sound")
    end_take(running, take)
    services.stop(running, End.CLERK)
    db.session.commit()
    seal = finishing.shelf.seal

    def slowly(*told, **named):
        draft = seal(*told, **named)
        db.session.execute(
            sa.update(Take).where(Take.id == take.id).values(original="bcdfghjkmnpq"),
            execution_options={"synchronize_session": False},
        )
        db.session.commit()
        return draft

    envelope = finishing.shelf.envelope(running.visit)
    db.session.commit()
    monkeypatch.setattr(finishing.shelf, "seal", slowly)
    finishing._join(running, take, envelope)

    assert take.original == "bcdfghjkmnpq"
