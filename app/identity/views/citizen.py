"""How citizens get in to their own visits: a passkey, or a code sent to their telephone."""

from typing import Any

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask import session as browser
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from app.accounts import queries as accounts
from app.accounts import services as people
from app.accounts.errors import InvitationOver
from app.accounts.models import Invitation, Role
from app.core.db import new_code, transaction
from app.core.events import publish
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import asked_slug
from app.core.limits import sends_codes
from app.core.security import everyone, reads_codes, uses_passkeys
from app.identity import services, session, telephone
from app.identity.devices import device_in_words
from app.identity.events import SignedOut
from app.identity.forms import ConfirmForm, PhoneForm
from app.identity.models import SessionKind
from app.identity.session import current_citizen, requires
from app.identity.views import ceremony
from app.identity.views.ceremony import safe
from app.identity.views.doors import me_bp
from app.towns import queries as towns
from app.ui.forms import CodeForm

DOOR = "citizen"


@me_bp.route("/me/sign-in", methods=["GET", "POST"])
@everyone
@sends_codes
@uses_passkeys
def sign_in() -> Response | AnyResponse:
    """The number; the code comes next. Known and unknown numbers get the same answer."""
    town = towns.current_town_or_404()
    goes_to = _next()
    if session.citizen() and request.method == "GET" and not request.args.get("again"):
        return redirect(goes_to, 303)
    form = PhoneForm(countries=town.phone_countries, landlines=services.can_call())
    if not form.validate_on_submit():
        return page_or_fragment(
            "identity/me_sign_in.html",
            "identity/_phone_form.html",
            status=422 if form.errors else 200,
            form=form,
            goes_to=goes_to,
            here=url_for(".sign_in", next=goes_to),
        )
    _send_code(form.number, f"me:{new_code()}")
    return see_other(url_for(".code", next=goes_to))


@me_bp.route("/me/sign-in/code", methods=["GET", "POST"])
@everyone
@sends_codes
@reads_codes
def code() -> Response | AnyResponse:
    """The six digits, and they are in."""
    towns.current_town_or_404()
    phone, purpose = _asked()
    if not phone:
        return see_other(url_for(".sign_in", next=_next()))
    form = CodeForm()
    if form.validate_on_submit() and _is_right(phone, purpose, form):
        with transaction():
            session.begin(people.confirm_citizen(phone, asked_slug()), "phone")
        browser.pop("me", None)
        return see_other(_next())
    return _code_page(form, phone, purpose, ".code")


@me_bp.post("/me/sign-in/code/again")
@everyone
@sends_codes
def code_again() -> Response:
    """Another message, or a call; the code of the first one stays good."""
    phone, purpose = _asked()
    if not phone:
        return see_other(url_for(".sign_in", next=_next()))
    with transaction():
        again = telephone.send_again(phone, purpose)
    door = ".phone_code" if purpose.startswith("phone:") else ".code"
    return see_other(url_for(door, next=_next(), again=again))


@me_bp.post("/me/sign-in/options")
@everyone
@ceremony.ceremony("citizen sign-in")
def sign_in_options() -> dict[str, Any]:
    with transaction():
        return ceremony.begin(services.begin_sign_in(ceremony.rp_id(), DOOR))


@me_bp.post("/me/sign-in/finish")
@everyone
@sends_codes
@ceremony.ceremony("citizen sign-in")
def sign_in_finish() -> dict[str, str]:
    answer = ceremony.credential()
    challenge = ceremony.challenge(answer, f"sign-in:{DOOR}")
    with transaction():
        passkey = services.finish_sign_in(
            challenge, answer, ceremony.rp_id(), ceremony.origin(), is_staff=False
        )
        session.begin(passkey.account, passkey=passkey)
    return {"next": _next()}


@me_bp.post("/me/sign-out")
@everyone
def sign_out() -> Response:
    account = session.citizen()
    with transaction():
        session.end(SessionKind.CITIZEN)
        if account:
            publish(SignedOut(town_id=account.town_id, account_id=account.id))
    return see_other(url_for("portal.home"))


@me_bp.get("/me/recover/<token>")
@everyone
@uses_passkeys
def recover(token: str) -> str:
    """A link given after somebody of the town hall checked who they are."""
    towns.current_town_or_404()
    _invitation(token)
    return render_template("identity/me_recover.html", token=token)


@me_bp.post("/me/recover/<token>/options")
@everyone
@ceremony.ceremony("citizen recovery")
def recover_options(token: str) -> dict[str, Any]:
    with transaction():
        account = _invitation(token).account
        begun = services.begin_enrolment(account, ceremony.rp_id(), g.town.name, is_recovery=True)
    return ceremony.begin(begun)


