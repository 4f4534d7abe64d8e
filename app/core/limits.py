"""Who asks faster than a person would is told to wait. Counted by address, with Flask-Limiter.

Kept in the memory of each process, or in Redis for all of them. When Redis is gone each process
counts by itself again: nobody is turned away for that.
"""

import ipaddress
import time
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request
from flask_limiter import ApplicationLimit, Limiter

F = TypeVar("F", bound=Callable[..., Any])

SAFE = ("GET", "HEAD", "OPTIONS")


def init_app(app: Flask) -> None:
    limits: list[str | Callable[[], str] | ApplicationLimit] = [
        ApplicationLimit(_a_minute("WRITES"), scope="writes", exempt_when=_is_safe),
        ApplicationLimit(_a_minute("MISSES"), scope="misses", deduct_when=_is_missing),
        ApplicationLimit(_a_minute("CODE_REQUESTS"), scope="codes", exempt_when=_sends_no_code),
        ApplicationLimit(
            _a_minute("FORGERIES"),
            scope="forgeries",
            exempt_when=_is_safe,
            deduct_when=_is_refused,
        ),
    ]
    app.extensions["limits"] = Limiter(
        lambda: network(request.remote_addr or "nobody"),
        app=app,
        application_limits=limits,
        storage_uri=app.config["REDIS_URL"] or "memory://",
        storage_options=_patience(app.config["REDIS_URL"]),
        in_memory_fallback_enabled=bool(app.config["REDIS_URL"]),
        swallow_errors=True,
        headers_enabled=False,
        key_prefix="ventanilla",
    )


def sends_codes(view: F) -> F:
    """Label: this page sends or tries codes, so that nobody may press it for ever."""
    view.sends_codes = True  # type: ignore[attr-defined]
    return view


def seconds_to_wait() -> int:
    """Until whoever was refused may try again."""
    limit = current_app.extensions["limits"].current_limit
    return max(1, limit.reset_at - int(time.time())) if limit else 60


def network(address: str) -> str:
    """Who asks. Whoever has one IPv6 address has all of its /64."""
    try:
        asked = ipaddress.ip_address(address)
    except ValueError:
        return address
    if asked.version == 6:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return address


def _a_minute(what: str) -> Callable[[], str]:
    return lambda: f"{current_app.config[f'{what}_PER_MINUTE']} per minute"


def _patience(url: str) -> dict[str, Any]:
    """A Redis that does not answer must not keep people waiting."""
    return {"socket_connect_timeout": 1, "socket_timeout": 1} if url else {}


def _is_safe() -> bool:
    return request.method in SAFE


def _sends_no_code() -> bool:
    return _is_safe() or not _has_label("sends_codes", True)


def _has_label(name: str, value: object) -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, name, None) == value


def _is_missing(response: Response) -> bool:
    return response.status_code == 404


def _is_refused(response: Response) -> bool:
    return response.status_code == 403
