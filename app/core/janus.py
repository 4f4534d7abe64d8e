"""Janus: a server that may stand in the middle of a call (VideoRoom plugin, over HTTP).

Only we speak to it, on loopback and with its secret. Browsers send their errands to our rooms, and
sound and picture alone go between them and Janus. See deploy/janus.

There may be several. A room lives at one of them, and each session of ours says at which: the place
of its server is in its number. One that does not answer gets no new rooms for some seconds.
"""

import hashlib
import secrets
import time
from collections.abc import Sequence
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
MOST_SERVERS = 256
SESSIONS = 2**53 // MOST_SERVERS  # so that a browser can count as far as any number of ours


class Away(Exception):
    """Janus does not answer."""


class Gone(Exception):
    """Janus does not know, or does not know any more, what we speak of."""


class Refused(Exception):
    """Janus said no, and why, by number: its words name rooms, and a room's name opens a visit."""

    def __init__(self, code: int) -> None:
        super().__init__(f"error {code}")
        self.code = code


def is_set() -> bool:
    return bool(_servers())


def is_up() -> bool:
    """Whether any answers. Each is asked once in a few seconds, however many people enter."""
    return any(_is_up(place) for place in range(len(_servers())))


def begin(room: str = "", near: Sequence[int] = ()) -> int:
    """A session: everything of one window of one person. It ends when nobody asks for a minute.

    `near` are the sessions of others who are in that room. Its server is theirs while it answers;
    a room that begins, or has lost its server, goes to the same one whoever asks.
    """
    ways = [*dict.fromkeys(_place(one) for one in near), *_by_turns(room)]
    alive = (place for place in ways if place < len(_servers()) and _is_up(place))
    place = next(alive, ways[0] if ways else 0)
    session = (1 + secrets.randbelow(SESSIONS - 1)) * MOST_SERVERS + place
    return int(_post(f"@{place}", janus="create", id=session)["data"]["id"])


def _servers() -> list[str]:
    return str(current_app.config["JANUS_URL"]).replace(",", " ").split()


def _place(session: int) -> int:
    """Where the server of a session stands in the setting."""
    return session % MOST_SERVERS if len(_servers()) > 1 else 0


def _by_turns(room: str) -> list[int]:
    """Every server, in an order of that room's own, which stays when another one comes or goes."""
    weights = {
        place: hashlib.sha256(f"{url} {room}".encode()).digest()
        for place, url in enumerate(_servers())
    }
    return sorted(weights, key=lambda place: weights[place])


def _is_up(place: int) -> bool:
    seen = current_app.extensions.setdefault("janus", {})
    at, was_up = seen.get(place, (-HEALTH_SECONDS, False))
    if time.monotonic() - at < HEALTH_SECONDS:
        return bool(was_up)
    try:
        _post(f"@{place}", janus="ping")
        found = True
    except (Away, Refused) as trouble:
        log.warning("a media server does not answer", place=place, why=str(trouble)[:200])
        found = False
    seen[place] = (time.monotonic(), found)
    return found


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
        raise Refused(data["error_code"])
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
    address = _address(path)
    try:
        answer = requests.request(method, address, timeout=seconds, **options)
        said = answer.json()
    except (requests.RequestException, ValueError) as trouble:
        _leaves_the_pool(path)
        raise Away(type(trouble).__name__) from trouble
    if isinstance(said, dict) and said.get("janus") == "error":
        raise _refusal(said)
    return said


def _address(path: str) -> str:
    """`@2` is the third server itself; everything else begins with a session, which knows."""
    place, servers = _place_of(path), _servers()
    if place >= len(servers):
        raise Gone("its server is no longer in the setting")
    return servers[place] + ("" if path.startswith("@") else path)


def _place_of(path: str) -> int:
    if path.startswith("@"):
        return int(path[1:])
    return _place(int(path.split("/")[1].partition("?")[0]))


def _leaves_the_pool(path: str) -> None:
    seen = current_app.extensions.setdefault("janus", {})
    seen[_place_of(path)] = (time.monotonic(), False)


def _refusal(said: dict[str, Any]) -> Exception:
    code, reason = said["error"]["code"], said["error"]["reason"]
    return Gone(reason) if code in (NO_SESSION, NO_HANDLE) else Refused(code)
