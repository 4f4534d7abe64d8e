"""Pieces arrive once, in order, as they were announced; whatever else comes changes nothing."""

import dataclasses
import hashlib
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.archive import queries as archived
from app.archive import services as archive
from app.core import clock
from app.core.db import db
from app.recordings import queries, services
from app.recordings.errors import (
    OutOfOrder,
    PieceAltered,
    PieceGarbled,
    PieceTooLarge,
    SegmentMissing,
    SegmentOver,
    Withdrawn,
)
from app.recordings.models import End, Piece, PieceKind, Reason, Segment, State, Take
from app.recordings.services import capture, shelf
from tests.beside import beside_another
from tests.recordings.conftest import WEBM, end_take, now_ms, send, sent_as


def pieces_of(take):
    return [(one.number, one.sha256) for one in queries.pieces(take)]


def unchanged(take):
    """What no refusal may change."""
    db.session.refresh(take)
    return take.pieces, take.head, take.length_ms, pieces_of(take)


def test_a_piece_is_kept_encrypted_and_chained(running, take, a_folder):
    piece = send(running, take, b"the picture of a citizen")

    assert piece.sha256 == hashlib.sha256(b"the picture of a citizen").hexdigest()
    assert (take.pieces, take.head, take.length_ms) == (1, piece.head, 2000)
    stored = [file.read_bytes() for file in a_folder.rglob("*") if file.is_file()]
    assert stored
    assert not any(b"citizen" in one for one in stored)
    with archive.open_file(archived.file_or_404(piece.file)) as opened:
        assert opened.read() == b"the picture of a citizen"


def test_twice_is_once(running, take):
    sent = sent_as(take, 1, b"picture")
    services.receive(running, take, sent, b"picture")
    before = unchanged(take)

    again = services.receive(running, take, sent, b"picture")

    assert again.number == 1
    assert unchanged(take) == before


def test_another_piece_under_a_known_number_is_refused(running, take):
    first = take.head
    send(running, take, b"picture")
    before = unchanged(take)

    with pytest.raises(PieceAltered):
        services.receive(running, take, sent_as(take, 1, b"forgery", head=first), b"forgery")

    assert unchanged(take) == before


def test_a_piece_too_early_says_which_one_is_wanted(running, take):
    send(running, take, b"one")
    before = unchanged(take)

    with pytest.raises(OutOfOrder) as refusal:
        services.receive(running, take, sent_as(take, 3, b"three"), b"three")

    assert refusal.value.wanted == 2
    assert unchanged(take) == before


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0" * 64},
        {"head": "0" * 64},
        {"starts_ms": 1999},
        {"length_ms": 1},
        {"kind": PieceKind.TEXT},
    ],
    ids=str,
)
def test_an_altered_piece_is_refused(running, take, change):
    send(running, take, b"one")
    before = unchanged(take)
    sent = dataclasses.replace(sent_as(take, 2, b"two"), **change)

    with pytest.raises(PieceAltered):
        services.receive(running, take, sent, b"two")

    assert unchanged(take) == before


def test_one_bit_changed_on_the_way_is_found(running, take):
    sent = sent_as(take, 1, b"picture")

    with pytest.raises(PieceAltered):
        services.receive(running, take, sent, b"picturf")

    assert take.pieces == 0


@pytest.mark.parametrize(
    "change",
    [
        {"number": 0},
        {"number": -1},
        {"number": 2**40},
        {"starts_ms": -1},
        {"length_ms": 10**9},
        {"sha256": "zz"},
        {"head": ""},
        {"head": "A" * 64},
    ],
    ids=str,
)
def test_what_is_no_piece_is_refused(running, take, change):
    sent = dataclasses.replace(sent_as(take, 1, b"one"), **change)

    with pytest.raises(PieceGarbled):
        services.receive(running, take, sent, b"one")

    assert take.pieces == 0


def test_nothing_is_no_piece(running, take):
    with pytest.raises(PieceGarbled):
        services.receive(running, take, sent_as(take, 1, b""), b"")


def test_a_piece_is_small(running, take):
    body = b"0" * (capture.MOST_BYTES + 1)

    with pytest.raises(PieceTooLarge):
        services.receive(running, take, sent_as(take, 1, body), body)


def test_after_the_end_comes_nothing(running, take):
    send(running, take, b"one")
    services.stop(running, End.CLERK)
    end_take(running, take)

    with pytest.raises(SegmentOver):
        services.receive(running, take, sent_as(take, 2, b"two"), b"two")

    assert take.pieces == 1


def test_what_was_recorded_before_the_end_may_arrive_after_it(running, take):
    send(running, take, b"one")
    services.stop(running, End.CLERK)

    send(running, take, b"two")

    end_take(running, take)
    assert take.is_whole


