"""A provider that only remembers: tests look into it; the demonstration shows the outbox itself."""

from datetime import datetime

from werkzeug.datastructures import MultiDict

from app.messaging.models import Way
from app.messaging.providers import Joint, NotGenuine, Parcel, Refused, Report


class RememberingSender:
    """Keeps what it was given, newest last."""

    KEEP = 200
    can_call = True
    can_join = False  # it would have to ring real telephones
    reports_to = ""

    def __init__(self) -> None:
        self.sent: list[Parcel] = []

    def send(self, parcel: Parcel) -> str | None:
        self.sent = [*self.sent[-self.KEEP :], parcel]
        return None

    def sent_before(self, parcel: Parcel, since: datetime) -> str | None:
        return None

    def join(self, joint: Joint) -> str:
        raise Refused("Nothing rings here")

    def read_report(
        self, way: Way, url: str, fields: MultiDict[str, str], signature: str
    ) -> Report:
        raise NotGenuine

    def read_aloud(self, text: str, locale: str) -> str:
        return text
