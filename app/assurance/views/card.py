"""The card on the citizen's screen while they are attended: may the clerk identify you?"""

from flask import Response, make_response, request

from app.assurance import queries, services
from app.assurance.errors import CheckOver
from app.assurance.queries import Standing
from app.assurance.views.door import bp, go_on
from app.booking import queries as booking
from app.booking.models import Visit
from app.core.db import transaction
from app.core.htmx import page_or_fragment, see_other, wants_fragment
from app.core.security import everyone


@bp.get("/visits/<code>/card")
@everyone
def card(code: str) -> Response:
    """Asked every few seconds. What has not changed is not sent, so that nothing jumps."""
    visit = booking.booked_visit_or_404(code)
    standing = queries.standing(visit)
    if wants_fragment() and request.args.get("seen") == pulse(standing):
        return make_response("", 204)
    return _page(visit, standing)


@bp.post("/visits/<code>/card")
@everyone
def answer(code: str) -> Response:
    """Yes or no, to the check that was shown and to no other."""
    visit = booking.booked_visit_or_404(code)
    check = queries.check_or_404(visit, request.form.get("check", ""))
    said = request.form.get("answer")
    if said not in ("yes", "no"):
        raise CheckOver
    try:
        with transaction():
            services.agree(check, said == "yes")
    except CheckOver as refusal:
        if not wants_fragment():
            raise
        return _page(visit, queries.standing(visit), status=refusal.status)
    if wants_fragment():
        return _page(visit, queries.standing(visit))
    return see_other(go_on(visit))


@bp.app_template_global("pulse_of_card")
def pulse(standing: Standing) -> str:
    """A few letters that change when the card does."""
    last = standing.last_check
    check = last.code + last.state.value if last else ""
    best = standing.best.code if standing.best else ""
    return f"{standing.visit.status.value}.{check}.{best}.{standing.level.value}"


def _page(visit: Visit, standing: Standing, status: int = 200) -> Response:
    return page_or_fragment(
        "assurance/card.html",
        "assurance/_card.html",
        status=status,
        visit=visit,
        standing=standing,
    )
