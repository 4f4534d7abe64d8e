"""What other machines may ask, once, with a signature: procedures, figures, visits."""

import math
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, g, jsonify, request

from app.booking import queries as booking
from app.core import clock
from app.core.db import transaction
from app.core.errors import Missing, Refusal
from app.core.security import by_provider, everyone
from app.insight import queries, services, words
from app.insight.errors import ParameterUnfit
from app.insight.forms import SpanForm
from app.insight.interface import (
    DAY,
    SPAN,
    Operation,
    catalogue_answer,
    described,
    description,
    figures_answer,
    visits_answer,
)
from app.insight.models import Scope
from app.insight.views.door import api_bp
from app.towns import queries as towns

F = TypeVar("F", bound=Callable[..., Any])


def signed(scope: Scope) -> Callable[[F], F]:
    """Whoever asks signs it with a key of this town that opens this; the same request once."""

    def wrap(view: F) -> F:
        @wraps(view)
        def check(*args: Any, **kwargs: Any) -> Any:
            if g.town is None:
                raise Missing
            headers = request.headers
            with transaction():
                services.hear(
                    code=headers.get("Ventanilla-Key", ""),
                    at=headers.get("Ventanilla-Time", ""),
                    nonce=headers.get("Ventanilla-Nonce", ""),
                    signed=headers.get("Ventanilla-Signature", ""),
                    method=request.method,
                    address=_as_sent(),
                    body=request.get_data(),
                    scope=scope,
                )
            return view(*args, **kwargs)

        return by_provider(cast(F, check))

    return wrap


@api_bp.errorhandler(Refusal)
def say_why(refusal: Refusal) -> Response:
    """A machine reads the same sentence, and a number."""
    answer = jsonify(title=str(refusal), status=refusal.status)
    answer.status_code = refusal.status
    if refusal.retry_after:
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


@api_bp.get("/openapi.json")
@everyone
def openapi() -> Response:
    """How to ask. It is made from the code that answers."""
    if g.town is None:
        raise Missing
    return jsonify(description(towns.address_of(g.town, "")))


@api_bp.get("/v1/catalogue")
@signed(Scope.CATALOGUE)
@described(
    Operation(
        "catalogue",
        "/api/v1/catalogue",
        Scope.CATALOGUE,
        "The town's procedures with their texts in every language.",
        (),
        catalogue_answer,
    )
)
def catalogue() -> Response:
    return jsonify(
        procedures=[
            {
                "slug": one.slug,
                "office": one.office.slug,
                "name": one.name,
                "summary": one.summary,
                "minutes": one.minutes,
            }
            for one in towns.procedures()
        ]
    )


@api_bp.get("/v1/figures")
@signed(Scope.FIGURES)
@described(
    Operation(
        "figures",
        "/api/v1/figures",
        Scope.FIGURES,
        "The figures of some days. Shares go from 0 to 1; null: there is nothing to tell.",
        SPAN,
        figures_answer,
    )
)
def figures() -> Response:
    for name in ("first", "last"):
        if name in request.args:
            _day(name)
    form = SpanForm(request.args, today=clock.today(g.town.time_zone))
    if not form.validate():
        raise ParameterUnfit
    names = [name for name, _title, _kind in words.columns()]
    return jsonify(
        figures=[
            {
                "period": row.period.isoformat(),
                "key": row.key,
                **{name: _finite(getattr(row, name)) for name in names},
            }
            for row in queries.figures(g.town, form.span)
        ]
    )


@api_bp.get("/v1/visits")
@signed(Scope.VISITS)
@described(
    Operation(
        "visits",
        "/api/v1/visits",
        Scope.VISITS,
        "The visits of one day, without names or telephones.",
        (("day", DAY, True, "Which day, on the wall of the town."),),
        visits_answer,
    )
)
def visits() -> Response:
    day = _day("day")
    begin, end = clock.days(day, day, g.town.zone)
    return jsonify(
        visits=[
            {
                "visit": words.pseudonym(one.id),
                "procedure": one.procedure.slug,
                "channel": one.channel.value,
                "language": one.language,
                "status": one.status.value,
                "starts_at": one.starts_at.isoformat(),
                "minutes": one.minutes,
                "is_walk_in": one.is_walk_in,
            }
            for one in booking.visits_between(begin, end)
            if one.booked_at is not None
        ]
    )


def _day(name: str) -> date:
    day = clock.day_of(request.args.get(name))
    if day is None:
        raise ParameterUnfit
    return day


def _as_sent() -> str:
    """Path and query as they stood on the wire: what was signed, letter by letter."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI")
    if raw:
        return str(raw)
    query = request.query_string.decode("latin-1")
    return request.path + (f"?{query}" if query else "")


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
