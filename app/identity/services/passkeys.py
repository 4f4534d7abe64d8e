"""Passkeys, of the staff and of citizens. What WebAuthn leaves to the site is done here.

The library does not refuse a ceremony made inside another site's frame, nor one without user
verification unless told to; both are refused (WebAuthn level 3, §7.1 and §7.2).
"""

import json
import secrets
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import encode_cbor, options_to_json_dict
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
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
from app.identity.errors import LastPasskey, PasskeyRefused, TooManyPasskeys
from app.identity.events import PasskeyEnrolled, PasskeyRemoved, PasskeyRenamed
from app.identity.models import Challenge, OpenSession, Passkey, PhoneCode
from app.identity.services.sessions import close_sessions, close_sessions_of_passkey
from app.towns import services as towns

log = structlog.get_logger()

CHALLENGE_LIFE = timedelta(minutes=5)
PASSKEYS_PER_PERSON = 10
LONGEST_CREDENTIAL_ID = 1023  # WebAuthn level 3, §4
NAME_LENGTH = 40


def begin_enrolment(
    account: Account, rp_id: str, rp_name: str, *, is_recovery: bool = False
) -> tuple[str, dict[str, Any]]:
    """The challenge's name, to be kept in the session, and the options for the browser.

    A recovery replaces what there was, so no device is left out of it.
    """
    existing = () if is_recovery else queries.passkeys_of(account.id)
    if len(existing) >= PASSKEYS_PER_PERSON:
        raise TooManyPasskeys
    handle = existing[0].user_handle if existing else secrets.token_bytes(64)
    challenge = _new_challenge(f"enrol:{account.id}", handle)
    options = generate_registration_options(
        rp_id=rp_id,
        rp_name=rp_name,
        user_id=handle,
        user_name=_known_as(account, rp_name),
        user_display_name=_known_as(account, rp_name),
        challenge=challenge.value,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_named(existing),
    )
    return challenge.code, options_to_json_dict(options)


def finish_enrolment(
    account: Account,
    challenge: Challenge,
    credential: dict[str, Any],
    rp_id: str,
    origin: str,
    *,
    name: str = "",
    is_recovery: bool = False,
) -> Passkey:
    """Keep the new passkey of that person."""
    towns.take_turns()
    _refuse_late(challenge)
    _refuse_frames(credential)
    if not is_recovery and len(queries.passkeys_of(account.id)) >= PASSKEYS_PER_PERSON:
        raise TooManyPasskeys
    try:
        checked = verify_registration_response(
            credential=credential,
            expected_challenge=challenge.value,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )
    except Exception as error:  # whatever it trips over in what a stranger sent is a refusal
        log.warning("enrolment refused", reason=str(error)[:200], kind=type(error).__name__)
        raise PasskeyRefused(_why(error), account.id) from error
    if len(checked.credential_id) > LONGEST_CREDENTIAL_ID:
        raise PasskeyRefused("credential id too long", account.id)
    if queries.is_known_anywhere(checked.credential_id):
        raise PasskeyRefused("credential id of somebody else", account.id)
    passkey = Passkey(
        account_id=account.id,
        name=name[:NAME_LENGTH],
        credential_id=checked.credential_id,
        user_handle=challenge.user_handle,
        public_key=checked.credential_public_key,
        sign_count=checked.sign_count,
        is_backup_eligible=checked.credential_device_type.value == "multi_device",
        is_backed_up=checked.credential_backed_up,
        transports=_transports(credential),
        aaguid=checked.aaguid,
    )
    passkey.account = account
    db.session.add(passkey)
    db.session.flush()
    publish(PasskeyEnrolled(town_id=account.town_id, account_id=account.id, passkey_id=passkey.id))
    return passkey


def accept_invitation(invitation: Invitation, passkey: Passkey) -> None:
    """The link has let somebody in, once. A recovery leaves them this passkey and no other."""
    invitation.used_at = clock.now()
    if not invitation.is_recovery:
        return
    close_sessions(passkey.account_id, "recovery")
    for old in queries.passkeys_of(passkey.account_id):
        if old.id != passkey.id:
            _forget(old)


def begin_sign_in(rp_id: str, door: str) -> tuple[str, dict[str, Any]]:
    """Options that name nobody: whoever holds a passkey of this town may answer at that door."""
    return _begin(rp_id, f"sign-in:{door}", ())


def finish_sign_in(
    challenge: Challenge, credential: dict[str, Any], rp_id: str, origin: str, *, is_staff: bool
) -> Passkey:
    """The passkey that answered, of somebody whom this door is for."""
    passkey = _answered(challenge, credential, rp_id, origin)
    if passkey.account.is_staff is not is_staff:
        raise PasskeyRefused("another door", passkey.account_id)
    return passkey


def begin_confirmation(account: Account, rp_id: str) -> tuple[str, dict[str, Any]]:
    """Options for somebody who is signed in to show it once more, with a passkey of theirs."""
    return _begin(rp_id, f"confirm:{account.id}", queries.passkeys_of(account.id))


def finish_confirmation(
    account: Account, challenge: Challenge, credential: dict[str, Any], rp_id: str, origin: str
) -> Passkey:
    passkey = _answered(challenge, credential, rp_id, origin)
    if passkey.account_id != account.id:
        raise PasskeyRefused("somebody else", passkey.account_id)
    return passkey


def rename(passkey: Passkey, name: str) -> None:
    if passkey.name == name[:NAME_LENGTH]:
        return
    passkey.name = name[:NAME_LENGTH]
    publish(
        PasskeyRenamed(
            town_id=passkey.town_id, account_id=passkey.account_id, passkey_id=passkey.id
        )
    )


