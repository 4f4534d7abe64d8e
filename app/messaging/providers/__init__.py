"""Who carries our messages. One is chosen by setting; each keeps the same small promise."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from werkzeug.datastructures import MultiDict

from app.messaging.models import Delivery, Way


@dataclass(frozen=True)
class Parcel:
    """A message on its way. `valid_seconds`: after that it must not arrive any more.

    The text of a call is read aloud line by line in the language `locale`. `report_to`: the
    address where we want to hear what became of it. `key_to`: where a call is told that a key was
    pressed, and answers with what comes then; `otherwise` is read when none was.
    """

    phone: str  # E.164
    body: str
    valid_seconds: int | None = None
    way: Way = Way.SMS
    locale: str = "es"
    report_to: str = ""
    key_to: str = ""
    otherwise: str = ""


@dataclass(frozen=True)
class Joint:
    """Two telephones to be joined: the near one rings first, and who picks it up hears `words`.

    `near_reports_to`, `far_reports_to`: where we want to hear what becomes of each.
    """

    near: str  # E.164, as the other
    far: str
    words: str
    locale: str
    near_reports_to: str = ""
    far_reports_to: str = ""


@dataclass(frozen=True)
class Report:
    """What the provider says of one message. `delivery`: None when it is a word we do not know.

    `key`: what was pressed in a call, when that is what it tells.
    """

    provider_id: str
    delivery: Delivery | None
    problem: str | None = None
    key: str = ""


class Refused(Exception):
    """The provider will never take this message."""


class NotNow(Exception):
    """The provider cannot be reached or is busy; later may work."""


class NotGenuine(Exception):
    """A report that this provider did not write."""


class SmsSender(Protocol):
    can_call: bool  # whether it can read a message aloud
    can_join: bool  # whether it can ring two telephones and join them
    reports_to: str  # the path below which it tells us what became of messages; empty: never

    def send(self, parcel: Parcel) -> str | None:
        """Hand the message over; returns the provider's own id. Raises Refused or NotNow."""

    def sent_before(self, parcel: Parcel, since: datetime) -> str | None:
        """The id under which it took that very message although we heard nothing of it. NotNow."""

    def join(self, joint: Joint) -> str:
        """Ring the one, then the other; returns the id of the first. Raises Refused or NotNow."""

    def read_report(
        self, way: Way, url: str, fields: MultiDict[str, str], signature: str
    ) -> Report:
        """What is told at that address. Raises NotGenuine."""

    def read_aloud(self, text: str, locale: str) -> str:
        """The document (XML) with which a call that asks us goes on: it reads that, and ends."""


def chosen(config: Mapping[str, Any]) -> SmsSender:
    """The provider of this installation."""
    name = config["SMS_PROVIDER"]
    if name == "twilio":
        from app.messaging.providers.twilio import TwilioSender

        return TwilioSender.from_settings(config)
    if name in ("demonstration", "memory"):
        from app.messaging.providers.memory import RememberingSender

        return RememberingSender()
    raise SystemExit(f"VENTANILLA_SMS_PROVIDER: there is no provider {name!r}.")
