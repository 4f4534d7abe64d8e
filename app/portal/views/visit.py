"""The one link of a visit, and its waiting room."""

from datetime import timedelta
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from app.assurance import queries as assurance
from app.booking import queries as booking
from app.booking.models import Status, Visit
from app.core import clock, stream
from app.core.db import transaction
from app.core.htmx import page_or_fragment, see_other, wants_fragment
from app.core.security import everyone, shows_the_camera
from app.identity import queries as identity
from app.identity import session as signed
from app.portal import queries
from app.portal.views.door import bp
from app.queue import queries as queue
from app.queue import services as waiting_room
from app.towns.models import Moment


@bp.get("/visits/<code>")
@everyone
def visit(code: str) -> Response:
    """The one link: always the next step. Whoever waits elsewhere sees their place grow less."""
    found = booking.booked_visit_or_404(code)
    is_in_line = found.is_waiting or found.is_being_attended
    if wants_fragment() and found.is_by_video and found.is_being_attended:
        return see_other(url_for(".wait", code=code))
    if wants_fragment() and not is_in_line:
        return see_other(url_for(".visit", code=code))
    return page_or_fragment(
        "portal/visit.html",
        "portal/_place.html",
        visit=found,
        everything=(found.procedure, *found.also),
        place=queue.place_of(found) if is_in_line else None,
        is_late_comer=queries.is_late_comer(found),
        ways=booking.other_ways(found),
        entry=booking.entry_of(found) if found.can_be_moved else None,
        can_ask_for_earlier=queries.can_ask_for_earlier(found),
        offers_passkey=_may_offer_a_passkey(found),
        **_waiting_room_of(found),
    )


@bp.route("/visits/<code>/wait", methods=["GET", "POST"])
@everyone
@shows_the_camera
def wait(code: str) -> Response:
    """The waiting room. The call takes place on this same page, so that it begins at once."""
    found = booking.booked_visit_or_404(code)
    if wants_fragment() and request.args.get("part") == "heading":
        return _heading(found)
    if not found.is_over and assurance.is_asked(found, Moment.ENTER):
        return see_other(url_for("assurance.show", code=code))
    if request.method == "POST":
        with transaction():
            waiting_room.arrive(found)
        return see_other(url_for(".wait", code=code))
    if not found.is_by_video or not (found.is_waiting or found.is_being_attended):
        return see_other(url_for(".visit", code=code))
    return page_or_fragment(
        "portal/wait.html",
        "portal/_place.html",
        visit=found,
        heading=_called(found),
        place=queue.place_of(found),
        is_late_comer=queries.is_late_comer(found),
        ways=booking.other_ways(found),
        cursor=stream.cursor(),
    )


@bp.post("/visits/<code>/away")
@everyone
def away(code: str) -> Response:
    """They do something else meanwhile; a message calls them back. Asked twice it is asked once."""
    found = booking.booked_visit_or_404(code)
    if found.is_being_attended:
        return see_other(url_for(".wait", code=code))
    with transaction():
        waiting_room.wait_elsewhere(found)
    return see_other(url_for(".visit", code=code))


@bp.route("/visits/<code>/leave", methods=["GET", "POST"])
@everyone
def step_out(code: str) -> Response:
    """Out of the waiting room. An appointment stands; a place in the line is lost, so be sure."""
    found = booking.booked_visit_or_404(code)
    if request.method == "GET" and found.is_waiting:
        return Response(render_template("portal/leave.html", visit=found))
    if request.method == "POST":
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


def _heading(found: Visit) -> Response:
    """What the waiting room is called now. Where the call ends, the call says so itself."""
    if not (found.is_waiting or found.is_being_attended):
        return make_response("", 204)
    return page_or_fragment(
        "portal/wait.html",
        "portal/_wait_heading.html",
        visit=found,
        heading=_called(found),
    )


def _called(found: Visit) -> str:
    if found.status is Status.IN_SERVICE:
        return _("You are talking with %(name)s", name=found.clerk_name)
    return _("Waiting room")


def _may_offer_a_passkey(found: Visit) -> bool:
    """To whoever has just booked it in this browser and has none. Never on a shared screen."""
    person = signed.citizen()
    if not request.args.get("done") or person is None or signed.is_kiosk():
        return False
    return person.id == found.citizen_id and not identity.passkeys_of(person.id)


def _waiting_room_of(found: Visit) -> dict[str, Any]:
    """Whether the waiting room is open for this visit, and since or until when."""
    opens_at = found.starts_at - timedelta(minutes=found.town.early_minutes)
    return {
        "waiting_room_opens_at": opens_at,
        "is_waiting_room_open": found.is_by_video and clock.now() >= opens_at,
        "today": clock.today(found.town.time_zone),
    }
