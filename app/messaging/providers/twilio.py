"""Messages and calls through Twilio, with its own client, and what it tells of them."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, ClassVar
from urllib.parse import urlsplit

from requests import RequestException, Timeout
from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]
from werkzeug.datastructures import MultiDict

from app.core.settings import Unsafe
from app.messaging.models import Delivery, Way
from app.messaging.providers import Joint, NotGenuine, NotNow, Parcel, Refused, Report
from app.messaging.providers.voices import asking, joining, telling

# Given an empty mapping, the client would read accounts and regions from the process environment.
OUR_ENVIRONMENT = {"VENTANILLA": "says everything by its settings"}

# Below this the number is an HTTP status: the answer came from something between Twilio and us.
FIRST_CODE = 10_000
SID = re.compile("(SM|MM|CA)[0-9a-fA-F]{32}")
LATER_STATUS = {408, 425, 429}
# Too fast, a queue or a day that is full, or a token that somebody has to put right: no message
# of a citizen is given up for that.
LATER_CODES = {20003, 20429, 21611, 63017, 63038}

# Ours, because Twilio's own sentences repeat the telephone number.
REASONS = {
    20003: "the account or its token is wrong",
    20404: "the account does not exist at this address",
    21201: "there is no number to call",
    21210: "the account may not call from this number",
    21211: "the number is not valid",
    21212: "the sender is not valid",
    21214: "the number cannot be reached by telephone",
    21215: "the account may not call this country",
    21216: "the account may not call this number",
    21217: "the number is not valid",
    21408: "the account may not write to this country",
    21602: "the message is empty",
    21603: "there is no sender",
    21606: "the sender does not belong to the account",
    21608: "a trial account writes to verified numbers only",
    21610: "the person asked for no more messages",
    21612: "this sender cannot reach this number",
    21614: "the number cannot receive messages",
    21617: "the message is too long",
    30003: "the telephone is off or out of reach",
    30004: "the telephone takes no messages from us",
    30005: "nobody has this number",
    30006: "the number cannot receive messages",
    30007: "the network took it for an unwanted message",
    30008: "the network does not say why",
    30029: "the account has no redaction of texts",
    30030: "the account has no redaction of numbers",
    30036: "it was too late when the telephone could be reached",
}

# Its words for what became of a message or a call, as ours. Any other word changes nothing.
DELIVERIES = {
    Way.SMS: {
        **dict.fromkeys(("accepted", "scheduled", "queued"), Delivery.ACCEPTED),
        "sending": Delivery.ON_ITS_WAY,
        **dict.fromkeys(("sent", "partially_delivered"), Delivery.HANDED_OVER),
        **dict.fromkeys(("delivered", "read"), Delivery.DELIVERED),
        **dict.fromkeys(("undelivered", "failed", "canceled"), Delivery.UNDELIVERED),
    },
    Way.CALL: {
        **dict.fromkeys(("queued", "initiated"), Delivery.ACCEPTED),
        "ringing": Delivery.ON_ITS_WAY,
        "in-progress": Delivery.HANDED_OVER,
        "completed": Delivery.DELIVERED,
        **dict.fromkeys(("busy", "no-answer", "failed", "canceled"), Delivery.UNDELIVERED),
    },
}
REPORT_FIELDS = {
    Way.SMS: ("MessageSid", "MessageStatus"),
    Way.CALL: ("CallSid", "CallStatus"),
}
RINGS_SECONDS = 25  # most answering machines have not answered yet; none presses a key
CALL_SECONDS = 120
KEY = re.compile("[0-9*#]")
JOINED_SECONDS = 7200
# How many of the last messages to one telephone are looked through, and how far clocks may differ.
LAST_TAKEN = 20
CLOCKS_DIFFER = timedelta(minutes=2)


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

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        sender: str,
        line: Line,
        *,
        voice: str = "",
        reports: "Reports | None" = None,
    ) -> None:
        client = Client(account_sid, auth_token, http_client=line, environment=OUR_ENVIRONMENT)
        self._messages, self._calls = client.messages, client.calls
        self._sender, self._voice = sender, voice
        self._reports = reports
        self.can_join = bool(voice)
        # Where Twilio cannot come to us, nobody could say that a person listens.
        self.can_call = bool(voice and reports)
        self.reports_to = "/hooks/twilio/" if reports else ""

    @classmethod
    def from_settings(cls, config: Mapping[str, Any]) -> "TwilioSender":
        base = str(config["TWILIO_API_BASE"])
        _refuse_open_road(base)
        return cls(
            str(config["TWILIO_ACCOUNT_SID"]),
            str(config["TWILIO_AUTH_TOKEN"]),
            str(config["SMS_SENDER"]),
            Line(float(config["TWILIO_TIMEOUT_SECONDS"]), base),
            voice=str(config.get("TWILIO_VOICE_NUMBER", "")),
            reports=Reports.from_settings(config),
        )

    def send(self, parcel: Parcel) -> str:
        """Returns Twilio's id. After a silence the message may have left: `sent_before` tells."""
        if parcel.way is Way.CALL and not self.can_call:
            raise Refused("There is no number to call from, or no address to ask for a key")
        if parcel.way is Way.CALL and not parcel.key_to:
            raise Refused("It would be read to whoever picks up, without asking for a key")
        if parcel.way is Way.CALL:
            return self._ask(self._calls.create, self._call(parcel))
        return self._ask(self._messages.create, self._request(parcel))

    def join(self, joint: Joint) -> str:
        """Returns Twilio's id of the call to the near one; the other is a call of its own."""
        if not self.can_join:
            raise Refused("There is no number to call from")
        return self._ask(self._calls.create, self._joint(joint))

    def _ask(self, create: Callable[..., Any], fields: dict[str, Any]) -> str:
        with _in_our_words():
            accepted = create(**fields)
        if not accepted.sid:
            raise NotNow("Twilio's answer says nothing")
        return str(accepted.sid)

    def sent_before(self, parcel: Parcel, since: datetime) -> str | None:
        """Twilio has no key that makes twice into once; it can be asked what it took.

        The text of a call is not kept there: after a silence one is called again.
        """
        if parcel.way is Way.CALL:
            return None
        with _in_our_words():
            taken = self._messages.list(to=parcel.phone, limit=LAST_TAKEN)
        for one in taken:
            is_recent = one.date_created and one.date_created >= since - CLOCKS_DIFFER
            if is_recent and (one.body or "").strip().endswith(parcel.body.strip()):
                return str(one.sid)
        return None

    def _request(self, parcel: Parcel) -> dict[str, Any]:
        request: dict[str, Any] = {"to": parcel.phone, "from_": self._sender, "body": parcel.body}
        if parcel.valid_seconds is not None:
            request["validity_period"] = min(max(1, parcel.valid_seconds), self.LONGEST_VALIDITY)
        if self.CONTENT_RETENTION:
            request["content_retention"] = self.CONTENT_RETENTION
        if self.ADDRESS_RETENTION:
            request["address_retention"] = self.ADDRESS_RETENTION
        if parcel.report_to:
            request["status_callback"] = parcel.report_to
        return request

    def _call(self, parcel: Parcel) -> dict[str, Any]:
        """Who calls travels with the request; what the call is for is asked of us after a key."""
        request: dict[str, Any] = {
            "to": parcel.phone,
            "from_": self._voice,
            "twiml": asking(parcel),
            "timeout": RINGS_SECONDS,
            "time_limit": CALL_SECONDS,
        }
        if parcel.report_to:
            request["status_callback"] = parcel.report_to
            request["status_callback_event"] = ["answered", "completed"]
        return request

    def _joint(self, joint: Joint) -> dict[str, Any]:
        """The whole plan travels with the request, so that nobody has to fetch a number from us."""
        request: dict[str, Any] = {
            "to": joint.near,
            "from_": self._voice,
            "twiml": joining(joint, self._voice, RINGS_SECONDS),
            "timeout": RINGS_SECONDS,
            "time_limit": JOINED_SECONDS,
        }
        if joint.near_reports_to:
            request["status_callback"] = joint.near_reports_to
            request["status_callback_event"] = ["ringing", "answered", "completed"]
        return request

    def read_report(
        self, way: Way, url: str, fields: MultiDict[str, str], signature: str
    ) -> Report:
        if self._reports is None:
            raise NotGenuine
        return self._reports.read(way, url, fields, signature)

    def read_aloud(self, text: str, locale: str) -> str:
        return telling(text, locale)


