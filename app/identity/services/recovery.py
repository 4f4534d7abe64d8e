"""Getting back in after every passkey was lost: two people of the town hall check who it is.

Recovery asks for as much as the first passkey did (OWASP ASVS 5.0, 6.4.4): the telephone does not
pass the check, the check does not reach another telephone, and nobody of the staff is enough alone.
"""

from datetime import timedelta

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from app.accounts import queries as accounts
from app.accounts import services as people
from app.accounts.models import Account
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.core.i18n import speaking
from app.identity import queries
from app.identity.errors import MayBeOnePerson, RecoveryGone, SomebodyElse
from app.identity.events import RecoveryAsked, RecoveryDeclined
from app.identity.models import RecoveryCheck
from app.messaging import services as messaging
from app.towns import queries as towns
from app.towns import services as turns
from app.towns.models import Town
from app.towns.tenant import current_town_id

LATELY = timedelta(days=7)  # by then somebody misses the passkeys that they had


def ask_recovery(phone: str, *, seen: str, by: Account) -> None:
    """Somebody of the staff has seen whose number this is: another has to confirm it.

    Where nobody else of the town hall can get in, the one check has to do, and the link leaves.
    Asked again for the same person, it begins again. An unknown number changes nothing.
    """
    turns.take_turns()  # two who ask or answer at once find out one after the other
    citizen = accounts.citizen_of(phone)
    if citizen is None or not queries.passkeys_of(citizen.id):
        return
    _forget(citizen)
    publish(RecoveryAsked(town_id=citizen.town_id, account_id=citizen.id, seen=seen))
    if not colleagues_of(by):
        _send_link(citizen, seen)
        return
    life = timedelta(hours=float(current_app.config["RECOVERY_CHECK_HOURS"]))
    db.session.add(
        RecoveryCheck(
            account_id=citizen.id, seen=seen, asked_by_id=by.id, ends_at=clock.now() + life
        )
    )


def grant_recovery(code: str, by: Account) -> None:
    """A second person confirms: the one-time link goes to the citizen's own number.

    Raises SomebodyElse for whoever asked, and MayBeOnePerson where one of both, or a third, gave
    the link with which the other got in lately: it could have been used by who gave it.
    """
    found = _waiting(code)
    if found.asked_by_id == by.id:
        raise SomebodyElse
    if may_be_one_person(found, by):
        raise MayBeOnePerson
    db.session.delete(found)
    _send_link(found.account, f"{found.seen}, seen by account:{found.asked_by_id}")


def may_be_one_person(check: RecoveryCheck, by: Account) -> bool:
    """Whether somebody could have got in lately both as who asked and as this one."""
    since = clock.now() - LATELY
    return bool(accounts.let_in_by(by.id, since) & accounts.let_in_by(check.asked_by_id, since))


def decline_recovery(code: str) -> None:
    """Not confirmed, or taken back. What the citizen has goes on as it was."""
    found = _waiting(code)
    db.session.delete(found)
    publish(
        RecoveryDeclined(
            town_id=found.town_id, account_id=found.account_id, asked_by_id=found.asked_by_id
        )
    )


def colleagues_of(person: Account) -> list[Account]:
    """Who else of the town hall could confirm: those who get in."""
    keys = queries.passkeys_by_account()
    everybody = accounts.everybody_of_the_staff()
    return [one for one in everybody if one.is_active and one.id != person.id and one.id in keys]


def forget_recoveries() -> None:
    """Those that nobody confirmed in time."""
    db.session.execute(sa.delete(RecoveryCheck).where(RecoveryCheck.ends_at < clock.now()))


def _waiting(code: str) -> RecoveryCheck:
    turns.take_turns()
    found = queries.recovery(code)
    if found is None:
        raise RecoveryGone
    return found


def _forget(citizen: Account) -> None:
    db.session.execute(sa.delete(RecoveryCheck).where(RecoveryCheck.account_id == citizen.id))


def _send_link(citizen: Account, seen: str) -> None:
    """A one-time link. It replaces the passkeys that were lost."""
    if not citizen.phone:
        raise RecoveryGone
    token = people.offer_recovery(citizen, reason=seen)
    town = db.session.get_one(Town, current_town_id())
    link = towns.address_of(town, f"/{citizen.locale}/me/recover/{token}")
    with speaking(citizen.locale):
        text = _("Create your new passkey here. The old ones then stop: %(link)s", link=link)
    moment = clock.now().strftime("%Y%m%d%H%M%S%f")
    messaging.send_later(
        citizen.phone, text, key=f"recovery:{citizen.code}:{moment}", locale=citizen.locale
    )
