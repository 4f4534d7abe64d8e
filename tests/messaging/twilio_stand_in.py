"""A Twilio on this machine. It holds both sides to Twilio's own OpenAPI document.

What the document does not say (who may send what to whom) is added here with Twilio's codes. What
became of a message or a call is told as Twilio tells it, with a signature made by its own library.
"""

import base64
import binascii
import functools
import json
import re
import secrets
import socket
import struct
import threading
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

from jsonschema import Draft7Validator, FormatChecker  # type: ignore[import-untyped]
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from werkzeug.datastructures import MultiDict

DOCUMENT = Path(__file__).with_name("twilio_api_v2010.json")
FORM = "application/x-www-form-urlencoded"
E164 = re.compile(r"\+[1-9]\d{6,14}")
ALIAS = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
LONGEST_BODY = 1600
VALIDITY = range(1, 36_001)
LONGEST_TWIML = 4000
# Of the voices on Twilio's list, those that speak a language of ours.
VOICES = {
    ("Polly.Lucia-Neural", "es-ES"),
    ("Polly.Arlet-Neural", "ca-ES"),
    ("Google.gl-ES-Standard-A", "gl-ES"),
    ("Google.eu-ES-Standard-A", "eu-ES"),
    ("Polly.Amy-Neural", "en-GB"),
}
EVENTS = {"initiated", "ringing", "answered", "completed"}
# What its reader knows of the verb and of the noun, of what we could want.
DIAL = {"action", "answerOnBridge", "callerId", "hangupOnStar", "method", "timeLimit", "timeout"}
GATHER = {
    *("action", "actionOnEmptyResult", "finishOnKey", "input", "method", "numDigits", "timeout"),
}
NUMBER = {"statusCallback", "statusCallbackEvent", "statusCallbackMethod", "url", "method"}

# The document describes no error; this is what every one of them looks like.
ERROR = Draft7Validator(
    {
        "type": "object",
        "properties": {
            "code": {"type": "integer"},
            "message": {"type": "string"},
            "more_info": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
        },
        "required": ["code", "message", "more_info", "status"],
        "additionalProperties": False,
    }
)

# `phone-number` is left out on purpose: the document gives it to From, which may be an alias.
formats = FormatChecker(formats=())


@formats.checks("date-time-rfc-2822", raises=(TypeError, ValueError))
def _is_rfc_2822(text: object) -> bool:
    return not isinstance(text, str) or parsedate_to_datetime(text) is not None


@formats.checks("date-time", raises=ValueError)
def _is_iso_8601(text: object) -> bool:
    return not isinstance(text, str) or datetime.fromisoformat(text) is not None


@formats.checks("uri", raises=ValueError)
def _is_uri(text: object) -> bool:
    return not isinstance(text, str) or all((urlsplit(text).scheme, urlsplit(text).netloc))


@formats.checks("currency")
def _is_currency(text: object) -> bool:
    return not isinstance(text, str) or bool(re.fullmatch("[A-Za-z]{3}", text))


