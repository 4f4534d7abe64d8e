"""The answers to the two questions."""

import enum
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.booking.models import Visit
from app.core.db import Base, stored
from app.towns.models import OfTown


class Said(enum.StrEnum):
    """What somebody answers to a question."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class Answer(OfTown, Base):
    """One visit is asked once. Only the day is kept, so that nobody is known by the hour."""

    __tablename__ = "survey_answer"
    __table_args__ = (sa.Index("ix_survey_answer_town_day", "town_id", "day"),)

    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), primary_key=True)
    understood: Mapped[Said] = mapped_column(stored(Said))
    solved: Mapped[Said] = mapped_column(stored(Said))
    day: Mapped[date]
