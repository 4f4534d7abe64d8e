"""The media server writes; what it wrote is taken in by the rules that hold for a browser."""

import json
import os
import re
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
import requests
import sqlalchemy as sa
from flask import current_app
from structlog.testing import capture_logs

from app.archive import queries as archived
from app.archive import services as archive
from app.archive.models import StoredFile
from app.calls.services import middle
from app.core import clock
from app.core.db import db
from app.recordings import jobs, mjr, queries, services
from app.recordings.errors import PieceGarbled
from app.recordings.models import End, Medium, PieceKind, Reason, State
from app.recordings.services import compose, fetching, remux, sources
from app.towns.models import Media
from tests.recordings.conftest import WEBM, agree, end_take, now_ms, send

FEEDS = {
    "audio": ("sine=frequency={note}:duration=4", "-c:a libopus -b:a 32k -payload_type 111"),
    "video": (
        "testsrc=s=320x180:r=10:d=4",
        "-c:v libvpx -deadline realtime -b:v 100k -g 10 -payload_type 96",
    ),
}
CODECS = {"audio": ("a", "opus", 48_000), "video": ("v", "vp8", 90_000)}


@cache
def packets_of(kind: str, note: int = 440) -> tuple[tuple[int, bytes], ...]:
    """Four seconds of a voice or a picture as they travel, each packet with its millisecond."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        heard: list[bytes] = []
        source, how = FEEDS[kind]
        address = f"rtp://127.0.0.1:{ear.getsockname()[1]}?pkt_size=1200"
        command = [
            *("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", source.format(note=note)),
            *how.split(),
            *("-f", "rtp", address),
        ]
        is_over = threading.Event()

        def hear() -> None:
            ear.settimeout(0.2)
            while True:
                try:
                    heard.append(ear.recv(4096))
                except TimeoutError:
                    if is_over.is_set():
                        return

        listening = threading.Thread(target=hear)
        listening.start()
        subprocess.run(command, check=True, capture_output=True)
        is_over.set()
        listening.join()
    rate = CODECS[kind][2]
    kind_of = {96, 111}
    packets = [one for one in heard if one[1] & 0x7F in kind_of]
    first = int.from_bytes(packets[0][4:8])
    times = [((int.from_bytes(one[4:8]) - first) % 2**32) * 1000 // rate for one in packets]
    return tuple(zip(times, packets, strict=True))


def written(kind: str, at: datetime, *, note: int = 440, until_ms: int = 10_000) -> bytes:
    """A file as Janus writes it."""
    letter, codec, _ = CODECS[kind]
    stamp = round(at.timestamp() * 1_000_000)
    told = json.dumps({"t": letter, "c": codec, "s": stamp, "u": stamp}).encode()
    body = [mjr.BEGINS, len(told).to_bytes(2), told]
    for at_ms, packet in packets_of(kind, note):
        if at_ms < until_ms:
            body += [mjr.PACKET, at_ms.to_bytes(4), len(packet).to_bytes(2), packet]
    return b"".join(body)


@pytest.fixture
def folder(app, tmp_path, monkeypatch):
    """Where the media server writes."""
    place = tmp_path / "server"
    place.mkdir()
    monkeypatch.setitem(app.config, "JANUS_RECORDINGS", str(place))
    monkeypatch.setitem(app.config, "JANUS_URL", "http://127.0.0.1:9/janus")
    return place


@pytest.fixture
def server(folder, monkeypatch):
    """A media server that only remembers what it was told."""
    told = []
    monkeypatch.setattr(middle, "record", lambda room, is_on, _near=(): told.append((room, is_on)))
    return told


@pytest.fixture
def running(asked, clerk, people, server, monkeypatch):
    """Everybody goes through the server, has agreed, and it records. Time stands still."""
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    for person in people:
        person.media = Media.JANUS
    agree(asked, people[1])
    services.start(asked, clerk, "Chrome/150")
    db.session.commit()
    return asked


def put(folder, segment, person, kind, content, line=None, at=1):
    line = line if line is not None else (0 if kind == "audio" else 1)
    name = f"videoroom-{segment.visit.code}-user-{person.code}-77-{at}-{kind}-{line}.mjr"
    (folder / name).write_bytes(content)
    return folder / name


def later(monkeypatch, seconds):
    now = clock.now() + timedelta(seconds=seconds)
    monkeypatch.setattr(clock, "now", lambda: now)


def grown_old(folder):
    """Nobody has written there for a while."""
    old = time.time() - fetching.STILL - 1
    for path in folder.iterdir():
        os.utime(path, (old, old))


def both(folder, segment, people, **how):
    for note, person in zip((500, 1300), people, strict=True):
        for kind in ("audio", "video"):
            put(folder, segment, person, kind, written(kind, segment.started_at, note=note, **how))


def claimed(segment, people, folder, monkeypatch):
    """Four seconds of both, stopped, fetched and ready to be drawn: the number of the segment."""
    both(folder, segment, people)
    later(monkeypatch, 4)
    services.stop(segment, End.CLERK)
    db.session.commit()
    services.fetch(segment.id)
    [number] = services.claim_due()
    return number


def finished(segment):
    services.fetch(segment.id)
    for number in services.claim_due():
        db.session.commit()
        assert services.finish(number)
    return segment


def film_of(segment) -> bytes:
    with archive.open_file(archived.file_or_404(segment.file)) as file:
        return file.read()


def ffmpeg(film, *words) -> str:
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-i", "-", *words], input=film, capture_output=True
    )
    return done.stdout.decode() + done.stderr.decode()


def voice(film, hertz, begin, end) -> float:
    narrow = f"bandpass=f={hertz}:width_type=h:w=80"
    said = ffmpeg(
        film,
        *("-af", f"atrim={begin}:{end},{narrow},{narrow},volumedetect"),
        *("-f", "null", "-"),
    )
    return float(re.search(r"max_volume: (-?[\d.]+|-inf) dB", said)[1])


def test_a_call_through_the_server_is_recorded_there_from_the_start_on(running, server):
    room = running.visit.code

    assert running.by_server
    assert server == [(room, True)]
    assert services.told(running)["by_server"] is True


def test_nothing_is_recorded_before_everybody_has_agreed(asked, people, server):
    for person in people:
        person.media = Media.JANUS
    db.session.commit()
    agree(asked, people[1])
    db.session.commit()

    assert server == []


def test_a_call_from_browser_to_browser_is_recorded_by_the_clerks(asked, clerk, people, server):
    agree(asked, people[1])
    services.start(asked, clerk, "Chrome/150")
    db.session.commit()

    assert not asked.by_server
    assert server == []


def test_a_pause_rests_the_server_and_a_withdrawal_ends_it(running, people, server):
    room = running.visit.code
    services.pause(running, Reason.IDENTITY_CARD)
    db.session.commit()
    services.go_on(running)
    db.session.commit()
    services.withdraw(running, people[1])
    db.session.commit()

    assert server == [(room, True), (room, False), (room, True), (room, False)]


def test_what_is_undone_is_not_told_to_the_server(running, server):
    services.pause(running, Reason.ASKED)
    db.session.rollback()
    db.session.commit()

    assert server == [(running.visit.code, True)]


def test_its_files_become_pieces_and_then_one_film_with_both_voices(
    running, people, folder, monkeypatch
):
    text = services.begin_take(running, fetching.capture.TEXT_TYPE, now_ms())
    line = json.dumps([[1200, "Pere", "El meu carrer és Nou"]]).encode()
    send(running, text, line, kind=PieceKind.TEXT, starts=1200, length=0)
    both(folder, running, people)
    later(monkeypatch, 4)
    services.fetch(running.id)
    takes = [take for take in running.takes if take.is_by_server]
    assert [take.pieces for take in takes] == [1, 1, 1, 1]
    assert {(take.medium, take.who) for take in takes} == {
        (medium, person.code) for medium in (Medium.SOUND, Medium.PICTURE) for person in people
    }
    services.stop(running, End.CLERK)
    end_take(running, text)

    finished(running)

    assert running.state is State.KEPT
    assert running.streams == ["video vp8", "audio opus", "subtitle webvtt"]
    assert abs(running.duration_ms - 4_000) < 500
    assert running.is_untouched is None  # it was drawn anew
    assert running.parameters == compose.PARAMETERS
    film = film_of(running)
    for hertz in (500, 1300):
        assert voice(film, hertz, 0.5, 3.5) > voice(film, 2900, 0.5, 3.5) + 20
    assert "El meu carrer és Nou" in ffmpeg(film, "-map", "0:s", "-f", "webvtt", "-")
    originals = [archived.file_or_404(take.original) for take in takes]
    assert [one.sha256 for one in originals] == [take.sha256 for take in takes]
    assert len({take.sha256 for take in takes}) == 4
    assert list(folder.iterdir()) == []


def test_what_was_taken_in_stands_in_that_folder_no_more(running, people, folder, monkeypatch):
    content = written("video", running.started_at)
    path = put(folder, running, people[0], "video", content)
    later(monkeypatch, 10)

    services.fetch(running.id)

    assert path.stat().st_size == len(content)
    assert set(path.read_bytes()) == {0}
    [take] = running.takes
    services.stop(running, End.CLERK)
    db.session.commit()
    services.fetch(running.id)
    [number] = services.claim_due()
    assert services.finish(number)
    with archive.open_file(archived.file_or_404(take.original)) as original:
        assert original.read() == content


def test_no_packet_of_a_pause_or_after_the_end_is_taken(running, people, folder, monkeypatch):
    begun = running.started_at
    for seconds, act in (
        (1, lambda: services.pause(running, Reason.IDENTITY_CARD)),
        (1, lambda: services.go_on(running)),
        (1, lambda: services.withdraw(running, people[1])),
    ):
        later(monkeypatch, seconds)
        act()
        db.session.commit()
    # A server that was late wrote all of it.
    put(folder, running, people[1], "audio", written("audio", begun))

    services.fetch(running.id)

    [take] = running.takes
    [piece] = queries.pieces(take)
    body = b"".join(fetching.capture.shelf.bytes_of(piece.file))
    head = mjr.head(body)
    assert head is not None
    times = []
    place = head.size
    while place < len(body):
        times.append(int.from_bytes(body[place + 4 : place + 8]))
        place += 10 + int.from_bytes(body[place + 8 : place + 10])
    assert times
    assert all(at < 1001 or 1999 <= at < 3001 for at in times)
    assert any(at > 2000 for at in times)


def test_what_is_young_waits_for_a_pause_that_may_be_on_its_way(
    running, people, folder, monkeypatch
):
    put(folder, running, people[1], "audio", written("audio", running.started_at))
    later(monkeypatch, 3)

    services.fetch(running.id)

    [take] = running.takes
    assert 500 < take.length_ms <= 1_000


def test_the_film_begins_with_the_first_packet_of_anybody(running, people, folder, monkeypatch):
    first = running.started_at + timedelta(seconds=2)
    for person, seconds in zip(people, (0.5, 0), strict=True):
        begins = first + timedelta(seconds=seconds)
        put(folder, running, person, "audio", written("audio", begins))
    later(monkeypatch, 5)

    services.fetch(running.id)

    assert running.started_at == first
    assert sorted(running.at(take.started_at) for take in running.takes) == [0, 500]
    assert running.gaps == []


def test_a_server_that_goes_on_late_after_a_pause_declares_no_more_than_that(
    running, people, folder, monkeypatch
):
    begun = running.started_at
    put(folder, running, people[1], "audio", written("audio", begun, until_ms=2_000))
    later(monkeypatch, 2)
    services.pause(running, Reason.IDENTITY_CARD)
    db.session.commit()
    later(monkeypatch, 4)
    services.go_on(running)
    db.session.commit()
    services.fetch(running.id)
    put(folder, running, people[1], "audio", written("audio", begun + timedelta(seconds=8)), at=2)
    later(monkeypatch, 6)
    services.fetch(running.id)

    told = [(gap.reason, gap.from_ms, gap.until_ms) for gap in running.gaps]
    assert told == [(Reason.IDENTITY_CARD, 2_000, 6_000), (Reason.LOST, 6_000, 8_000)]


def test_a_hole_while_the_server_was_away_is_a_gap(running, people, folder, monkeypatch):
    begun = running.started_at
    put(folder, running, people[1], "audio", written("audio", begun, until_ms=2_000))
    later(monkeypatch, 4)
    services.fetch(running.id)
    again = begun + timedelta(seconds=7)
    put(folder, running, people[1], "audio", written("audio", again), at=2)
    later(monkeypatch, 8)
    services.fetch(running.id)

    [gap] = running.gaps
    assert gap.reason is Reason.LOST
    assert (round(gap.from_ms, -2), round(gap.until_ms, -2)) == (2_000, 7_000)


def test_everybody_hears_when_the_server_does_not_answer_and_the_browser_takes_over(
    running, people, folder, monkeypatch
):
    put(folder, running, people[1], "audio", written("audio", running.started_at))
    later(monkeypatch, 5)
    services.fetch(running.id)
    monkeypatch.setattr(sources, "record", lambda room, is_on, _near=(): False)

    services.fetch(running.id)
    assert running.is_alarmed
    assert services.told(running)["is_safe"] is False
    assert running.by_server
    people[1].media = Media.MESH  # the call goes on without it
    db.session.commit()
    services.fetch(running.id)

    assert not running.by_server
    assert list(folder.iterdir()) == []
    take = services.begin_take(running, WEBM, now_ms())
    assert take.medium == Medium.ALL
    [gap] = running.gaps
    assert gap.reason is Reason.LOST
    assert running.takes[0].is_whole


def test_once_the_browser_records_the_server_does_not(running, people, folder, server):
    """Nobody would fetch what it writes, nor tell it of a pause."""
    people[1].media = Media.MESH
    db.session.commit()

    services.fetch(running.id)

    assert not running.by_server
    assert running.is_alarmed
    assert server[-1] == (running.visit.code, False)


def test_a_server_that_did_not_hear_it_is_told_again_and_nobody_keeps_what_it_wrote(
    running, people, folder, server, monkeypatch
):
    put(folder, running, people[1], "audio", written("audio", running.started_at))
    later(monkeypatch, 5)
    people[1].media = Media.MESH
    db.session.commit()
    with monkeypatch.context() as line:
        line.setattr(sources, "record", lambda room, is_on, _near=(): False)
        services.fetch(running.id)
    put(folder, running, people[1], "audio", written("audio", running.started_at), at=2)
    server.clear()

    jobs.fetch()

    assert server == [(running.visit.code, False)]
    assert list(folder.iterdir()) == []


def test_a_film_of_both_the_server_and_the_browser_is_one(running, people, folder, monkeypatch):
    from tests.recordings.conftest import a_film, send_film

    begun = running.started_at
    both(folder, running, people)
    later(monkeypatch, 5)
    services.fetch(running.id)
    people[1].media = Media.MESH
    db.session.commit()
    services.fetch(running.id)
    take = services.begin_take(running, WEBM, now_ms())
    send_film(running, take, a_film(4, 880))
    later(monkeypatch, 4)
    services.stop(running, End.CLERK)
    end_take(running, take)
    db.session.commit()
    [number] = services.claim_due()

    assert services.finish(number)

    film = film_of(running)
    assert abs(running.duration_ms - 9_000) < 500
    assert (take.started_at - begun).total_seconds() == pytest.approx(5, abs=0.3)
    assert voice(film, 500, 0.5, 3.5) > voice(film, 880, 0.5, 3.5) + 20
    assert voice(film, 880, 5.5, 8.5) > voice(film, 500, 5.5, 8.5) + 20


def test_where_nothing_was_written_the_recording_is_lost_and_says_so(running, folder):
    services.stop(running, End.CLERK)
    db.session.commit()

    services.fetch(running.id)

    assert running.state is State.LOST


def test_a_server_that_died_is_waited_for_until_its_files_are_still(
    running, people, folder, monkeypatch
):
    put(folder, running, people[1], "audio", written("audio", running.started_at))
    monkeypatch.setattr(sources, "record", lambda room, is_on, _near=(): False)
    later(monkeypatch, 4)
    services.stop(running, End.CLERK)
    db.session.commit()
    services.fetch(running.id)
    assert services.claim_due() == []

    grown_old(folder)
    services.fetch(running.id)

    assert [(take.pieces, take.is_whole) for take in running.takes] == [(1, True)]


def test_letters_are_no_business_of_the_server(running, people, folder):
    path = put(folder, running, people[1], "data", b"MJR00002", line=2)

    services.fetch(running.id)

    assert not path.exists()
    assert running.takes == []


def test_beside_the_server_a_browser_sends_text_alone(running):
    with pytest.raises(PieceGarbled):
        services.begin_take(running, WEBM, now_ms())


class Stopped(BaseException):
    """The process ends here, as a power cut would."""


@pytest.mark.parametrize("step", ["_readable", "_draw", "film"])
def test_a_worker_killed_while_it_draws_leaves_one_recording(
    running, people, folder, monkeypatch, step
):
    number = claimed(running, people, folder, monkeypatch)
    db.session.commit()

    def dies(*words, **more):
        raise Stopped

    with monkeypatch.context() as street:
        street.setattr(compose, step, dies)
        with pytest.raises(Stopped):
            services.finish(number)
    db.session.rollback()
    db.session.expire_all()
    running.claimed_until = None
    db.session.commit()

    finished(running)

    assert running.state is State.KEPT
    lines = [row.text for row in queries.entries(queries.meeting_of(running.visit))]
    assert sum('"event":"RecordingKept"' in line for line in lines) == 1
    kept = db.session.scalars(
        sa.select(StoredFile.purpose).where(StoredFile.destroyed_at.is_(None))
    ).all()
    assert sorted(kept) == ["recording"] + ["recording-original"] * 4


def test_a_program_that_does_not_end_is_asked_once_more(running, people, folder, monkeypatch):
    number = claimed(running, people, folder, monkeypatch)
    program, hung = remux.run, []

    def hangs(command, *words, **more):
        if command[0] == "janus-pp-rec" and not hung:
            hung.append(command)
            raise remux.TookTooLong("it took too long")
        return program(command, *words, **more)

    monkeypatch.setattr(remux, "run", hangs)

    assert services.finish(number)
    assert hung
    assert running.state is State.KEPT


def test_what_does_not_end_is_ended():
    with pytest.raises(remux.TookTooLong):
        remux.run(["sleep", "60"], seconds=1)


def test_two_who_drew_the_same_film_keep_one(running, people, folder, monkeypatch):
    number = claimed(running, people, folder, monkeypatch)
    assert services.finish(number)
    file = running.file

    fetching.finishing._make(
        running, list(running.takes), fetching.finishing.shelf.envelope(running.visit)
    )

    assert running.file == file


def test_what_begins_before_the_last_was_taken_in_is_recorded_beside_the_server(
    running, people, clerk, folder, server, monkeypatch
):
    """One folder and one switch for each room: the first segment would end the second one."""
    put(folder, running, people[1], "audio", written("audio", running.started_at))
    later(monkeypatch, 4)

    def begun_again():
        segment = services.ask(running.visit, clerk)
        agree(segment, people[1])
        services.start(segment, clerk, "Chrome/150")
        db.session.commit()
        return segment

    services.stop(running, End.CLERK)
    db.session.commit()
    second = begun_again()
    services.fetch(running.id)
    assert not second.by_server
    services.stop(second, End.CLERK)
    db.session.commit()
    third = begun_again()  # the first is taken in by now

    assert third.by_server
    assert [is_on for _, is_on in server][-1] is True
    assert [take.is_whole for take in running.takes] == [True]


@pytest.mark.parametrize("end", ["stopped", "handed over"])
def test_a_file_that_cannot_be_read_costs_only_itself(running, people, folder, monkeypatch, end):
    put(folder, running, people[1], "audio", b"RIFF: not one of theirs")
    path = put(folder, running, people[1], "video", written("video", running.started_at))
    later(monkeypatch, 5)
    if end == "stopped":
        services.stop(running, End.CLERK)
    db.session.commit()
    services.fetch(running.id)
    grown_old(folder)
    services.fetch(running.id)

    [take] = running.takes
    assert take.medium == Medium.PICTURE
    assert take.length_ms > 3_500
    assert take.is_whole
    assert not path.exists()
    assert running.by_server is (end == "stopped")  # or the clerk's browser goes on


def test_what_was_whole_before_a_file_broke_is_taken_in(running, people, folder, monkeypatch):
    whole = written("audio", running.started_at)
    put(folder, running, people[1], "audio", whole + b"half of a packet, and then another")
    later(monkeypatch, 10)

    services.fetch(running.id)

    [take] = running.takes
    assert take.length_ms > 3_500
    assert not running.by_server  # everybody was told, and the clerk's browser records


def test_nothing_is_held_while_the_server_is_asked(running, people, folder, monkeypatch):
    held = []
    monkeypatch.setattr(middle, "record", lambda *words: held.append(db.session().in_transaction()))
    services.pause(running, Reason.ASKED)
    db.session.commit()
    services.fetch(running.id)
    services.go_on(running)
    db.session.commit()
    people[1].media = Media.MESH
    db.session.commit()
    services.fetch(running.id)

    assert held == [False] * 5  # at the end twice: to go on, and to leave it to the browser


def test_the_server_is_told_what_is_committed_and_not_before(running, server):
    before = list(server)
    services.pause(running, Reason.ASKED)
    with db.session.begin_nested():
        pass
    assert server == before

    db.session.commit()
    assert server == [*before, (running.visit.code, False)]


def test_what_the_server_says_of_a_room_is_not_written_down(running, folder, monkeypatch):
    """The name of a room is the code that opens a visit."""
    monkeypatch.undo()  # now it is asked
    room = running.visit.code
    said = {"error_code": 426, "error": f"No such room ({room})"}

    class Answer:
        def json(self):
            return {"janus": "success", "data": {"id": 5}, "plugindata": {"data": said}}

    monkeypatch.setitem(current_app.config, "JANUS_URL", "http://127.0.0.1:9/janus")
    monkeypatch.setattr(requests, "request", lambda *words, **more: Answer())
    with capture_logs() as lines:
        assert not sources.record(room, True)
        monkeypatch.setitem(current_app.config, "JANUS_RECORDINGS", str(folder))
        (folder / f"videoroom-{room}-user-abc-1-1-audio-0.mjr").mkdir()
        services.fetch(running.id)

    assert len(lines) > 2
    assert room not in str(lines)


def test_files_that_nobody_wants_any_more_go(running, folder):
    old = folder / "videoroom-xyz-user-abc-1-1-audio-0.mjr"
    young = folder / "videoroom-xyz-user-abc-1-2-audio-0.mjr"
    for path in (old, young):
        path.write_bytes(b"MJR00002")
    then = time.time() - fetching.FORGOTTEN - 1
    os.utime(old, (then, then))

    assert jobs.sweep() == 1

    assert [path.name for path in folder.iterdir()] == [young.name]


@pytest.mark.parametrize("content", [b"MJR00002", b"MJR0", b"", b'MJR00002\x00\x09{"t":'])
def test_a_head_that_is_not_written_yet_is_waited_for(content):
    assert mjr.head(content) is None


@pytest.mark.parametrize(
    "content", [b"RIFF123456789", b"MJR00002\x00\x02{}", b"MJR00002\x00\x02{]"]
)
def test_what_is_no_such_file_is_refused(content):
    with pytest.raises(mjr.Garbled):
        mjr.head(content)


def test_the_time_in_a_head_is_that_of_the_first_packet():
    at = datetime(2026, 11, 26, 10, 0, 0, 250_000, UTC)

    head = mjr.head(written("audio", at))

    assert head is not None
    assert datetime.fromtimestamp(head.at, UTC) == at
