"""What can be changed of a visit that is booked: its time, its way, and whether it stands."""

from datetime import datetime
from typing import Any

from flask import Response, make_response, render_template, request, url_for

from app.booking import calendar, queries, services
from app.booking.errors import NotMovable, TimePast, TimeTaken, WayNotPossible
from app.booking.forms import ConfirmForm, start_of
from app.booking.models import Visit
from app.booking.views.door import bp, channel_asked
from app.booking.views.times import Links, slots
from app.core.db import transaction
from app.core.errors import Missing, Refusal
from app.core.htmx import page_or_fragment, see_other
from app.core.security import everyone
from app.schedule import queries as schedule
from app.schedule.queries import Wish
from app.towns.models import Channel


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


@bp.route("/visits/<code>/move", methods=["GET", "POST"])
@everyone
def move(code: str) -> Response:
    """Another time: choose it, look at both, and only then change. Until then nothing changes."""
    visit = queries.booked_visit_or_404(code)
    if not visit.can_be_moved:
        return _not_any_more(visit, NotMovable())
    allowed = queries.ways_of(visit)
    channel = channel_asked(allowed, visit.channel.value)
    wish = queries.wish_of(visit, channel=channel, releasing=visit.code)
    asked = request.values.get("starts")
    if asked is None and request.method != "POST":
        return _other_times(visit, wish, allowed, channel)
    starts_at = start_of(asked)
    if wish is None or starts_at is None:
        raise Missing
    form = ConfirmForm()
    if not form.validate_on_submit():
        return _both_times(visit, wish, starts_at)
    try:
        with transaction():
            services.move(visit, wish, starts_at)
    except (TimeTaken, TimePast) as refusal:
        return _both_times(visit, wish, starts_at, refusal=refusal, status=409)
    return see_other(url_for("portal.visit", code=visit.code, moved=1))


@bp.route("/visits/<code>/channel", methods=["GET", "POST"])
@everyone
def channel(code: str) -> Response:
    """Another way, at the same time: whoever waits keeps their place."""
    visit = queries.booked_visit_or_404(code)
    ways = queries.other_ways(visit)
    asked = request.form.get("channel", "")
    form = ConfirmForm()
    if not form.validate_on_submit():
        return _ways_page(visit, ways)
    if asked != visit.channel:
        if not ways:
            return _not_any_more(visit, NotMovable())
        if asked not in ways:
            raise WayNotPossible
        try:
            with transaction():
                services.change_channel(visit, Channel(asked))
        except (TimeTaken, TimePast) as refusal:
            return _ways_page(visit, ways, asked=asked, refusal=refusal, status=409)
    return see_other(url_for("portal.visit", code=visit.code, changed=1))


def _other_times(visit: Visit, wish: Wish | None, allowed: list[str], channel: str) -> Response:
    link: dict[str, Any] = {"code": visit.code, "channel": channel}
    day = visit.starts_at.astimezone(visit.town.zone).date()
    return page_or_fragment(
        "booking/move.html",
        "booking/_slots.html",
        visit=visit,
        procedure=visit.procedure,
        channels=allowed,
        channel=channel,
        links=Links("booking.move", link, url_for(".move", **link, starts="")),
        **slots(visit.town, wish, day),
    )


def _both_times(
    visit: Visit, wish: Wish, starts_at: datetime, status: int = 200, **context: Any
) -> Response:
    """From this time to that one; when the new one is gone, with the nearest others."""
    others = schedule.nearest(wish, starts_at) if status == 409 else []
    return page_or_fragment(
        "booking/move_sure.html",
        "booking/_move_form.html",
        status=status,
        visit=visit,
        channel=wish.channel,
        starts_at=starts_at,
        alternatives=[one for one in others if one.starts_at != visit.starts_at],
        **context,
    )


def _ways_page(visit: Visit, ways: list[str], status: int = 200, **context: Any) -> Response:
    return page_or_fragment(
        "booking/channel.html",
        "booking/_channel_form.html",
        status=status,
        visit=visit,
        ways=ways,
        **context,
    )


def _not_any_more(visit: Visit, refusal: Refusal) -> Response:
    """Too late to change it: the sentence, and the way back."""
    page = render_template("booking/settled.html", visit=visit, refusal=refusal)
    return make_response(page, 409 if request.method == "POST" else 200)
