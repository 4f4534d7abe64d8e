"""The citizen's way to a visit: when, who, the code, done; and one tap to cancel."""

import secrets
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, make_response, request, session, url_for
from flask_babel import lazy_gettext as _l

from app.booking import calendar, queries, services
from app.booking.errors import HoldOver, TimeTaken, VisitMissing
from app.booking.forms import (
    CodeForm,
    ConfirmForm,
    WhoForm,
    day_of,
    needs_of,
    start_of,
    written_start,
)
from app.booking.models import Need, Visit
from app.core import clock
from app.core.db import transaction
from app.core.errors import Missing
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import asked_slug, localized
from app.core.security import everyone
from app.identity import services as identity
from app.identity.services import CodeOutcome
from app.schedule import queries as schedule
from app.schedule.queries import DayTimes, FreeTime, Wish
from app.towns import queries as towns
from app.towns.models import Procedure, Town

bp = localized("booking", __name__)
bp.add_app_template_global(written_start)

DAYS_SHOWN = 14
PARTS = (("night", 7), ("morning", 14), ("afternoon", 20), ("evening", 24))
MANY_TIMES = 40  # above this only the first part of the day is unfolded

CODE_ERRORS = {
    CodeOutcome.WRONG: _l("This code is not right. Look at the message and write it again."),
    CodeOutcome.USED: _l("This code has already been used. Ask for a new one below."),
    CodeOutcome.EXPIRED: _l("This code has expired. Ask for a new one below."),
    CodeOutcome.SPENT: _l("There were too many wrong codes. Wait a while, or call us."),
}


@bp.get("/procedures/<slug>/times")
@everyone
def times(slug: str) -> Response:
    """When: the days that have times, and the times of one of them."""
    town, procedure = _town_and_procedure(slug)
    channel = _channel(procedure)
    needs = needs_of(request.args.getlist("needs"))
    wish = queries.wish_for(town, procedure, channel, asked_slug(), needs)
    today = clock.today(town.time_zone)
    days = _days(wish, today) if wish else {}
    day = _day_asked(today, town, days)
    return page_or_fragment(
        "booking/times.html",
        "booking/_slots.html",
        procedure=procedure,
        channel=channel,
        wish=wish,
        needs=needs,
        all_needs=list(Need),
        today=today,
        day=day,
        days=days,
        parts=_parts_of_day(wish, day, days) if wish else {},
        many_times=MANY_TIMES,
    )


@bp.route("/visits/new", methods=["GET", "POST"])
@everyone
def new() -> Response:
    """Who, and then the code. A hold in the address means that the code was sent."""
    if request.args.get("hold"):
        return _confirm(_own_hold(request.args["hold"]))
    return _who()


@bp.post("/visits/new/extend")
@everyone
def extend() -> Response:
    """More time for whoever types slowly, as often as they ask."""
    visit = _own_hold(request.args.get("hold", ""))
    with transaction():
        services.extend_hold(visit)
    answer = make_response("", 204)
    answer.headers["X-Session-Seconds"] = str(visit.hold_seconds_left)
    return answer


@bp.post("/visits/new/code")
@everyone
def send_again() -> Response:
    """Another message; the code of the first one stays good."""
    visit = _own_hold(request.args.get("hold", ""))
    with transaction():
        _send_code(visit)
    return see_other(url_for(".new", hold=visit.code, again=1))


@bp.route("/visits/<code>/cancel", methods=["GET", "POST"])
@everyone
def cancel(code: str) -> Response:
    """One tap from the message, one to be sure."""
    visit = queries.booked_visit_or_404(code)
    form = ConfirmForm()
    if not form.validate_on_submit():
        return page_or_fragment("booking/cancel.html", "booking/_cancel_form.html", visit=visit)
    with transaction():
        services.cancel(visit, "citizen")
    return see_other(url_for("portal.visit", code=visit.code))


