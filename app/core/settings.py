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

    SMS_CODE_MINUTES = 10
    SMS_CODES_PER_PHONE_HOUR = 3
    SMS_CODES_PER_ADDRESS_HOUR = 30
    HOLD_MINUTES = 10
    METRICS_TOKEN = ""  # lets a monitor on another machine read /metrics
    OFFER_MINUTES = 45  # how long an earlier time is kept for whoever waits for one
    HOLDS_PER_PHONE = 6
    INVITATION_HOURS = 48
    SESSION_MINUTES = 12 * 60  # of the staff, without any request

    # Providers of national identities, each with kind, name, label, client_id, client_secret and
    # addresses: docs/eid.md. Empty: none is offered.
    EID_PROVIDERS: tuple[dict[str, Any], ...] = ()
    EID_TIMEOUT_SECONDS = 8

    ASSETS = ""  # where built browser files are kept; empty: in the instance folder
    STREAM_KEEP_MINUTES = 15
    STREAM_PING_SECONDS = 15
    ICE_SERVERS: tuple[dict[str, Any], ...] = ()  # as RTCConfiguration.iceServers

    # Flask and its extensions
    SESSION_COOKIE_NAME = "ventanilla"
    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    MAX_CONTENT_LENGTH = 2 * 1024 * 1024
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
    minutes = timedelta(minutes=float(app.config["SESSION_MINUTES"]))
    app.config["PERMANENT_SESSION_LIFETIME"] = minutes
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = _kept_secret(Path(app.instance_path))
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
    if config["PRODUCTION"] and not config["SECRET_KEY"]:
        raise Unsafe("There is no secret key. Run: flask --app wsgi core prepare")
    if config["SMS_PROVIDER"] == "twilio":
        _refuse_half_a_provider(config)


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


def _read(file: Any) -> dict[str, Any]:
    return {key.upper(): value for key, value in tomllib.load(file).items()}


def _kept_secret(instance: Path) -> str:
    file = instance / "secret_key"
    return file.read_text().strip() if file.exists() else ""
