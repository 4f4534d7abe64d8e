"""The pages that a citizen walks through around the booking itself."""

from datetime import timedelta

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.booking import queries as booking
from app.booking.models import Visit
from app.core import clock, stream
from app.core.db import transaction
from app.core.htmx import page_or_fragment, see_other, wants_fragment
from app.core.i18n import asked_slug, localized
from app.core.security import everyone, shows_the_camera
from app.portal import queries
from app.queue import queries as queue
from app.queue import services as waiting_room
from app.towns import queries as towns

start_bp = Blueprint("start", __name__)
bp = localized("portal", __name__)


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


@bp.get("/visits/<code>")
@everyone
def visit(code: str) -> str:
    """The one link: always the next step."""
    found = booking.booked_visit_or_404(code)
    return render_template("portal/visit.html", visit=found, **_waiting_room_of(found))


@bp.route("/visits/<code>/wait", methods=["GET", "POST"])
@everyone
@shows_the_camera
def wait(code: str) -> Response:
    """The waiting room. The call takes place on this same page, so that it begins at once."""
    found = booking.booked_visit_or_404(code)
    if request.method == "POST":
        with transaction():
            waiting_room.arrive(found)
        return see_other(url_for(".wait", code=code))
    if found.is_over and wants_fragment():
        return see_other(url_for(".visit", code=code))
    if not found.is_by_video or not (found.is_waiting or found.is_being_attended):
        return see_other(url_for(".visit", code=code))
    return page_or_fragment(
        "portal/wait.html",
        "portal/_place.html",
        visit=found,
        place=queue.place_of(found),
        cursor=stream.cursor(),
    )


@bp.post("/visits/<code>/leave")
@everyone
def step_out(code: str) -> Response:
    """Out of the waiting room; the appointment stands."""
    found = booking.booked_visit_or_404(code)
    with transaction():
        waiting_room.step_out(found)
    return see_other(url_for(".visit", code=code))


@bp.get("/visits/<code>/room")
@everyone
@shows_the_camera
def room(code: str) -> AnyResponse:
    """Straight to the call, for whoever comes back to it from another device."""
    booking.booked_visit_or_404(code)
    return redirect(url_for(".wait", code=code), 303)


@bp.get("/help")
@everyone
def help_page() -> str:
    return render_template("portal/help.html", offices=_offices())


@bp.get("/privacy")
@everyone
def privacy() -> str:
    return render_template("portal/privacy.html", offices=_offices())


@bp.get("/accessibility")
@everyone
def accessibility() -> str:
    return render_template("portal/accessibility.html", offices=_offices())


def _offices() -> list[object]:
    return list(towns.offices()) if g.town else []


def _waiting_room_of(found: Visit) -> dict[str, object]:
    """Whether the waiting room is open for this visit, and since or until when."""
    opens_at = found.starts_at - timedelta(minutes=found.town.early_minutes)
    return {
        "waiting_room_opens_at": opens_at,
        "is_waiting_room_open": found.is_by_video and clock.now() >= opens_at,
        "today": clock.today(found.town.time_zone),
    }
