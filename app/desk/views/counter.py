"""The clerk's counter: open, paused or closed; away for a while; closing with people waiting."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, flash, g, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock
from app.core.db import transaction
from app.core.errors import Missing
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import clock_time
from app.desk import queries, services
from app.desk.errors import PeopleLeftBehind, VisitsInTheWay
from app.desk.forms import BlockForm, ChoiceForm
from app.desk.views.door import STAFF, bp, my_counter
from app.identity.session import current_account, requires
from app.queue import queries as line
from app.queue import services as queue
from app.queue.errors import NotAtTheCounter
from app.schedule.models import CounterState, Resource
from app.towns import queries as towns
from app.towns.errors import RuleRefused

NO_DESK = "none"


@bp.get("/presence")
@requires(*STAFF)
def presence() -> Response:
    """Who is here, and what follows for those who wait."""
    return page_or_fragment(
        "desk/presence.html",
        "desk/_presence.html",
        presence=queries.presence(g.town, my_counter()),
        clerk=my_counter(),
    )


@bp.post("/counter")
@requires(*STAFF)
def counter() -> Response:
    """Open, pause or close. Whoever would be left behind is decided upon first."""
    state = request.form.get("state", "")
    if state not in list(CounterState):
        raise Missing
    try:
        with transaction():
            services.set_counter(current_account, CounterState(state))
    except PeopleLeftBehind:
        return see_other(url_for(".closing"))
    said = {
        "open": _("Your counter is open."),
        "paused": _("You are on a break. People who wait for you are told how long it takes."),
        "closed": _("Your counter is closed for today."),
    }
    flash(said[state])
    return see_other(url_for(".today"))


@bp.route("/closing", methods=["GET", "POST"])
@requires(*STAFF)
def closing() -> Response:
    """Closing time with people waiting: attend them, offer a time, or say that we are sorry."""
    clerk = _own_counter()
    if request.method == "POST":
        with transaction():
            decided = services.decide(current_account, request.form)
        if decided.attended:
            flash(_("Your counter stays open: %(count)s still to attend.", count=decided.attended))
        else:
            flash(_("Your counter is closed for today. Everybody has been told."))
        return see_other(url_for(".today"))
    waiting = line.left_behind(g.town, clerk.id)
    offers = [(visit, queries.first_time_for(visit)) for visit in waiting]
    return Response(render_template("desk/closing.html", offers=offers))


@bp.route("/block", methods=["GET", "POST"])
@requires(*STAFF)
def block() -> Response:
    """Away for some minutes, or for the rest of the day. Visits in that time are named first."""
    clerk, form = _own_counter(), BlockForm()
    if not form.validate_on_submit():
        return _block_page(clerk, form, status=422 if form.errors else 200)
    begin, end = _times_of(form)
    try:
        with transaction():
            services.block_time(
                clerk, begin, end, form.reason.data or "", around="around" in request.form
            )
    except VisitsInTheWay as refusal:
        return _block_page(clerk, form, status=409, refusal=refusal, standing=refusal.visits)
    except RuleRefused as refusal:
        return _block_page(clerk, form, status=409, refusal=refusal)
    zone = g.town.time_zone
    flash(
        _(
            "You are away from %(begin)s to %(end)s.",
            begin=clock_time(begin, zone),
            end=clock_time(end, zone),
        )
    )
    return see_other(url_for(".one_day", mine=1))


@bp.post("/block/back")
@requires(*STAFF)
def back() -> Response:
    """There after all."""
    clerk = _own_counter()
    with transaction():
        services.take_back_absence(clerk, request.form.get("claim", ""))
    flash(_("Your absence is taken back. That time is free again."))
    return see_other(url_for(".one_day", mine=1))


@bp.route("/my-desk", methods=["GET", "POST"])
@requires(*STAFF)
def my_desk() -> Response:
    """At which desk of the hall the clerk sits, for the screen to say."""
    clerk = _own_counter()
    desks = {str(desk.id): desk for desk in line.desks_of()}
    form = ChoiceForm().offer(
        _("Where do you sit today?"),
        [
            *((key, desk.name) for key, desk in desks.items()),
            (NO_DESK, _("At no desk of the hall")),
        ],
    )
    if not form.validate_on_submit():
        if request.method == "GET":
            form.choice.data = str(clerk.desk_id or NO_DESK)
        return page_or_fragment(
            "desk/my_desk.html",
            "desk/_my_desk_form.html",
            status=422 if form.errors else 200,
            form=form,
            offices=towns.offices(),
        )
    with transaction():
        queue.sit_at(current_account, desks.get(str(form.choice.data)))
    flash(_("The screen of the hall says it when you call."))
    return see_other(url_for(".today"))


def _own_counter() -> Resource:
    clerk = my_counter()
    if clerk is None:
        raise NotAtTheCounter
    return clerk


def _times_of(form: BlockForm) -> tuple[datetime, datetime]:
    """From the hour written, or the next minute, on; the rest of the day ends at midnight."""
    zone, now = g.town.zone, clock.now()
    today = now.astimezone(zone).date()
    begin = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if form.hour:
        begin = datetime.combine(today, form.hour, zone).astimezone(UTC)
    midnight = clock.midnight(today + timedelta(days=1), zone)
    if form.length.data == "rest":
        return begin, midnight
    return begin, min(begin + timedelta(minutes=int(form.length.data)), midnight)


def _block_page(clerk: Resource, form: BlockForm, status: int = 200, **context: Any) -> Response:
    return page_or_fragment(
        "desk/block.html",
        "desk/_block_form.html",
        status=status,
        form=form,
        clerk=clerk,
        **context,
    )
