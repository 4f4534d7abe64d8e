"""The card under the video: one thing that is asked, one answer. It is also a page of its own."""

from typing import Any

from flask import Response, make_response, request, url_for

from app.booking import queries as booking
from app.booking.models import Visit
from app.core import stream
from app.core.db import transaction
from app.core.errors import Refusal
from app.core.htmx import see_other, wants_fragment
from app.core.security import everyone, reads_codes
from app.identity import telephone
from app.requests import queries, services
from app.requests.errors import NotAskedNow
from app.requests.forms import values_of
from app.requests.models import Kind, Request, Way
from app.requests.services import Said
from app.requests.services.answers import refuse_unless_asked
from app.requests.views.door import bp, card, pulse
from app.ui.forms import CodeForm


@bp.get("/visits/<code>/asked")
@everyone
@reads_codes
def asked(code: str) -> Response:
    """Asked again whenever something happens. What has not changed is not sent: nothing jumps."""
    visit = booking.booked_visit_or_404(code)
    if wants_fragment() and request.args.get("seen") == pulse(visit):
        return make_response("", 204)
    return card(visit)


@bp.get("/visits/<code>/asked/stream")
@everyone
def news(code: str) -> Response:
    """For pages without a call."""
    visit = booking.booked_visit_or_404(code)
    return stream.listen(f"visit:{visit.id}")


@bp.post("/visits/<code>/asked")
@everyone
@reads_codes
def answer(code: str) -> Response:
    """To the request that was shown and to no other."""
    visit = booking.booked_visit_or_404(code)
    found = queries.request_or_404(visit, request.form.get("request", ""))
    errands = {"yes": _say, "no": _say, "code": _send_code, "again": _send_again}
    errand = errands.get(request.form.get("said", ""))
    try:
        if errand is None:
            raise NotAskedNow
        words = errand(found)
    except Refusal as refusal:
        if not wants_fragment():
            raise
        return card(visit, status=refusal.status, refusal=refusal)
    if words:
        return card(visit, **words)
    return card(visit, is_own=True) if wants_fragment() else see_other(_after(visit))


def _say(found: Request) -> dict[str, Any]:
    """Yes or no. With a code to confirm it, the code decides."""
    is_yes, digest = request.form["said"] == "yes", request.form.get("seen", "")
    if is_yes and found.kind in (Kind.IDENTIFY, Kind.SIGN) and found.way is Way.SMS:
        return _confirm(found, digest)
    if is_yes and found.kind in (Kind.PAY, Kind.IDENTIFY, Kind.PAPER, Kind.SIGN):
        raise NotAskedNow  # these are done elsewhere, and tell us by themselves
    values: tuple[str, ...] = ()
    if found.kind is Kind.DATA and is_yes:
        typed = values_of(request.form.getlist("value"), len(found.fields))
        if typed is None:
            return {"status": 422, "is_data_wrong": True}
        values = typed
    with transaction():
        services.answer(found, Said(is_yes, digest, values))
    return {}


def _confirm(found: Request, digest: str) -> dict[str, Any]:
    """The code came back: it counts its own tries, so that nothing of it is undone."""
    form = CodeForm()
    if not form.validate_on_submit():
        return {"status": 422, "code_form": form}
    with transaction():
        refuse_unless_asked(found, digest)
        problem = telephone.problem_with(found.visit.phone, purpose_of(found), form.code.data or "")
        if problem is None and found.is_open:  # what it showed may have settled it already
            services.answer(found, Said(True, digest), phone_ending=found.visit.phone[-3:])
    if problem:
        form.code.errors = [problem]
        return {"status": 422, "code_form": form}
    return {}


def _send_code(found: Request) -> dict[str, Any]:
    with transaction():
        refuse_unless_asked(found, request.form.get("seen", ""))
        telephone.send(found.visit.phone, purpose_of(found))
    return {"code_form": CodeForm(formdata=None)}


def _send_again(found: Request) -> dict[str, Any]:
    with transaction():
        refuse_unless_asked(found, request.form.get("seen", ""))
        again = telephone.send_again(found.visit.phone, purpose_of(found))
    return {"code_form": CodeForm(formdata=None), "again": again}


def purpose_of(found: Request) -> str:
    """A code that shows the telephone is one of the visit; one that signs is of this text alone."""
    return found.visit.purpose if found.kind is Kind.IDENTIFY else found.purpose


@bp.app_template_global("ways_of_request")
def ways_of(found: Request) -> telephone.Ways:
    return telephone.ways(found.visit.phone, purpose_of(found))


def _after(visit: Visit) -> str:
    return url_for(".asked", code=visit.code, own=1)
