"""Messages through Twilio, with its own client."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, ClassVar
from urllib.parse import urlsplit

from requests import RequestException, Timeout
from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from app.core.settings import Unsafe
from app.messaging.providers import NotNow, Parcel, Refused

# Given an empty mapping, the client would read accounts and regions from the process environment.
OUR_ENVIRONMENT = {"VENTANILLA": "says everything by its settings"}

# Below this the number is an HTTP status: the answer came from something between Twilio and us.
FIRST_CODE = 10_000
LATER_STATUS = {408, 425, 429}
# Too fast, a queue or a day that is full, or a token that somebody has to put right: no message
# of a citizen is given up for that.
LATER_CODES = {20003, 20429, 21611, 63017, 63038}

# Ours, because Twilio's own sentences repeat the telephone number.
REASONS = {
    20003: "the account or its token is wrong",
    20404: "the account does not exist at this address",
    21211: "the number is not valid",
    21212: "the sender is not valid",
    21408: "the account may not write to this country",
    21602: "the message is empty",
    21603: "there is no sender",
    21606: "the sender does not belong to the account",
    21608: "a trial account writes to verified numbers only",
    21610: "the person asked for no more messages",
    21612: "this sender cannot reach this number",
    21614: "the number cannot receive messages",
    21617: "the message is too long",
    30029: "the account has no redaction of texts",
    30030: "the account has no redaction of numbers",
}


class Line(TwilioHttpClient):
    """How a request travels: never for ever, and to another address when the settings say so."""

    def __init__(self, timeout: float, base: str = "") -> None:
        super().__init__(timeout=timeout)
        self.base = urlsplit(base)
        if _on_this_machine(self.base.hostname):
            self.session.trust_env = False  # no proxy between this machine and itself

    def address(self, url: str) -> str:
        if not self.base.netloc:
            return url
        return urlsplit(url)._replace(scheme=self.base.scheme, netloc=self.base.netloc).geturl()

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().request(method, self.address(url), *args, **kwargs)
        finally:  # the client would keep the number and the text of the last message in memory
            self._test_only_last_request = self._test_only_last_response = None


class TwilioSender:
    """Hands messages to Twilio in the name of one registered sender."""

    # "discard" and "obfuscate" only for an account with Message Redaction: any other is refused.
    # Empty: what the account itself has chosen in Twilio's console.
    CONTENT_RETENTION: ClassVar[str] = ""
    ADDRESS_RETENTION: ClassVar[str] = ""
    LONGEST_VALIDITY = 36_000

    def __init__(self, account_sid: str, auth_token: str, sender: str, line: Line) -> None:
        client = Client(account_sid, auth_token, http_client=line, environment=OUR_ENVIRONMENT)
        self._messages = client.messages
        self._sender = sender

    @classmethod
    def from_settings(cls, config: Mapping[str, Any]) -> "TwilioSender":
        base = str(config["TWILIO_API_BASE"])
        _refuse_open_road(base)
        return cls(
            str(config["TWILIO_ACCOUNT_SID"]),
            str(config["TWILIO_AUTH_TOKEN"]),
            str(config["SMS_SENDER"]),
            Line(float(config["TWILIO_TIMEOUT_SECONDS"]), base),
        )

    def send(self, parcel: Parcel) -> str:
        """Returns Twilio's id. After a silence the message may have left: later may mean twice."""
        try:
            accepted = self._messages.create(**self._request(parcel))
        except (TwilioRestException, TwilioServiceException) as error:
            raise _outcome(int(error.status), int(error.code or 0)) from None
        except Timeout:
            raise NotNow("Twilio did not answer in time") from None
        except RequestException:
            raise NotNow("Twilio cannot be reached") from None
        except ValueError:
            raise NotNow("Twilio's answer cannot be read") from None
        if not accepted.sid:
            raise NotNow("Twilio's answer says nothing")
        return str(accepted.sid)

    def _request(self, parcel: Parcel) -> dict[str, Any]:
        request: dict[str, Any] = {"to": parcel.phone, "from_": self._sender, "body": parcel.body}
        if parcel.valid_seconds is not None:
            request["validity_period"] = min(max(1, parcel.valid_seconds), self.LONGEST_VALIDITY)
        if self.CONTENT_RETENTION:
            request["content_retention"] = self.CONTENT_RETENTION
        if self.ADDRESS_RETENTION:
            request["address_retention"] = self.ADDRESS_RETENTION
        return request


def _outcome(status: int, code: int) -> Refused | NotNow:
    """Only Twilio itself can refuse, and only for a reason that tomorrow will still be there."""
    later = status in LATER_STATUS or code in LATER_CODES
    if 400 <= status < 500 and code >= FIRST_CODE and not later:
        return Refused(f"Twilio {code}: {REASONS.get(code, 'the message was refused')}")
    return NotNow(f"Twilio is busy or not well ({code or status})")


def _refuse_open_road(base: str) -> None:
    """The token travels with every request: in the clear only inside this machine."""
    address = urlsplit(base)
    schemes = ("https", "http") if _on_this_machine(address.hostname) else ("https",)
    if base and not (address.hostname and address.scheme in schemes):
        raise Unsafe("VENTANILLA_TWILIO_API_BASE must be https://…, or http:// to this machine.")


def _on_this_machine(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False
