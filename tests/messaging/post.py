"""The post of a town that sends through Twilio."""

from app.core.db import db
from app.messaging import services
from tests.messaging.twilio_stand_in import StandIn


def settings(twilio: StandIn, **changes) -> dict[str, object]:
    return {
        "SMS_PROVIDER": "twilio",
        "SMS_SENDER": "VilaClara",
        "TWILIO_ACCOUNT_SID": twilio.account.sid,
        "TWILIO_AUTH_TOKEN": twilio.account.token,
        "TWILIO_API_BASE": twilio.base,
        "TWILIO_TIMEOUT_SECONDS": 5,
        **changes,
    }


def deliver_due() -> None:
    taken = services.claim_due()
    db.session.commit()
    for message_id in taken:
        services.deliver(message_id)
