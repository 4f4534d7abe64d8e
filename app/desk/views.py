"""The clerk's screens: today, next, the visit on the counter, its outcome."""

from typing import Any

from flask import Blueprint, Response, flash, g, url_for
from flask_babel import gettext as _

from app.accounts.models import Role
from app.booking.errors import VisitMissing
from app.booking.models import Status, Visit
from app.core import stream
from app.core.db import transaction
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import speaking
from app.core.security import everyone, shows_the_camera
from app.desk import calendar, queries, services
from app.desk.forms import OutcomeForm
from app.identity.session import current_account, requires
from app.queue import queries as line
from app.queue import services as queue
from app.schedule import queries as schedule
from app.schedule.models import Resource
from app.towns.tenant import speak_for

bp = Blueprint("desk", __name__, url_prefix="/desk", template_folder="templates")
feed_bp = Blueprint("feed", __name__)
bp.add_app_template_global(queries.waited_minutes)

STAFF = (Role.CLERK, Role.SUPERVISOR, Role.ADMINISTRATOR)


@bp.get("/")
@requires(*STAFF)
def today() -> Response:
    clerk = schedule.resource_of(current_account.id)
    return page_or_fragment(
        "desk/today.html",
        "desk/_agenda.html",
        cursor=stream.cursor(),  # before the day is read: what happens meanwhile is heard again
        day=queries.today(g.town, clerk),
        clerk=clerk,
    )


@bp.get("/stream")
@requires(*STAFF)
def day_stream() -> Response:
    """Something in the town's day has changed: look again."""
    return stream.listen(f"day:{g.town.id}")


@feed_bp.get("/agenda/<token>.ics")
@everyone
def calendar_feed(token: str) -> Response:
    """The private address is the key: calendars cannot sign in."""
    account = queries.account_of_feed(token)
    clerk = schedule.resource_of(account.id)
    with speaking(account.locale):
        written = calendar.written(queries.agenda_of(clerk) if clerk else [])
    answer = Response(written, mimetype="text/calendar")
    answer.headers["Cache-Control"] = "private, max-age=300"
    return answer


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
    found = _visit_or_404(code)
    with transaction():
        queue.call(current_account, found)
    return see_other(url_for(".visit", code=code))


@bp.post("/visits/<code>/arrived")
@requires(*STAFF)
def arrived(code: str) -> Response:
    """Somebody has come to the town hall for an appointment in person."""
    found = _visit_or_404(code)
    with transaction():
        services.receive(found)
    return see_other(url_for(".today"))


@bp.get("/visits/<code>")
@requires(*STAFF)
@shows_the_camera
def visit(code: str) -> Response:
    found = _visit_or_404(code)
    return _visit_page(found, OutcomeForm(obj=found))


@bp.post("/visits/<code>/again")
@requires(*STAFF)
def again(code: str) -> Response:
    """They did not answer: back to the waiting room."""
    found = _on_my_counter(code)
    with transaction():
        queue.call_again(found)
    return see_other(url_for(".today"))


@bp.post("/visits/<code>/outcome")
@requires(*STAFF)
def outcome(code: str) -> Response:
    """How it ended. Written once more, it corrects what was written before."""
    found = _on_my_counter(code)
    form = OutcomeForm()
    if not form.validate_on_submit():
        return _visit_page(found, form, status=422)
    with transaction():
        services.close(
            found, Status(form.ended.data), form.outcome.data or "", form.next_steps.data or ""
        )
    flash(_("The visit is closed and what you wrote is saved."))
    return see_other(url_for(".today"))


def _visit_page(found: Visit, form: OutcomeForm, **context: Any) -> Response:
    return page_or_fragment(
        "desk/visit.html",
        "desk/_outcome_form.html",
        visit=found,
        form=form,
        is_mine=_is_mine(found),
        cursor=stream.cursor(),
        **context,
    )


def _visit_or_404(code: str) -> Visit:
    """A visit of this town, or of one that this clerk is lent to: from here on in its name."""
    found = line.visit_for(schedule.resource_of(current_account.id), code)
    if found is None:
        raise VisitMissing
    speak_for(found.town_id)
    return found


def _on_my_counter(code: str) -> Visit:
    found = _visit_or_404(code)
    if not _is_mine(found):
        raise VisitMissing
    return found


def _is_mine(found: Visit) -> bool:
    clerk: Resource | None = schedule.resource_of(current_account.id)
    return clerk is not None and found.clerk_id == clerk.id