def test_the_end_is_said_once(running, take):
    send(running, take, b"one")
    end_take(running, take)

    end_take(running, take)
    with pytest.raises(PieceAltered):
        services.finish_take(running, take, 5, take.head, now_ms())


def test_an_end_that_knows_fewer_pieces_than_came_is_refused(running, take):
    send(running, take, b"one")

    with pytest.raises(PieceGarbled):
        services.finish_take(running, take, 0, take.head, now_ms())


def test_an_end_with_another_chain_is_refused(running, take):
    send(running, take, b"one")

    with pytest.raises(PieceAltered):
        services.finish_take(running, take, 1, "0" * 64, now_ms())


def test_a_piece_fits_into_no_other_take(running, take):
    other = services.begin_take(running, WEBM, now_ms())

    with pytest.raises(PieceAltered):
        services.receive(running, other, sent_as(take, 1, b"one"), b"one")


def test_a_take_of_another_meeting_is_not_found(running, take, clerk, people, visit):
    elsewhere = Segment(visit_id=visit.id, number=9, state=State.LOST, asked_by_id=clerk.id)
    db.session.add(elsewhere)
    db.session.flush()

    with pytest.raises(SegmentMissing):
        queries.take_or_404(elsewhere, take.code)


def test_a_page_loaded_again_begins_another_take_and_a_gap(running, take):
    send(running, take, b"one")

    again = services.begin_take(running, WEBM, now_ms())

    assert again.number == 2
    assert [gap.reason for gap in running.gaps] == [Reason.RELOAD]
    assert running.gaps[0].from_ms == 2000
    assert take.is_whole
    with pytest.raises(SegmentOver):  # what was declared missing stays missing
        services.receive(running, take, sent_as(take, 2, b"two"), b"two")


def test_a_pause_goes_on_over_a_reload(running, take):
    send(running, take, b"one")
    services.pause(running, Reason.IDENTITY_CARD)

    services.begin_take(running, WEBM, now_ms())

    assert running.state is State.PAUSED
    reasons = [gap.reason for gap in running.gaps]
    assert reasons == [Reason.IDENTITY_CARD, Reason.RELOAD, Reason.IDENTITY_CARD]
    assert running.open_gap.reason is Reason.IDENTITY_CARD


@pytest.mark.parametrize("media_type", ["", "text/html", "video/webm; x", "video/webm\n", "a" * 99])
def test_a_take_is_a_film(running, media_type):
    with pytest.raises(PieceGarbled):
        services.begin_take(running, media_type, now_ms())


@pytest.mark.parametrize("media_type", ["video/webm", "video/webm;codecs=vp8,opus", WEBM])
def test_a_browser_names_its_film_in_several_ways(running, media_type):
    assert services.begin_take(running, media_type, now_ms()).number == 1


def test_the_clock_of_the_browser_is_written_down(running):
    take = services.begin_take(running, WEBM, now_ms() + 90_000)

    assert 89_000 < take.clock_offset_ms < 91_000


def test_pieces_stand_under_the_envelope_of_their_visit(running, take):
    piece = send(running, take, b"one")

    kept = archived.file_or_404(piece.file)
    assert kept.owner == f"visit:{running.visit.code}"
    assert kept.purpose == shelf.PIECE


def test_the_register_itself_knows_no_number_twice(running, take):
    piece = send(running, take, b"one")
    row = {name: getattr(piece, name) for name in ("kind", "starts_ms", "length_ms", "size")}
    db.session.add(Piece(take_id=take.id, number=1, sha256=piece.sha256, head=piece.head, **row))

    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.flush()


def test_two_windows_that_begin_at_once_make_two_takes(running, monkeypatch):
    def begins():
        one = {"segment_id": running.id, "town_id": running.town_id, "number": 1}
        named = {"media_type": WEBM, "clock_offset_ms": 0, "head": "0" * 64}
        db.session.execute(sa.insert(Take).values(**one, **named))

    assert running.takes == []
    with beside_another(monkeypatch, begins):
        services.begin_take(running, WEBM, now_ms())

    assert [take.number for take in running.takes] == [1, 2]


def test_a_piece_that_waited_while_somebody_withdrew_is_not_taken(running, take, monkeypatch):
    before = clock.now() - timedelta(minutes=1)
    ended = {"state": State.CLOSING, "ended_at": before, "ended_by": End.WITHDRAWN}

    def withdraws():
        db.session.execute(
            sa.update(Segment).where(Segment.id == running.id).values(**ended),
            execution_options={"synchronize_session": False},
        )

    with beside_another(monkeypatch, withdraws), pytest.raises(Withdrawn):
        send(running, take, b"a piece")
