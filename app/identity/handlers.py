"""What identity does when people change, and what it tells them of their passkeys."""

from flask_babel import lazy_gettext as _l

from app.accounts import queries as accounts
from app.accounts.events import RecoveryOffered, StaffDeactivated
from app.core import clock
from app.core.db import db
from app.core.events import on
from app.core.i18n import speaking
from app.identity import services
from app.identity.events import PasskeyEnrolled, PasskeyRemoved, PasskeyRenamed
from app.messaging import services as messaging
from app.towns.models import Town

NOTICES = {
    PasskeyEnrolled: _l(
        "A passkey was added to your account at %(town)s. Was it not you? Call %(phone)s"
    ),
    PasskeyRenamed: _l(
        "A passkey of your account at %(town)s has a new name. Was it not you? Call %(phone)s"
    ),
    PasskeyRemoved: _l(
        "A passkey of your account at %(town)s was removed. Was it not you? Call %(phone)s"
    ),
}


@on(StaffDeactivated)
def close_their_sessions(event: StaffDeactivated) -> None:
    services.close_sessions(event.account_id, "deactivated")


@on(RecoveryOffered)
def close_what_a_thief_may_hold(event: RecoveryOffered) -> None:
    services.close_sessions(event.account_id, "recovery")


@on(PasskeyEnrolled)
def tell_that_one_was_added(event: PasskeyEnrolled) -> None:
    _tell_the_owner(event)


@on(PasskeyRenamed)
def tell_that_one_was_renamed(event: PasskeyRenamed) -> None:
    _tell_the_owner(event)


@on(PasskeyRemoved)
def tell_that_one_was_removed(event: PasskeyRemoved) -> None:
    _tell_the_owner(event)


def _tell_the_owner(event: PasskeyEnrolled | PasskeyRenamed | PasskeyRemoved) -> None:
    """By SMS to whoever has a number here. Staff without one read it when they next come in."""
    account = accounts.account(event.account_id)
    if account is None or not account.phone:
        return
    town = db.session.get_one(Town, event.town_id)
    with speaking(account.locale):
        text = str(NOTICES[type(event)]) % {"town": town.name, "phone": town.phone}
    moment = clock.now().strftime("%Y%m%d%H%M%S%f")
    messaging.send_later(
        account.phone,
        text,
        key=f"passkey:{event.passkey_id}:{type(event).__name__}:{moment}",
        locale=account.locale,
    )