@me_bp.post("/me/recover/<token>/finish")
@everyone
@sends_codes
@ceremony.ceremony("citizen recovery")
def recover_finish(token: str) -> dict[str, str]:
    answer = ceremony.credential()
    challenge = ceremony.challenge(answer, f"enrol:{_invitation(token).account_id}")
    with transaction():
        invitation = _invitation(token)
        passkey = services.finish_enrolment(
            invitation.account,
            challenge,
            answer,
            ceremony.rp_id(),
            ceremony.origin(),
            name=device_in_words(request.user_agent.string),
            is_recovery=True,
        )
        services.accept_invitation(invitation, passkey)
        session.begin(passkey.account, passkey=passkey)
    return {"next": url_for(".passkeys")}


@me_bp.route("/me/phone", methods=["GET", "POST"])
@requires(Role.CITIZEN)
@sends_codes
def phone() -> Response:
    """Another number, for whoever is known by a passkey. Without one, the number is the person."""
    form = PhoneForm(countries=g.town.phone_countries, landlines=services.can_call())
    if _holds_a_passkey() and form.validate_on_submit():
        _send_code(form.number, f"phone:{current_citizen.id}:{new_code()}")
        return see_other(url_for(".phone_code"))
    return page_or_fragment(
        "identity/me_phone.html",
        "identity/_phone_form.html",
        status=422 if form.errors else 200,
        form=form,
        here=url_for(".phone"),
        can_change=_holds_a_passkey(),
    )


@me_bp.route("/me/phone/code", methods=["GET", "POST"])
@requires(Role.CITIZEN)
@sends_codes
@reads_codes
def phone_code() -> Response:
    """The code of the new number makes it theirs. The old one is told."""
    number, purpose = _asked()
    if not purpose.startswith(f"phone:{current_citizen.id}:") or not _holds_a_passkey():
        return see_other(url_for(".phone"))
    form = CodeForm()
    if form.validate_on_submit() and _is_right(number, purpose, form):
        with transaction():
            services.change_phone(current_citizen, number)
        browser.pop("me", None)
        flash(_("Your number is changed. Messages go to the new one from now on."))
        return see_other(url_for("portal.me"))
    return _code_page(form, number, purpose, ".phone_code")


@me_bp.route("/me/not-mine", methods=["GET", "POST"])
@requires(Role.CITIZEN)
def not_mine() -> Response:
    """The number was somebody else's before: what is theirs is theirs, and not shown again."""
    found = session.session_of(SessionKind.CITIZEN)
    if not current_citizen.phone or found is None or found.method != "phone":
        return see_other(url_for("portal.me"))
    form = ConfirmForm()
    if not form.validate_on_submit():
        return Response(render_template("identity/me_not_mine.html"))
    with transaction():
        session.begin(people.start_afresh(current_citizen), "phone")
    flash(_("Done. This number now begins with you."))
    return see_other(url_for("portal.me"))


def _holds_a_passkey() -> bool:
    found = session.session_of(SessionKind.CITIZEN)
    return found is not None and found.method == "passkey"


def _next() -> str:
    return safe(request.args.get("next"), url_for("portal.me"))


def _asked() -> tuple[str, str]:
    """The number and the purpose for which this browser asked for a code."""
    asked = browser.get("me") or ("", "")
    return str(asked[0]), str(asked[1])


def _send_code(number: str, purpose: str) -> None:
    with transaction():
        telephone.send(number, purpose)
    browser["me"] = (number, purpose)


def _is_right(number: str, purpose: str, form: CodeForm) -> bool:
    with transaction():
        problem = telephone.problem_with(number, purpose, form.code.data or "")
    if problem:
        form.code.errors = [problem]
    return problem is None


def _code_page(form: CodeForm, number: str, purpose: str, door: str) -> Response:
    return page_or_fragment(
        "identity/me_code.html",
        "identity/_me_code_form.html",
        status=422 if form.errors else 200,
        form=form,
        phone=number,
        ways=telephone.ways(number, purpose),
        here=url_for(door, next=_next()),
        again=url_for(".code_again", next=_next()),
        back=url_for(".sign_in" if door == ".code" else ".phone", next=_next()),
    )


def _invitation(token: str) -> Invitation:
    """Of a citizen: a link of the staff opens nothing here."""
    found = accounts.open_invitation(token)
    if found.account.is_staff:
        raise InvitationOver
    return found
