"""The board of whoever supervises: it renews itself piece by piece, and acts."""

import secrets
from typing import Any

from flask import Response, flash, g, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.booking import queries as booking
from app.core import alarms, stream
from app.core.db import transaction
from app.core.errors import Missing
from app.core.htmx import page_or_fragment, see_other
from app.identity.session import requires
from app.insight import queries, services
from app.insight.views.door import PLANNERS, office_bp, page
from app.schedule import queries as schedule
from app.schedule.models import ResourceKind
from app.towns import queries as towns

PIECES = ("line", "here", "talks", "alarms")


@office_bp.get("/board")
@requires(*PLANNERS)
def board() -> Response:
    return page("board", **_everything())


@office_bp.get("/board/line")
@requires(*PLANNERS)
def board_line() -> Response:
    """Who waits, and for what."""
    return _piece("line")


@office_bp.get("/board/here")
@requires(*PLANNERS)
def board_here() -> Response:
    """Who is at the counter."""
    return _piece("here")


@office_bp.get("/board/talks")
@requires(*PLANNERS)
def board_talks() -> Response:
    """The attentions in progress."""
    return _piece("talks")


@office_bp.get("/board/alarms")
@requires(*PLANNERS)
def board_alarms() -> Response:
    return _piece("alarms")


@office_bp.get("/board/stream")
@requires(*PLANNERS)
def board_stream() -> Response:
    """Something has changed on the counter of this town: look again."""
    return stream.listen(f"day:{g.town.id}")


@office_bp.post("/board/tell")
@requires(*PLANNERS)
def tell() -> Response:
    """One of our sentences for everybody who waits, or for those who wait for one thing."""
    sentence, slug = request.form.get("sentence", ""), request.form.get("procedure", "")
    token = request.form.get("token", "")[:24]
    if sentence not in services.SENTENCES or not token.isalnum():
        raise Missing
    procedure = towns.procedure_or_404(slug) if slug else None
    with transaction():
        count = services.tell_the_line(sentence, token, procedure)
    flash(ngettext("%(num)s person is told.", "%(num)s people are told.", count))
    return see_other(url_for(".board"))


@office_bp.post("/board/share")
@requires(*PLANNERS)
def share() -> Response:
    """More of the times of that procedure for whoever comes without one."""
    procedure = towns.procedure_or_404(request.form.get("procedure", ""))
    with transaction():
        percent = services.share_more(procedure)
    flash(
        _(
            "%(name)s: %(percent)s %% of its times are for people who come without one.",
            name=procedure.name_in(),
            percent=percent,
        )
    )
    return see_other(url_for(".board"))


@office_bp.post("/board/<code>/keep")
@requires(*PLANNERS)
def keep(code: str) -> Response:
    """Somebody who waits is kept for one clerk; without one, for whoever is next."""
    visit = booking.booked_visit_or_404(code)
    chosen = request.form.get("clerk", "")
    clerk = schedule.resource_or_404(chosen) if chosen else None
    with transaction():
        services.reassign(visit, clerk)
    flash(
        _("They are kept for %(name)s.", name=clerk.name)
        if clerk
        else _("Whoever is next attends them.")
    )
    return see_other(url_for(".board"))


def _piece(name: str) -> Response:
    words = _everything() if request.headers.get("HX-Request") != "true" else _shared()
    return page_or_fragment("insight/board.html", f"insight/_board_{name}.html", **words)


def _everything() -> dict[str, Any]:
    return {
        **_shared(),
        "cursor": stream.cursor(f"day:{g.town.id}"),
        "sentences": {
            "late": _("We are running late, and you keep your place"),
            "fault": _("Something does not work, and we are mending it"),
            "other_way": _("If you prefer, we attend you by telephone"),
        },
        "offered": towns.procedures(),
    }


def _shared() -> dict[str, Any]:
    """Each piece asks of these only what it shows."""
    return {
        "board": queries.board_of(g.town),
        "alarms": alarms.ringing,
        "clerks": _clerks,
        "token": secrets.token_hex(8),
        "target": int(queries.TARGET.total_seconds() // 60),
    }


def _clerks() -> list[tuple[str, str]]:
    return [
        (one.code or "", one.name)
        for one in schedule.resources([ResourceKind.CLERK])
        if one.is_active
    ]
