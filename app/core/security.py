"""What every answer carries and every request must show, whoever wrote the page."""

import json
import re
from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar

from flask import Flask, Request, Response, current_app, request
from flask_babel import lazy_gettext as _l
from flask_compress import Compress
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core.errors import Refusal

F = TypeVar("F", bound=Callable[..., Any])

csrf = CSRFProtect()
compress = Compress()

# Nothing but what is named, and nothing that a page could write into itself.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# What a page may ask the device for. The first line of each is for every page.
NEVER = (
    *("accelerometer", "browsing-topics", "geolocation", "gyroscope", "hid"),
    *("idle-detection", "local-fonts", "magnetometer", "midi", "payment", "serial", "usb"),
)
SENSORS = ("camera", "microphone", "display-capture", "screen-wake-lock")
PASSKEYS = ("publickey-credentials-get", "publickey-credentials-create")
CODES = ("otp-credentials",)
ON_REQUEST = (*SENSORS, *PASSKEYS, *CODES)


class StaleForm(Refusal):
    """The form did not come from one of our pages, or came from a session that ended."""

    status = 400
    message = _l("This page was open for too long. Go back, reload it and send it again.")


class FromElsewhere(Refusal):
    status = 403
    message = _l("This form was sent from another site, so it was not accepted.")


class OddForm(Refusal):
    """A part without a name: no browser sends it, and no library expects it."""

    status = 400
    message = _l("This form cannot be read. Go back, reload the page and send it again.")


class HouseRequest(Request):
    """A form is never JSON: what a library would make of it may be nested without end.

    Who expects JSON reads it with `json_sent`.
    """

    @property
    def is_json(self) -> bool:
        return False

    @property
    def max_content_length(self) -> int | None:
        """As for every form, but where files are taken."""
        if self._max_content_length is None and getattr(_view(), "takes_files", False):
            return int(current_app.config["MAX_FILES_LENGTH"])
        return super().max_content_length

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    def _get_file_stream(self, *told: Any, **named: Any) -> IO[bytes]:
        """What is sent stays in memory, where its size is bounded: no paper lies about in /tmp."""
        return BytesIO()


def init_app(app: Flask) -> None:
    app.request_class = HouseRequest
    app.before_request(refuse_odd_forms)
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


def own_address(target: str | None, *, below: tuple[str, ...]) -> str:
    """The page somebody wanted, when it is one of ours below those paths; else the first of them.

    A link from elsewhere must not choose where one lands. What a browser would read differently
    from us (a backslash, a control sign, two dots, an escaped stroke) is not ours.
    """
    path = (target or "").split("?", 1)[0].split("#", 1)[0]
    is_plain = re.fullmatch(r"[\x21-\x5b\x5d-\x7e]*", target or "") and "//" not in path
    is_below = path.startswith(below) or f"{path}/" in below
    odd = any(part in ("..", ".") for part in path.split("/")) or "%" in path
    return str(target) if target and is_plain and is_below and not odd else below[0]


def everyone(view: F) -> F:
    """Label: anybody may enter here."""
    view.who_may_enter = "everyone"  # type: ignore[attr-defined]
    return view


def by_provider(view: F) -> F:
    """Label: called by a machine of somebody else, which signs what it says."""
    view.who_may_enter = "provider"  # type: ignore[attr-defined]
    csrf.exempt(view)
    return view


def shows_the_camera(view: F) -> F:
    """Label: this page may ask for camera and microphone. No other may."""
    view.shows_the_camera = True  # type: ignore[attr-defined]
    return view


def uses_passkeys(view: F) -> F:
    """Label: this page may make or use a passkey. No other may."""
    view.uses_passkeys = True  # type: ignore[attr-defined]
    return view


def reads_codes(view: F) -> F:
    """Label: this page may take the code out of the message. No other may."""
    view.reads_codes = True  # type: ignore[attr-defined]
    return view


def takes_files(view: F) -> F:
    """Label: here whole files come in one form. Elsewhere such a large one is refused unread."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def refuse_odd_forms() -> None:
    if any(name is None for name in (*request.form, *request.files)):
        raise OddForm


def refuse_other_sites() -> None:
    """A browser says where a form comes from; tokens are the second lock, not the only one."""
    if request.method in ("GET", "HEAD", "OPTIONS") or _is_called_by_a_machine():
        return
    if not _is_from_here(request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")):
        raise FromElsewhere


def _is_from_here(site: str | None, origin: str | None) -> bool:
    if site not in (None, "same-origin", "none"):  # a sister town is another site too
        return False
    if not origin or (origin == "null" and site == "same-origin"):
        return True  # a page that tells nobody where it comes from, itself included
    return origin == f"{current_app.config['PUBLIC_SCHEME']}://{request.host}"


def _is_called_by_a_machine() -> bool:
    """Webhooks come from other sites by design and carry a signature instead."""
    return getattr(_view(), "who_may_enter", "") == "provider"


def _view() -> Any:
    return current_app.view_functions.get(request.endpoint or "")


def dress(response: Response) -> Response:
    """The headers of every answer."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("Permissions-Policy", _permissions(_view()))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
    if request.is_secure or current_app.config["PUBLIC_SCHEME"] == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response


def _permissions(view: Any) -> str:
    """What the page is labelled for, for itself alone; nothing else, for nobody."""
    allowed = {
        *(SENSORS if getattr(view, "shows_the_camera", False) else ()),
        *(PASSKEYS if getattr(view, "uses_passkeys", False) else ()),
        *(CODES if getattr(view, "reads_codes", False) else ()),
    }
    said = [f"{name}=()" for name in NEVER]
    said += [f"{name}={'(self)' if name in allowed else '()'}" for name in ON_REQUEST]
    return ", ".join(said)
