"""The protocol of the call: the same five doors for the citizen's room and for the clerk's."""

from typing import Any

from flask import Blueprint, Response, make_response, request, url_for

from app.accounts.models import Role
from app.booking import queries as booking
from app.booking.errors import VisitMissing
from app.booking.models import Visit
from app.calls import queries, services
from app.calls.errors import Garbled, TooLarge
from app.calls.models import Part
from app.core import relays, stream
from app.core.db import transaction
from app.core.i18n import localized
from app.core.security import everyone, json_sent
from app.identity.session import current_account, requires
from app.queue import queries as line
from app.queue import services as queue
from app.towns.tenant import speak_for

MAX_BATCH = 64 * 1024
MAX_FIGURES = 4 * 1024
STAFF = (Role.CLERK, Role.SUPERVISOR)

citizen_bp = localized("calls", __name__)
desk_bp = Blueprint("desk_calls", __name__, url_prefix="/desk")


@citizen_bp.post("/visits/<code>/room/presence")
@everyone
def presence(code: str) -> Response:
    visit = booking.booked_visit_or_404(code)
    return _presence(visit, Part.CITIZEN, visit.name)


@citizen_bp.get("/visits/<code>/room/stream")
@everyone
def room_stream(code: str) -> Response:
    return _stream(booking.booked_visit_or_404(code), Part.CITIZEN)


@citizen_bp.post("/visits/<code>/room/signals")
@everyone
def signals(code: str) -> Response:
    return _signals(booking.booked_visit_or_404(code), Part.CITIZEN)


@citizen_bp.post("/visits/<code>/room/figures")
@everyone
def figures(code: str) -> Response:
    return _figures(booking.booked_visit_or_404(code), Part.CITIZEN)


@desk_bp.post("/visits/<code>/room/presence")
@requires(*STAFF)
def desk_presence(code: str) -> Response:
    return _presence(_own_visit(code), Part.CLERK, current_account.name)


@desk_bp.get("/visits/<code>/room/stream")
@requires(*STAFF)
def desk_stream(code: str) -> Response:
    return _stream(_own_visit(code), Part.CLERK)


@desk_bp.post("/visits/<code>/room/signals")
@requires(*STAFF)
def desk_signals(code: str) -> Response:
    return _signals(_own_visit(code), Part.CLERK)


@desk_bp.post("/visits/<code>/room/figures")
@requires(*STAFF)
def desk_figures(code: str) -> Response:
    return _figures(_own_visit(code), Part.CLERK)


@desk_bp.post("/visits/<code>/room/end")
@requires(*STAFF)
def end(code: str) -> dict[str, str]:
    """The clerk ends the call for everybody."""
    visit = _own_visit(code)
    with transaction():
        services.end(visit)
    return {"next": url_for("desk.visit", code=visit.code)}


def _own_visit(code: str) -> Visit:
    """A visit that this very clerk has on the counter. A colleague's call is nobody else's."""
    clerk = queue.counter_of(current_account)
    visit = line.visit_for(clerk, code)
    if visit is None or visit.clerk_id != clerk.id:
        raise VisitMissing
    speak_for(visit.town_id)  # a clerk lent to another town works in that town's name
    return visit


def _presence(visit: Visit, part: Part, name: str) -> Response:
    event = request.form.get("event")
    camera = request.form.get("camera", "on") == "on"
    microphone = request.form.get("microphone", "on") == "on"
    if event == "join":
        with transaction():
            seat = services.join(visit, part, name, camera=camera, microphone=microphone)
            answer = {
                "participant": seat.code,
                "seat": seat.seat,
                "incarnation": seat.incarnation,
                "cursor": stream.cursor(),
                "ice_servers": relays.servers_for(seat.code),
                "ice_policy": relays.policy(),
                "roster": queries.roster(visit),
                "status": visit.status.value,
            }
        return make_response(answer, 200)
    seat = queries.own_seat(visit, part, *_seat_named(request.form))
    with transaction():
        if event == "state":
            services.change_state(seat, camera=camera, microphone=microphone)
        elif event == "leave":
            services.leave(seat)
        else:
            raise Garbled
    return make_response("", 204)


def _stream(visit: Visit, part: Part) -> Response:
    """State of the visit for who waits; with a seat, its private channel too."""
    channels = [services.room_of(visit)]
    if request.args.get("participant"):
        seat = queries.own_seat(visit, part, *_seat_named(request.args))
        channels.append(services.channel_of(seat))
    return stream.listen(*channels)


def _signals(visit: Visit, part: Part) -> Response:
    if len(request.get_data()) > MAX_BATCH:
        raise TooLarge
    batch = json_sent()
    if not isinstance(batch, dict) or not isinstance(batch.get("signals"), list):
        raise Garbled
    people = queries.participants(visit)
    seat = queries.own_seat_among(people, part, *_seat_named(batch))
    with transaction():
        accepted = services.pass_on(seat, batch["signals"], people)
    return make_response({"accepted": accepted}, 200)


def _figures(visit: Visit, part: Part) -> Response:
    """What a browser measured. It may come after the end, and even after a newer window's."""
    if len(request.get_data()) > MAX_FIGURES:
        raise TooLarge
    sent = json_sent()
    if not isinstance(sent, dict):
        raise Garbled
    code, incarnation = _seat_named(sent)
    seat = queries.seat_of(visit, part, code)
    with transaction():
        services.keep_figures(seat, incarnation, sent)
    return make_response("", 204)


def _seat_named(source: Any) -> tuple[str, int]:
    try:
        return str(source.get("participant", "")), int(source.get("incarnation", 0))
    except (TypeError, ValueError, OverflowError) as error:
        raise Garbled from error
