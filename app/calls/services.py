"""Errands of a call: take a seat, pass messages on, leave, end it for everybody."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.assurance import services as assurance
from app.booking import services as booking
from app.booking.models import Status, Visit
from app.calls import queries
from app.calls.errors import Garbled, NotCalledYet, NotInTheRoom
from app.calls.events import CallEnded, ParticipantJoined, ParticipantLeft
from app.calls.models import CallFigures, Ending, Part, Participant
from app.core import clock, stream
from app.core.db import db
from app.core.events import publish
from app.towns.models import Moment

MAX_SIGNALS = 64

# What a browser may say of its call, and the most that can be true.
FIGURES = {
    "seconds": 24 * 3600,
    "picture_ms": 600_000,
    "sent_kbits": 1_000_000,
    "received_kbits": 1_000_000,
    "loss": 100,
    "round_trip_ms": 60_000,
    "frames": 240,
    "height": 8_640,
    "mends": 10_000,
}
IN_TENTHS = ("loss", "frames")


def channel_of(participant: Participant) -> str:
    """The private channel of one seat under its present incarnation."""
    return f"seat:{participant.id}:{participant.incarnation}"


def room_of(visit: Visit) -> str:
    return f"visit:{visit.id}"


def join(visit: Visit, part: Part, name: str, *, camera: bool, microphone: bool) -> Participant:
    """Take a seat, or take it over from an older window, which is told."""
    if not visit.is_being_attended:
        raise NotCalledYet
    if part is Part.CITIZEN:
        assurance.refuse_unless(visit, Moment.ENTER)
    seat = queries.participant_as(visit, part)
    if seat is None:
        seat = Participant(
            visit_id=visit.id, part=part, seat=len(queries.participants(visit)) + 1, incarnation=0
        )
        db.session.add(seat)
        db.session.flush()
    elif seat.is_present:
        stream.tell(channel_of(seat), "bye", {"reason": "replaced"})
    seat.name, seat.has_camera, seat.has_microphone = name, camera, microphone
    seat.incarnation += 1
    seat.last_seq, seat.is_present, seat.left_at = 0, True, None
    seat.joined_at = clock.now()
    db.session.flush()
    if part is Part.CITIZEN and visit.status is Status.CALLED:
        booking.move_on(visit, Status.IN_SERVICE)
    publish(
        ParticipantJoined(
            town_id=visit.town_id,
            visit_id=visit.id,
            part=part.value,
            incarnation=seat.incarnation,
        )
    )
    _tell_roster(visit)
    return seat


def change_state(seat: Participant, *, camera: bool, microphone: bool) -> None:
    """Camera and microphone on or off, shown to the others."""
    seat.has_camera, seat.has_microphone = camera, microphone
    _tell_roster(seat.visit)


def leave(seat: Participant) -> None:
    """Hang up, or close the window. The seat stays theirs for a return."""
    if not seat.is_present:
        return
    seat.is_present, seat.left_at = False, clock.now()
    publish(ParticipantLeft(town_id=seat.town_id, visit_id=seat.visit_id, part=seat.part.value))
    _tell_roster(seat.visit)


def pass_on(sender: Participant, signals: Sequence[Any], people: Sequence[Participant] = ()) -> int:
    """Hand descriptions and candidates to their addressees, each once. Returns the highest seq.

    A batch that was answered but whose answer was lost comes again: what was taken is passed over.
    """
    if len(signals) > MAX_SIGNALS:
        raise Garbled
    people = people or queries.participants(sender.visit)
    seats = {person.code: person for person in people}
    for signal in signals:
        seq, target = _read(signal)
        if seq <= sender.last_seq:
            continue
        person = seats.get(target)
        if person is None or person.id == sender.id:
            raise NotInTheRoom
        sender.last_seq = seq
        if signal.get("to_incarnation", person.incarnation) != person.incarnation:
            continue  # meant for a window that is gone
        payload = {
            "from": sender.code,
            "incarnation": sender.incarnation,
            "to_incarnation": person.incarnation,
            "seq": seq,
        }
        payload.update({key: signal[key] for key in ("description", "candidates") if key in signal})
        stream.tell(channel_of(person), "signal", payload)
    return sender.last_seq


def end(visit: Visit) -> None:
    """The clerk closes the room. Whoever is still in it is told; the visit is served."""
    if not visit.is_being_attended:
        return
    for seat in queries.participants(visit):
        if seat.is_present:
            seat.is_present, seat.left_at = False, clock.now()
            stream.tell(channel_of(seat), "bye", {"reason": "ended"})
    booking.move_on(visit, Status.SERVED)
    publish(CallEnded(town_id=visit.town_id, visit_id=visit.id))


def keep_figures(seat: Participant, incarnation: int, figures: Mapping[str, Any]) -> CallFigures:
    """How the call has gone so far for one window, in place of what it said before.

    Figures only help to mend: one that makes no sense is left out, and the others are kept.
    """
    if not 1 <= incarnation <= seat.incarnation:
        raise NotInTheRoom
    kept = queries.figures_of(seat, incarnation)
    if kept is None:
        kept = CallFigures(participant_id=seat.id, incarnation=incarnation)
        db.session.add(kept)
    for name, most in FIGURES.items():
        value: Any = figures.get(name)
        if type(value) in (int, float) and 0 <= value <= most:
            setattr(kept, name, round(value, 1) if name in IN_TENTHS else round(value))
    if type(figures.get("is_relayed")) is bool:
        kept.is_relayed = figures["is_relayed"]
    if figures.get("ending") in list(Ending):
        kept.ending = Ending(figures["ending"])
    db.session.flush()
    return kept


def _tell_roster(visit: Visit) -> None:
    db.session.flush()
    roster = queries.roster(visit)
    for seat in queries.participants(visit):
        if seat.is_present:
            stream.tell(channel_of(seat), "roster", roster)


def _read(signal: Any) -> tuple[int, str]:
    """The number and addressee of one signal, whose payload is one of the two kinds we know."""
    if not isinstance(signal, dict):
        raise Garbled
    seq, target = signal.get("seq"), signal.get("to")
    description, candidates = signal.get("description"), signal.get("candidates")
    if type(seq) is not int or not 1 <= seq < 2**53 or not isinstance(target, str):
        raise Garbled
    if (description is None) == (candidates is None):
        raise Garbled
    if description is not None and not _is_description(description):
        raise Garbled
    if candidates is not None and not _are_candidates(candidates):
        raise Garbled
    return seq, target


def _is_description(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("type") in ("offer", "answer", "pranswer", "rollback")
        and isinstance(value.get("sdp", ""), str)
    )


def _are_candidates(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MAX_SIGNALS
        and all(item is None or isinstance(item, dict) for item in value)
        and len(json.dumps(value)) < 32_000
    )
