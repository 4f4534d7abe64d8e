"""Where the message provider tells us what became of a message. It signs; nobody else is heard."""

from flask import Blueprint, Response, current_app, make_response, request

from app.core.db import transaction
from app.core.errors import Missing
from app.core.events import publish
from app.core.security import by_provider
from app.messaging import services
from app.messaging.errors import ReportNotGenuine
from app.messaging.events import ReportRefused
from app.messaging.models import Way
from app.messaging.providers import NotGenuine, SmsSender
from app.towns import queries as towns

bp = Blueprint("hooks", __name__, url_prefix="/hooks")


@bp.post("/twilio/sms/<code>", defaults={"way": "sms"})
@bp.post("/twilio/call/<code>", defaults={"way": "call"})
@by_provider
def report(way: str, code: str) -> Response:
    """The same answer whether it is new, known or out of order."""
    town = towns.current_town_or_404()
    sender: SmsSender = current_app.extensions["sms"]
    if not sender.reports_to:
        raise Missing
    url = towns.address_of(town, request.path)  # never the host that the request names
    signature = request.headers.get("X-Twilio-Signature", "")
    try:
        told = sender.read_report(Way(way), url, request.form, signature)
    except NotGenuine:
        with transaction():
            publish(ReportRefused(town_id=town.id, kind=way))
        raise ReportNotGenuine from None
    with transaction():
        services.note_report(code, Way(way), told)
    return make_response("", 204)
