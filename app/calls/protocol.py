"""The protocol of the call, the same for everybody in it. Each side opens its own doors to it.

`POST presence` (join, enter, state, leave), `GET stream`, `POST signals`, `POST figures`, `POST
media` (errands at the media server, where there is one), and, for the citizen and the counter,
`POST text`. A window names itself, so that it can listen before it has a seat: what is told to a
seat goes to the channel of its window.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Blueprint, Response, make_response, request

from app.booking.models import Visit
from app.calls import queries, services
from app.calls.errors import Garbled, NotInTheRoom, TooFast, TooLarge
from app.calls.models import Part, Participant, Right, RoomInvitation
from app.core import janus, relays, stream
from app.core.db import transaction
from app.core.errors import Refusal
from app.core.security import json_sent
from app.towns.models import Media

MOST_BYTES = 64 * 1024
MOST_FIGURES = 4 * 1024
WINDOW = re.compile(r"[a-z0-9]{16,32}")

log = structlog.get_logger()


@dataclass(frozen=True)
class Door:
    """By which somebody comes to a room: whose visit, as what, under which name."""

    visit: Visit
    part: Part
    name: str
    invitation: RoomInvitation | None = None

    def own_seat(self, source: Any) -> Participant:
        return queries.own_seat(self.visit, self.part, *_seat_named(source), self.invitation)


def presence(door: Door) -> Response:
    event = request.form.get("event")
    if event == "join":
        return make_response(_join(door), 200)
    seat = door.own_seat(request.form)
    with _noted(door), transaction():
        if event == "state":
            services.change_state(seat, **_state(), screen=_is_on("screen", "off"))
        elif event == "enter":
            services.enter(seat, **_state())
        elif event == "leave":
            services.leave(seat)
        else:
            raise Garbled
    return make_response("", 204)


def listen(door: Door) -> Response:
    """State of the visit, and what is told to this very window once it has a seat."""
    channels = [queries.room_of(door.visit)]
    window = _window(request.args)
    if window:
        channels.append(queries.window_channel(door.visit.id, door.part, window))
    if queries.may(door.part, Right.WRITE_EARLY):
        channels.append(queries.text_of(door.visit))
    return stream.listen(
        *channels,
        hello={
            **_relays(window or door.part.value),
            "media": {"kind": door.visit.town.media.value if janus.is_set() else Media.MESH.value},
        },
    )


def signals(door: Door) -> Response:
    with _noted(door):
        batch = _batch()
        if not isinstance(batch.get("signals"), list):
            raise Garbled
        people = queries.participants(door.visit)
        seat = queries.own_seat_among(people, door.part, *_seat_named(batch), door.invitation)
    with _noted(door), transaction():
        accepted = services.pass_on(seat, batch["signals"], people)
    return make_response({"accepted": accepted}, 200)


def media(door: Door) -> Response:
    """An errand at the media server. The server is asked while nothing of ours is held."""
    with _noted(door):
        errand = _batch()
        seat = door.own_seat(errand)
        if not services.middle.may_send(seat):
            raise NotInTheRoom
        begins = errand.get("do") == "publish"
        session = services.middle.open_session(seat) if begins else None
    with _noted(door), transaction():
        services.count(seat)
        if begins:
            services.middle.let_go(seat)
            seat.media_session = session
        if errand.get("do") == "shown":
            services.middle.publish(seat)
            return make_response({}, 200)
    with _noted(door):
        return make_response(services.middle.run(seat, errand), 200)


def text(door: Door) -> Response:
    with _noted(door), transaction():
        sent = _batch()
        services.write(door.visit, door.part, _window(sent), sent.get("seq"), sent.get("text"))
    return make_response("", 204)


def figures(door: Door) -> Response:
    """What a browser measured. It may come after the end, and even after a newer window's."""
    if len(request.get_data()) > MOST_FIGURES:
        raise TooLarge
    sent = _batch()
    code, incarnation = _seat_named(sent)
    seat = queries.seat_of(door.visit, door.part, code, door.invitation)
    with transaction():
        services.keep_figures(seat, incarnation, sent)
    return make_response("", 204)


