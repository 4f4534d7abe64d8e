"""Getting back in after every passkey was lost: somebody of the town hall checks who it is."""

from flask_babel import gettext as _

from app.accounts import queries as accounts
from app.accounts import services as people
from app.core import clock
from app.core.db import db
from app.core.i18n import speaking
from app.identity import queries
from app.messaging import services as messaging
from app.towns import queries as towns
from app.towns.models import Town
from app.towns.tenant import current_town_id


def send_recovery(phone: str, *, seen: str) -> bool:
    """Send a one-time link to that number, for whoever was seen. Returns whether one left.

    Neither is enough alone: the check does not reach another telephone, and the telephone does not
    pass the check. The link replaces the passkeys that were lost.
    """
    citizen = accounts.citizen_of(phone)
    if citizen is None or not queries.passkeys_of(citizen.id):
        return False
    token = people.offer_recovery(citizen, reason=seen)
    town = db.session.get_one(Town, current_town_id())
    link = towns.address_of(town, f"/{citizen.locale}/me/recover/{token}")
    with speaking(citizen.locale):
        text = _("Create your new passkey here. The old ones then stop: %(link)s", link=link)
    moment = clock.now().strftime("%Y%m%d%H%M%S%f")
    messaging.send_later(
        phone, text, key=f"recovery:{citizen.code}:{moment}", locale=citizen.locale
    )
    return True
