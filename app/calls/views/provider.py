"""Where the provider tells what becomes of two telephones that it joins. It signs what it says."""

from typing import Any

from flask import Blueprint, Response, make_response, request

from app.calls import services
from app.core.db import transaction
from app.core.security import by_provider
from app.messaging import services as messaging
from app.messaging.models import Way

bp = Blueprint("bridge_hooks", __name__, url_prefix="/hooks/twilio")


@bp.post("/near/<code>", defaults={"side": "near"})
@bp.post("/far/<code>", defaults={"side": "far"})
@by_provider
def report(side: Any, code: str) -> Response:
    """The same answer whether it is new, known or out of order."""
    signature = request.headers.get("X-Twilio-Signature", "")
    told = messaging.read_report(Way.CALL, request.path, request.form, signature, kind="bridge")
    with transaction():
        services.bridges.hear(code, side, told)
    return make_response("", 204)
