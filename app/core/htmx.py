"""The only file that knows HTMX: a whole page or one piece of it, and where to go next."""

from collections.abc import Callable
from typing import Any

from flask import Response, make_response, redirect, render_template, request

from app.core.db import transaction
from app.core.errors import Refusal


def wants_fragment() -> bool:
    """Whether the browser asks for the piece that changes, and not for a page."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
        and headers.get("HX-Request-Type") != "full"
    )


def page_or_fragment(page: str, fragment: str, status: int = 200, **context: Any) -> Response:
    """The fragment when it alone was asked for, else the page that includes it."""
    template = fragment if wants_fragment() else page
    response = make_response(render_template(template, **context), status)
    response.vary.add("HX-Request")
    return response


def see_other(url: str) -> Response:
    """Go there with GET, in the whole window."""
    if wants_fragment():
        response = make_response("", 204)
        response.headers["HX-Redirect"] = url
        return response
    return make_response(redirect(url, code=303))


def tried(errand: Callable[[], object], show: Callable[..., Response], page: str) -> Response:
    """Run the errand in a transaction, and show what came of it.

    Where a piece was asked for, a refusal stands in the piece and does not replace it.
    """
    try:
        with transaction():
            errand()
    except Refusal as refusal:
        if not wants_fragment():
            raise
        return show(refusal=refusal, status=refusal.status)
    return show() if wants_fragment() else see_other(page)
