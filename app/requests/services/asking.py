"""Asking for something, taking it back, asking again, and what nobody answers."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Account
from app.booking.models import Visit
from app.core import clock
from app.core.db import db, new_code
from app.core.events import publish
from app.requests import queries
from app.requests.errors import AnsweredAlready, NotBeingAttended, TooManyAsked, WayMissing
from app.requests.events import RequestExpired, RequestMade, RequestWithdrawn
from app.requests.models import Request, State
from app.requests.queries import Words
from app.towns.services import look_again, take_turns

MOST_OPEN = 10


def ask(
    visit: Visit, by: Account, words: Words, *, token: str, repeats: Request | None = None
) -> Request:
    """The citizen is asked, or will be when what is before it is answered.

    Pressed twice it is asked once; pressed again after the answer, it is asked again.
    """
    look_again(visit)
    if earlier := queries.with_token(visit, token):
        if earlier.is_open:
            return earlier
        token = new_code()
    if not visit.is_being_attended:
        raise NotBeingAttended
    if not queries.may_be_asked(visit, words):
        raise WayMissing
    if len(queries.open_in(visit)) >= MOST_OPEN:
        raise TooManyAsked
    made = Request(
        visit_id=visit.id,
        by_id=by.id,
        kind=words.kind,
        way=words.way,
        language=words.language,
        title=words.title,
        body=words.body,
        fields=[{"label": label, "value": value} for label, value in words.fields],
        cents=words.cents,
        text_version=words.version,
        text_digest=words.digest,
        asked_at=clock.now(),
        repeats_id=repeats.id if repeats else None,
        form_token=token,
    )
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError as error:  # the same press from another window
        if earlier := queries.with_token(visit, token):
            return earlier
        raise AnsweredAlready from error
    line_up(visit)
    publish(
        RequestMade(**about(made), text_version=made.text_version, text_digest=made.text_digest)
    )
    return made


def repeat(request: Request, by: Account, *, token: str) -> Request:
    """The very same words once more."""
    if not request.can_be_repeated:
        raise AnsweredAlready
    words = Words(
        kind=request.kind,
        language=request.language,
        title=request.title,
        body=request.body,
        way=request.way,
        fields=tuple((one["label"], one["value"]) for one in request.fields),
        cents=request.cents,
        version=request.text_version,
    )
    return ask(request.visit, by, words, token=token, repeats=request)


def withdraw(request: Request) -> None:
    """The clerk does not ask for it any more. What was answered meanwhile stands."""
    look_again(request)
    if not move(request, State.WITHDRAWN):
        raise AnsweredAlready
    line_up(request.visit)
    publish(RequestWithdrawn(**about(request)))


def expire_due() -> int:
    """What nobody answered in time; and what waited behind it comes forward."""
    take_turns()
    count = 0
    for request in queries.due():
        if _expire(request):
            line_up(request.visit)
            count += 1
    return count


def close(visit: Visit) -> None:
    """The visit is over, or goes back to the line: nothing is asked any more."""
    for request in queries.open_in(visit):
        _expire(request)


def line_up(visit: Visit) -> None:
    """The first that waits is before the citizen now, and its time begins."""
    first = next(iter(queries.open_in(visit)), None)
    if first and first.expires_at is None:
        first.expires_at = clock.now() + timedelta(
            minutes=float(current_app.config["REQUEST_MINUTES"])
        )
        db.session.flush()


def move(request: Request, state: State, **more: object) -> bool:
    """Of two at once, the register lets the first."""
    moved = db.session.execute(
        sa.update(Request)
        .where(Request.id == request.id, Request.state == State.ASKED)
        .values(state=state, answered_at=clock.now(), **more)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(request)
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]


def about(request: Request) -> dict[str, Any]:
    """What every event says of it."""
    return {
        "town_id": request.town_id,
        "visit_id": request.visit_id,
        "request_id": request.id,
        "kind": request.kind.value,
    }


def _expire(request: Request) -> bool:
    if not move(request, State.EXPIRED):
        return False
    publish(RequestExpired(**about(request)))
    return True