class Reports:
    """Reads what Twilio tells us, once it has shown that it is Twilio.

    The algorithm comes from our settings, never from the request. The signature covers the values
    but not where one ends and the next begins, so that the names and the account are looked at too.
    """

    def __init__(self, account_sid: str, key: str, algorithm: str) -> None:
        self._account_sid, self._algorithm = account_sid, algorithm
        self._validator = RequestValidator(key)

    @classmethod
    def from_settings(cls, config: Mapping[str, Any]) -> "Reports | None":
        """None where Twilio could not reach us: it speaks to https only."""
        nearby = _on_this_machine(urlsplit(str(config["TWILIO_API_BASE"])).hostname)
        if config.get("PUBLIC_SCHEME") != "https" and not nearby:
            return None
        key = str(config.get("TWILIO_WEBHOOK_KEY") or config["TWILIO_AUTH_TOKEN"])
        algorithm = str(config.get("TWILIO_WEBHOOK_ALGORITHM", "HMAC_SHA1"))
        return cls(str(config["TWILIO_ACCOUNT_SID"]), key, algorithm)

    def read(self, way: Way, url: str, fields: MultiDict[str, str], signature: str) -> Report:
        if not signature or not self._validator.validate(url, fields, signature, self._algorithm):
            raise NotGenuine
        sid, status = REPORT_FIELDS[way]
        given = {name: fields.getlist(name) for name in ("AccountSid", sid, status)}
        if any(len(values) != 1 for values in given.values()):
            raise NotGenuine
        if given["AccountSid"] != [self._account_sid] or not SID.fullmatch(given[sid][0]):
            raise NotGenuine
        delivery = DELIVERIES[way].get(given[status][0])
        return Report(given[sid][0], delivery, _problem(fields, given[status][0]), _key(fields))


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Whatever goes wrong on the way to Twilio and back."""
    try:
        yield
    except (TwilioRestException, TwilioServiceException) as error:
        raise _outcome(int(error.status), int(error.code or 0)) from None
    except Timeout:
        raise NotNow("Twilio did not answer in time") from None
    except RequestException:
        raise NotNow("Twilio cannot be reached") from None
    except ValueError:
        raise NotNow("Twilio's answer cannot be read") from None


def _key(fields: MultiDict[str, str]) -> str:
    """The one that was pressed; nothing when it was none, or not one."""
    pressed = fields.getlist("Digits")
    return pressed[0] if len(pressed) == 1 and KEY.fullmatch(pressed[0]) else ""


def _problem(fields: MultiDict[str, str], status: str) -> str:
    code = fields.get("ErrorCode", "")
    if not (code.isascii() and code.isdigit() and len(code) < 7):
        return f"Twilio says: {status}"
    return f"Twilio {code}: {REASONS.get(int(code), 'it did not arrive')}"


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