@bp.get("/visits/<code>/calendar.ics")
@everyone
def ics(code: str) -> Response:
    """For the calendar of the telephone or the computer."""
    visit = queries.booked_visit_or_404(code)
    answer = Response(calendar.written(visit), mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'attachment; filename="ventanilla.ics"'
    return answer


def _who() -> Response:
    town, procedure = _town_and_procedure(request.args.get("procedure", ""))
    channel = _channel(procedure)
    needs = needs_of(request.values.getlist("needs"))
    wish = queries.wish_for(town, procedure, channel, asked_slug(), needs)
    starts_at = start_of(request.form.get("starts") or request.args.get("starts"))
    if wish is None or starts_at is None:
        raise Missing
    form = WhoForm(countries=town.phone_countries)
    form.token.data = form.token.data or secrets.token_urlsafe(24)
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        return _who_page(wish, starts_at, form, status=status)
    try:
        with transaction():
            _let_go_of_the_last_one(form)
            visit = services.hold(
                wish,
                starts_at,
                phone=form.number,
                name=form.name.data or "",
                reads=asked_slug(),
                needs=needs,
                form_token=form.token.data,
                host=request.host,
            )
            if session.get("hold") != visit.code:
                _send_code(visit)
    except TimeTaken as refusal:
        return _who_page(wish, starts_at, form, status=409, refusal=refusal)
    session["hold"] = visit.code
    return see_other(url_for(".new", hold=visit.code))


def _who_page(wish: Wish, starts_at: datetime, form: WhoForm, **context: Any) -> Response:
    """The form; when the time is gone, with the nearest others, and what was typed kept."""
    refused = context.get("refusal")
    return page_or_fragment(
        "booking/new.html",
        "booking/_who_form.html",
        wish=wish,
        procedure=wish.procedure,
        starts_at=starts_at,
        needs=needs_of(request.values.getlist("needs")),
        form=form,
        alternatives=schedule.nearest(wish, starts_at) if refused else [],
        **context,
    )


def _confirm(visit: Visit) -> Response:
    if visit.booked_at is not None:
        return see_other(url_for("portal.visit", code=visit.code))
    form = CodeForm()
    if not form.validate_on_submit():
        return _code_page(visit, form, status=422 if form.errors else 200)
    with transaction():
        outcome = identity.try_code(visit.phone, _purpose(visit), form.code.data or "")
        if outcome is CodeOutcome.RIGHT:
            services.book(visit)
    if outcome is not CodeOutcome.RIGHT:
        form.code.errors = [CODE_ERRORS[outcome]]
        return _code_page(visit, form, status=422, outcome=outcome)
    session.pop("hold", None)
    return see_other(url_for("portal.visit", code=visit.code, done=1))


def _code_page(visit: Visit, form: CodeForm, **context: Any) -> Response:
    return page_or_fragment(
        "booking/code.html", "booking/_code_form.html", visit=visit, form=form, **context
    )


def _send_code(visit: Visit) -> None:
    identity.send_code(
        visit.phone, _purpose(visit), address=request.remote_addr or "", host=_host_name()
    )


def _let_go_of_the_last_one(form: WhoForm) -> None:
    """This browser chose again: what it held before goes back to everybody, itself included."""
    held = queries.by_claim(str(session.get("hold", "")))
    if held and held.is_held and (held.form_token, held.phone) != (form.token.data, form.number):
        services.let_go(held)


def _own_hold(code: str) -> Visit:
    """A hold of this very browser. Somebody else's is as missing as one that never was."""
    if not code or session.get("hold") != code:
        raise VisitMissing
    visit = queries.visit_or_404(code)
    if visit.is_over and visit.booked_at is not None:
        raise HoldOver
    return visit


def _purpose(visit: Visit) -> str:
    return f"visit:{visit.code}"


def _host_name() -> str:
    return request.host.rsplit(":", 1)[0]


def _town_and_procedure(slug: str) -> tuple[Town, Procedure]:
    return towns.current_town_or_404(), towns.procedure_or_404(slug)


def _channel(procedure: Procedure) -> str:
    """The one asked for; else the first that the procedure allows. A strange one does not exist."""
    asked = request.values.get("channel")
    if asked and not procedure.allows(asked):
        raise Missing
    return asked or procedure.channels[0].value


def _days(wish: Wish, today: date) -> DayTimes:
    """The times of the next days; when they are all taken, those of the first day that has any."""
    count = min(DAYS_SHOWN, wish.town.horizon_days + 1)
    times = schedule.free_times(wish, today, today + timedelta(days=count - 1))
    if not times and (later := schedule.first_free(wish)):
        times = schedule.free_times(wish, later.day, later.day)
    return schedule.by_day(times, today, count)


def _day_asked(today: date, town: Town, days: DayTimes) -> date:
    """The day of the link, when it can be booked; else the first that has times."""
    asked = day_of(request.args.get("day"))
    if asked and today <= asked <= today + timedelta(days=town.horizon_days):
        return asked
    return next((day for day, times in days.items() if times), today)


def _parts_of_day(wish: Wish, day: date, days: DayTimes) -> dict[str, list[FreeTime]]:
    """The day's times by parts. Mornings end at two in the afternoon in Spain."""
    parts: dict[str, list[FreeTime]] = {"night": [], "morning": [], "afternoon": [], "evening": []}
    times = days[day] if day in days else schedule.free_times(wish, day, day)
    zone = wish.town.zone
    for free in times:
        hour = free.starts_at.astimezone(zone).hour
        part = next(name for name, ends in PARTS if hour < ends)
        parts[part].append(free)
    return parts