def remove(passkey: Passkey) -> None:
    """Forget it, and close what it had opened. The staff keep one: they have no other way in."""
    towns.take_turns()
    is_last = len(queries.passkeys_of(passkey.account_id)) <= 1
    if is_last and passkey.account.is_staff:
        raise LastPasskey
    _forget(passkey)


def forget_challenges() -> None:
    """Those that nobody answered in time, and codes that count for no limit any more."""
    db.session.execute(sa.delete(Challenge).where(Challenge.expires_at < clock.now()))
    old = clock.now() - timedelta(days=1)
    db.session.execute(sa.delete(PhoneCode).where(PhoneCode.sent_at < old))


def take_challenge(codes: Sequence[str], purpose: str, value: bytes) -> Challenge:
    """Each challenge answers once, also wrongly: the caller commits before it verifies.

    `codes`: the challenges that this browser was given, so that nobody answers another's.
    """
    challenge: Challenge | None = first_or_none(
        sa.select(Challenge).where(
            Challenge.code.in_(codes), Challenge.purpose == purpose, Challenge.value == value
        )
    )
    if challenge is None:
        raise PasskeyRefused("no challenge")
    db.session.delete(challenge)
    return challenge


def _begin(rp_id: str, purpose: str, keys: Sequence[Passkey]) -> tuple[str, dict[str, Any]]:
    challenge = _new_challenge(purpose, None)
    options = generate_authentication_options(
        rp_id=rp_id,
        challenge=challenge.value,
        allow_credentials=_named(keys),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return challenge.code, options_to_json_dict(options)


def _answered(challenge: Challenge, credential: dict[str, Any], rp_id: str, origin: str) -> Passkey:
    """The passkey that signed this, its use noted. Whoever is unknown costs the same work."""
    _refuse_late(challenge)
    _refuse_frames(credential)
    raw_id, handle = _named_by(credential)
    passkey = queries.passkey(raw_id)
    owner = passkey.account_id if passkey else None
    checked = _checked(challenge, credential, rp_id, origin, passkey)
    if passkey is None:
        raise PasskeyRefused("unknown")
    if checked is None:
        raise PasskeyRefused("does not fit", owner)
    if not passkey.account.is_active:
        raise PasskeyRefused("no longer here", owner)
    if handle != passkey.user_handle:
        raise PasskeyRefused("another owner", owner)
    if (checked.credential_device_type.value == "multi_device") != passkey.is_backup_eligible:
        raise PasskeyRefused("backup eligibility changed", owner)
    towns.take_turns()
    passkey.sign_count = checked.new_sign_count
    passkey.is_backed_up = checked.credential_backed_up
    passkey.last_used_at = passkey.account.last_seen_at = clock.now()
    return passkey


def _checked(
    challenge: Challenge,
    credential: dict[str, Any],
    rp_id: str,
    origin: str,
    passkey: Passkey | None,
) -> VerifiedAuthentication | None:
    try:
        return verify_authentication_response(
            credential=credential,
            expected_challenge=challenge.value,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=passkey.public_key if passkey else _nobodys_key(),
            credential_current_sign_count=passkey.sign_count if passkey else 0,
            require_user_verification=True,
        )
    except Exception as error:  # whatever it trips over in what a stranger sent is a refusal
        log.warning("passkey refused", reason=str(error)[:200], kind=type(error).__name__)
        return None


@cache
def _nobodys_key() -> bytes:
    """A public key whose private half was never kept."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
    return encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})


def _named_by(credential: dict[str, Any]) -> tuple[bytes, bytes]:
    """Which credential, and whose, the answer says that it is. Both must be said."""
    try:
        return (
            base64url_to_bytes(str(credential["rawId"])),
            base64url_to_bytes(str(credential["response"]["userHandle"] or "")),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PasskeyRefused from error


def _forget(passkey: Passkey) -> None:
    close_sessions_of_passkey(passkey)
    db.session.execute(
        sa.update(OpenSession)
        .where(OpenSession.passkey_id == passkey.id)
        .values(passkey_id=None)
        .execution_options(synchronize_session="fetch")
    )
    db.session.delete(passkey)
    db.session.flush()
    publish(
        PasskeyRemoved(
            town_id=passkey.town_id, account_id=passkey.account_id, passkey_id=passkey.id
        )
    )


def _known_as(account: Account, rp_name: str) -> str:
    """What the device shows beside the passkey: a name, else the end of the number."""
    if account.name:
        return account.name
    return f"{rp_name} ···{account.phone[-3:]}" if account.phone else rp_name


def _named(keys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=key.credential_id,
            transports=[AuthenticatorTransport(name) for name in key.transports],
        )
        for key in keys
    ]


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


def _refuse_late(challenge: Challenge) -> None:
    if challenge.expires_at <= clock.now():
        raise PasskeyRefused("late")


def client_data(credential: dict[str, Any]) -> dict[str, Any]:
    """What the browser says of the ceremony."""
    try:
        client = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise PasskeyRefused from error
    if not isinstance(client, dict):
        raise PasskeyRefused
    return client


def _refuse_frames(credential: dict[str, Any]) -> None:
    client = client_data(credential)
    if client.get("crossOrigin") or "topOrigin" in client:
        raise PasskeyRefused("in another site's frame")


def _transports(credential: dict[str, Any]) -> list[str]:
    named = credential.get("response", {}).get("transports", [])
    known = {transport.value for transport in AuthenticatorTransport}
    return [name for name in named if name in known] if isinstance(named, list) else []


def _why(error: Exception) -> str:
    return "does not fit" if type(error).__module__.startswith("webauthn") else "nonsense"
