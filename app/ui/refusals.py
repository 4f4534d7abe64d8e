"""A refusal becomes the page, or the piece of it, that the person reads."""

import sqlite3
from typing import Any

import psycopg
import structlog
from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, TimeoutError
from werkzeug.exceptions import BadRequest, HTTPException

from app.core import metrics
from app.core.db import db
from app.core.errors import Busy, Missing, Refusal, TooMany
from app.core.htmx import wants_fragment
from app.core.i18n import asked_slug, speaking
from app.core.limits import seconds_to_wait
from app.core.security import StaleForm

log = structlog.get_logger()

# When not even the page of the apology can be made.
LAST_WORDS = (
    "<!doctype html><title>Ventanilla</title>"
    "<p lang=es>Ha habido un error nuestro. Inténtelo otra vez dentro de un minuto.</p>"
    "<p lang=en>We made a mistake. Please try again in a minute.</p>"
    "<p><a href=/>Ventanilla</a></p>"
)

BUSY_SIGNS = ("locked", "full", "readonly", "disk I/O", "unable to open", "deadlock")
# Of a connection that cannot be had, or was lost with whatever was asked on it.
BUSY_ERRORS = (TimeoutError, psycopg.OperationalError)


def init_app(app: Flask) -> None:
    app.register_error_handler(Refusal, refuse)
    app.register_error_handler(HTTPException, explain)
    app.register_error_handler(CSRFError, lambda error: refuse(StaleForm()))
    app.register_error_handler(DataError, explain_odd_values)
    app.register_error_handler(DBAPIError, apologise_for_the_register)
    app.register_error_handler(TimeoutError, apologise_for_the_register)
    app.register_error_handler(sqlite3.OperationalError, apologise_for_the_register)
    app.register_error_handler(Exception, apologise)


def refuse(refusal: Refusal) -> Response:
    """The sentence of the refusal, with its status."""
    g.refusal = type(refusal).__name__  # for whoever keeps the record
    metrics.refusals.labels(g.refusal).inc()
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        answer = make_response({"error": str(refusal)}, refusal.status)
    else:
        answer = page(refusal.status, str(refusal), fragment=wants_fragment())
    if refusal.retry_after:
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


def explain(error: HTTPException) -> Response:
    """What the framework refuses, in words of ours."""
    known = {404: Missing, 405: Missing, 410: Missing, 503: Busy}
    status = error.code or 500
    if status == 429:
        return refuse(TooMany(seconds_to_wait()))
    if status < 400:
        return make_response(error.get_response())
    kind = known.get(status)
    answer = refuse(kind()) if kind else page(status, None, fragment=wants_fragment())
    answer.status_code = status
    return answer


def apologise_for_the_register(error: Exception) -> Response:
    """A register that is busy or full is not a mistake of the house: say to try again."""
    db.session.rollback()
    cause = getattr(error, "orig", error)
    if isinstance(cause, BUSY_ERRORS) or any(sign in str(cause) for sign in BUSY_SIGNS):
        log.warning("register busy", reason=f"{type(cause).__name__}: {cause}"[:80])
        answer = _say_that_it_is_busy()
        answer.headers["Retry-After"] = "5"
        return answer
    return apologise(error)


def explain_odd_values(error: DataError) -> Response:
    """What no register of this kind can hold, such as a NUL in a text: whoever sent it is told."""
    db.session.rollback()
    log.info("odd value", reason=type(error.orig).__name__)
    return explain(BadRequest())


def _say_that_it_is_busy() -> Response:
    """The page asks the register whose house it is; without a register it is said without."""
    try:
        return refuse(Busy())
    except (DBAPIError, TimeoutError):
        db.session.rollback()
        return make_response(LAST_WORDS, 503, {"Content-Type": "text/html; charset=utf-8"})


def apologise(error: Exception) -> Response:
    """Something of ours is broken. It is logged; the person gets the telephone."""
    from flask import current_app

    if current_app.testing and not current_app.config.get("APOLOGISE"):
        raise error
    db.session.rollback()
    log.exception("mistake of ours", rule=str(request.url_rule))
    try:
        return page(500, None, fragment=False)
    except Exception:
        log.exception("the apology failed too")
        return make_response(LAST_WORDS, 500, {"Content-Type": "text/html; charset=utf-8"})


def page(status: int, message: str | None, *, fragment: bool) -> Response:
    template = "ui/_refusal.html" if fragment else "ui/refusal.html"
    words: dict[str, Any] = {"status": status, "message": message}
    with speaking(asked_slug()):
        response = make_response(render_template(template, **words), status)
    response.vary.add("HX-Request")
    return response
