"""The live board: what it shows, piece by piece, and what can be done from it."""

import re
from datetime import timedelta

import pytest

from app.booking import services as booking
from app.booking.models import Status
from app.core import alarms, clock
from app.core.db import db
from app.insight import services
from app.insight.errors import CannotAttend
from app.insight.queries import TARGET, board_of
from app.kiosks.models import Kiosk
from app.messaging.models import Message, MessageState
from app.queue import queries as queue
from app.recordings.models import Segment, State
from app.schedule.models import DelayMeasure
from tests import town


@pytest.fixture
def place():
    return town.a_town()


@pytest.fixture
def padron(place):
    return town.a_procedure()


@pytest.fixture
def clerk(padron):
    return town.a_clerk(padron)


def somebody_waits(place, procedure, *, minutes: int = 0, phone: str = town.PHONE):
    """Without an appointment, since so many minutes."""
    wish = town.a_wish(place, procedure)
    visit = booking.hold_walk_in(
        wish, phone=phone, name="Pere", reads="ca", needs=[], form_token=phone
    )
    booking.book(visit)
    visit.waiting_at = clock.now() - timedelta(minutes=minutes)
    db.session.commit()
    return visit


def enter(client, role_or_person=None):
    person = role_or_person or town.a_supervisor()
    town.enter(client, person)
    return person


def test_the_board_says_who_waits_for_what_and_for_how_long(place, padron, clerk):
    somebody_waits(place, padron, minutes=3, phone="+34600000001")
    somebody_waits(place, padron, minutes=22, phone="+34600000002")

    board = board_of(place)

    (line,) = board.lines
    assert (line.slug, line.language, line.count, line.longest, line.late) == (
        *("padron", "ca", 2, 22, 1),
    )
    assert (board.count, board.late, board.longest) == (2, 1, 22)
    assert [one.minutes for one in board.waiting] == [22, 3]
    assert board.attending == 1


def test_the_pieces_are_drawn_one_by_one(client, place, padron, clerk):
    somebody_waits(place, padron)
    enter(client)

    for piece in ("line", "here", "talks", "alarms"):
        address = f"{town.base(place)}/office/board/{piece}"
        alone = client.get(address, headers={"HX-Request": "true"})
        whole = client.get(address)

        assert alone.status_code == 200
        assert re.match(rf'\s*<\w+ id="board-{piece}"', alone.text)
        assert "<html" not in alone.text
        assert "<html" in whole.text
        assert "HX-Request" in whole.headers["Vary"]


def test_nobodys_name_or_telephone_is_on_the_board(client, place, padron, clerk):
    somebody_waits(place, padron)
    enter(client)

    text = client.get(f"{town.base(place)}/office/board").text

    assert "Pere" not in text
    assert "600123456" not in text


def test_somebody_who_waits_is_kept_for_one_clerk(client, place, padron, clerk):
    other = town.a_clerk(padron, name="Biel Mas")
    visit = somebody_waits(place, padron)
    enter(client)

    answer = town.send(
        client,
        f"{town.base(place)}/office/board/{visit.code}/keep",
        f"{town.base(place)}/office/board",
        clerk=town.counter_of(other).code,
    )

    assert answer.status_code == 303
    assert list(queue.ready_for(town.counter_of(clerk))) == []
    assert [one.id for one in queue.ready_for(town.counter_of(other))] == [visit.id]


def test_a_clerk_who_does_not_speak_it_gets_nobody(place, padron, clerk):
    visit = somebody_waits(place, padron)
    stranger = town.a_clerk(padron, name="Ana", languages=("es",))

    with pytest.raises(CannotAttend):
        services.reassign(visit, town.counter_of(stranger))

    assert visit.asked_clerk_id is None


def test_who_no_longer_waits_is_not_reassigned(client, place, padron, clerk):
    visit = somebody_waits(place, padron)
    booking.move_on(visit, Status.LEFT)
    db.session.commit()
    enter(client)

    answer = town.send(
        client,
        f"{town.base(place)}/office/board/{visit.code}/keep",
        f"{town.base(place)}/office/board",
        clerk="",
    )

    assert answer.status_code == 409


def test_everybody_who_waits_is_told_once_in_their_own_language(client, place, padron, clerk):
    somebody_waits(place, padron, phone="+34600000001")
    visit = somebody_waits(place, padron, phone="+34600000002")
    visit.reads = "gl"
    db.session.commit()
    enter(client)
    page = f"{town.base(place)}/office/board"

    for _twice in range(2):
        town.send(client, f"{page}/tell", page, sentence="late", token="abc123")

    told = [town.sent_to(phone)[-1] for phone in ("+34600000001", "+34600000002")]
    keys = [one.key for one in db.session.query(Message) if one.key.startswith("board:")]
    assert len(keys) == 2
    assert all(visit_link in text for visit_link, text in zip(("/ca/", "/gl/"), told, strict=True))


def test_a_sentence_that_is_not_ours_is_not_sent(client, place, padron, clerk):
    somebody_waits(place, padron)
    enter(client)
    page = f"{town.base(place)}/office/board"

    assert town.send(client, f"{page}/tell", page, sentence="x", token="a").status_code == 404
    assert [one for one in db.session.query(Message) if one.key.startswith("board:")] == []


