"""Letters through the server, while no line joins the citizen and the counter."""

import pytest
import sqlalchemy as sa

from app.booking.models import Status
from app.calls import queries, services
from app.calls.errors import Garbled, NotCalledYet, NotYours, TooFast, TooLarge
from app.calls.models import Part
from app.core import clock
from app.core.db import db
from app.core.stream import StreamMessage
from app.queue import services as queue
from app.towns.models import Procedure
from tests import town

WINDOW = "w" * 24


@pytest.fixture
def waiting(place, clerk):
    """In the waiting room, and nobody has called them yet."""
    padron = db.session.scalars(sa.select(Procedure)).one()
    made = town.a_visit(town.a_wish(place, padron))
    queue.arrive(made)
    db.session.commit()
    return made


def test_what_is_written_while_waiting_is_there_when_the_clerk_comes(app, waiting, clerk):
    home, citizen = town.base(waiting.town), app.test_client()
    page = f"{home}/ca/visits/{waiting.code}"
    token = town.token_in(citizen.get(f"{page}/wait").text)
    sent = citizen.post(
        f"{page}/room/text",
        json={"window": WINDOW, "seq": 1, "text": "Soc sord\u2028"},
        headers={"X-CSRFToken": token},
    )
    assert sent.status_code == 204
    queue.call_next(clerk)
    db.session.commit()

    desk = app.test_client()
    town.enter(desk, clerk)
    counter = f"{home}/desk/visits/{waiting.code}"
    joined = desk.post(
        f"{counter}/room/presence",
        data={"csrf_token": town.token_in(desk.get(counter).text), "event": "join"},
    ).json

    assert joined["written"] == [
        {"from": "citizen", "window": WINDOW, "seq": 1, "text": "Soc sord\u2028"}
    ]


def test_nothing_that_was_written_outlives_the_call(visit):
    services.write(visit, Part.CITIZEN, WINDOW, 1, "Hola")
    assert len(queries.written(visit)) == 1

    services.end(visit)

    channel = queries.text_of(visit)
    left = sa.select(StreamMessage.id).where(StreamMessage.channel == channel)
    assert db.session.scalars(left).all() == []
    assert visit.status is Status.SERVED
    with pytest.raises(NotCalledYet):
        services.write(visit, Part.CITIZEN, WINDOW, 2, "?")


@pytest.mark.parametrize(
    ("seq", "text", "refusal"),
    [
        (1, "x" * 2_001, TooLarge),
        (0, "x", Garbled),
        (True, "x", Garbled),
        ("1", "x", Garbled),
        (1, "", Garbled),
        (1, None, Garbled),
        (1, ["x"], Garbled),
    ],
)
def test_odd_letters_are_refused(visit, seq, text, refusal):
    with pytest.raises(refusal):
        services.write(visit, Part.CITIZEN, WINDOW, seq, text)

    assert queries.written(visit) == []


def test_nobody_writes_faster_than_fingers(visit, time_machine):
    time_machine.move_to(clock.now(), tick=False)  # all of it within one second
    for number in range(1, 21):
        services.write(visit, Part.CITIZEN, WINDOW, number, "x")
        db.session.flush()

    with pytest.raises(TooFast):
        services.write(visit, Part.CITIZEN, WINDOW, 21, "x")


def test_guests_write_to_the_people_in_the_call_and_not_through_us(visit):
    for part in (Part.INTERPRETER, Part.COMPANION, Part.COLLEAGUE):
        with pytest.raises(NotYours):
            services.write(visit, part, WINDOW, 1, "x")
