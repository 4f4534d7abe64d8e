"""The citizen's own: what they state while it is written, their copy, and the proof package."""

from flask import Response, make_response, request, url_for

from app.acts import queries, services
from app.acts.errors import NotSealedYet, StatementChanged
from app.acts.models import Statement
from app.acts.views.check import pdf_of
from app.acts.views.door import bp
from app.booking import queries as booking
from app.booking.models import Visit
from app.core.db import transaction
from app.core.htmx import page_or_fragment, see_other, wants_fragment
from app.core.security import everyone

CITIZEN = "citizen"


@bp.get("/visits/<code>/act")
@everyone
def own(code: str) -> Response:
    """Their act, and how to check it; while it is sealed, that it is."""
    visit = booking.booked_visit_or_404(code)
    return page_or_fragment("acts/own.html", "acts/_own.html", visit=visit)


@bp.get("/visits/<code>/act.pdf")
@everyone
def own_file(code: str) -> Response:
    visit = booking.booked_visit_or_404(code)
    act = queries.act_of(visit)
    if act is None:
        raise NotSealedYet
    return pdf_of(act, CITIZEN, "copy of their own act")


@bp.get("/visits/<code>/proof.zip")
@everyone
def proof(code: str) -> Response:
    """Everything that proves it, in one file."""
    visit = booking.booked_visit_or_404(code)
    act = queries.act_of(visit)
    if act is None:
        raise NotSealedYet
    response = Response(services.proof_package(act), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{act.identifier}.zip"'
    return response


@bp.get("/visits/<code>/statement")
@everyone
def statement(code: str) -> Response:
    """Asked every few seconds while they are attended. What has not changed is not sent."""
    visit = booking.booked_visit_or_404(code)
    if wants_fragment() and request.args.get("seen") == pulse(visit):
        return make_response("", 204)
    return _statement(visit)


@bp.post("/visits/<code>/statement")
@everyone
def answer_statement(code: str) -> Response:
    """Yes or no, to the text that stood on the screen and to no other."""
    visit = booking.booked_visit_or_404(code)
    found = queries.statement_or_404(visit, request.form.get("statement", ""))
    said, digest = request.form.get("answer"), request.form.get("digest", "")
    if said not in ("yes", "no"):
        raise StatementChanged
    try:
        with transaction():
            services.agree(found, said == "yes", digest)
    except StatementChanged as refusal:
        if not wants_fragment():
            raise
        return _statement(visit, status=refusal.status, refusal=refusal)
    if wants_fragment():
        return _statement(visit)
    return see_other(url_for(".statement", code=visit.code))


@bp.app_template_global("pulse_of_statement")
def pulse(visit: Visit) -> str:
    """A few letters that change when the statement does."""
    found = newest(visit)
    if found is None:
        return visit.status.value
    return f"{visit.status.value}.{found.code}.{found.state.value}.{found.text_digest[:8]}"


@bp.app_template_global("newest_statement")
def newest(visit: Visit) -> Statement | None:
    return next(iter(queries.statements_of(visit)), None)


def _statement(visit: Visit, status: int = 200, **more: object) -> Response:
    return page_or_fragment(
        "acts/statement.html", "acts/_statement.html", status=status, visit=visit, **more
    )
