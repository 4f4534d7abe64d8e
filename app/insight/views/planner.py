"""The planner: who is likely to come, how many clerks that needs, and what would change it."""

from flask import Response, g, request
from flask_babel import gettext as _

from app.core import clock
from app.identity.session import requires
from app.insight import queries
from app.insight.charts import Chart, Series
from app.insight.forms import PlanForm
from app.insight.views.door import PLANNERS, office_bp, page
from app.towns import queries as towns
from app.towns.models import Town


@office_bp.get("/planner")
@requires(*PLANNERS)
def planner() -> Response:
    """It only asks: the answer is in the address."""
    neighbours = _neighbours()
    form = PlanForm(request.args, today=clock.today(g.town.time_zone), has_pool=bool(neighbours))
    if not form.validate():
        return page("planner", 422, form=form, forecast=None, what_if=None)
    day = form.day.data or form.today
    forecast = queries.forecast_of([g.town], day)
    is_pooled, more = form.pooled.data == "pool", form.more.data
    changed = None
    if is_pooled or more:
        changed = queries.what_if(g.town, neighbours if is_pooled else [], day, more=more)
    return page(
        "planner",
        form=form,
        forecast=forecast,
        what_if=changed,
        chart=_chart(changed.forecast if changed else forecast),
    )


def _chart(forecast: queries.Forecast) -> Chart:
    return Chart(
        name="clerks",
        title=_("Clerks needed and clerks there, every half hour"),
        labels=[f"{one.starts:%-H:%M}" for one in forecast.halves],
        series=[
            Series(_("Needed"), [float(one.needed) for one in forecast.halves]),
            Series(_("Clerks there"), [float(one.there) for one in forecast.halves]),
        ],
    )


def _neighbours() -> list[Town]:
    """The other towns of the pool, which lend each other clerks. Nothing is told of one alone."""
    if not g.town.pool:
        return []
    return [one for one in towns.all_towns() if one.pool == g.town.pool and one.id != g.town.id]
