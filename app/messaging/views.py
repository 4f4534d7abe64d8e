"""Where the message provider tells us what became of a message, and that a key was pressed.

It signs; nobody else is heard.
"""

from flask import Blueprint, Response, make_response, request

from app.core.db import transaction
from app.core.security import by_provider
from app.messaging import services
from app.messaging.models import Way

bp = Blueprint("hooks", __name__, url_prefix="/hooks")


@bp.post("/twilio/sms/<code>", defaults={"way": "sms"})
@bp.post("/twilio/call/<code>", defaults={"way": "call"})
@by_provider
def report(way: str, code: str) -> Response:
    """The same answer whether it is new, known or out of order."""
    signature = request.headers.get("X-Twilio-Signature", "")
    told = services.read_report(Way(way), request.path, request.form, signature, kind=way)
    with transaction():
        services.note_report(code, Way(way), told)
    return make_response("", 204)


@bp.post("/twilio/key/<name>")
@by_provider
def key(name: str) -> Response:
    """Somebody pressed a key in a call: what it is read now. Asked again, it is the same."""
    signature = request.headers.get("X-Twilio-Signature", "")
    told = services.read_report(Way.CALL, request.path, request.form, signature, kind="key")
    return Response(services.read_aloud(name, told), mimetype="text/xml")
