"""Who carries our messages. One is chosen by setting; each keeps the same small promise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Parcel:
    """A message on its way. `valid_seconds`: after that it must not arrive any more."""

    phone: str  # E.164
    body: str
    valid_seconds: int | None = None


class Refused(Exception):
    """The provider will never take this message."""


class NotNow(Exception):
    """The provider cannot be reached or is busy; later may work."""


class SmsSender(Protocol):
    def send(self, parcel: Parcel) -> str | None:
        """Hand the message over; returns the provider's own id. Raises Refused or NotNow."""


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
