"""The office moves or cancels a visit, with a reason that its citizen reads."""

from datetime import datetime
from typing import Any

from flask import Response, flash, request, url_for
from flask_babel import gettext as _

from app.booking import queries as booking
from app.booking import services as visits
from app.booking.errors import NotCancellable, NotMovable, TimePast, TimeTaken
from app.booking.models import Visit
from app.core.errors import Missing
from app.core.htmx import page_or_fragment, see_other
from app.desk.forms import ReasonForm
from app.desk.views.book import STARTS, start_of, times_of
from app.desk.views.door import STAFF, bp, changing, visit_or_404, visit_page
from app.identity.session import requires
from app.schedule import queries as schedule
from app.schedule.queries import Wish


@bp.route("/visits/<code>/move", methods=["GET", "POST"])
@requires(*STAFF)
def move(code: str) -> Response:
    """Another time for somebody, and why."""
    found = visit_or_404(code)
    if not found.can_be_moved:
        return visit_page(found, status=409, refusal=NotMovable())
    wish = booking.wish_of(found, releasing=found.code, is_staff=True)
    asked = request.values.get("starts")
    if asked is None:
        return page_or_fragment(
            "desk/move.html",
            "desk/_times.html",
            visit=found,
            to=url_for(".move", code=code, starts=""),
            same=url_for(".move", code=code, day=""),
            **times_of(wish),
        )
    starts_at = start_of(asked)
    if wish is None or starts_at is None:
        raise Missing
    form = ReasonForm()
    if not form.validate_on_submit():
        return _sure(found, wish, starts_at, form, status=422 if form.errors else 200)
    try:
        with changing(found):
            visits.move(found, wish, starts_at, by="office", reason=form.said)
    except (TimeTaken, TimePast) as refusal:
        return _sure(found, wish, starts_at, form, status=409, refusal=refusal)
    flash(_("The visit has another time. Its citizen is told.") if found.phone else _not_told())
    return see_other(url_for(".visit", code=code))


@bp.route("/visits/<code>/cancel", methods=["GET", "POST"])
@requires(*STAFF)
def cancel(code: str) -> Response:
    """It does not take place, and why."""
    found = visit_or_404(code)
    if not found.can_be_cancelled:
        return visit_page(found, status=409, refusal=NotCancellable())
    form = ReasonForm()
    if not form.validate_on_submit():
        return page_or_fragment(
            "desk/cancel.html",
            "desk/_cancel_visit_form.html",
            status=422 if form.errors else 200,
            visit=found,
            form=form,
        )
    with changing(found):
        visits.cancel(found, "office", form.said)
    flash(_("The visit is cancelled. Its citizen is told.") if found.phone else _not_told())
    return see_other(url_for(".today"))


def _not_told() -> str:
    return _("Done. We have no telephone of this person: tell them yourself.")


def _sure(
    found: Visit, wish: Wish, starts_at: datetime, form: ReasonForm, status: int, **context: Any
) -> Response:
    others = schedule.nearest(wish, starts_at) if status == 409 else []
    return page_or_fragment(
        "desk/move_sure.html",
        "desk/_move_visit_form.html",
        status=status,
        visit=found,
        starts_at=starts_at,
        starts=f"{starts_at:{STARTS}}",
        form=form,
        alternatives=[one for one in others if one.starts_at != found.starts_at],
        to=url_for(".move", code=found.code, starts=""),
        **context,
    )
