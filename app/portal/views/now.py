"""Now: whoever wants to talk to somebody without an appointment gets into the line."""

import secrets
from typing import Any

from flask import Response, make_response, render_template, request, session, url_for

from app.booking import queries as booking
from app.booking import services as visits
from app.core.db import transaction
from app.core.errors import Missing
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import asked_slug
from app.core.limits import sends_codes
from app.core.security import everyone, uses_passkeys
from app.identity import session as signed
from app.identity import telephone
from app.identity.services import can_call
from app.portal.queries import FROM_AFAR
from app.portal.views.door import bp
from app.queue import queries as queue
from app.queue import services as waiting_room
from app.queue.errors import LineClosed
from app.towns import queries as towns
from app.ui.forms import WhoForm


@bp.route("/visits/now", methods=["GET", "POST"])
@everyone
@sends_codes
@uses_passkeys
def now() -> Response:
    """Who; the code comes next, and with it the place in the line."""
    town = towns.current_town_or_404()
    procedure = towns.procedure_or_404(request.args.get("procedure", ""))
    channel = request.args.get("channel", "")
    if channel not in FROM_AFAR or not procedure.allows(channel):
        raise Missing
    words: dict[str, Any] = {"procedure": procedure, "channel": channel}
    wish = booking.wish_for(town, procedure, channel, asked_slug())
    line = queue.intake(wish) if wish else queue.CLOSED
    if wish is None or not line.is_open:
        return _closed(**words)
    form = WhoForm(countries=town.phone_countries, landlines=can_call())
    form.token.data = form.token.data or secrets.token_urlsafe(24)
    known = signed.known_number()
    if known and request.method == "GET":
        form.phone.data, form.name.data = known.phone, known.name
    if not form.validate_on_submit():
        return page_or_fragment(
            "portal/now.html",
            "portal/_now_form.html",
            status=422 if form.errors else 200,
            form=form,
            line=line,
            wish=wish,
            known=known,
            offers_passkey=signed.may_use_a_passkey(),
            **words,
        )
    try:
        with transaction():
            _let_go_of_a_time(form)
            visit = waiting_room.walk_in(
                wish,
                phone=form.number,
                name=form.name.data or "",
                reads=asked_slug(),
                needs=[],
                form_token=form.token.data,
                host=request.host,
            )
            is_known = known is not None and known.phone == visit.phone
            if known and is_known:
                visits.recognise(visit, known)
            elif session.get("hold") != visit.code:
                telephone.send(visit.phone, visit.purpose)
    except LineClosed:
        return _closed(**words)
    if visit.booked_at is not None:
        return see_other(url_for("portal.wait" if visit.is_by_video else ".visit", code=visit.code))
    session["hold"] = visit.code
    if is_known:
        return see_other(url_for("assurance.show", code=visit.code))
    return see_other(url_for("booking.new", hold=visit.code))


def _closed(**words: Any) -> Response:
    """Nobody can attend them without an appointment: say so, and lead to the times."""
    return make_response(render_template("portal/closed.html", **words), 409)


def _let_go_of_a_time(form: WhoForm) -> None:
    """Whoever wants to talk now does not need the time that this browser was holding."""
    held = booking.by_claim(str(session.get("hold", "")))
    if held and held.is_held and (held.form_token, held.phone) != (form.token.data, form.number):
        visits.let_go(held)
