"""Janus: a server that may stand in the middle of a call (VideoRoom plugin, over HTTP).

Only we speak to it, on loopback and with its secret. Browsers send their errands to our rooms, and
sound and picture alone go between them and Janus. See deploy/janus.
"""

import secrets
import time
from typing import Any

import requests
import structlog
from flask import current_app

log = structlog.get_logger()

PLUGIN = "janus.plugin.videoroom"
WAIT_SECONDS = 5.0  # for the answer to something that Janus thinks about
NO_SESSION, NO_HANDLE = 458, 459
ROOM_EXISTS, NO_FEED = 427, 428
HEALTH_SECONDS = 3.0


class Away(Exception):
    """Janus does not answer."""


class Gone(Exception):
    """Janus does not know, or does not know any more, what we speak of."""


class Refused(Exception):
    """Janus said no, and why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def is_set() -> bool:
    return bool(current_app.config["JANUS_URL"])


def is_up() -> bool:
    """Whether it answers. It is asked once in a few seconds, however many people enter."""
    if not is_set():
        return False
    seen = current_app.extensions.setdefault("janus", {})
    if time.monotonic() - seen.get("at", -HEALTH_SECONDS) < HEALTH_SECONDS:
        return bool(seen["is_up"])
    try:
        _post("", janus="ping")
        seen["is_up"] = True
    except (Away, Refused) as trouble:
        log.warning("the media server does not answer", why=str(trouble)[:200])
        seen["is_up"] = False
    seen["at"] = time.monotonic()
    return bool(seen["is_up"])


def begin() -> int:
    """A session: everything of one window of one person. It ends when nobody asks for a minute."""
    return int(_post("", janus="create")["data"]["id"])


def attach(session: int) -> int:
    """A handle: one connection of that session."""
    return int(_post(f"/{session}", janus="attach", plugin=PLUGIN)["data"]["id"])


def keep(session: int) -> None:
    _post(f"/{session}", janus="keepalive")


def end(session: int) -> None:
    _post(f"/{session}", janus="destroy")


def detach(session: int, handle: int) -> None:
    _post(f"/{session}/{handle}", janus="detach")


def trickle(session: int, handle: int, candidates: list[Any]) -> None:
    """Ways by which a browser may be reached."""
    _post(f"/{session}/{handle}", janus="trickle", candidates=candidates)


def ask(
    session: int, handle: int, request: str, jsep: dict[str, Any] | None = None, **words: Any
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A request to the plugin: what it said, and its description of a connection, if any."""
    body = {"request": request, **words}
    more = {"jsep": jsep} if jsep else {}
    answer = _post(f"/{session}/{handle}", janus="message", body=body, **more)
    if answer["janus"] == "ack":
        answer = _event(session, answer["transaction"])
    data = answer.get("plugindata", {}).get("data", {})
    if "error_code" in data:
        raise Refused(data["error_code"], str(data.get("error", "")))
    return data, answer.get("jsep")


def _event(session: int, transaction: str) -> dict[str, Any]:
    """Wait for what belongs to that request. A browser sends one errand after the other."""
    until = time.monotonic() + WAIT_SECONDS
    while (left := until - time.monotonic()) > 0:
        for event in _get(f"/{session}?maxev=10", left):
            if event.get("transaction") == transaction:
                if event["janus"] == "error":
                    raise _refusal(event)
                return dict(event)
    raise Away("it took too long")


def _post(path: str, **message: Any) -> dict[str, Any]:
    secret = current_app.config["JANUS_SECRET"]
    letter = {"transaction": secrets.token_hex(8), "apisecret": secret, **message}
    found: dict[str, Any] = _read("POST", path, _patience(), json=letter)
    return found


def _get(path: str, seconds: float) -> list[dict[str, Any]]:
    secret = {"apisecret": current_app.config["JANUS_SECRET"]}
    found = _read("GET", path, max(0.1, seconds), params=secret)
    return found if isinstance(found, list) else [found]


def _patience() -> float:
    return float(current_app.config["JANUS_TIMEOUT_SECONDS"])


def _read(method: str, path: str, seconds: float, **options: Any) -> Any:
    address = current_app.config["JANUS_URL"] + path
    try:
        answer = requests.request(method, address, timeout=seconds, **options)
        said = answer.json()
    except (requests.RequestException, ValueError) as trouble:
        raise Away(type(trouble).__name__) from trouble
    if isinstance(said, dict) and said.get("janus") == "error":
        raise _refusal(said)
    return said


def _refusal(said: dict[str, Any]) -> Exception:
    code, reason = said["error"]["code"], said["error"]["reason"]
    return Gone(reason) if code in (NO_SESSION, NO_HANDLE) else Refused(code, reason)
