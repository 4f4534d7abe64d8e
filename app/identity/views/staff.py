"""How the staff get in: a passkey, enrolled once through an invitation. No passwords anywhere."""

from typing import Any

from flask import Response, g, render_template, request, url_for

from app.accounts import queries as accounts
from app.accounts.errors import InvitationOver
from app.accounts.models import Account, Invitation, Power
from app.core.db import transaction
from app.core.events import publish
from app.core.htmx import see_other
from app.core.limits import sends_codes
from app.core.security import everyone, uses_passkeys
from app.identity import services, session
from app.identity.devices import device_in_words
from app.identity.events import SignedOut
from app.identity.models import SessionKind
from app.identity.views import ceremony
from app.identity.views.ceremony import safe
from app.identity.views.doors import bp
from app.towns import queries as towns

HOME = "/desk/"
OFFICE = "/office/"
DOOR = "staff"


@bp.get("/sign-in")
@everyone
@uses_passkeys
def sign_in() -> str:
    towns.current_town_or_404()
    goes_to = safe(request.args.get("next"), HOME)
    return render_template("identity/sign_in.html", goes_to=goes_to)


@bp.post("/sign-in/options")
@everyone
@ceremony.ceremony("staff sign-in")
def sign_in_options() -> dict[str, Any]:
    with transaction():
        return ceremony.begin(services.begin_sign_in(ceremony.rp_id(), DOOR))


@bp.post("/sign-in/finish")
@everyone
@sends_codes
@ceremony.ceremony("staff sign-in")
def sign_in_finish() -> dict[str, str]:
    answer = ceremony.credential()
    challenge = ceremony.challenge(answer, f"sign-in:{DOOR}")
    with transaction():
        passkey = services.finish_sign_in(
            challenge, answer, ceremony.rp_id(), ceremony.origin(), is_staff=True
        )
        session.begin(passkey.account, passkey=passkey)
    return {"next": _place_for(passkey.account, request.args.get("next"))}


@bp.post("/sign-out")
@everyone
def sign_out() -> Response:
    account = session.signed_in()
    with transaction():
        session.end(SessionKind.STAFF)
        if account:
            publish(SignedOut(town_id=account.town_id, account_id=account.id))
    return see_other(url_for("identity.sign_in"))


@bp.get("/enrol/<token>")
@everyone
@uses_passkeys
def enrol(token: str) -> str:
    towns.current_town_or_404()
    invitation = _invitation(token)
    g.lang = invitation.account.locale
    return render_template("identity/enrol.html", invitation=invitation, token=token)


@bp.post("/enrol/<token>/options")
@everyone
@ceremony.ceremony("staff enrolment")
def enrol_options(token: str) -> dict[str, Any]:
    with transaction():
        invitation = _invitation(token)
        begun = services.begin_enrolment(
            invitation.account,
            ceremony.rp_id(),
            g.town.name,
            is_recovery=invitation.is_recovery,
        )
    return ceremony.begin(begun)


@bp.post("/enrol/<token>/finish")
@everyone
@sends_codes
@ceremony.ceremony("staff enrolment")
def enrol_finish(token: str) -> dict[str, str]:
    answer = ceremony.credential()
    account_id = _invitation(token).account_id
    challenge = ceremony.challenge(answer, f"enrol:{account_id}")
    with transaction():
        invitation = _invitation(token)
        passkey = services.finish_enrolment(
            invitation.account,
            challenge,
            answer,
            ceremony.rp_id(),
            ceremony.origin(),
            name=device_in_words(request.user_agent.string),
            is_recovery=invitation.is_recovery,
        )
        services.accept_invitation(invitation, passkey)
        session.begin(passkey.account, passkey=passkey)
    return {"next": _place_for(passkey.account, None)}


def _place_for(person: Account, target: str | None) -> str:
    """Where they wanted to go; who attends nobody has no desk and begins in the back office."""
    place = safe(target, HOME)
    return OFFICE if place.startswith(HOME) and not person.may(Power.ATTEND) else place


def _invitation(token: str) -> Invitation:
    """Of somebody of the staff: a citizen's link opens nothing here."""
    found = accounts.open_invitation(token)
    if not found.account.is_staff:
        raise InvitationOver
    return found
