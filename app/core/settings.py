"""What belongs to one installation: a default for every key, one file, then the environment.

A town hall's own choices are rows in `towns`; constants stand in the room that uses them.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask

PREFIX = "VENTANILLA"

# What both Twilio and the Spanish register of aliases take (CNMC Circular 1/2026, annex III).
SMS_ALIAS = re.compile(r"^(?=.*[A-Za-z])(?! )(?!.*  )[A-Za-z0-9 ]{3,11}(?<! )$")
SMS_NUMBER = re.compile(r"^\+[1-9]\d{6,14}$")
# The register takes no name that could be anybody's: without the digits around it, none of these.
GENERIC_ALIASES = frozenset(
    (  # noqa: SIM905 - words to be read, not a list to be counted
        "aviso avisos alerta alertas alert alerts info infosms informacion informacio sms mensaje"
        " missatge codigo codi code codes otp pin clave verify verifica verificacion confirma cita"
        " citas citaprevia citaprev turno torn hora agenda recordatori recordator reminder"
        " ayuntamiento ayuntam ayto ajuntament ajunt ajt concello concelho udala udaletxea conselh"
        " townhall cityhall municipio municipi oficina oac oficial gobierno govern goberno estado"
        " admin sede banco bank correos policia hacienda salud salut test prueba prova demo"
    ).split()
)
WEBHOOK_ALGORITHMS = ("HMAC_SHA1", "HMAC_SHA256")


YES_AND_NO = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0", ""), False),
}


class Unsafe(SystemExit):
    """The installation must not start like this. The message says what to change."""


class Defaults:
    """Every setting, with a value that works on a laptop."""

    INSTANCE = "instance"
    DOMAIN = "localhost"  # plain: the list of towns; towns stand below it
    HOST = "127.0.0.1"
    PORT = 8000
    WORKERS = 2
    PUBLIC_SCHEME = "http"
    SECRET_KEY = ""  # kept in the instance folder, made by `flask core prepare`
    SECRET_KEY_FALLBACKS: tuple[str, ...] = ()  # older ones, newest first: still read, never used
    DATABASE_URL = ""  # empty: an SQLite file in the instance folder
    DEMO = False
    TESTING = False
    PRODUCTION = False
    TRUSTED_PROXIES = 0

    SMS_PROVIDER = "demonstration"  # demonstration, twilio or memory
    SMS_SENDER = ""  # registered alias, or a number in E.164
    SMS_DAILY_LIMIT = 1000  # codes a town may send in a day; what bounds an attacker's bill
    TWILIO_ACCOUNT_SID = ""
    TWILIO_AUTH_TOKEN = ""
    TWILIO_API_BASE = ""  # only to reach a stand-in on this machine, or a regional address
    TWILIO_TIMEOUT_SECONDS = 10
    TWILIO_VOICE_NUMBER = ""  # E.164: whence codes are read aloud; empty: they are not
    TWILIO_WEBHOOK_ALGORITHM = "HMAC_SHA1"  # or HMAC_SHA256, with a shared key
    TWILIO_WEBHOOK_KEY = ""  # the shared key; empty: the account's token

    SMS_CODE_MINUTES = 10
    SMS_CODES_PER_PHONE_HOUR = 3
    SMS_CODES_PER_ADDRESS_HOUR = 30
    SMS_CODES_PER_PREFIX_HOUR = 30  # to numbers that differ in their last four digits only
    SMS_WRONG_CODES_HOUR = 10  # of one telephone; then each request has one try
    SMS_RESEND_SECONDS = 30
    SMS_ALARM_NUMBERS = 8  # of one prefix, written to in an hour, before their share counts
    SMS_ALARM_TOWN_NUMBERS = 40  # the same, of the whole town
    SMS_ALARM_SHARE = 0.25  # fewer of them confirmed: somebody sells our messages
    SMS_ALARM_MINUTES = 60
    HOLD_MINUTES = 10
    REQUEST_MINUTES = 10  # for which a request during a visit waits for its answer
    # Where towns take payments, and where people sign with a certificate, by the name of the town:
    # {"vilaclara": {"url": "https://…", "secret": "…"}}. docs/requests.md says how they speak.
    PAYMENT_GATEWAYS: Mapping[str, dict[str, str]] = {}
    SIGNING_PAGES: Mapping[str, dict[str, str]] = {}
    # Spans without personal data, by OTLP/HTTP (docs/telemetry.md). Empty: none, at no cost.
    TELEMETRY_URL = ""  # of the collector, as http://127.0.0.1:4318
    TELEMETRY_HEADERS: Mapping[str, str] = {}  # as {"Authorization": "Bearer …"}
    TELEMETRY_PART = 1.0  # of the requests and errands that are told
    METRICS_TOKEN = ""  # lets a monitor on another machine read /metrics
    OFFER_MINUTES = 45  # how long an earlier time is kept for whoever waits for one
    HOLDS_PER_PHONE = 6
    INVITATION_HOURS = 48
    RECOVERY_CHECK_HOURS = 24
    SESSION_STAFF_IDLE_MINUTES = 60  # without any request of a person
    SESSION_STAFF_MINUTES = 12 * 60  # whatever happens
    SESSION_CITIZEN_IDLE_MINUTES = 20
    SESSION_CITIZEN_MINUTES = 4 * 60
    SESSION_KIOSK_IDLE_MINUTES = 30 * 24 * 60
    SESSION_KIOSK_MINUTES = 365 * 24 * 60
    KIOSK_HEARTBEAT_SECONDS = 30  # three that do not arrive are an alarm
    KIOSK_IDLE_SECONDS = 90  # without a touch, before whoever is at a kiosk is asked
    KIOSK_WAITING_IDLE_SECONDS = 300  # the same, for whoever waits in the line there
    KIOSK_ANSWER_SECONDS = 60  # to answer by touching anywhere
    SESSION_WARNING_SECONDS = 120  # how long before the end one is asked
    SESSION_KEEP_DAYS = 7  # closed ones, to know them again
    KEPT_ANSWERS_MINUTES = 30  # what was written when the session ended
    PHONE_TRUST_DAYS = 60  # silent for longer, a number may have another owner

    # Providers of national identities, each with kind, name, label, client_id, client_secret and
    # addresses: docs/eid.md. Empty: none is offered.
    EID_PROVIDERS: tuple[dict[str, Any], ...] = ()
    EID_TIMEOUT_SECONDS = 8
    # Who stamps the time (RFC 3161), tried in order: {"name", "url", "roots": a file of
    # certificates in the instance folder, "is_qualified", "user", "password"}. Without "url" only
    # its old stamps are checked. None at all: a development authority that proves nothing.
    TIMESTAMP_AUTHORITIES: tuple[dict[str, Any], ...] = ()
    TIMESTAMP_TIMEOUT_SECONDS = 10
    # With which key acts are sealed: a PKCS#12 file in the instance folder, or a PKCS#11 device:
    # {"module": its library, "token", "label" of key and certificate, "pin", "chain": a file}.
    # Neither: a development key that proves nothing.
    SEAL_FILE = ""
    SEAL_PASSWORD = ""
    SEAL_DEVICE: dict[str, Any] = {}
    SEAL_ROOTS = ""  # a file of the certificates that the seal ends in, in the instance folder
    SEAL_LISTS: tuple[str, ...] = ()  # files of what its issuer took back, when nobody is asked
    SEAL_IS_QUALIFIED = False  # whether its issuer is in the trusted list: nobody sees it in a key
    # Wakes the other processes at once, and counts for all of them who asks too fast. Empty, or
    # away: each looks by the clock and counts for itself.
    REDIS_URL = ""
    DATABASE_CONNECTIONS = 10  # to PostgreSQL, of each process; twice as many for a moment
    WEBHOOKS_TO_THIS_MACHINE = False  # news to addresses of our own network, in clear: for tests
    WEBHOOK_TIMEOUT_SECONDS = 8
    WRITES_PER_MINUTE = 1200  # of one address: a whole town hall may be behind it
    MISSES_PER_MINUTE = 60  # pages that do not exist, asked for by one address
    CODE_REQUESTS_PER_MINUTE = 20  # forms that send or try a code, of one address
    FORGERIES_PER_MINUTE = 60  # what is refused to one address: other sites' forms, false reports

    STORAGE = "folder"  # or s3: where files are kept, always encrypted
    STORAGE_FOLDER = ""  # empty: `files` in the instance folder
    STORAGE_SPARE_MEGABYTES = 200  # of the disk, left to the register: files are refused before
    S3_BUCKET = ""
    S3_PREFIX = ""  # before every key, when the bucket is shared
    S3_ENDPOINT = ""  # empty: the provider's own; else https://…
    S3_REGION = ""
    S3_ACCESS_KEY = ""  # empty: whatever the machine is allowed by its provider
    S3_SECRET_KEY = ""
    S3_OBJECT_LOCK = (
        ""  # GOVERNANCE or COMPLIANCE: what must be kept cannot be destroyed by anybody
    )
    S3_TIMEOUT_SECONDS = 20
    ARCHIVE_LOCKED: tuple[str, ...] = ()  # purposes that the store locks while in use: "act", …
    ARCHIVE_STRANGERS_DAYS = 30  # for which files stay that the register does not know
    ARCHIVE_KEYS: tuple[str, ...] = ()  # newest first; empty: `archive_keys` in the instance folder

    CLAMD = ""  # unix:/run/clamav/clamd.ctl or tcp:127.0.0.1:3310; empty: papers are not scanned
    PAPER_BYTES = 20_000_000  # of one file
    PAPER_PAGES = 60
    PAPERS_OF_VISIT = 30
    PAPERS_BYTES = 150_000_000  # of all papers of a visit

    ASSETS = ""  # where built browser files are kept; empty: in the instance folder
    CATALOGUES = ""  # another folder of catalogues, to try words that are not ready; empty: ours
    STREAM_KEEP_MINUTES = 15
    STREAM_PING_SECONDS = 15
    ICE_SERVERS: tuple[dict[str, Any], ...] = ()  # as RTCConfiguration.iceServers
    TURN_SERVERS: tuple[dict[str, Any], ...] = ()  # relays: [{"urls": ["turn:…"], "secret": "…"}]
    TURN_SECRET = ""  # of the relays that name none of their own
    TURN_MINUTES = 60  # how long the credentials of one person are good
    # Of the media server, as http://127.0.0.1:8088/janus; several with a space between them, new
    # ones at the end, and one secret and key for all. Empty: there is none.
    JANUS_URL = ""
    JANUS_SECRET = ""  # its api_secret
    JANUS_ROOM_KEY = ""  # its admin_key: only who has it may open rooms
    JANUS_TIMEOUT_SECONDS = 3
    JANUS_RECORDINGS = ""  # folder in which it records, in memory; empty: the clerk's browser does
    ICE_POLICY = "all"  # or "relay": people never learn each other's address

    # Flask and its extensions
    SESSION_COOKIE_NAME = "ventanilla"
    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    SESSION_REFRESH_EACH_REQUEST = False  # an answer that is late would undo what came after it
    MAX_CONTENT_LENGTH = 2 * 1024 * 1024
    MAX_FILES_LENGTH = 24 * 1024 * 1024  # of a form with whole papers, kept in memory
    MAX_FORM_MEMORY_SIZE = 256 * 1024
    WTF_CSRF_SSL_STRICT = False  # Origin and Sec-Fetch-Site are looked at; some strip Referer
    WTF_CSRF_TIME_LIMIT = None  # as long as the session: older people leave pages open
    COMPRESS_ALGORITHM = ["br", "gzip"]
    COMPRESS_BR_LEVEL = 5
    COMPRESS_MIN_SIZE = 300
    COMPRESS_STREAMS = False


def instance_folder(root: Path, overrides: Mapping[str, Any]) -> Path:
    """Where this installation keeps its own: an absolute folder."""
    chosen = overrides.get("INSTANCE") or os.environ.get(f"{PREFIX}_INSTANCE") or Defaults.INSTANCE
    return (root / str(chosen)).resolve()


def load(app: Flask, root: Path, overrides: Mapping[str, Any]) -> None:
    """Defaults, then `instance/ventanilla.toml`, then `VENTANILLA_*`, then overrides."""
    app.config["ROOT"] = root
    app.config.from_object(Defaults)
    app.config.from_file(
        str(Path(app.instance_path) / "ventanilla.toml"), load=_read, text=False, silent=True
    )
    app.config.from_prefixed_env(PREFIX)
    app.config.from_mapping(overrides)
    app.config["INSTANCE"] = app.instance_path
    _read_yes_and_no(app.config)
    # What protects forms outlives every session, so that its end is said and not taken for a fraud.
    longest = max(float(app.config[f"SESSION_{kind}_MINUTES"]) for kind in ("STAFF", "CITIZEN"))
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(days=1, minutes=longest)
    use_secrets(app.config, _given_secrets(app.config) or kept_secrets(Path(app.instance_path)))
    if not app.config["DATABASE_URL"]:
        app.config["DATABASE_URL"] = f"sqlite:///{app.instance_path}/ventanilla.db"
    if app.config["PUBLIC_SCHEME"] == "https":
        app.config["SESSION_COOKIE_SECURE"] = True
        app.config["SESSION_COOKIE_NAME"] = "__Host-ventanilla"
    refuse_unsafe(app.config)


def _read_yes_and_no(config: dict[str, Any]) -> None:
    """`False`, `no` and `off` in the environment are words, and words are true: read them."""
    for key, default in vars(Defaults).items():
        if not isinstance(default, bool) or isinstance(config[key], bool):
            continue
        word = str(config[key]).strip().lower()
        if word not in YES_AND_NO:
            raise Unsafe(f"{PREFIX}_{key} is yes or no, not {config[key]!r}.")
        config[key] = YES_AND_NO[word]


def refuse_unsafe(config: Mapping[str, Any]) -> None:
    """Stop before anybody is served by an installation that would lie or leak."""
    if config["DEMO"] and config["PRODUCTION"]:
        raise Unsafe("Demonstration mode and VENTANILLA_PRODUCTION exclude each other: choose one.")
    if config["DEMO"] and config["SMS_PROVIDER"] == "twilio":
        raise Unsafe(
            "Demonstration mode must not send real messages: set SMS_PROVIDER=demonstration."
        )
    if config["DEMO"] and config["PUBLIC_SCHEME"] == "https":
        raise Unsafe(
            "Demonstration mode is not for a public https address: remove VENTANILLA_DEMO."
        )
    if config["DEMO"] and config["HOST"] not in ("127.0.0.1", "::1", "localhost"):
        raise Unsafe(
            "Demonstration mode listens on this machine only: set VENTANILLA_HOST=127.0.0.1."
        )
    if config["PRODUCTION"] and config["PUBLIC_SCHEME"] != "https":
        raise Unsafe("A counter in production needs VENTANILLA_PUBLIC_SCHEME=https.")
    if config["PRODUCTION"] and config["SMS_PROVIDER"] != "twilio":
        raise Unsafe("A counter in production needs a real message provider: SMS_PROVIDER=twilio.")
    if config["PRODUCTION"] and config["WEBHOOKS_TO_THIS_MACHINE"]:
        raise Unsafe("A counter in production tells nothing to its own network.")
    if config["PRODUCTION"] and not config["SECRET_KEY"]:
        raise Unsafe("There is no secret key. Run: flask --app wsgi core prepare")
    if config["SMS_PROVIDER"] == "twilio":
        _refuse_half_a_provider(config)
    if config["JANUS_URL"] and not (config["JANUS_SECRET"] and config["JANUS_ROOM_KEY"]):
        raise Unsafe(
            f"The media server is open to everybody without {PREFIX}_JANUS_SECRET and"
            f" {PREFIX}_JANUS_ROOM_KEY: deploy/janus says where they stand."
        )


def _refuse_half_a_provider(config: Mapping[str, Any]) -> None:
    for key in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SMS_SENDER"):
        if not config[key]:
            raise Unsafe(f"The message provider needs {PREFIX}_{key}.")
    sender = str(config["SMS_SENDER"])
    if not (SMS_ALIAS.match(sender) or SMS_NUMBER.match(sender)):
        raise Unsafe(
            f"{PREFIX}_SMS_SENDER is neither a number (+34…) nor a registered alias"
            " (3 to 11 letters, digits or single spaces, with at least one letter)."
        )
    bare = "".join(sign for sign in sender.casefold() if sign.isalpha())
    if not SMS_NUMBER.match(sender) and bare in GENERIC_ALIASES:
        raise Unsafe(
            f"{PREFIX}_SMS_SENDER is a name that could be anybody's, and the Spanish register"
            " refuses it: say whose it is, as in AjVilaclara."
        )
    voice = str(config["TWILIO_VOICE_NUMBER"])
    if voice and not SMS_NUMBER.match(voice):
        raise Unsafe(f"{PREFIX}_TWILIO_VOICE_NUMBER is a number like +34…: an alias cannot call.")
    algorithm = config["TWILIO_WEBHOOK_ALGORITHM"]
    if algorithm not in WEBHOOK_ALGORITHMS:
        raise Unsafe(
            f"{PREFIX}_TWILIO_WEBHOOK_ALGORITHM is one of {', '.join(WEBHOOK_ALGORITHMS)}."
        )
    if algorithm == "HMAC_SHA256" and not config["TWILIO_WEBHOOK_KEY"]:
        raise Unsafe(f"HMAC_SHA256 needs the shared key in {PREFIX}_TWILIO_WEBHOOK_KEY.")


def _read(file: Any) -> dict[str, Any]:
    return {key.upper(): value for key, value in tomllib.load(file).items()}


def kept_secrets(instance: Path) -> list[str]:
    """The keys of the installation's folder, one a line, newest first."""
    file = instance / "secret_key"
    lines = file.read_text().splitlines() if file.exists() else []
    return [line.strip() for line in lines if line.strip()]


def _given_secrets(config: dict[str, Any]) -> list[str]:
    """The keys of the settings, newest first."""
    older = config["SECRET_KEY_FALLBACKS"]
    known = [config["SECRET_KEY"], *([older] if isinstance(older, str) else older)]
    return [str(key) for key in known if key] if known[0] else []


def use_secrets(config: dict[str, Any], secrets: list[str]) -> None:
    """Sign with the newest key; read what any of them signed."""
    newest, older = secrets[0] if secrets else "", secrets[1:]
    config.update(
        SECRET_KEY=newest,
        SECRET_KEY_FALLBACKS=older,
        WTF_CSRF_SECRET_KEY=[*reversed(older), newest] if older else newest,
    )
