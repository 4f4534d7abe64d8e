"""Passkeys: the staff's only way in. What WebAuthn leaves to the site is done here.

The library does not refuse a ceremony made inside another site's frame, nor one without user
verification unless told to; both are refused (WebAuthn level 3, §7.1 and §7.2).
"""

import json
import secrets
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.accounts.models import Account, Invitation
from app.core import clock
from app.core.db import db, first_or_none
from app.core.events import publish
from app.identity import queries
from app.identity.errors import PasskeyRefused
from app.identity.events import PasskeyEnrolled, SignedIn
from app.identity.models import Challenge, Passkey, PhoneCode

log = structlog.get_logger()

CHALLENGE_LIFE = timedelta(minutes=5)
PASSKEYS_PER_PERSON = 10


def begin_enrolment(account: Account, rp_id: str, rp_name: str) -> tuple[str, dict[str, Any]]:
    """The challenge's name, to be kept in the session, and the options for the browser."""
    existing = queries.passkeys_of(account.id)
    if len(existing) >= PASSKEYS_PER_PERSON:
        raise PasskeyRefused
    handle = existing[0].user_handle if existing else secrets.token_bytes(64)
    challenge = _new_challenge(f"enrol:{account.id}", handle)
    options = generate_registration_options(
        rp_id=rp_id,
        rp_name=rp_name,
        user_id=handle,
        user_name=account.name,
        user_display_name=account.name,
        challenge=challenge.value,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=key.credential_id) for key in existing
        ],
    )
    return challenge.code, options_to_json_dict(options)


def finish_enrolment(
    invitation: Invitation,
    challenge: Challenge,
    credential: dict[str, Any],
    rp_id: str,
    origin: str,
) -> Passkey:
    """Keep the new passkey and close the invitation that let it in."""
    account = invitation.account
    _refuse_late(challenge)
    _refuse_frames(credential)
    try:
        checked = verify_registration_response(
            credential=credential,
            expected_challenge=challenge.value,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )
    except WebAuthnException as error:
        log.warning("enrolment refused", reason=str(error))
        raise PasskeyRefused from error
    passkey = Passkey(
        account_id=account.id,
        credential_id=checked.credential_id,
        user_handle=challenge.user_handle,
        public_key=checked.credential_public_key,
        sign_count=checked.sign_count,
        is_backup_eligible=checked.credential_device_type.value == "multi_device",
        is_backed_up=checked.credential_backed_up,
        transports=_transports(credential),
        aaguid=checked.aaguid,
    )
    db.session.add(passkey)
    invitation.used_at = clock.now()
    db.session.flush()
    publish(PasskeyEnrolled(town_id=account.town_id, account_id=account.id, passkey_id=passkey.id))
    return passkey


def begin_sign_in(rp_id: str) -> tuple[str, dict[str, Any]]:
    """Options that name nobody: whoever holds a passkey of this town may answer."""
    challenge = _new_challenge("sign-in", None)
    options = generate_authentication_options(
        rp_id=rp_id,
        challenge=challenge.value,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return challenge.code, options_to_json_dict(options)


def finish_sign_in(
    challenge: Challenge, credential: dict[str, Any], rp_id: str, origin: str
) -> Account:
    """The person whose passkey answered."""
    _refuse_late(challenge)
    _refuse_frames(credential)
    passkey = _passkey_that_answered(credential)
    try:
        checked = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge.value,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except WebAuthnException as error:
        log.warning("sign-in refused", reason=str(error))
        raise PasskeyRefused from error
    eligible = checked.credential_device_type.value == "multi_device"
    if eligible != passkey.is_backup_eligible:
        raise PasskeyRefused
    passkey.sign_count = checked.new_sign_count
    passkey.is_backed_up = checked.credential_backed_up
    passkey.last_used_at = passkey.account.last_seen_at = clock.now()
    publish(SignedIn(town_id=passkey.town_id, account_id=passkey.account_id, method="passkey"))
    return passkey.account


def forget_challenges() -> None:
    """Those that nobody answered in time, and codes that count for no limit any more."""
    db.session.execute(sa.delete(Challenge).where(Challenge.expires_at < clock.now()))
    old = clock.now() - timedelta(days=1)
    db.session.execute(sa.delete(PhoneCode).where(PhoneCode.sent_at < old))


def _passkey_that_answered(credential: dict[str, Any]) -> Passkey:
    try:
        raw_id = base64url_to_bytes(str(credential["rawId"]))
        handle = credential["response"].get("userHandle")
        handle_bytes = base64url_to_bytes(handle) if handle else None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PasskeyRefused from error
    passkey = queries.passkey(raw_id)
    if passkey is None or not passkey.account.is_active:
        raise PasskeyRefused
    if handle_bytes is not None and handle_bytes != passkey.user_handle:
        raise PasskeyRefused
    return passkey


def _new_challenge(purpose: str, handle: bytes | None) -> Challenge:
    challenge = Challenge(
        purpose=purpose,
        value=secrets.token_bytes(32),
        user_handle=handle,
        expires_at=clock.now() + CHALLENGE_LIFE,
    )
    db.session.add(challenge)
    db.session.flush()
    return challenge


def take_challenge(code: str, purpose: str) -> Challenge:
    """Each challenge answers once, also wrongly: the caller commits before it verifies."""
    challenge: Challenge | None = first_or_none(
        sa.select(Challenge).where(Challenge.code == code, Challenge.purpose == purpose)
    )
    if challenge is None:
        raise PasskeyRefused
    db.session.delete(challenge)
    return challenge


def _refuse_late(challenge: Challenge) -> None:
    if challenge.expires_at <= clock.now():
        raise PasskeyRefused


def _refuse_frames(credential: dict[str, Any]) -> None:
    try:
        client = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        framed = bool(client.get("crossOrigin")) or "topOrigin" in client
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise PasskeyRefused from error
    if framed:
        raise PasskeyRefused


def _transports(credential: dict[str, Any]) -> list[str]:
    named = credential.get("response", {}).get("transports", [])
    known = {transport.value for transport in AuthenticatorTransport}
    return [name for name in named if name in known] if isinstance(named, list) else []
