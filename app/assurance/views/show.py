"""The page that asks: what is needed, why, which ways there are, and what if none is possible."""

from datetime import timedelta
from typing import Any

from flask import Response, make_response, render_template, request

from app.assurance import queries, services
from app.assurance.queries import Standing
from app.assurance.views.door import book_if_held, bp, browser, go_on, own_visit
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import transaction
from app.core.htmx import see_other
from app.core.security import everyone
from app.identity import queries as identity
from app.identity import session as signed
from app.queue import services as waiting_room
from app.towns.models import Level, Moment

SAID = ("cancelled", "failed", "down")


@bp.get("/visits/<code>/identify")
@everyone
def show(code: str) -> Response:
    return page(own_visit(code), said=request.args.get("said", ""))


@bp.post("/visits/<code>/identify")
@everyone
def leave_it(code: str) -> Response:
    """They cannot: the clerk will. What they wanted to do goes on."""
    visit = own_visit(code)
    with transaction():
        if not visit.is_over:
            services.leave_to_clerk(visit)
        words = _take_them_on(visit)
    return see_other(go_on(visit, **words))


@bp.post("/visits/<code>/identify/on")
@everyone
def carry_on(code: str) -> Response:
    """Who is known surely enough goes on to what they wanted."""
    visit = own_visit(code)
    with transaction():
        moment = queries.standing(visit).moment
        if moment is not Moment.ACT:
            services.refuse_unless(visit, moment)
        words = _take_them_on(visit)
    return see_other(go_on(visit, **words))


@bp.get("/visits/<code>/identity")
@everyone
def copy(code: str) -> str:
    """The citizen's copy: how we know who they are, and what they agreed to."""
    visit = own_visit(code)
    standing = queries.standing(visit)
    return render_template("assurance/copy.html", visit=visit, standing=standing)


def page(visit: Visit, *, said: str = "", status: int = 200) -> Response:
    standing = queries.standing(visit)
    return make_response(
        render_template(
            "assurance/identify.html",
            visit=visit,
            standing=standing,
            wanted=standing.needs_to(standing.moment),
            named=queries.named_attempt(visit, services.digest_of(browser())),
            has_passkey_way=_has_passkey_way(visit, standing),
            goes_in=is_time_to_enter(visit),
            said=said if said in SAID else "",
        ),
        status,
    )


def is_time_to_enter(visit: Visit) -> bool:
    """Whether the waiting room is open for this visit, and they are not in it."""
    opens_at = visit.starts_at - timedelta(minutes=visit.town.early_minutes)
    return visit.status is Status.BOOKED and visit.is_by_video and clock.now() >= opens_at


def _take_them_on(visit: Visit) -> dict[str, Any]:
    """What they were stopped on the way to: the booking, or the waiting room."""
    if visit.booked_at is None:
        return book_if_held(visit)
    if is_time_to_enter(visit):
        waiting_room.arrive(visit)
    return {}


def _has_passkey_way(visit: Visit, standing: Standing) -> bool:
    """Whether this citizen has a passkey that would be enough, and may use it on this screen."""
    wanted = standing.needs_to(standing.moment)
    if visit.citizen_id is None or not Level.PASSKEY.reaches(wanted):
        return False
    return not signed.is_kiosk() and bool(identity.passkeys_of(visit.citizen_id))
