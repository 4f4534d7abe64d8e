"""Relays: what two browsers need to reach each other through strict networks.

A relay is a coturn server (RFC 8656) that shares a secret with us. Whoever takes part in a call
receives a name and a word of their own, good for an hour (draft-uberti-behave-turn-rest-00): the
name is `expiry:person`, the word its HMAC-SHA1. Nobody's lasts, and the secret never leaves us.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from flask import Flask, current_app

from app.core import clock

log = structlog.get_logger()

SCHEMES = ("turn:", "turns:")


def init_app(app: Flask) -> None:
    for server in app.config["TURN_SERVERS"]:
        if not _secret(app.config, server):
            log.error("a relay is left out, because it has no secret", urls=server.get("urls"))


def servers_for(person: str) -> list[dict[str, Any]]:
    """STUN and TURN servers for that person, as `RTCConfiguration.iceServers` wants them."""
    config = current_app.config
    fixed = [dict(server) for server in config["ICE_SERVERS"]]
    return fixed + [_with_credentials(server, person) for server in _ready(config)]


def policy() -> str:
    """`RTCConfiguration.iceTransportPolicy`: "relay" hides everybody's address from the others."""
    return "relay" if current_app.config["ICE_POLICY"] == "relay" else "all"


def is_there_one(config: Mapping[str, Any] | None = None) -> bool:
    """Whether any relay can be used, ours or one with fixed credentials."""
    config = config or current_app.config
    fixed = (url for server in config["ICE_SERVERS"] for url in _urls(server))
    return any(_ready(config)) or any(url.startswith(SCHEMES) for url in fixed)


def _ready(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (server for server in config["TURN_SERVERS"] if _secret(config, server))


def _with_credentials(server: Mapping[str, Any], person: str) -> dict[str, Any]:
    minutes = float(current_app.config["TURN_MINUTES"])
    name = f"{int(clock.now().timestamp() + minutes * 60)}:{person}"
    secret = _secret(current_app.config, server).encode()
    word = hmac.new(secret, name.encode(), hashlib.sha1).digest()
    return {
        "urls": _urls(server),
        "username": name,
        "credential": base64.b64encode(word).decode(),
    }


def _secret(config: Mapping[str, Any], server: Mapping[str, Any]) -> str:
    return str(server.get("secret") or config["TURN_SECRET"])


def _urls(server: Mapping[str, Any]) -> list[str]:
    urls = server.get("urls") or []
    return [urls] if isinstance(urls, str) else list(urls)
