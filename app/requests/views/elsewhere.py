"""To the gateway or the signing page of the town, in a window of its own, and back."""

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.booking import queries as booking
from app.core.db import transaction
from app.core.security import everyone
from app.requests import queries, services
from app.requests.errors import NotAskedNow, ReturnRefused
from app.requests.models import Kind, Request, Way
from app.requests.services.elsewhere import refuse_to_leave
from app.requests.views.door import bp
from app.towns import queries as towns


@bp.get("/visits/<code>/asked/<request_code>/go")
@everyone
def go(code: str, request_code: str) -> AnyResponse:
    found = _found(code, request_code)
    if not _is_done_elsewhere(found):
        raise NotAskedNow
    refuse_to_leave(found)
    back = url_for(".back", code=code, request_code=request_code)
    address = services.address_of(found, towns.address_of(found.visit.town, back))
    return redirect(address, 303)


@bp.get("/visits/<code>/asked/<request_code>/back")
@everyone
def back(code: str, request_code: str) -> Response:
    """What that place says. The signature is the key; whoever brings it may bring it again."""
    found = _found(code, request_code)
    with transaction():
        is_done = services.take_back(found, request.args)
    if is_done is None:
        raise ReturnRefused
    return Response(
        render_template("requests/back.html", visit=found.visit, found=found, is_done=is_done)
    )


def _found(code: str, request_code: str) -> Request:
    return queries.request_or_404(booking.booked_visit_or_404(code), request_code)


def _is_done_elsewhere(found: Request) -> bool:
    return found.kind is Kind.PAY or (found.kind is Kind.SIGN and found.way is Way.LINK)
