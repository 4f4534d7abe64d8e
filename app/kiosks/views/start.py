"""The clean start, the three doors, what changes how the screen looks, and the end."""

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core import stream
from app.core.db import transaction
from app.core.errors import Missing
from app.core.htmx import see_other
from app.core.security import everyone
from app.identity import session as signed
from app.identity.models import SessionKind
from app.kiosks import prompts, queries, services
from app.kiosks.errors import TicketUsed
from app.kiosks.models import Stay
from app.kiosks.views.door import at_a_kiosk, bp, current_stay, door_bp, of_the_end, screen
from app.towns import queries as towns

CLEAR = '"cache", "cookies", "storage"'


@door_bp.get("/")
@everyone
def home() -> AnyResponse:
    """The start page in the town's own language, whatever the browser would like."""
    town = towns.current_town_or_404()
    return redirect(url_for("kiosks.start", lang=town.languages[0]), 303)


@door_bp.get("/begin/<ticket>")
@everyone
def begin(ticket: str) -> Response:
    """The browser that the device has just opened shows its ticket, once; again, it goes on."""
    towns.current_town_or_404()
    if queries.stay_with_ticket(ticket) is None:
        if current_stay:
            return see_other(url_for("kiosk.home"))
        raise TicketUsed
    with transaction():
        stay = queries.stay_with_ticket(ticket)
        if stay is None:
            raise TicketUsed
        signed.begin_kiosk(*services.enter(stay))
    return see_other(url_for("kiosk.home"))


@door_bp.get("/spoken/<name>")
@everyone
def spoken(name: str) -> Response:
    """A sentence read aloud. Its name changes with its words, so it can be kept for ever."""
    file = prompts.file_or_none(name)
    if file is None:
        raise Missing
    answer = make_response(file.read_bytes())
    answer.content_type = "audio/ogg"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


@bp.get("/kiosk/")
@at_a_kiosk
def start() -> Response:
    """Three doors. One touch on the first is enough when somebody is on duty."""
    town = towns.current_town_or_404()
    if current_stay.visit is not None and current_stay.visit.is_live:
        return see_other(url_for(".call"))
    if not current_stay.kiosk.serves:
        return screen("resting", ("resting", "telephone", f"digits:{town.phone}"))
    return screen("start", ("start",), is_start=True)


@bp.get("/kiosk/plain")
@at_a_kiosk
def plain() -> Response:
    """The same three doors in plain language, each with what happens behind it."""
    if current_stay.visit is not None or not current_stay.kiosk.serves:
        return see_other(url_for(".start"))
    return screen("plain", ("start",))


@bp.post("/kiosk/alive")
@at_a_kiosk
@of_the_end
def alive() -> Response:
    """Somebody touched the screen; the page says so now and then."""
    with transaction():
        services.see(current_stay)
    return make_response("", 204)


@bp.post("/kiosk/look")
@at_a_kiosk
@of_the_end
def look() -> Response:
    """High contrast, or everything lower; the same key takes it back."""
    stay = current_stay
    with transaction():
        if "contrast" in request.form:
            services.set_look(stay, contrast=not stay.has_contrast)
        elif "low" in request.form:
            services.set_look(stay, low=not stay.is_low)
    return see_other(_back())


@bp.post("/kiosk/sound")
@at_a_kiosk
def sound() -> Response:
    """Louder, less loud, or by the handset alone."""
    stay, wanted = current_stay, request.form.get("sound", "")
    steps = {"up": stay.volume + 10, "down": stay.volume - 10}
    with transaction():
        services.see(stay)
        if wanted in steps:
            services.set_volume(stay, steps[wanted])
        elif wanted == "private":
            services.set_private(stay, not stay.is_private)
    if request.accept_mimetypes.best == "application/json":
        return make_response({"volume": stay.volume, "private": stay.is_private})
    return see_other(_back())


@bp.post("/kiosk/librarian")
@at_a_kiosk
def librarian() -> Response:
    with transaction():
        services.call_the_librarian(current_stay)
    if request.accept_mimetypes.best == "application/json":
        return make_response({})
    return see_other(url_for(".coming", back=_back()))


@bp.get("/kiosk/coming")
@at_a_kiosk
def coming() -> Response:
    """Somebody of the library is on their way."""
    return screen("coming", ("coming",), back=_back())


@bp.get("/kiosk/stream")
@at_a_kiosk
@of_the_end
def news() -> Response:
    """What the clerk, a telephone or the device say to this screen."""
    return stream.listen(queries.screen_of(current_stay.kiosk_id))


@bp.post("/kiosk/leave")
@at_a_kiosk
@of_the_end
def leave() -> Response:
    with transaction():
        services.leave(current_stay)
    return see_other(url_for(".papers"))


@bp.get("/kiosk/papers")
@at_a_kiosk
@of_the_end
def papers() -> Response:
    """Nothing of the person is shown any more: only whether they have left a paper behind."""
    if current_stay.leaving_at is None:
        return see_other(url_for(".start"))
    return screen("papers", ("papers",))


@bp.post("/kiosk/end")
@at_a_kiosk
@of_the_end
def end() -> Response:
    """Over. The device throws this browser away; without a device the page begins again clean."""
    stay = current_stay
    why = "idle" if request.form.get("why") == "idle" else "ended"
    with transaction():
        services.end(stay, why)
        signed.end(SessionKind.KIOSK, "kiosk")
        again = None if _has_an_agent(stay) else services.open_stay(stay.kiosk)[1]
    to = url_for("kiosk.begin", ticket=again) if again else url_for(".over")
    answer = redirect(to, 303)
    answer.headers["Clear-Site-Data"] = CLEAR
    return answer  # type: ignore[return-value]


@bp.get("/kiosk/over")
@everyone
def over() -> Response:
    """For the moment that the device takes to open a clean browser."""
    towns.current_town_or_404()
    return make_response(render_template("kiosks/over.html"))


def _has_an_agent(stay: Stay) -> bool:
    return stay.kiosk.is_heard(queries.every())


def _back() -> str:
    """The screen they came from: one of a kiosk, never another page."""
    known = {"start", "plain", "appointment", "by_phone", "by_number", "hand_off", "call", "mine"}
    wanted = request.values.get("back", "start")
    return url_for(f"kiosks.{wanted if wanted in known else 'start'}")
