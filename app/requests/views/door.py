"""The door of these views."""

from typing import Any

from flask import Response

from app.booking.models import Visit
from app.core import stream
from app.core.htmx import page_or_fragment
from app.core.i18n import localized
from app.requests import queries
from app.requests.models import Request

bp = localized("requests", "app.requests")


def card(visit: Visit, status: int = 200, **words: Any) -> Response:
    """What is asked now, and what became of the last one."""
    return page_or_fragment(
        "requests/asked.html",
        "requests/_asked.html",
        status=status,
        visit=visit,
        cursor=stream.cursor(),
        **words,
    )


@bp.app_template_global("pulse_of_requests")
def pulse(visit: Visit) -> str:
    """A few letters that change when what the citizen sees does."""
    current, last = queries.current_in(visit), queries.last_answered(visit)
    return ".".join(
        (
            visit.status.value,
            current.code if current else "",
            mark_of(last) if last else "",
        )
    )


def mark_of(request: Request) -> str:
    return f"{request.code}{request.state.value}"