class Refusal(Exception):
    """An answer that is an error, as Twilio words it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def body(self) -> dict[str, Any]:
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        error = {"code": self.code, "message": self.message, "more_info": more}
        return {**error, "status": self.status}


@dataclass(frozen=True)
class Operation:
    """One method of one path of the document, ready to judge."""

    path: re.Pattern[str]
    calls: bool
    parameters: dict[str, Draft7Validator]
    form: Draft7Validator
    replies: dict[int, Draft7Validator]

    @property
    def sends(self) -> bool:
        return HTTPStatus.CREATED in self.replies and "To" in self.form.schema["properties"]

    @property
    def lists(self) -> bool:
        """What was taken for one telephone."""
        return HTTPStatus.OK in self.replies and self.path.pattern.endswith("/Messages\\.json")

    def judge_path(self, found: dict[str, str]) -> None:
        for name, value in found.items():
            if not self.parameters[name].is_valid(value):
                raise Refusal(404, 20404, "The requested resource was not found")

    def read_form(self, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        """The fields by their declared types; names and values unknown to the document fail."""
        fields: dict[str, Any] = {}
        for name, text in pairs:
            schema = self.form.schema["properties"].get(name, {})
            if schema.get("type") == "array":
                fields.setdefault(name, []).append(_typed(text, schema["items"]))
            elif name in fields:
                raise Refusal(400, 20001, f"{name} was given twice")
            else:
                fields[name] = _typed(text, schema)
        for error in self.form.iter_errors(fields):
            where = ".".join(str(step) for step in error.path) or "the request"
            if error.validator == "required":
                missing = next(name for name in ("To", "From") if name not in fields)
                code = {"To": 21201, "From": 21213}[missing] if self.calls else 21604
                raise Refusal(400, code, f"A '{missing}' phone number is required.")
            raise Refusal(400, 20001, f"{where}: {error.message}")
        return fields


def _typed(text: str, schema: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "number" and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text  # still the wrong type when it should have been another: the schema says so


@functools.cache
def operations() -> dict[str, list[Operation]]:
    """Every operation of the document, by method."""
    document = json.loads(DOCUMENT.read_text())
    schemas = document["components"]["schemas"]
    known: dict[str, list[Operation]] = {}
    for template, methods in document["paths"].items():
        for method in ("get", "post", "delete"):
            if method in methods:
                known.setdefault(method.upper(), []).append(
                    _operation(template, methods[method], schemas)
                )
    return known


def _operation(template: str, said: dict[str, Any], schemas: dict[str, Any]) -> Operation:
    parts = re.split(r"\{(\w+)\}", template)
    pattern = "".join(
        f"(?P<{part}>[^/]+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
    content = said.get("requestBody", {}).get("content", {}).get(FORM, {})
    replies = {
        int(status): reply["content"]["application/json"]["schema"]
        for status, reply in said["responses"].items()
        if "content" in reply
    }
    return Operation(
        path=re.compile(pattern),
        calls=template.endswith("/Calls.json"),
        parameters={
            parameter["name"]: _validator(parameter["schema"], schemas)
            for parameter in said["parameters"]
            if parameter["in"] == "path"
        },
        form=_validator(content.get("schema", {"type": "object", "properties": {}}), schemas),
        replies={status: _validator(schema, schemas) for status, schema in replies.items()},
    )


def _validator(schema: dict[str, Any], schemas: dict[str, Any]) -> Draft7Validator:
    plain = _plain(deepcopy(schema), schemas)
    Draft7Validator.check_schema(plain)
    return Draft7Validator(plain, format_checker=formats)


def _plain(node: Any, schemas: dict[str, Any]) -> Any:
    """OpenAPI 3.0 as JSON Schema: references in place, null as a type, no unknown properties."""
    if isinstance(node, list):
        return [_plain(item, schemas) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _plain(deepcopy(schemas[node["$ref"].rsplit("/", 1)[-1]]), schemas)
    node = {key: _plain(value, schemas) for key, value in node.items()}
    if node.pop("nullable", False) is True:
        node["type"] = [node["type"], "null"]
    if node.get("type") == "object" and "properties" in node:
        node["additionalProperties"] = False
    return node


@dataclass
class Account:
    """What Twilio knows about its customer and about the people written to."""

    sid: str = "AC" + "0a" * 16
    token: str = "a token that only the tests know"
    senders: set[str] = field(default_factory=lambda: {"VilaClara", "+34600000001"})
    voices: set[str] = field(default_factory=lambda: {"+34900000001"})
    countries: tuple[str, ...] = ("+34",)
    opted_out: set[str] = field(default_factory=set)
    landlines: set[str] = field(default_factory=set)
    verified: set[str] | None = None  # the only numbers that a trial account may write to
    redacts: bool = False
    queue_is_full: bool = False

    def judge(self, form: dict[str, Any]) -> None:
        for code, message in self._objections(form):
            raise Refusal(400, code, message)

    def judge_call(self, form: dict[str, Any]) -> None:
        for code, message in self._objections_to_a_call(form):
            raise Refusal(400, code, message)

    def _objections_to_a_call(self, form: dict[str, Any]) -> Iterator[tuple[int, str]]:
        to, sender, words = form["To"], form["From"], form.get("Twiml", "")
        if not E164.fullmatch(to):
            yield 21211, f"Invalid 'To' Phone Number: {to}"
        if not E164.fullmatch(sender):
            yield 21212, f"Invalid From Number (caller ID): {sender}"
        if sender not in self.voices:
            yield 21210, f"The source phone number {sender} is not yet verified"
        if not (words or "Url" in form or "ApplicationSid" in form):
            yield 21205, "Url parameter is required."
        if len(words) > LONGEST_TWIML:
            yield 21220, "The words of the call are too long"
        if not set(form.get("StatusCallbackEvent", [])) <= EVENTS:
            yield 21626, "Invalid status callback event"
        if not to.startswith(self.countries):
            yield 21215, f"Account not authorized to call {to}."
        if words:
            yield from objections_to_words(words)
            yield from self._objections_to_dialling(words)

    def _objections_to_dialling(self, words: str) -> Iterator[tuple[int, str]]:
        """Whom a document lets ring, as whom, and what is to be told of it."""
        for dial in ElementTree.fromstring(words).iter("Dial"):  # noqa: S314 - our own words
            if dial.get("callerId") not in self.voices:
                yield 13214, "Dial: Invalid callerId value"
            if not dial.get("timeout", "30").isdecimal():
                yield 13212, "Dial: Invalid timeout value"
            if set(dial.keys()) - DIAL or [child.tag for child in dial] != ["Number"]:
                yield 12200, "Schema validation warning: Dial"
            for number in dial.iter("Number"):
                if not E164.fullmatch(number.text or ""):
                    yield 13223, "Dial: Invalid phone number format"
                if not (number.text or "").startswith(self.countries):
                    yield 13227, "Geo Permission configuration is not permitting call"
                if not set(number.get("statusCallbackEvent", "").split()) <= EVENTS:
                    yield 12200, "Schema validation warning: statusCallbackEvent"
                if set(number.keys()) - NUMBER:
                    yield 12200, "Schema validation warning: Number"

    def _objections(self, form: dict[str, Any]) -> Iterator[tuple[int, str]]:
        """The rules that Twilio has and its document does not say; the first one counts."""
        to, sender, body = form["To"], form.get("From", ""), form.get("Body", "")
        if not E164.fullmatch(to):
            yield 21211, f"Invalid 'To' Phone Number: {to}"
        if not sender and "MessagingServiceSid" not in form:
            yield 21603, "A 'From' phone number is required."
        if sender and not (E164.fullmatch(sender) or ALIAS.fullmatch(sender)):
            yield 21212, f"Invalid From Number (caller ID): {sender}"
        if sender and sender not in self.senders:
            yield 21606, f"The 'From' phone number {sender} is not valid for {to}"
        if not (body or "MediaUrl" in form or "ContentSid" in form):
            yield 21602, "Message body is required."
        if len(body) > LONGEST_BODY:
            yield 21617, "The concatenated message body exceeds the 1600 character limit"
        if form.get("ValidityPeriod", VALIDITY[-1]) not in VALIDITY:
            yield 21624, "Invalid validity period value"
        if form.get("ContentRetention") == "discard" and not self.redacts:
            yield 30029, "Invalid ContentRetention"
        if form.get("AddressRetention") == "obfuscate" and not self.redacts:
            yield 30030, "Invalid AddressRetention"
        if not to.startswith(self.countries):
            yield 21408, f"Permission to send an SMS has not been enabled for the region of {to}."
        if self.verified is not None and to not in self.verified:
            yield 21608, f"The number {to} is unverified."
        if to in self.landlines:
            yield 21614, f"'To' number is not a valid mobile number: {to}"
        if to in self.opted_out:
            yield 21610, f"Attempt to send to unsubscribed recipient {to}"
        if self.queue_is_full:
            yield 21611, f"This 'From' number {sender} has exceeded its queued messages"

    def accept(self, form: dict[str, Any]) -> dict[str, Any]:
        """The message as Twilio shows it to whoever has just handed it over."""
        sid, now = f"SM{secrets.token_hex(16)}", format_datetime(datetime.now(UTC))
        home = f"/2010-04-01/Accounts/{self.sid}/Messages/{sid}"
        return {
            "account_sid": self.sid,
            "api_version": "2010-04-01",
            "body": form.get("Body"),
            "date_created": now,
            "date_sent": None,
            "date_updated": now,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "num_media": str(len(form.get("MediaUrl", []))),
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "sid": sid,
            "status": "queued",
            "subresource_uris": {"media": f"{home}/Media.json"},
            "to": form["To"],
            "uri": f"{home}.json",
        }

    def accept_call(self, form: dict[str, Any]) -> dict[str, Any]:
        """The call as Twilio shows it to whoever has just asked for it."""
        sid, now = f"CA{secrets.token_hex(16)}", format_datetime(datetime.now(UTC))
        nothing = (
            *("parent_call_sid", "phone_number_sid", "start_time", "end_time", "duration"),
            *("price", "answered_by", "forwarded_from", "group_sid", "caller_name", "trunk_sid"),
        )
        return {
            **dict.fromkeys(nothing),
            "account_sid": self.sid,
            "api_version": "2010-04-01",
            "date_created": now,
            "date_updated": now,
            "direction": "outbound-api",
            "from": form["From"],
            "from_formatted": form["From"],
            "price_unit": "USD",
            "queue_time": "0",
            "sid": sid,
            "status": "queued",
            "subresource_uris": {},
            "to": form["To"],
            "to_formatted": form["To"],
            "uri": f"/2010-04-01/Accounts/{self.sid}/Calls/{sid}.json",
        }


def objections_to_words(words: str) -> Iterator[tuple[int, str]]:
    """What Twilio's reader says of a document: verbs it does not know, voices it does not have."""
    try:
        document = ElementTree.fromstring(words)  # noqa: S314 - our own words, on this machine
    except ElementTree.ParseError:
        yield 12100, "Document parse failure"
        return
    for verb in document:
        if verb.tag not in ("Say", "Pause", "Dial", "Gather", "Hangup"):
            yield 12200, f"Schema validation warning: {verb.tag}"
        if verb.tag == "Hangup" and (verb.keys() or len(verb)):
            yield 12200, "Schema validation warning: Hangup"
        if verb.tag == "Gather":
            yield from _objections_to_gathering(verb)
    for said in document.iter("Say"):
        if (said.get("voice"), said.get("language")) not in VOICES or not said.text:
            yield 13520, "Say: Invalid text"


