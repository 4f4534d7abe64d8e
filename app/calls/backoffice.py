"""The counter's doors: its own seat in the room, who may come in, and how the call ends."""

from typing import Any

from flask import Blueprint, Response, request, url_for

from app.accounts.models import Role
from app.booking.errors import VisitMissing
from app.booking.models import Visit
from app.calls import protocol, queries, services
from app.calls.errors import Garbled
from app.calls.forms import InvitationForm, OwnTelephoneForm
from app.calls.models import Part
from app.calls.protocol import Door
from app.core.db import transaction
from app.core.htmx import page_or_fragment, see_other, wants_fragment
from app.core.i18n import current_slug
from app.core.phones import readable
from app.identity.session import current_account, requires
from app.queue import queries as line
from app.queue import services as queue
from app.towns.tenant import speak_for

STAFF = (Role.CLERK, Role.SUPERVISOR)

bp = Blueprint("desk_calls", __name__, url_prefix="/desk")


@bp.post("/visits/<code>/room/people")
@requires(*STAFF)
def people(code: str) -> Response:
    """Let somebody in who stands at the door, or send them away."""
    person = queries.person_of(_own_visit(code), request.form.get("participant", ""))
    acts = {"admit": services.admit, "refuse": services.send_away}
    act = acts.get(request.form.get("action", ""))
    if act is None:
        raise Garbled
    with transaction():
        act(person)
    return Response(status=204)


@bp.post("/visits/<code>/room/end")
@requires(*STAFF)
def end(code: str) -> dict[str, str]:
    """The clerk ends the call for everybody."""
    visit = _own_visit(code)
    with transaction():
        services.end(visit)
    return {"next": url_for("desk.visit", code=visit.code)}


@bp.post("/visits/<code>/room/telephone")
@requires(*STAFF)
def telephone(code: str) -> dict[str, str]:
    """The same visit goes on by telephone; with `ring`, both ring if we know the clerk's own."""
    visit, made = _own_visit(code), None
    phone = queries.own_telephone(current_account) if request.form.get("ring") else ""
    with transaction():
        if phone:
            made = services.bridges.ask(visit, current_account, phone)
        else:
            services.go_on_by_telephone(visit)
    if made:
        services.bridges.ring(made, current_slug())
    return {"next": url_for("desk.visit", code=code)}


@bp.route("/visits/<code>/room/bridge", methods=["GET", "POST"])
@requires(*STAFF)
def bridge(code: str) -> Response:
    """The clerk's own telephone rings, and then the citizen's. Where they have got to."""
    visit = _own_visit(code)
    form = OwnTelephoneForm(countries=visit.town.phone_countries)
    if not form.validate_on_submit():
        return _bridge(visit, form, status=422 if form.errors else 200)
    with transaction():
        made = services.bridges.ask(visit, current_account, form.number)
    if made:
        services.bridges.ring(made, current_slug())
    if wants_fragment():
        return _bridge(_own_visit(code), OwnTelephoneForm(formdata=None))
    return see_other(url_for("desk.visit", code=code))


def _bridge(visit: Visit, form: OwnTelephoneForm, status: int = 200) -> Response:
    if not form.is_submitted() or not form.errors:
        form.phone.data = readable(queries.own_telephone(current_account))
    return page_or_fragment(
        "calls/bridge.html",
        "calls/_bridge.html",
        status=status,
        visit=visit,
        form=form,
        bridge=next(iter(queries.bridges(visit)), None),
    )


@bp.route("/visits/<code>/room/invitations", methods=["GET", "POST"])
@requires(*STAFF)
def invitations(code: str) -> Response:
    """Who is invited, and a form to invite one more. The link of a new one is shown this once."""
    visit = _own_visit(code)
    form = InvitationForm(countries=visit.town.phone_countries)
    if not form.validate_on_submit():
        return _invitations(visit, form, status=422 if form.errors else 200)
    with transaction():
        made, link = services.invite(
            visit, Part(form.part.data), form.name.data or "", form.number or None, current_account
        )
    fresh = InvitationForm(formdata=None, countries=visit.town.phone_countries)
    return _invitations(visit, fresh, made=made, link=link)


@bp.post("/visits/<code>/room/invitations/<invitation>/revoke")
@requires(*STAFF)
def revoke(code: str, invitation: str) -> Response:
    visit = _own_visit(code)
    with transaction():
        services.revoke(queries.invitation_of(visit, invitation))
    return _invitations(visit, InvitationForm(formdata=None, countries=visit.town.phone_countries))


def _invitations(visit: Visit, form: InvitationForm, status: int = 200, **words: Any) -> Response:
    return page_or_fragment(
        "calls/invitations.html",
        "calls/_invitations.html",
        status=status,
        visit=visit,
        form=form,
        invitations=queries.invitations(visit),
        **words,
    )


def _door(code: str) -> Door:
    return Door(_own_visit(code), Part.CLERK, current_account.name)


def _own_visit(code: str) -> Visit:
    """A visit that this very clerk has on the counter. A colleague's call is nobody else's."""
    clerk = queue.counter_of(current_account)
    visit = line.visit_for(clerk, code)
    if visit is None or visit.clerk_id != clerk.id:
        raise VisitMissing
    speak_for(visit.town_id)  # a clerk lent to another town works in that town's name
    return visit


protocol.open_doors(bp, "/visits/<code>/room", _door, requires(*STAFF))
