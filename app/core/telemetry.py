"""Spans for whoever runs the house, by OpenTelemetry, where the settings say to whom (OTLP/HTTP).

Without the setting we import nothing of it. What leaves names nobody: of a request its route
and never its address, of a question to the register its first word, of a mistake its kind. What is
allowed is listed here; whatever the instrumentations add one day stays at home.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Flask

from app.core.settings import PREFIX, Unsafe

ALLOWED = frozenset(
    (  # noqa: SIM905 - words to be read, not a list to be counted
        "http.method http.request.method http.route http.status_code http.response.status_code"
        " db.system db.system.name exception.type error.type"
    ).split()
)
# Who looks whether we are there, and streams, which last as long as somebody waits.
# Whatever is asked behind the path: it must neither show a stream nor hide a page.
NOT_TOLD = r"^[^?]*(/health/|/metrics|/static/|stream(\?|$))"
PATIENCE_SECONDS = 3
NAME = "ventanilla"


def init_app(app: Flask) -> None:
    if not app.config["TELEMETRY_URL"]:
        return
    try:
        from app.core.telemetry_spans import begin
    except ImportError as missing:
        raise Unsafe(
            f"{PREFIX}_TELEMETRY_URL needs what make install-telemetry installs."
        ) from missing
    app.extensions["telemetry"] = begin(app)


def close(app: Flask) -> None:
    """Tell what has not been told, and be silent from now on."""
    if told := app.extensions.pop("telemetry", None):
        told.close()


@contextlib.contextmanager
def span(app: Flask, name: str) -> Iterator[None]:
    """Something that the house does by itself."""
    told = app.extensions.get("telemetry")
    with told.tracer.start_as_current_span(name) if told else contextlib.nullcontext():
        yield


def discreet(name: str, attributes: Mapping[str, Any], *, is_request: bool) -> str:
    """How a span may be called: the address of a page that does not exist is somebody's too."""
    if not is_request:
        return name.partition(" ")[0] if not name.startswith("job ") else name
    method = attributes.get("http.request.method") or attributes.get("http.method") or "?"
    return f"{method} {attributes.get('http.route', 'nowhere')}"


def allowed(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (attributes or {}).items() if name in ALLOWED}


def kinds_of_mistakes(events: Sequence[Any]) -> list[dict[str, Any]]:
    """Of everything that happened within a span only what kind of mistake it was."""
    return [allowed(event.attributes) for event in events if event.name == "exception"]
