"""The rules of each procedure, and the limits of the town."""

from typing import Any

from flask import Response, g, request, url_for
from flask_babel import gettext as _

from app.core import janus
from app.identity.session import current_account, requires
from app.office import queries, services
from app.office.forms import ProcedureForm, TownForm
from app.office.forms.versions import mark_of
from app.office.queries import editing
from app.office.views.door import MANAGERS, bp, carry_out, page
from app.schedule import queries as schedule
from app.towns import queries as towns_queries
from app.towns import services as towns
from app.towns.models import Stage


@bp.get("/procedures")
@requires(*MANAGERS)
def procedures() -> Response:
    return page(
        "procedures",
        procedures=towns_queries.procedures(stages=tuple(Stage)),
        missing={one.slug: count for one, count in editing.missing_everywhere(g.town) if count},
        unattended=queries.unattended(g.town),
    )


@bp.route("/procedures/<slug>", methods=["GET", "POST"])
@requires(*MANAGERS)
def procedure(slug: str) -> Response:
    found = towns_queries.procedure_or_404(slug, stages=tuple(Stage))
    form = ProcedureForm(data=ProcedureForm.values_of(found))

    def again(status: int) -> Response:
        people = schedule.staff_of(found).people
        codes = {one.id: one.code for one in schedule.resources() if one.is_active}
        return page(
            "procedure",
            status,
            procedure=found,
            form=form,
            people=[(one, codes.get(one.id)) for one in people],
            unattended=queries.unattended(g.town),
        )

    if request.method == "GET":
        form.row.data = mark_of(ProcedureForm.values_of(found))
        return again(200)
    return carry_out(
        form,
        lambda: services.change(found, current_account, **form.fields),
        title=_("Other rules for %(name)s", name=found.name_in()),
        back=url_for(".procedure", slug=slug),
        done=_("The rules are saved."),
        again=again,
        values=lambda: ProcedureForm.values_of(found),
    )


@bp.route("/town", methods=["GET", "POST"])
@requires(*MANAGERS)
def limits() -> Response:
    town = g.town
    form = TownForm(data=TownForm.values_of(town))

    def again(status: int) -> Response:
        return page("limits", status, form=form, has_media_server=janus.is_set())

    if request.method == "GET":
        form.row.data = mark_of(TownForm.values_of(town))
        return again(200)

    def values() -> dict[str, Any]:
        return TownForm.values_of(town)

    return carry_out(
        form,
        lambda: towns.change_town(town, **form.fields),
        title=_("Other limits"),
        back=url_for(".limits"),
        done=_("The limits are saved."),
        again=again,
        values=values,
    )
