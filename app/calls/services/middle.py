"""Errands of one browser to the media server in the middle, where the town has chosen one.

A browser sends once to the server and fetches each other person from there. It never speaks to
the server itself: its errands come to our rooms, where we know who may see whom.
"""

import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from flask import Flask, current_app

from app.booking.models import Visit
from app.calls import queries
from app.calls.errors import Garbled, LineGone, NotInTheRoom, NotSentYet
from app.calls.models import PLACES, Part, Participant
from app.calls.services.signals import are_candidates, is_description, tell_everybody
from app.core import janus
from app.core.db import db, once_committed
from app.towns.models import Media

log = structlog.get_logger()

CODECS: dict[str, Any] = {
    "audiocodec": "opus",
    "videocodec": "vp8,h264",
    "opus_fec": True,
    "opus_dtx": True,
}
MOST_BITS = 2_500_000  # of one person: their picture and their screen


def is_wanted(visit: Visit) -> bool:
    """Whether this call may go through the server now. Never asked within a transaction."""
    if visit.town.media is not Media.JANUS:
        return False
    _let_others_go_on()
    return janus.is_up()


def _let_others_go_on() -> None:
    """Nothing of ours is held while the server is asked; what we knew is read again afterwards."""
    db.session.commit()
    db.session.expire_all()


def run(seat: Participant, errand: Mapping[str, Any]) -> dict[str, Any]:
    """Do one errand of that window at the server. Nothing of ours is held meanwhile."""
    act = ERRANDS.get(str(errand.get("do")))
    if act is None or seat.media is not Media.JANUS:
        raise Garbled
    try:
        return act(seat, errand)
    except (janus.Away, janus.Gone) as trouble:
        log.warning("the media server lost a call", why=str(trouble)[:120], visit_id=seat.visit_id)
        raise LineGone from trouble
    except janus.Refused as trouble:
        if trouble.code == janus.NO_FEED:
            raise NotSentYet from trouble
        log.warning("the media server refused", why=str(trouble)[:120], visit_id=seat.visit_id)
        raise LineGone from trouble


def may_record(visit: Visit) -> bool:
    """Whether the server can write down this call: it has a folder, and all go through it."""
    inside = [seat for seat in queries.participants(visit) if seat.is_inside]
    is_set = bool(current_app.config["JANUS_RECORDINGS"]) and janus.is_set()
    return is_set and bool(inside) and all(seat.media is Media.JANUS for seat in inside)


def record(room: str, is_on: bool, near: Sequence[int] = ()) -> None:
    """From here on everything in that room is written down, or nothing. Twice is once.

    `near`: the sessions of who is in it (`sessions_in`), so that their server is asked. It has done
    it when this returns. Never asked within a transaction.
    """
    try:
        session = janus.begin(room, near)
        try:
            janus.ask(
                session,
                janus.attach(session),
                "enable_recording",
                room=room,
                secret=_word(room, "secret"),
                record=is_on,
            )
        finally:
            janus.end(session)
    except (janus.Away, janus.Gone, janus.Refused) as trouble:
        raise LineGone from trouble


def publish(seat: Participant) -> None:
    """What that window sends has reached the server: the others may fetch it."""
    tell_everybody(seat, {"published": seat.media_session})


def sessions_in(visit: Visit, but: Participant | None = None) -> list[int]:
    """The sessions of everybody who is there now: where they are is where the room is."""
    present = (one for one in queries.participants(visit) if one.is_present and one != but)
    return [one.media_session for one in present if one.media_session is not None]


def open_session(seat: Participant) -> int:
    """A new session for this window, where the others are. The seat's older one is not kept."""
    room, near = seat.visit.code, sessions_in(seat.visit, but=seat)
    _let_others_go_on()
    try:
        return janus.begin(room, near)
    except (janus.Away, janus.Gone, janus.Refused) as trouble:
        raise LineGone from trouble


def _publish(seat: Participant, errand: Mapping[str, Any]) -> dict[str, Any]:
    session, visit = _session(seat), seat.visit
    db.session.commit()  # what was read stays known, and nothing is held meanwhile
    handle = janus.attach(session)
    _open_room(session, handle, visit)
    _, answer = janus.ask(
        session,
        handle,
        "joinandconfigure",
        _described(errand, "offer"),
        ptype="publisher",
        room=visit.code,
        pin=_word(visit.code, "pin"),
        id=_feed(seat),
        display=seat.part.value,
    )
    return {"handle": handle, "description": answer}


def _renew(seat: Participant, errand: Mapping[str, Any]) -> dict[str, Any]:
    """The browser looks for another way to the server."""
    _, answer = janus.ask(_session(seat), _handle(errand), "configure", _described(errand, "offer"))
    return {"description": answer}