def _objections_to_gathering(gather: ElementTree.Element) -> Iterator[tuple[int, str]]:
    """A document that came with the call has no address, to which a relative one could be added."""
    action = urlsplit(gather.get("action", ""))
    if action.scheme not in ("http", "https") or not action.netloc:
        yield 11100, "Invalid URL format"
    if set(gather.keys()) - GATHER or {child.tag for child in gather} - {"Say", "Pause", "Play"}:
        yield 12200, "Schema validation warning: Gather"
    if gather.get("input", "dtmf") != "dtmf" or gather.get("method", "POST") != "POST":
        yield 12200, "Schema validation warning: only keys, and only POST, are played here"
    if gather.get("finishOnKey", "#") not in ("", *"0123456789#*"):
        yield 13310, "Gather: Invalid finishOnKey value"
    for name, usual in (("numDigits", "1"), ("timeout", "5")):
        if not re.fullmatch("[1-9][0-9]*", gather.get(name, usual)):
            yield 12200, f"Schema validation warning: {name}"


class StandIn(ThreadingTCPServer):
    """`with StandIn() as twilio:` and let the provider talk to `twilio.base`."""

    allow_reuse_address = True
    daemon_threads = True
    LATE_SECONDS = 5.0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Window)
        self.account = Account()
        self.mood = "well"  # or: slow, busy, unwell, gone, mumbling, proxied
        self.received: list[dict[str, Any]] = []  # the forms of accepted messages and calls
        self.sids: list[str] = []  # what they are called from then on
        self.taken: list[dict[str, Any]] = []  # the same, as Twilio shows them
        self.faults: list[BaseException] = []  # mistakes of the stand-in itself
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> "StandIn":
        operations()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def tells(self, status: str, number: int = -1, **changes: Any) -> dict[str, Any]:
        """What Twilio says of a message or call: keywords for the client of a test.

        `changes`: to the fields; or `key`, `algorithm` and `url`, of which the signature is made.
        """
        form, sid = self.received[number], self.sids[number]
        url = changes.pop("url", form["StatusCallback"])
        key, algorithm = changes.pop("key", self.account.token), changes.pop("algorithm", None)
        kind = "Call" if sid.startswith("CA") else "Message"
        said = {
            "AccountSid": self.account.sid,
            f"{kind}Sid": sid,
            f"{kind}Status": status,
            "To": form["To"],
            "From": form["From"],
            "ApiVersion": "2010-04-01",
            "ANewOneTomorrow": "",
            **changes,
        }
        said = MultiDict({name: value for name, value in said.items() if value is not None})
        signature = RequestValidator(key).compute_signature(url, said, algorithm)
        return {
            "base_url": f"{urlsplit(form['StatusCallback']).scheme}://{urlsplit(url).netloc}",
            "path": urlsplit(url).path,
            "data": said,
            "headers": {"X-Twilio-Signature": signature},
        }

    def dawdle(self) -> None:
        """Keep the other side waiting, but not the end of the test."""
        self._closing.wait(self.LATE_SECONDS)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: the window keeps what went wrong; whoever hung up knows it."""


class Window(BaseHTTPRequestHandler):
    """Where requests come in. An answer leaves in one piece."""

    server: StandIn
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    MOODS: ClassVar[dict[str, tuple[int, int, str]]] = {
        "busy": (429, 20429, "Too Many Requests"),
        "unwell": (500, 20500, "An internal server error has occurred"),
    }

    def answer_request(self) -> None:
        try:
            self._answer()
        except ConnectionError:
            raise
        except Exception as fault:
            self.server.faults.append(fault)
            raise

    do_GET = do_POST = do_PUT = do_DELETE = answer_request

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.mood == "gone":
            return self._hang_up()
        if self.server.mood == "proxied":
            return self._write(403, b"<h1>Blocked by policy</h1>", "text/html")
        try:
            status, reply = self._serve(sent)
        except Refusal as refusal:
            status, reply = refusal.status, refusal.body()
            ERROR.validate(reply)
        if self.server.mood == "slow":
            self.server.dawdle()
        if self.server.mood == "mumbling":
            return self._write(status, b'{"sid": "SM', "application/json")
        return self._write(status, json.dumps(reply).encode(), "application/json")

    def _serve(self, sent: bytes) -> tuple[int, dict[str, Any]]:
        operation, found = self._operation()
        if self.server.mood in self.MOODS:
            raise Refusal(*self.MOODS[self.server.mood])
        account = self.server.account
        if self._caller() != (account.sid, account.token):
            raise Refusal(401, 20003, "Authenticate")
        operation.judge_path(found)
        if found["AccountSid"] != account.sid:
            raise Refusal(404, 20404, f"The requested resource {self.path} was not found")
        if operation.lists:
            return HTTPStatus.OK, self._listed(operation)
        form = operation.read_form(self._pairs(sent))
        if operation.calls:
            account.judge_call(form)
            reply = account.accept_call(form)
        else:
            account.judge(form)
            reply = account.accept(form)
        operation.replies[HTTPStatus.CREATED].validate(reply)
        self.server.received.append(form)
        self.server.sids.append(reply["sid"])
        self.server.taken.append(reply)
        return HTTPStatus.CREATED, reply

    def _listed(self, operation: Operation) -> dict[str, Any]:
        """The messages to one telephone, the newest first."""
        asked = dict(parse_qsl(urlsplit(self.path).query, strict_parsing=True))
        if not set(asked) <= {"To", "PageSize"}:
            raise Refusal(400, 20001, "Only the last messages to somebody are played here")
        found = [one for one in reversed(self.server.taken) if one["to"] == asked.get("To")]
        size, url = int(asked.get("PageSize", 50)), f"{self.server.base}{self.path}"
        reply = {
            **{"messages": found[:size], "page": 0, "page_size": size, "start": 0},
            **{"end": len(found[:size]), "uri": url, "first_page_uri": url},
            **{"next_page_uri": None, "previous_page_uri": None},
        }
        operation.replies[HTTPStatus.OK].validate(reply)
        return reply

    def _operation(self) -> tuple[Operation, dict[str, str]]:
        """Only messages and calls going out are played; the rest is not our street."""
        url = urlsplit(self.path)
        for operation in operations().get(self.command, ()):
            found = operation.path.fullmatch(url.path)
            if found and (operation.lists or (operation.sends and not url.query)):
                return operation, found.groupdict()
        if any(o.path.fullmatch(url.path) for known in operations().values() for o in known):
            raise Refusal(405, 20004, "Method not allowed")
        raise Refusal(404, 20404, f"The requested resource {self.path} was not found")

    def _caller(self) -> tuple[str, str]:
        scheme, _, credentials = self.headers.get("Authorization", "").partition(" ")
        try:
            name, _, word = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return (name, word) if scheme == "Basic" else ("", "")

    def _pairs(self, sent: bytes) -> list[tuple[str, str]]:
        if self.headers.get_content_type() != FORM:
            raise Refusal(415, 20001, "Unsupported media type")
        try:
            return parse_qsl(
                sent.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"
            )
        except ValueError as error:
            raise Refusal(400, 20001, "The form cannot be read") from error

    def _hang_up(self) -> None:
        """A reset, not a goodbye."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _write(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test that fails says why by itself."""
