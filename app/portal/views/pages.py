"""Pages for everybody: the start, the procedures, help, and what the law asks for."""

from flask import Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core import clock
from app.core.htmx import page_or_fragment
from app.core.i18n import asked_slug
from app.core.security import everyone
from app.portal import queries
from app.portal.views.door import bp, start_bp
from app.privacy import queries as data
from app.towns import queries as towns


@start_bp.get("/")
@everyone
def start() -> AnyResponse:
    """Send the visitor to their language, once; from then on the address says it."""
    answer = make_response(redirect(url_for("portal.home", lang=asked_slug()), 302))
    answer.vary.update(("Accept-Language", "Cookie"))
    return answer


@bp.get("/")
@everyone
def home() -> str:
    if g.town is None:
        return render_template("portal/towns.html", towns=towns.all_towns())
    return render_template("portal/home.html", procedures=towns.procedures(), words="")


@bp.get("/procedures")
@everyone
def procedures() -> Response:
    towns.current_town_or_404()
    words = request.args.get("q", "")[:100]
    return page_or_fragment(
        "portal/procedures.html",
        "portal/_procedures.html",
        procedures=towns.procedures(words),
        words=words,
    )


@bp.get("/procedures/<slug>")
@everyone
def procedure(slug: str) -> str:
    town = towns.current_town_or_404()
    found = towns.procedure_or_404(slug)
    return render_template(
        "portal/procedure.html",
        procedure=found,
        ways=queries.ways_to_be_attended(town, found, asked_slug()),
        today=clock.today(town.time_zone),
    )


@bp.get("/help")
@everyone
def help_page() -> str:
    return render_template("portal/help.html", offices=_offices())


@bp.get("/privacy")
@everyone
def privacy() -> str:
    terms = data.terms_in_words() if g.town else []
    return render_template("portal/privacy.html", offices=_offices(), terms=terms)


@bp.get("/accessibility")
@everyone
def accessibility() -> str:
    """The statement of Royal Decree 1112/2018, with the figures of the last look at every page."""
    return render_template(
        "portal/accessibility.html", offices=_offices(), report=queries.last_look_at_every_page()
    )


def _offices() -> list[object]:
    return list(towns.offices()) if g.town else []
