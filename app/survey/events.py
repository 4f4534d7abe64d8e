"""What is told of the survey."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class SurveyAnswered(Event):
    """Somebody answered. What they said is in no record: answers count, people do not."""

    town_id: int