def test_telling_nobody_is_said(client, place, padron, clerk):
    enter(client)
    page = f"{town.base(place)}/office/board"

    assert town.send(client, f"{page}/tell", page, sentence="late", token="a").status_code == 409


def test_more_times_for_who_comes_without_one_up_to_the_limit(client, place, padron):
    enter(client)
    page = f"{town.base(place)}/office/board"

    for _press in range(12):
        town.send(client, f"{page}/share", page, procedure="padron")

    assert padron.walk_in_percent == 95


def test_what_is_wrong_rings(place, padron, clerk):
    assert alarms.ringing() == []
    for number in range(3):
        minutes = int(TARGET.total_seconds() // 60) + 1
        somebody_waits(place, padron, minutes=minutes, phone=f"+3460000000{number}")
        message = Message(
            key=f"x{number}", phone="+34600000000", locale="ca", body="", state=MessageState.FAILED
        )
        db.session.add(message)
    db.session.add(
        DelayMeasure(
            day=clock.today(place.time_zone),
            procedure_id=padron.id,
            channel="video",
            days=None,
            limit_days=7,
        )
    )
    db.session.flush()

    assert {alarm.kind for alarm in alarms.ringing()} == {"delay", "queue", "sms"}


def test_a_kiosk_and_a_recording_of_which_nothing_is_heard_ring_too(place, padron, clerk):
    long_ago = clock.now() - timedelta(minutes=10)
    kiosk = Kiosk(name="Library", key_digest=b"-" * 32, seen_at=clock.now())
    visit = somebody_waits(place, padron)
    segment = Segment(
        visit_id=visit.id, number=1, state=State.RECORDING, asked_by_id=clerk.id, heard_at=long_ago
    )
    db.session.add_all([kiosk, segment])
    db.session.flush()
    quiet = {alarm.kind for alarm in alarms.ringing()}

    kiosk.seen_at, segment.is_alarmed = long_ago, True
    db.session.flush()

    assert quiet == set()
    assert {alarm.kind for alarm in alarms.ringing()} == {"kiosk", "recording"}


def test_an_alarm_that_stumbles_does_not_silence_the_others(app, place):
    def stumbles():
        raise ValueError

    app.extensions["alarms"].append(stumbles)
    try:
        kinds = [alarm.kind for alarm in alarms.ringing()]
    finally:
        app.extensions["alarms"].remove(stumbles)

    assert len(kinds) == 1
    assert kinds[0].startswith("unread:")


def test_another_towns_supervisor_sees_nothing(client, place, padron, clerk):
    somebody_waits(place, padron)
    other = town.a_town("etxalde")
    enter(client, town.a_supervisor("Jon"))

    board = client.get(f"{town.base(other)}/office/board/line", headers={"HX-Request": "true"})
    foreign = client.get(f"{town.base(place)}/office/figures")

    assert "Register" not in board.text
    assert foreign.status_code == 303, "their cookie is none of this town's"


@pytest.mark.parametrize(
    "query",
    [
        "by=x",
        "of=x",
        "first=2026-02-31",
        "first=2026-11-20&last=2026-11-01",
        "first=1999-01-01&last=1999-02-01",
        "by=day&first=2024-01-01&last=2026-01-01",
        "first=%00",
        "last=9999-12-31",
    ],
)
@pytest.mark.parametrize("page", ["figures", "figures.csv"])
def test_days_that_make_no_sense_get_a_sentence(client, place, page, query):
    enter(client)

    answer = client.get(f"{town.base(place)}/office/{page}?{query}")

    assert answer.status_code == 422
    assert "error-summary" in answer.text


@pytest.mark.parametrize("of", ["town", "office", "procedure", "channel", "language"])
def test_figures_are_drawn_with_a_table_behind(client, place, padron, clerk, of):
    somebody_waits(place, padron)
    enter(client)

    page = client.get(f"{town.base(place)}/office/figures?by=week&of={of}")
    sheet = client.get(f"{town.base(place)}/office/figures.csv?by=week&of={of}")

    assert page.status_code == 200
    assert page.text.count('<svg class="chart__drawing"') == page.text.count("<details")
    assert "chart-demand-table" in page.text
    assert "style=" not in page.text
    assert sheet.headers["Content-Type"].startswith("text/csv")
    assert sheet.text.startswith("\ufeffperiod;")


def test_open_data_are_a_sheet_of_the_months_that_are_over(client, place, padron):
    enter(client)

    sheet = client.get(f"{town.base(place)}/office/figures/open.csv")

    assert sheet.status_code == 200
    assert "month;town;procedure" in sheet.text


def test_the_planner_answers_also_without_a_history(client, place, padron, clerk):
    enter(client)

    for query in ("", "?day=2026-12-01&more=1", "?pooled=own&more=-1"):
        assert client.get(f"{town.base(place)}/office/planner{query}").status_code == 200
    for query in ("?day=1999-01-01", "?day=x", "?more=9", "?pooled=pool"):
        assert client.get(f"{town.base(place)}/office/planner{query}").status_code == 422
