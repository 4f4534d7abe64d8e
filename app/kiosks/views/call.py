"""One touch, the line, and the call, on the same screen so that it begins at once."""

from flask import Response, make_response, render_template, request, url_for

from app.assurance import queries as assurance
from app.booking.models import Status, Visit
from app.core import stream
from app.core.db import transaction
from app.core.errors import Missing
from app.core.htmx import see_other, wants_fragment
from app.core.i18n import asked_slug
from app.core.security import shows_the_camera
from app.kiosks import queries, services
from app.kiosks.forms import ConfirmForm
from app.kiosks.models import Stay
from app.kiosks.prompts import clips_for
from app.kiosks.views.door import at_a_kiosk, bp, current_stay, screen
from app.queue import queries as queue
from app.queue.errors import LineClosed
from app.queue.queries.line import Place
from app.towns import queries as towns
from app.towns.models import Moment


@bp.post("/kiosk/now")
@at_a_kiosk
def now() -> Response:
    """Talk to somebody now. Pressed twice, it is one place in the line."""
    if not ConfirmForm().validate_on_submit() or not current_stay.kiosk.serves:
        return see_other(url_for(".start"))
    try:
        with transaction():
            services.come_now(current_stay, asked_slug())
    except LineClosed:
        phone = towns.current_town_or_404().phone
        return screen("closed", ("closed", "telephone", f"digits:{phone}"), status=409)
    return see_other(url_for(".call"))


@bp.get("/kiosk/call")
@at_a_kiosk
@shows_the_camera
def call() -> Response:
    stay = current_stay
    visit = stay.visit
    if wants_fragment():
        return _place(stay)
    if visit is not None and visit.status is Status.SERVED:
        return see_other(url_for(".after"))
    if visit is None or not visit.is_live:
        return see_other(url_for(".start"))
    if not visit.is_by_video or not (visit.is_waiting or visit.is_being_attended):
        return see_other(url_for(".start"))
    if assurance.is_asked(visit, Moment.ENTER):
        return screen("identify", ("hand_off",), visit=visit)
    place = queue.place_of(visit) if visit.is_waiting else None
    spoken = _spoken(visit, place)
    return screen(
        "call",
        spoken,
        visit=visit,
        place=place,
        line_clips=clips_for(spoken),
        cursor=stream.cursor(),
        room=url_for("calls.presence", code=visit.code).removesuffix("/presence"),
    )


def _spoken(visit: Visit, place: Place | None) -> tuple[str, ...]:
    """What is read aloud of the line as it is now."""
    if place is None or not visit.is_waiting:
        return ("ringing",)
    wait = (f"wait:{place.longest}",) if place.longest else ()
    return ("waiting", f"ahead:{place.ahead}", *wait)


def _place(stay: Stay) -> Response:
    """How many are before them; once it is over, the screen goes on by itself."""
    visit = stay.visit
    if visit is None or not (visit.is_waiting or visit.is_being_attended):
        return see_other(url_for(".call"))
    place = queue.place_of(visit)
    clips = clips_for(_spoken(visit, place))
    answer = make_response(
        render_template("kiosks/_line.html", visit=visit, place=place, line_clips=clips)
    )
    answer.vary.add("HX-Request")
    return answer


@bp.post("/kiosk/receipt")
@at_a_kiosk
def receipt() -> Response:
    """On paper, what was done, or the sealed act; the printer of the device takes a moment."""
    with transaction():
        services.see(current_stay)
        if request.form.get("what") == "act":
            services.print_act(current_stay)
        else:
            services.print_receipt(current_stay)
    return see_other(url_for(".after", printing=1))


@bp.get("/kiosk/shown/<page>")
@at_a_kiosk
def shown(page: str) -> Response:
    """What the clerk wants this person to read, beside the picture."""
    visit = current_stay.visit
    if visit is None or not visit.is_live:
        raise Missing
    if page not in ("procedure", "papers", "after", "office"):
        raise Missing
    return make_response(render_template("kiosks/_page_shown.html", page=page, visit=visit))


@bp.get("/kiosk/after")
@at_a_kiosk
def after() -> Response:
    """The call is over: what comes next, a paper if they want one, and the end."""
    return screen("after", ("after",), number=_number(current_stay))


def _number(stay: Stay) -> str:
    return queries.number_of(stay.visit) if stay.visit is not None else ""
