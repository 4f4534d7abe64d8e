"""One visit at the counter: call it, call it again, let it begin, write how it ended."""

import segno
from flask import Response, flash, make_response, render_template, session, url_for
from flask_babel import gettext as _

from app.booking import queries as visits
from app.booking.models import Status
from app.booking.words import outcomes_of
from app.core import clock
from app.core.db import transaction
from app.core.htmx import see_other, wants_fragment
from app.core.security import shows_the_camera
from app.desk import services
from app.desk.forms import OutcomeForm
from app.desk.services import Words
from app.desk.views.door import (
    STAFF,
    bp,
    changing,
    is_mine,
    on_my_counter,
    visit_or_404,
    visit_page,
)
from app.identity.session import current_account, requires
from app.queue import queries as line
from app.queue import services as queue


@bp.post("/next")
@requires(*STAFF)
def call_next() -> Response:
    with transaction():
        visit = queue.call_next(current_account)
    return see_other(url_for(".visit", code=visit.code))


@bp.post("/visits/<code>/call")
@requires(*STAFF)
def call(code: str) -> Response:
    """This very person, out of turn."""
    found = visit_or_404(code)
    with transaction():
        queue.call(current_account, found)
    return see_other(url_for(".visit", code=code))


@bp.post("/visits/<code>/arrived")
@requires(*STAFF)
def arrived(code: str) -> Response:
    """Somebody has come for an appointment; in the hall they get a number."""
    found = visit_or_404(code)
    with changing(found):
        queue.receive(found)
    ticket = line.ticket_of(found)
    if ticket:
        flash(_("Their number is %(number)s.", number=ticket.number))
    return see_other(url_for(".today", _anchor=f"open-{code}"))


@bp.get("/visits/<code>")
@requires(*STAFF)
@shows_the_camera
def visit(code: str) -> Response:
    return visit_page(visit_or_404(code))


@bp.get("/visits/<code>/actions")
@requires(*STAFF)
def actions(code: str) -> Response:
    """What can be done now: while they talk, nobody is called again."""
    found = visit_or_404(code)
    if not wants_fragment():
        return see_other(url_for(".visit", code=code))
    words = {"visit": found, "is_mine": is_mine(found), "ticket": line.ticket_of(found)}
    return make_response(render_template("desk/_visit_actions.html", **words))


@bp.get("/visits/<code>/ticket")
@requires(*STAFF)
def ticket(code: str) -> str:
    """What the person takes with them: a number or a time, and the code of the visit."""
    found = visit_or_404(code)
    return render_template(
        "desk/ticket.html",
        visit=found,
        ticket=line.ticket_of(found),
        place=line.place_of(found) if found.is_waiting else None,
        qr=segno.make(visits.link_of(found), error="m").svg_inline(scale=3, border=4, light="#fff"),
    )


@bp.post("/visits/<code>/again")
@requires(*STAFF)
def again(code: str) -> Response:
    """They did not answer: back to the waiting room, or over after the town's number of calls."""
    found = on_my_counter(code)
    with changing(found):
        queue.call_again(found)
    return see_other(url_for(".today"))


@bp.post("/visits/<code>/repeat")
@requires(*STAFF)
def repeat(code: str) -> Response:
    """Call them once more, and go on waiting for them."""
    found = on_my_counter(code)
    with changing(found):
        queue.repeat_call(found)
    if found.is_over:
        flash(_("They did not come after %(count)s calls. The visit is closed.", count=found.calls))
        return see_other(url_for(".today"))
    flash(_("Called again."))
    return see_other(url_for(".visit", code=code))


@bp.post("/visits/<code>/begin")
@requires(*STAFF)
def begin(code: str) -> Response:
    """The person is at the desk, or has answered the telephone."""
    found = on_my_counter(code)
    with changing(found):
        queue.begin(found)
    return see_other(url_for(".visit", code=code, _anchor="outcome-form"))


@bp.post("/visits/<code>/draft")
@requires(*STAFF)
def draft(code: str) -> str:
    """What is being written is kept as it grows. The citizen reads it when the visit is over."""
    found = on_my_counter(code)
    form = OutcomeForm().offer(outcomes_of(found.procedure))
    is_kept = form.validate() and found.is_being_attended
    if is_kept:
        with transaction():
            services.write(found, _words(form))
    return render_template(
        "desk/_draft_state.html",
        is_kept=is_kept,
        visit=found,
        saved_at=clock.now(),
    )


@bp.post("/visits/<code>/outcome")
@requires(*STAFF)
def outcome(code: str) -> Response:
    """How it ended. Written once more, it corrects what was written before."""
    found = on_my_counter(code)
    form = OutcomeForm().offer(outcomes_of(found.procedure))
    if not form.validate_on_submit():
        return visit_page(found, form, status=422)
    with transaction():
        services.close(found, Status(form.ended.data), _words(form))
    flash(_("The visit is closed and what you wrote is saved."))
    if found.status is Status.SERVED:
        session["closed"] = code  # the next page offers what may follow
    return see_other(url_for(".today"))


def _words(form: OutcomeForm) -> Words:
    return Words(
        outcome=form.outcome.data or "",
        next_steps=form.next_steps.data or "",
        outcome_code=form.outcome_code.data or "",
        note=form.note.data or "",
    )
