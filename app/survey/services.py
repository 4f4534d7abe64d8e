"""Errands of the survey."""

from sqlalchemy.exc import IntegrityError

from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.survey import queries
from app.survey.errors import AlreadyAnswered, NotOverYet
from app.survey.events import SurveyAnswered
from app.survey.models import Answer, Said


def answer(visit: Visit, understood: Said, solved: Said) -> None:
    """What somebody says of their visit, once."""
    if visit.status is not Status.SERVED:
        raise NotOverYet
    if queries.answer_of(visit):
        raise AlreadyAnswered
    day = clock.today(visit.town.time_zone)
    try:
        with db.session.begin_nested():
            db.session.add(Answer(visit_id=visit.id, understood=understood, solved=solved, day=day))
    except IntegrityError as error:  # two windows at once
        raise AlreadyAnswered from error
    publish(SurveyAnswered(town_id=visit.town_id))
