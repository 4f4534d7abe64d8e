"""Who, and then the code; for whoever takes a time and for whoever wants to talk now."""

import secrets
from datetime import datetime
from typing import Any

from flask import Response, make_response, request, session, url_for
from flask_babel import gettext as _

from app.booking import queries, services
from app.booking.errors import HoldOver, TimeTaken, VisitMissing
from app.booking.forms import CodeForm, start_of, written_start
from app.booking.models import Visit
from app.booking.views import codes
from app.booking.views.door import Asked, asked, bp
from app.core.db import looks_first, transaction
from app.core.errors import Missing
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import asked_slug
from app.core.limits import sends_codes
from app.core.security import everyone, reads_codes, uses_passkeys
from app.identity import queries as identity
from app.identity import session as signed
from app.identity.services import can_call
from app.schedule import queries as schedule
from app.schedule.queries import Wish
from app.ui.forms import WhoForm


@bp.route("/visits/new", methods=["GET", "POST"])
@everyone
@looks_first
@sends_codes
@reads_codes
@uses_passkeys
def new() -> Response:
    """Who, and then the code. A hold in the address means that the code was sent."""
    if request.args.get("hold"):
        return _confirm(_own_hold(request.args["hold"]))
    return _who()


@bp.post("/visits/new/extend")
@everyone
def extend() -> Response:
    """More time for whoever types slowly, as often as they ask."""
    visit = _own_hold(request.args.get("hold", ""))
    with transaction():
        services.extend_hold(visit)
    answer = make_response("", 204)
    answer.headers["X-Session-Seconds"] = str(visit.hold_seconds_left)
    return answer


@bp.post("/visits/new/code")
@everyone
@sends_codes
def send_again() -> Response:
    """Another message, or a call; the code of the first one stays good."""
    visit = _own_hold(request.args.get("hold", ""))
    with transaction():
        again = codes.send_again(visit)
    return see_other(url_for(".new", hold=visit.code, again=again))


def _who() -> Response:
    look = asked(request.args.get("procedure", ""))
    wish = look.wish()
    starts_at = start_of(request.form.get("starts") or request.args.get("starts"))
    if wish is None or starts_at is None:
        raise Missing
    form = WhoForm(countries=look.town.phone_countries, landlines=can_call())
    form.token.data = form.token.data or secrets.token_urlsafe(24)
    known = signed.known_number()
    if known and request.method == "GET":
        form.phone.data, form.name.data = known.phone, known.name
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        return _who_page(look, wish, starts_at, form, status=status)
    try:
        with transaction():
            _let_go_of_the_last_one(form)
            visit = services.hold(
                wish,
                starts_at,
                phone=form.number,
                name=form.name.data or "",
                reads=asked_slug(),
                needs=look.needs,
                form_token=form.token.data,
                host=request.host,
            )
            is_known = known is not None and known.phone == visit.phone
            if known and is_known:
                services.recognise(visit, known)
            elif session.get("hold") != visit.code:
                codes.send(visit)
    except TimeTaken as refusal:
        return _who_page(look, wish, starts_at, form, status=409, refusal=refusal)
    if visit.booked_at is not None:
        return see_other(_next(visit, done=1))
    session["hold"] = visit.code
    if is_known:
        return see_other(url_for("assurance.show", code=visit.code))
    return see_other(url_for(".new", hold=visit.code))


def _who_page(
    look: Asked, wish: Wish, starts_at: datetime, form: WhoForm, **context: Any
) -> Response:
    """The form; when the time is gone, with the nearest others, and what was typed kept."""
    refused = context.get("refusal")
    link = {"procedure": look.procedure.slug, **look.link}
    return page_or_fragment(
        "booking/new.html",
        "booking/_who_form.html",
        wish=wish,
        procedure=look.procedure,
        also=look.also,
        starts_at=starts_at,
        form=form,
        here=url_for(".new", **link, starts=written_start(starts_at)),
        times_url=url_for(".times", slug=look.procedure.slug, **look.link),
        alternatives=schedule.nearest(wish, starts_at) if refused else [],
        known=signed.known_number(),
        offers_passkey=signed.may_use_a_passkey(),
        **context,
    )


def _confirm(visit: Visit) -> Response:
    if visit.booked_at is not None:
        return see_other(_next(visit))
    asks_more = queries.asks_more_to_book(visit)
    if asks_more and identity.was_confirmed(visit.phone, visit.purpose):
        return see_other(url_for("assurance.show", code=visit.code))
    form = CodeForm()
    if form.validate_on_submit():
        with transaction():
            services.look_again(visit)
            is_new = visit.booked_at is None
            if is_new and codes.is_right(visit, form) and not asks_more:
                services.book(visit, signed.owner_of(visit.phone))
                signed.let_in(visit.citizen)
        if not form.errors and asks_more:
            return see_other(url_for("assurance.show", code=visit.code))
        if not form.errors:
            session.pop("hold", None)
            return see_other(_next(visit, done=1))
    return codes.page(visit, form, **_words(visit))


def _next(visit: Visit, **words: Any) -> str:
    """Whoever talks by video now goes straight to the waiting room; the others to their visit."""
    if visit.is_waiting and visit.is_by_video:
        return url_for("portal.wait", code=visit.code)
    return url_for("portal.visit", code=visit.code, **words)


def _words(visit: Visit) -> dict[str, Any]:
    """What the page of the code says and where it leads, for a time or for the line."""
    slug, channel = visit.procedure.slug, visit.channel.value
    words = {
        "here": url_for(".new", hold=visit.code),
        "again": url_for(".send_again", hold=visit.code),
        "seconds_left": visit.hold_seconds_left,
        "extend_url": url_for(".extend", hold=visit.code),
    }
    if visit.is_walk_in:
        return {
            **words,
            "go": _("Get in the line"),
            "steps": 2,
            "back": url_for("portal.now", procedure=slug, channel=channel),
            "over_url": url_for("portal.procedure", slug=slug),
        }
    link: dict[str, Any] = {
        "channel": channel,
        "needs": visit.needs,
        "also": [one.slug for one in visit.also],
        "booth": next(
            (one.code for one in queries.booths(visit.town) if one.id == visit.booth_id), None
        ),
    }
    starts = written_start(visit.starts_at)
    return {
        **words,
        "go": _("Confirm the visit"),
        "steps": 3,
        "back": url_for(".new", procedure=slug, **link, starts=starts),
        "over_url": url_for(".times", slug=slug, **link),
    }


def _let_go_of_the_last_one(form: WhoForm) -> None:
    """This browser chose again: what it held before goes back to everybody, itself included."""
    held = queries.by_claim(str(session["hold"])) if session.get("hold") else None
    if held and held.is_held and (held.form_token, held.phone) != (form.token.data, form.number):
        services.let_go(held)


def _own_hold(code: str) -> Visit:
    """A hold of this very browser. Somebody else's is as missing as one that never was."""
    if not code or session.get("hold") != code:
        raise VisitMissing
    visit = queries.visit_or_404(code)
    if visit.is_over and visit.booked_at is not None:
        raise HoldOver
    return visit
