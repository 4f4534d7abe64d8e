"""What is told of requests. Never what was written in them: that stays in the rows."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class RequestEvent(Event):
    """Something about one request of one visit."""

    town_id: int
    visit_id: int
    request_id: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class RequestMade(RequestEvent):
    text_version: str
    text_digest: str


@dataclass(frozen=True, kw_only=True)
class RequestAnswered(RequestEvent):
    """`how`: on the citizen's own screen, aloud to the clerk, or by what came from elsewhere."""

    is_yes: bool
    how: str
    text_digest: str


@dataclass(frozen=True, kw_only=True)
class RequestWithdrawn(RequestEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class RequestExpired(RequestEvent):
    """Nobody answered in time, or the visit was over first."""


@dataclass(frozen=True, kw_only=True)
class ReturnTurnedAway(RequestEvent):
    """A gateway's answer that it had not signed, or that was about something else."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class StepTicked(Event):
    """A step of the script was done, or was not done after all."""

    town_id: int
    visit_id: int
    key: str
    is_done: bool