def _relays(person: str) -> dict[str, Any]:
    """By which ways the browser of that person may reach the others."""
    return {"ice_servers": relays.servers_for(person), "ice_policy": relays.policy()}


def _join(door: Door) -> dict[str, Any]:
    """Everything that a browser needs to begin, in one answer."""
    visit, offered_to = door.visit, None
    has_middle = not _is_on("direct", "off") and services.middle.is_wanted(visit)
    with _noted(door), transaction():
        offer = _offer()
        seat = services.join(
            visit,
            door.part,
            door.name,
            **_state(),
            window=_window(request.form),
            invitation=door.invitation,
            rings=door.part is Part.CITIZEN and _is_on("ring", "off"),
            media=Media.JANUS if has_middle else Media.MESH,
        )
        people = queries.participants(visit)
        if offer is not None:
            offered_to = services.offer_first(seat, offer, people)
        answer = {
            "participant": seat.code,
            "seat": seat.seat,
            "incarnation": seat.incarnation,
            "is_inside": seat.is_inside,
            "offered_to": offered_to,
            **_relays(seat.code),
            "media": services.media_of(seat),
            "status": visit.status.value,
        }
        if not (seat.is_at_the_door and seat.part.is_invited):
            answer["roster"] = queries.roster(visit, door.part, people=people)
        if queries.may(door.part, Right.WRITE_EARLY):
            answer["written"] = queries.written(visit)
    return answer


def _state() -> dict[str, bool]:
    return {
        "camera": _is_on("camera", "on"),
        "microphone": _is_on("microphone", "on"),
        "saving": _is_on("saving", "off"),
    }


def _is_on(name: str, default: str) -> bool:
    return request.form.get(name, default) == "on"


def _offer() -> Any:
    sent = request.form.get("offer")
    if sent is None:
        return None
    if len(sent) > MOST_BYTES:
        raise TooLarge
    try:
        return json.loads(sent)
    except (ValueError, RecursionError) as error:
        raise Garbled from error


def _batch() -> dict[str, Any]:
    if len(request.get_data()) > MOST_BYTES:
        raise TooLarge
    batch = json_sent()
    if not isinstance(batch, dict):
        raise Garbled
    return batch


def _window(source: Any) -> str:
    window = str(source.get("window") or "")
    if window and not WINDOW.fullmatch(window):
        raise Garbled
    return window


def _seat_named(source: Any) -> tuple[str, int]:
    try:
        return str(source.get("participant", "")), int(source.get("incarnation", 0))
    except (TypeError, ValueError, OverflowError) as error:
        raise Garbled from error


# What a browser in a call asks for below the address of its room.
ASKED: dict[str, Callable[[Door], Response]] = {
    "presence": presence,
    "stream": listen,
    "signals": signals,
    "media": media,
    "figures": figures,
    "text": text,
}


def open_doors(
    bp: Blueprint,
    room: str,
    door: Callable[..., Door],
    label: Callable[[Callable[..., Response]], Callable[..., Response]],
    *,
    writes_early: bool = True,
) -> None:
    """A route for each of them. `door` makes of the address who comes; `label` says who may."""
    for name, act in ASKED.items():
        if name != "text" or writes_early:
            method = "GET" if name == "stream" else "POST"
            bp.add_url_rule(f"{room}/{name}", name, label(_view(act, door)), methods=[method])


def _view(act: Callable[[Door], Response], door: Callable[..., Door]) -> Callable[..., Response]:
    def view(**named: str) -> Response:
        return act(door(**named))

    return view


@contextmanager
def _noted(door: Door) -> Iterator[None]:
    """What a call sends and we refuse stands in the log, without what it said."""
    try:
        yield
    except Refusal as refusal:
        is_odd = isinstance(refusal, Garbled | TooLarge | TooFast | NotInTheRoom)
        level = log.warning if is_odd else log.info
        level(
            "the call refused something",
            why=type(refusal).__name__,
            visit_id=door.visit.id,
            part=door.part.value,
        )
        raise