def _subscribe(seat: Participant, errand: Mapping[str, Any]) -> dict[str, Any]:
    other = queries.person_of(seat.visit, str(errand.get("to")))
    if not (seat.is_inside and other.is_inside) or other.id == seat.id:
        raise NotInTheRoom
    if other.media_session is None:
        raise NotSentYet
    session, room, feed = _session(seat), seat.visit.code, other.media_session
    db.session.commit()
    handle = janus.attach(session)
    try:
        _, offer = janus.ask(
            session,
            handle,
            "join",
            ptype="subscriber",
            room=room,
            pin=_word(room, "pin"),
            streams=[{"feed": _feed(other)}],
            autoupdate=False,
        )
    except janus.Refused:
        janus.detach(session, handle)
        raise
    return {"handle": handle, "feed": feed, "description": offer}


def _answer(seat: Participant, errand: Mapping[str, Any]) -> dict[str, Any]:
    janus.ask(_session(seat), _handle(errand), "start", _described(errand, "answer"))
    return {}


def _restart(seat: Participant, errand: Mapping[str, Any]) -> dict[str, Any]:
    """The server offers another way to what is fetched."""
    _, offer = janus.ask(_session(seat), _handle(errand), "configure", restart=True)
    return {"description": offer}


def _trickle(seat: Participant, errand: Mapping[str, Any]) -> dict[str, Any]:
    candidates = errand.get("candidates")
    if not are_candidates(candidates):
        raise Garbled
    janus.trickle(_session(seat), _handle(errand), list(candidates or []))
    return {}


def _drop(seat: Participant, errand: Mapping[str, Any]) -> dict[str, Any]:
    janus.detach(_session(seat), _handle(errand))
    return {}


def _keep(seat: Participant, errand: Mapping[str, Any]) -> dict[str, Any]:
    janus.keep(_session(seat))
    return {}


ERRANDS: dict[str, Callable[[Participant, Mapping[str, Any]], dict[str, Any]]] = {
    "publish": _publish,
    "renew": _renew,
    "subscribe": _subscribe,
    "answer": _answer,
    "restart": _restart,
    "ways": _trickle,
    "drop": _drop,
    "keep": _keep,
}


def may_send(seat: Participant) -> bool:
    """Who is inside, and the citizen at whom it rings, so that all is ready when they enter."""
    return seat.is_inside or (seat.is_present and seat.part is Part.CITIZEN)


def _open_room(session: int, handle: int, visit: Visit) -> None:
    try:
        janus.ask(
            session,
            handle,
            "create",
            room=visit.code,
            admin_key=current_app.config["JANUS_ROOM_KEY"],
            secret=_word(visit.code, "secret"),
            pin=_word(visit.code, "pin"),
            is_private=True,
            publishers=2 * PLACES,  # who comes back is there twice for a moment
            bitrate=MOST_BITS,
            **CODECS,
            **_written_down(),
        )
    except janus.Refused as trouble:
        if trouble.code != janus.ROOM_EXISTS:
            raise


def _written_down() -> dict[str, Any]:
    """Where the server writes once it is asked to. Pictures then come upright by themselves."""
    folder = current_app.config["JANUS_RECORDINGS"]
    if not folder:
        return {}
    return {
        "rec_dir": str(folder),
        "record": False,
        "lock_record": True,
        "videoorient_ext": False,
    }


def _word(room: str, use: str) -> str:
    """What opens this very room at the server. Nobody but the server ever hears it."""
    key = str(current_app.config["JANUS_SECRET"]).encode()
    return hmac.new(key, f"{use}:{room}".encode(), hashlib.sha256).hexdigest()


def _feed(seat: Participant) -> str:
    """Each session of a seat sends under a name of its own, so that an old one is never fetched."""
    return f"{seat.code}-{seat.media_session}"


def _session(seat: Participant) -> int:
    if seat.media_session is None:
        raise LineGone
    return seat.media_session


def _handle(errand: Mapping[str, Any]) -> int:
    handle = errand.get("handle")
    if type(handle) is not int or not 0 < handle < 2**63:
        raise Garbled
    return handle


def _described(errand: Mapping[str, Any], kind: str) -> dict[str, Any]:
    description: Any = errand.get("description")
    if not is_description(description) or description["type"] != kind:
        raise Garbled
    return {"type": kind, "sdp": description.get("sdp", "")}


def let_go(seat: Participant) -> None:
    """What this seat had at the server ends once it is committed that it ends here."""
    if seat.media_session is not None:
        _to_be_ended(seat.media_session)
        seat.media_session = None


def _end_sessions(ended: list[int]) -> None:
    if current_app and janus.is_set():
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        threading.Thread(target=_end, args=(app, ended), daemon=True).start()


_to_be_ended = once_committed("let go", _end_sessions)


def _end(app: Flask, sessions: list[int]) -> None:
    """A session that cannot be ended now ends by itself in a minute."""
    with app.app_context():
        for session in sessions:
            try:
                janus.end(session)
            except (janus.Away, janus.Gone, janus.Refused) as trouble:
                log.info("a session of the media server was gone", why=str(trouble)[:120])
