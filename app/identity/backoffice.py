"""The people of the town hall: who gets in, new links for lost passkeys, and who no longer does."""

from typing import Any

from flask import Blueprint, Response, flash, g, make_response, render_template, url_for
from flask_babel import gettext as _

from app.accounts import queries as accounts
from app.accounts import services as people
from app.accounts.errors import NotYourself
from app.accounts.models import Account, Role
from app.core.db import transaction
from app.core.htmx import page_or_fragment, see_other
from app.identity import queries, services
from app.identity.errors import MayBeOnePerson
from app.identity.forms import CheckForm, ConfirmForm
from app.identity.session import current_account, requires
from app.towns import queries as towns

bp = Blueprint("access", "app.identity", url_prefix="/office/access")

# Whoever answers for the staff of a town; administrators too, where there are any.
MANAGERS = tuple(role for role in Role if role.value in ("supervisor", "administrator"))
STAFF = tuple(role for role in Role if role.value in ("clerk", "supervisor", "administrator"))


@bp.get("/")
@requires(*MANAGERS)
def everybody() -> str:
    return render_template(
        "identity/people.html",
        people=accounts.everybody_of_the_staff(),
        keys=queries.passkeys_by_account(),
    )


@bp.route("/<code>/link", methods=["GET", "POST"])
@requires(*MANAGERS)
def link(code: str) -> Response:
    """A new one-time link. It is shown once, and what the person had before it ends with it."""
    person = _somebody_else(code)
    has_keys = bool(queries.passkeys_of(person.id))
    form = ConfirmForm()
    if not form.validate_on_submit():
        return _page("people_link", person=person, has_keys=has_keys)
    with transaction():
        reason = f"given by {current_account.code}"
        if has_keys:
            give = people.offer_recovery(person, current_account, reason=reason)
        else:
            give = people.invite(person, current_account)
    address = towns.address_of(g.town, f"/desk/enrol/{give}")
    return _page("people_link", person=person, has_keys=has_keys, address=address)


@bp.route("/<code>/deactivate", methods=["GET", "POST"])
@requires(*MANAGERS)
def deactivate(code: str) -> Response:
    person = _somebody_else(code)
    form = ConfirmForm()
    if not form.validate_on_submit():
        return _page("people_deactivate", person=person)
    with transaction():
        people.deactivate(person)
    flash(_("%(name)s no longer gets in. Every session of theirs is closed.", name=person.name))
    return see_other(url_for(".everybody"))


@bp.post("/<code>/reactivate")
@requires(*MANAGERS)
def reactivate(code: str) -> Response:
    person = _somebody_else(code)
    with transaction():
        people.reactivate(person)
    flash(_("%(name)s gets in again with their passkey.", name=person.name))
    return see_other(url_for(".everybody"))


@bp.route("/citizens/recover", methods=["GET", "POST"])
@requires(*STAFF)
def recover_citizen() -> Response:
    """A citizen lost their passkeys: one of the staff has seen who they are, another confirms."""
    form = CheckForm(countries=g.town.phone_countries, landlines=services.can_call())
    is_alone = not services.colleagues_of(current_account)
    if not form.validate_on_submit():
        return page_or_fragment(
            "identity/people_recover.html",
            "identity/_recover_form.html",
            status=422 if form.errors else 200,
            form=form,
            waiting=queries.recoveries(),
            is_alone=is_alone,
            why_not=MayBeOnePerson.message,
            may_be_one_person=services.may_be_one_person,
        )
    with transaction():
        services.ask_recovery(form.number, seen=str(form.seen.data), by=current_account)
    if is_alone:
        flash(_("If this number has an account with passkeys, a link is on its way to it."))
    else:
        flash(_("If this number has an account with passkeys, a colleague is asked to confirm it."))
    return see_other(url_for(".recover_citizen"))


@bp.post("/citizens/recover/<code>/confirm")
@requires(*STAFF)
def confirm_recovery(code: str) -> Response:
    with transaction():
        services.grant_recovery(code, current_account)
    flash(_("The link is on its way to the citizen's own number."))
    return see_other(url_for(".recover_citizen"))


@bp.post("/citizens/recover/<code>/decline")
@requires(*STAFF)
def decline_recovery(code: str) -> Response:
    with transaction():
        services.decline_recovery(code)
    flash(_("Nothing was sent. The passkeys they had go on."))
    return see_other(url_for(".recover_citizen"))


def _somebody_else(code: str) -> Account:
    person = accounts.staff_or_404(code)
    if person.id == current_account.id:
        raise NotYourself
    return person


def _page(name: str, **words: Any) -> Response:
    return make_response(render_template(f"identity/{name}.html", **words))
