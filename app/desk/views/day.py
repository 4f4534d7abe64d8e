"""The clerk's day, its week, its print, and whoever is looked for."""

from datetime import date, timedelta

from flask import Response, g, render_template, request, session, url_for

from app.core import clock, stream
from app.core.errors import Refusal
from app.core.htmx import see_other
from app.core.i18n import speaking
from app.core.security import everyone
from app.desk import calendar, queries
from app.desk.queries import Filters
from app.desk.views.door import (
    STAFF,
    bp,
    feed_bp,
    filters_asked,
    my_counter,
    today_page,
    visit_or_404,
    visit_page,
)
from app.identity.session import requires
from app.schedule import queries as schedule


@bp.errorhandler(Refusal)
def show_it_fresh(refusal: Refusal) -> Response:
    """Of two clerks at once the second reads a sentence, and the visit or the day as it is now."""
    from app.ui import refusals

    if request.method != "POST" or refusal.status != 409:
        return refusals.refuse(refusal)
    code = (request.view_args or {}).get("code")
    if code and request.endpoint != "desk.call":
        return visit_page(visit_or_404(code), status=409, refusal=refusal)
    return today_page(409, refusal=refusal)


@bp.get("/")
@requires(*STAFF)
def today() -> Response:
    return today_page()


@bp.get("/stream")
@requires(*STAFF)
def day_stream() -> Response:
    """Something in the day has changed, here or in a town of the pool: look again."""
    return stream.listen(*(f"day:{town_id}" for town_id in queries.towns_of_the_pool(g.town)))


@bp.get("/day")
@requires(*STAFF)
def one_day() -> str:
    """One day in order, with what is free in it."""
    day, filters = _day_asked(), filters_asked()
    return render_template(
        "desk/day.html",
        day=day,
        today=clock.today(g.town.time_zone),
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        pieces=queries.pieces_of(g.town, day, my_counter(), filters),
        filters=filters,
        clerk=my_counter(),
    )


@bp.get("/week")
@requires(*STAFF)
def week() -> str:
    filters = filters_asked()
    return render_template(
        "desk/week.html",
        week=queries.week_of(g.town, _day_asked(), my_counter(), filters),
        today=clock.today(g.town.time_zone),
        filters=filters,
        clerk=my_counter(),
    )


@bp.get("/print")
@requires(*STAFF)
def printed() -> str:
    """The day on paper, for a morning without electricity."""
    day, filters = _day_asked(), filters_asked()
    return render_template(
        "desk/print.html",
        day=day,
        pieces=queries.pieces_of(
            g.town,
            day,
            my_counter(),
            Filters(filters.mine, filters.procedure, filters.language, filters.channel),
        ),
        filters=filters,
    )


@bp.get("/search")
@requires(*STAFF)
def search() -> str:
    words = request.args.get("q", "")[:80]
    return render_template(
        "desk/search.html", words=words, visits=queries.found(g.town, words), many=50
    )


@bp.post("/keys")
@requires(*STAFF)
def keys() -> Response:
    """Single keys on or off, for whoever dictates to their computer."""
    session["keys"] = "off" if request.form.get("keys") == "off" else "on"
    return see_other(url_for(".today"))


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


def _day_asked() -> date:
    """The day of the address; today when it is none."""
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return clock.today(g.town.time_zone)
    return day if date(2020, 1, 1) <= day <= date(2100, 1, 1) else clock.today(g.town.time_zone)
