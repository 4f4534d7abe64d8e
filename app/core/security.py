"""What every answer carries and every request must show, whoever wrote the page."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request
from flask_babel import lazy_gettext as _l
from flask_compress import Compress
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core.errors import Refusal

F = TypeVar("F", bound=Callable[..., Any])

csrf = CSRFProtect()
compress = Compress()

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
CLOSED_SENSORS = "camera=(), microphone=(), display-capture=(), geolocation=()"
OPEN_SENSORS = "camera=(self), microphone=(self), display-capture=(self), geolocation=()"
PASSKEYS = "publickey-credentials-get=(self), publickey-credentials-create=(self)"


class StaleForm(Refusal):
    """The form did not come from one of our pages, or came from a session that ended."""

    status = 400
    message = _l("This page was open for too long. Go back, reload it and send it again.")


class FromElsewhere(Refusal):
    status = 403
    message = _l("This form was sent from another site, so it was not accepted.")


def init_app(app: Flask) -> None:
    csrf.init_app(app)
    compress.init_app(app)
    if app.config["TRUSTED_PROXIES"]:
        hops = int(app.config["TRUSTED_PROXIES"])
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    app.before_request(refuse_other_sites)
    app.after_request(dress)


def json_sent() -> Any:
    """The JSON of this request; None for what is none, is nested without end, or says NaN."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    try:
        return json.loads(request.get_data(), parse_constant=refuse)
    except (ValueError, RecursionError):
        return None


def everyone(view: F) -> F:
    """Label: anybody may enter here."""
    view.who_may_enter = "everyone"  # type: ignore[attr-defined]
    return view


def shows_the_camera(view: F) -> F:
    """Label: this page may ask for camera and microphone. No other may."""
    view.shows_the_camera = True  # type: ignore[attr-defined]
    return view


def refuse_other_sites() -> None:
    """A browser says where a form comes from; tokens are the second lock, not the only one."""
    if request.method in ("GET", "HEAD", "OPTIONS") or _is_called_by_a_machine():
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise FromElsewhere
    origin = request.headers.get("Origin")
    if origin and origin != "null" and origin.split("://", 1)[-1] != request.host:
        raise FromElsewhere


def _is_called_by_a_machine() -> bool:
    """Webhooks come from other sites by design and carry a signature instead."""
    return getattr(_view(), "who_may_enter", "") == "provider"


def _view() -> Any:
    return current_app.view_functions.get(request.endpoint or "")


def dress(response: Response) -> Response:
    """The headers of every answer."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    sensors = OPEN_SENSORS if getattr(_view(), "shows_the_camera", False) else CLOSED_SENSORS
    headers.setdefault("Permissions-Policy", f"{sensors}, {PASSKEYS}")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response
