"""How the staff get in: a passkey, enrolled once through an invitation. No passwords anywhere."""

from typing import Any

from flask import Blueprint, Response, current_app, g, render_template, request, session, url_for

from app.accounts import queries as accounts
from app.core.db import transaction
from app.core.events import publish
from app.core.htmx import see_other
from app.core.limits import sends_codes
from app.core.security import everyone, json_sent, own_address, uses_passkeys
from app.identity import services
from app.identity.errors import PasskeyRefused
from app.identity.events import SignedOut
from app.identity.session import begin, end, signed_in
from app.towns import queries as towns

bp = Blueprint("identity", __name__, url_prefix="/desk", template_folder="templates")


@bp.get("/sign-in")
@everyone
@uses_passkeys
def sign_in() -> str:
    towns.current_town_or_404()
    return render_template("identity/sign_in.html", goes_to=_safe(request.args.get("next")))


@bp.post("/sign-in/options")
@everyone
def sign_in_options() -> dict[str, Any]:
    towns.current_town_or_404()
    with transaction():
        session["challenge"], options = services.begin_sign_in(_rp_id())
    return options


@bp.post("/sign-in/finish")
@everyone
@sends_codes
def sign_in_finish() -> dict[str, str]:
    towns.current_town_or_404()
    with transaction():
        challenge = services.take_challenge(_challenge(), "sign-in")
    with transaction():
        account = services.finish_sign_in(challenge, _credential(), _rp_id(), _origin())
    begin(account)
    return {"next": _safe(request.args.get("next"))}


@bp.post("/sign-out")
@everyone
def sign_out() -> Response:
    account = signed_in()
    if account:
        with transaction():
            account.session_epoch += 1  # every session of this person ends, copies of it too
            publish(SignedOut(town_id=account.town_id, account_id=account.id))
    end()
    return see_other(url_for("identity.sign_in"))


@bp.get("/enrol/<token>")
@everyone
@uses_passkeys
def enrol(token: str) -> str:
    towns.current_town_or_404()
    invitation = accounts.open_invitation(token)
    g.lang = invitation.account.locale
    return render_template("identity/enrol.html", person=invitation.account, token=token)


@bp.post("/enrol/<token>/options")
@everyone
def enrol_options(token: str) -> dict[str, Any]:
    town = towns.current_town_or_404()
    with transaction():
        account = accounts.open_invitation(token).account
        session["challenge"], options = services.begin_enrolment(account, _rp_id(), town.name)
    return options


@bp.post("/enrol/<token>/finish")
@everyone
@sends_codes
def enrol_finish(token: str) -> dict[str, str]:
    towns.current_town_or_404()
    with transaction():
        invitation = accounts.open_invitation(token)
        challenge = services.take_challenge(_challenge(), f"enrol:{invitation.account_id}")
    with transaction():
        services.finish_enrolment(invitation, challenge, _credential(), _rp_id(), _origin())
    begin(invitation.account)
    return {"next": _safe(None)}


def _rp_id() -> str:
    return request.host.rsplit(":", 1)[0]


def _origin() -> str:
    return f"{current_app.config['PUBLIC_SCHEME']}://{request.host}"


def _challenge() -> str:
    return str(session.pop("challenge", ""))


def _credential() -> dict[str, Any]:
    answer = json_sent()
    if not isinstance(answer, dict):
        raise PasskeyRefused
    return answer


def _safe(target: str | None) -> str:
    """Only pages of the staff: a link from elsewhere must not choose where one lands."""
    return own_address(target, below=("/desk/", "/office/"))
