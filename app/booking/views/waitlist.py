"""Earlier if somebody cancels: get on the list, say yes or no to what is offered, get off it."""

import secrets
from contextlib import suppress
from typing import Any

from flask import Response, make_response, render_template, request, session, url_for
from flask_babel import gettext as _

from app.booking import queries, services
from app.booking.errors import AlreadyOnTheList, NotMovable, OfferOver, VisitMissing
from app.booking.forms import CodeForm
from app.booking.models import WaitlistEntry, WaitlistState
from app.booking.views import codes
from app.booking.views.door import Asked, asked, bp
from app.core.db import transaction
from app.core.errors import Missing
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import asked_slug
from app.core.limits import sends_codes
from app.core.security import everyone, reads_codes
from app.schedule.queries import Wish
from app.ui.forms import WhoForm


@bp.post("/visits/<code>/earlier")
@everyone
def earlier(code: str) -> Response:
    """Whoever has a visit wants it earlier. Asked twice it is asked once."""
    visit = queries.booked_visit_or_404(code)
    if not visit.can_be_moved:
        raise NotMovable
    with suppress(AlreadyOnTheList), transaction():
        services.join(visit)
    return see_other(url_for("portal.visit", code=visit.code))


@bp.route("/waitlist/new", methods=["GET", "POST"])
@everyone
@sends_codes
@reads_codes
def ask() -> Response:
    """Who, and then the code. An entry in the address means that the code was sent."""
    if request.args.get("entry"):
        return _confirm(_own_entry(request.args["entry"]))
    return _who()


@bp.post("/waitlist/new/code")
@everyone
@sends_codes
def send_entry_code_again() -> Response:
    """Another message, or a call; the code of the first one stays good."""
    entry = _own_entry(request.args.get("entry", ""))
    with transaction():
        again = codes.send_again(entry)
    return see_other(url_for(".ask", entry=entry.code, again=again))


@bp.get("/waitlist/<code>")
@everyone
def entry(code: str) -> Response:
    """Where somebody stands on the list: an offer to answer, or nothing yet."""
    found = _confirmed_entry(code)
    if found.state is WaitlistState.TAKEN and found.visit:
        return see_other(url_for("portal.visit", code=found.visit.code))
    return _entry_page(found)


@bp.post("/waitlist/<code>/take")
@everyone
def take_offer(code: str) -> Response:
    """Yes: the time is theirs, and an older one of the same visit is given back."""
    found = _confirmed_entry(code)
    is_another = found.visit is not None
    try:
        with transaction():
            visit = services.take_offer(found)
    except OfferOver as refusal:
        return _entry_page(found, status=409, refusal=refusal)
    words: dict[str, Any] = {"moved": 1} if is_another else {"done": 1}
    return see_other(url_for("portal.visit", code=visit.code, **words))


@bp.post("/waitlist/<code>/pass")
@everyone
def pass_over(code: str) -> Response:
    """No: the time goes to the next, and they stay on the list."""
    found = _confirmed_entry(code)
    with transaction():
        services.pass_over(found)
    return see_other(url_for(".entry", code=found.code, passed=1))


@bp.post("/waitlist/<code>/leave")
@everyone
def leave(code: str) -> Response:
    """They no longer want to be told."""
    found = _confirmed_entry(code)
    with transaction():
        services.leave(found)
    if found.visit:
        return see_other(url_for("portal.visit", code=found.visit.code))
    return see_other(url_for(".entry", code=found.code))


def _who() -> Response:
    look = asked(request.args.get("procedure", ""))
    wish = look.wish()
    if wish is None or look.also:
        raise Missing
    form = WhoForm(countries=look.town.phone_countries)
    form.token.data = form.token.data or secrets.token_urlsafe(24)
    if not form.validate_on_submit():
        return _who_page(look, wish, form)
    with transaction():
        found = _same_again(look, form.number)
        if found is None:
            found = services.ask(
                look.procedure,
                look.channel,
                phone=form.number,
                name=form.name.data or "",
                reads=asked_slug(),
                needs=look.needs,
                last_day=wish.last_day,
                host=request.host,
            )
            codes.send(found)
    session["entry"] = found.code
    return see_other(url_for(".ask", entry=found.code))


def _who_page(look: Asked, wish: Wish, form: WhoForm) -> Response:
    return page_or_fragment(
        "booking/ask.html",
        "booking/_ask_form.html",
        status=422 if form.errors else 200,
        procedure=look.procedure,
        channel=look.channel,
        last_day=wish.last_day,
        form=form,
        here=url_for(".ask", procedure=look.procedure.slug, **look.link),
        times_url=url_for(".times", slug=look.procedure.slug, **look.link),
    )


def _confirm(found: WaitlistEntry) -> Response:
    if found.state is not WaitlistState.UNCONFIRMED:
        return see_other(url_for(".entry", code=found.code))
    form = CodeForm()
    if form.validate_on_submit():
        try:
            with transaction():
                if codes.is_right(found, form):
                    services.confirm(found)
        except AlreadyOnTheList:  # the telephone is theirs, and so is the place they have
            found = queries.open_entries_of(found.phone, found.procedure_id)[0]
        if not form.errors:
            session.pop("entry", None)
            return see_other(url_for(".entry", code=found.code))
    return codes.page(found, form, **_words(found))


def _words(found: WaitlistEntry) -> dict[str, Any]:
    link: dict[str, Any] = {"channel": found.channel.value, "needs": found.needs}
    return {
        "here": url_for(".ask", entry=found.code),
        "again": url_for(".send_entry_code_again", entry=found.code),
        "go": _("Put me on the list"),
        "back": url_for(".ask", procedure=found.procedure.slug, **link),
        "steps": 2,
    }


def _entry_page(found: WaitlistEntry, status: int = 200, **context: Any) -> Response:
    page = render_template("booking/entry.html", entry=found, procedure=found.procedure, **context)
    return make_response(page, status)


def _same_again(look: Asked, phone: str) -> WaitlistEntry | None:
    """This browser has just asked the same: the button was pressed twice."""
    found = queries.entry_of_claim(str(session.get("entry", "")))
    asked = (phone, look.procedure.id, look.channel, look.needs)
    if found is None or found.state is not WaitlistState.UNCONFIRMED:
        return None
    known = (found.phone, found.procedure_id, found.channel.value, found.needs)
    return found if known == asked else None


def _own_entry(code: str) -> WaitlistEntry:
    """A wish of this very browser, which alone may confirm it."""
    if not code or session.get("entry") != code:
        raise VisitMissing
    return queries.entry_or_404(code)


def _confirmed_entry(code: str) -> WaitlistEntry:
    """One whose telephone was shown; any other does not exist."""
    found = queries.entry_or_404(code)
    if found.state is WaitlistState.UNCONFIRMED:
        raise VisitMissing
    return found
