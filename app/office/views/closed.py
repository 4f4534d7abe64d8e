"""Closed days of a year in their four layers, and the weeks with shorter hours."""

from flask import Response, g, request, url_for
from flask_babel import gettext as _

from app.core import clock
from app.core.i18n import date_in_words
from app.identity.session import requires
from app.office import queries
from app.office.forms import ClosureForm, RuleForm, SeasonForm
from app.office.views.door import MANAGERS, bp, carry_out, office_of, offices, page
from app.towns import queries as towns_queries
from app.towns import services as towns


@bp.get("/closed")
@requires(*MANAGERS)
def closed() -> Response:
    today = clock.today(g.town.time_zone)
    year = _year(today.year)
    return page(
        "closed",
        year=year,
        days=queries.year_of(g.town, year),
        seasons=towns_queries.seasons(),
        offices={one.id: one for one in offices()},
        today=today,
        form=RuleForm(),
    )


@bp.route("/closed/new", methods=["GET", "POST"])
@requires(*MANAGERS)
def new_closed() -> Response:
    """A day closed by the town or by one office; or a holiday on which it opens."""
    kind = "open" if request.args.get("kind") == "open" else "closed"
    form = ClosureForm(offices=offices(), day=clock.day_of(request.args.get("day")), kind=kind)

    def again(status: int) -> Response:
        return page("closure", status, form=form)

    if request.method == "GET":
        return again(200)
    return carry_out(
        form,
        lambda: towns.set_day(
            form.day.data,
            form.reason.data or "",
            office=office_of(form.where.data),
            today=clock.today(g.town.time_zone),
            is_open=form.kind.data == "open",
        ),
        title=_("Another closed day"),
        back=url_for(".closed", year=form.day.data.year if form.day.data else None),
        done=_("That day is on the list."),
        again=again,
    )


@bp.post("/closed/<int:closure_id>/remove")
@requires(*MANAGERS)
def remove_closed(closure_id: int) -> Response:
    found = towns_queries.closure_or_404(closure_id)
    day = found.day
    return carry_out(
        RuleForm(),
        lambda: towns.forget_day(found),
        title=_("%(day)s as usual", day=date_in_words(day)),
        back=url_for(".closed", year=day.year),
        done=_("That day is as usual again."),
    )


@bp.route("/closed/seasons/new", methods=["GET", "POST"])
@requires(*MANAGERS)
def new_season() -> Response:
    form = SeasonForm(offices=offices())

    def again(status: int) -> Response:
        return page("season", status, form=form)

    if request.method == "GET":
        return again(200)
    return carry_out(
        form,
        lambda: towns.add_season(
            form.first_day.data,
            form.last_day.data,
            form.opens.data,
            form.closes.data,
            reason=form.reason.data or "",
            is_yearly=form.is_yearly.data,
            office=office_of(form.where.data),
        ),
        title=_("Shorter hours"),
        back=url_for(".closed"),
        done=_("The shorter hours are saved."),
        again=again,
    )


@bp.post("/closed/seasons/<int:season_id>/remove")
@requires(*MANAGERS)
def remove_season(season_id: int) -> Response:
    found = towns_queries.season_or_404(season_id)
    return carry_out(
        RuleForm(),
        lambda: towns.forget_season(found),
        title=_("The usual hours again"),
        back=url_for(".closed"),
        done=_("The shorter hours are removed."),
    )


def _year(usual: int) -> int:
    asked = request.args.get("year", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else usual
