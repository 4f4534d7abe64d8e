"""For whoever looks after the data: terms, requests with their month, what is blocked, holds."""

from typing import Any

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request
from flask import url_for as url
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts import queries as accounts
from app.accounts.models import Account, Power, who_may
from app.core import clock
from app.core.db import transaction
from app.core.htmx import see_other
from app.identity.session import current_account, requires
from app.privacy import queries, services, sheet
from app.privacy.errors import AlreadyDestroyed
from app.privacy.forms import ConfirmForm, HoldForm, ReasonForm, ReceiveForm, days_sent
from app.privacy.models import BlockReason, HoldReason, RequestKind, RequestState
from app.privacy.terms import TERMS

bp = Blueprint("keeper", __name__, url_prefix="/office", template_folder="templates")

KEEPERS = who_may(Power.KEEP_DATA)


@bp.route("/retention", methods=["GET", "POST"])
@requires(*KEEPERS)
def retention() -> Response:
    """For how long each kind is kept; and what the nights have ended."""
    form = ConfirmForm()
    days: dict[Any, Any] = dict(queries.terms())
    errors: dict[Any, Any] = {}
    if form.validate_on_submit():
        sent, errors = days_sent(request.form)
        if not errors:
            with transaction():
                for kind, number in sent.items():
                    services.change_term(kind, number)
            flash(_("The terms are saved."))
            return see_other(url(".retention"))
        days = {kind: request.form.get(kind.value, "")[:10] for kind in TERMS}
    page = render_template(
        "privacy/retention.html",
        form=form,
        terms=TERMS,
        days=days,
        errors=errors,
        runs=queries.last_runs(),
    )
    return make_response(page, 422 if errors else 200)


@bp.get("/retention/sheet")
@requires(*KEEPERS)
def data_sheet() -> str:
    """The facts for an assessment of impact, as this installation is now."""
    terms = [
        (label, ngettext("%(num)s day", "%(num)s days", days))
        for label, days in queries.terms_in_words()
    ]
    return render_template("privacy/sheet.html", sheet=sheet.sheet_of(g.town), terms=terms)


@bp.route("/requests", methods=["GET", "POST"])
@requires(*KEEPERS)
def requests() -> Response:
    """The most urgent first; one that came on paper is written down here."""
    form = ReceiveForm(countries=g.town.phone_countries)
    if form.validate_on_submit():
        with transaction():
            received = services.receive(
                RequestKind(form.kind.data), accounts.citizen_of(form.number), g.town
            )
        return see_other(url(".asked", code=received.code))
    return _requests_page(form, 422 if form.errors else 200)


@bp.get("/requests/<code>")
@requires(*KEEPERS)
def asked(code: str) -> Response:
    return _asked_page(code)


@bp.post("/requests/<code>/answer")
@requires(*KEEPERS)
def answer(code: str) -> Response:
    """Done or refused. An erasure that is done blocks first."""
    found = queries.request_or_404(code)
    state = request.form.get("state", "")
    if state not in (RequestState.DONE.value, RequestState.REFUSED.value):
        abort(400)
    with transaction():
        is_erasure = found.is_open and found.kind is RequestKind.ERASURE
        account = accounts.account(found.account_id) if found.account_id else None
        services.answer(found, RequestState(state), current_account)
        if is_erasure and state == RequestState.DONE.value and account:
            services.block(account, g.town, BlockReason.ASKED)
    flash(_("The answer is written down."))
    return see_other(url(".asked", code=code))


@bp.get("/blocked/<code>")
@requires(*KEEPERS)
def blocked(code: str) -> Response:
    return _blocked_page(code, ReasonForm())


@bp.post("/blocked/<code>/see")
@requires(*KEEPERS)
def see(code: str) -> Response:
    """The data itself, for a judge, a prosecutor, an authority. The record keeps why."""
    found = queries.blocking_or_404(code)
    form = ReasonForm()
    if not form.validate_on_submit():
        return _blocked_page(code, form, 422)
    with transaction():
        held = services.look_at_blocked(
            found, HoldReason(form.reason.data), form.reference.data or ""
        )
        page = render_template("privacy/seen.html", blocked=found, held=held, form=form)
    return make_response(page)


@bp.post("/blocked/<code>/hold")
@requires(*KEEPERS)
def hold_blocked(code: str) -> Response:
    """It stays blocked and is not destroyed, whatever its day."""
    found = queries.blocking_or_404(code)
    form = ReasonForm()
    if not form.validate_on_submit():
        return _blocked_page(code, form, 422)
    if found.is_destroyed:
        raise AlreadyDestroyed
    with transaction():
        services.place_hold(
            found.person, current_account, HoldReason(form.reason.data), form.reference.data or ""
        )
    flash(_("From now on it is not destroyed."))
    return see_other(url(".blocked", code=code))


@bp.post("/blocked/<code>/destroy")
@requires(*KEEPERS)
def destroy(code: str) -> Response:
    """Before its day, because nothing obliges us to wait: the record says who decided it."""
    found = queries.blocking_or_404(code)
    with transaction():
        services.destroy(found, g.town, is_early=request.form.get("early") == "1")
    flash(_("The data is destroyed."))
    return see_other(url(".blocked", code=code))


@bp.route("/holds", methods=["GET", "POST"])
@requires(*KEEPERS)
def holds() -> Response:
    """Whose data is not destroyed, and who needs it."""
    form = HoldForm(countries=g.town.phone_countries)
    if form.validate_on_submit():
        person = accounts.citizen_of(form.number)
        if person is not None:
            with transaction():
                services.place_hold(
                    person.id,
                    current_account,
                    HoldReason(form.reason.data),
                    form.reference.data or "",
                )
            flash(_("From now on it is not destroyed."))
            return see_other(url(".holds"))
        form.phone.errors = [_("We hold nothing about this number that is not blocked.")]
    page = render_template("privacy/holds.html", form=form, holds=queries.holds(standing=False))
    return make_response(page, 422 if form.errors else 200)


@bp.post("/holds/<code>/lift")
@requires(*KEEPERS)
def lift(code: str) -> Response:
    found = queries.hold_or_404(code)
    with transaction():
        services.lift(found, current_account)
    flash(_("It may be destroyed again when its time is over."))
    return see_other(url(".holds"))


def _requests_page(form: ReceiveForm, status: int) -> Response:
    page = render_template(
        "privacy/requests.html",
        form=form,
        waiting=queries.requests(is_open=True),
        answered=queries.requests(is_open=False, limit=50),
        blockings=queries.blockings(),
        today=clock.today(g.town.time_zone),
    )
    return make_response(page, status)


def _asked_page(code: str) -> Response:
    found = queries.request_or_404(code)
    account: Account | None = found.account
    page = render_template(
        "privacy/asked.html",
        asked=found,
        account=account,
        blocked=queries.blocking_of(found.account_id) if found.account_id else None,
        today=clock.today(g.town.time_zone),
    )
    return make_response(page)


def _blocked_page(code: str, form: ReasonForm, status: int = 200) -> Response:
    found = queries.blocking_or_404(code)
    page = render_template(
        "privacy/blocked.html",
        blocked=found,
        form=form,
        is_on_hold=queries.is_on_hold(found.person),
        is_due=found.until <= clock.today(g.town.time_zone),
    )
    return make_response(page, status)
