"""A citizen's number changes: the old one is told, for whoever did not want it."""

from flask_babel import gettext as _

from app.accounts import services as accounts
from app.accounts.models import Account
from app.core.db import db
from app.core.i18n import speaking
from app.messaging import services as messaging
from app.towns.models import Town


def change_phone(citizen: Account, phone: str) -> None:
    """The number, just shown, of somebody whom we know by a passkey."""
    before = citizen.phone
    accounts.give_phone(citizen, phone)
    if before is None or before == phone:
        return
    town = db.session.get_one(Town, citizen.town_id)
    with speaking(citizen.locale):
        text = _(
            "Your visits at %(town)s now use another number. Was it not you? Call %(phone)s",
            town=town.name,
            phone=town.phone,
        )
    messaging.send_later(
        before, text, key=f"account:{citizen.code}:phone:{phone[-3:]}", locale=citizen.locale
    )
