"""Some weeks of a town that never were: visits with every end, written into the register."""

import random
import secrets
from datetime import datetime, timedelta

from app.booking.models import Status, Visit
from app.calls.models import CallFigures, Ending, Part, Participant
from app.core import clock
from app.core.db import db
from app.insight.models import ChannelChange
from app.queue.models import WaitEstimate
from app.survey.models import Answer, Said
from app.towns.models import Channel, Procedure

ENDS = (
    *(Status.SERVED,) * 6,
    *(Status.NO_SHOW, Status.CANCELLED, Status.CANCELLED, Status.LEFT),
    *(Status.BOOKED, Status.HELD, Status.EXPIRED),
)


def some_visits(
    chance: random.Random, procedures: list[Procedure], count: int, days: int = 40
) -> list[Visit]:
    """Of the last days, at any hour, so that some lie across midnight and a change of clocks."""
    now, made = clock.now(), []
    for _number in range(count):
        at = now - timedelta(minutes=chance.randrange(days * 24 * 60))
        made.append(a_visit(chance, chance.choice(procedures), at))
    db.session.flush()
    for visit in made:
        _around(chance, visit, made)
    db.session.flush()
    return made


def a_visit(chance: random.Random, procedure: Procedure, at: datetime) -> Visit:
    status = chance.choice(ENDS)
    minutes = chance.choice((10, 15, 20, 30))
    visit = Visit(
        procedure_id=procedure.id,
        channel=chance.choice(list(Channel)),
        status=status,
        language=chance.choice(("ca", "es")),
        reads="ca",
        phone="+34600000000",
        starts_at=at,
        ends_at=at + timedelta(minutes=minutes),
        form_token=secrets.token_urlsafe(12),
        is_walk_in=chance.random() < 0.4,
    )
    if status not in (Status.HELD, Status.EXPIRED):
        visit.booked_at = at - timedelta(days=chance.randrange(5))
    if status in (Status.SERVED, Status.LEFT):
        visit.waiting_at = at + timedelta(minutes=chance.randrange(-20, 20))
        if status is Status.SERVED:
            visit.called_at = max(at, visit.waiting_at) + timedelta(minutes=chance.randrange(60))
            visit.in_service_at = visit.called_at + timedelta(minutes=1)
            length = chance.choice((3, 9, 14, 31, 13 * 60))  # the last was forgotten
            visit.ended_at = visit.in_service_at + timedelta(minutes=length)
    if status is Status.CANCELLED:
        visit.ended_by = chance.choice(("citizen", "office", "closing"))
    db.session.add(visit)
    return visit


def _around(chance: random.Random, visit: Visit, others: list[Visit]) -> None:
    """What other features remember of it."""
    if visit.waiting_at and chance.random() < 0.7:
        for minutes in (10, 25):
            db.session.add(
                WaitEstimate(
                    visit_id=visit.id,
                    made_at=visit.waiting_at,
                    ahead=1,
                    clerks=1,
                    shortest=5,
                    longest=minutes + chance.randrange(20),
                )
            )
    if visit.status is Status.SERVED and chance.random() < 0.4:
        said = [chance.choice(list(Said)) for _ in range(2)]
        db.session.add(
            Answer(
                visit_id=visit.id, understood=said[0], solved=said[1], day=visit.starts_at.date()
            )
        )
    if visit.status is Status.SERVED and visit.channel is Channel.VIDEO:
        _a_call(chance, visit)
    if chance.random() < 0.1:
        db.session.add(ChannelChange(visit_id=visit.id, before="video", after="phone"))
    if chance.random() < 0.2:
        before = chance.choice(others)
        if before.id != visit.id:
            visit.follows_id = before.id


def _a_call(chance: random.Random, visit: Visit) -> None:
    for seat, part in enumerate((Part.CITIZEN, Part.CLERK)):
        person = Participant(visit_id=visit.id, part=part, seat=seat)
        db.session.add(person)
        db.session.flush()
        for incarnation in range(chance.randrange(3)):
            db.session.add(
                CallFigures(
                    participant_id=person.id,
                    incarnation=incarnation,
                    picture_ms=chance.choice((None, 300, 800, 2000)),
                    ending=chance.choice((Ending.HUNG_UP, Ending.LOST)),
                )
            )
