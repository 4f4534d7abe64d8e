"""What the citizen answers, on their own screen or aloud."""

from dataclasses import dataclass
from typing import Any

from app.accounts.models import Account
from app.booking.models import Visit
from app.core.events import publish
from app.requests import queries
from app.requests.errors import (
    AnsweredAlready,
    AnswerLate,
    NeedsTheCitizen,
    NotAskedNow,
    TextChanged,
)
from app.requests.events import RequestAnswered
from app.requests.models import Kind, Request, State
from app.requests.services.asking import about, line_up, move
from app.towns.services import look_again

# What a clerk may write down for somebody who has no screen, or says it aloud.
SPOKEN = (Kind.PAPER, Kind.TEXT, Kind.DATA, Kind.PAY)


@dataclass(frozen=True)
class Said:
    """An answer: yes or no, with the digest of the text that was read; `values`: corrected data."""

    is_yes: bool
    digest: str
    values: tuple[str, ...] = ()


def refuse_unless_asked(request: Request, digest: str) -> None:
    """Only what is before the citizen now can be answered, and only as it stands there."""
    visit = request.visit
    if request.state in (State.DONE, State.REFUSED):
        raise AnsweredAlready
    if request.state is State.EXPIRED or request.is_late:
        raise AnswerLate
    if not request.is_open or not visit.is_being_attended or not _is_current(visit, request):
        raise NotAskedNow
    if digest != request.text_digest:
        raise TextChanged


def answer(request: Request, said: Said, **more: Any) -> None:
    """On the citizen's own screen. The same answer again, from another window, is the first one.

    `more`: what shows that it was them, as a code that came back.
    """
    wanted = State.DONE if said.is_yes else State.REFUSED
    look_again(request)
    if request.state is wanted and said.digest == request.text_digest:
        return
    refuse_unless_asked(request, said.digest)
    settle(request, said.is_yes, "screen", **_content(request, said), **more)


def note(request: Request, by: Account, said: Said) -> None:
    """The clerk writes down what the citizen answered aloud, or put on the counter."""
    look_again(request)
    if request.kind not in SPOKEN:
        raise NeedsTheCitizen
    if not request.visit.is_being_attended:
        raise NotAskedNow
    if said.digest != request.text_digest:
        raise TextChanged
    settle(request, said.is_yes, "spoken", noted_by=by.id, **_content(request, said))


def settle(request: Request, is_yes: bool, how: str, **content: Any) -> None:
    """It is answered, once and for all. `content` is kept with it."""
    state = State.DONE if is_yes else State.REFUSED
    if not move(request, state, answer={"how": how, **content}):
        raise AnsweredAlready
    line_up(request.visit)
    publish(
        RequestAnswered(**about(request), is_yes=is_yes, how=how, text_digest=request.text_digest)
    )


def _content(request: Request, said: Said) -> dict[str, Any]:
    """Corrected data beside what was shown; nothing for a no."""
    if request.kind is not Kind.DATA or not said.is_yes:
        return {}
    shown = [one["value"] for one in request.fields]
    values = list(said.values) or shown
    labels = [one["label"] for one in request.fields]
    changed = [label for label, old, new in zip(labels, shown, values, strict=True) if old != new]
    return {"values": values, "corrected": changed}


def _is_current(visit: Visit, request: Request) -> bool:
    current = queries.current_in(visit)
    return current is not None and current.id == request.id
