"""The citizen's doors: whoever has the link of the visit is the citizen."""

from flask import Response

from app.booking import queries as booking
from app.calls import protocol
from app.calls.models import Part
from app.calls.protocol import Door
from app.core.i18n import localized
from app.core.security import everyone

bp = localized("calls", "app.calls")


@bp.post("/visits/<code>/room/presence")
@everyone
def presence(code: str) -> Response:
    return protocol.presence(_door(code))


@bp.get("/visits/<code>/room/stream")
@everyone
def stream(code: str) -> Response:
    return protocol.listen(_door(code))


@bp.post("/visits/<code>/room/signals")
@everyone
def signals(code: str) -> Response:
    return protocol.signals(_door(code))


@bp.post("/visits/<code>/room/text")
@everyone
def text(code: str) -> Response:
    return protocol.text(_door(code))


@bp.post("/visits/<code>/room/figures")
@everyone
def figures(code: str) -> Response:
    return protocol.figures(_door(code))


@bp.post("/visits/<code>/room/media")
@everyone
def media(code: str) -> Response:
    return protocol.media(_door(code))


def _door(code: str) -> Door:
    visit = booking.booked_visit_or_404(code)
    return Door(visit, Part.CITIZEN, visit.name)
