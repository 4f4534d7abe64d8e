"""What browsers tell each other through us: descriptions and candidates, each once."""

import json
from collections.abc import Sequence
from typing import Any

from app.calls import queries
from app.calls.errors import Garbled, NotInTheRoom, TooFast
from app.calls.models import Participant
from app.calls.queries import channel_of
from app.core import clock, stream

MOST_SIGNALS = 64
MOST_A_SECOND = 30
LONGEST_DESCRIPTION = 60_000
LONGEST_CANDIDATES = 32_000


def pass_on(sender: Participant, signals: Sequence[Any], people: Sequence[Participant] = ()) -> int:
    """Hand descriptions and candidates to their addressees, each once. Returns the highest seq.

    A batch that was answered but whose answer was lost comes again: what was taken is passed over.
    """
    count(sender)
    if len(signals) > MOST_SIGNALS:
        raise Garbled
    seats = {person.code: person for person in people or queries.participants(sender.visit)}
    for signal in signals:
        seq, target = _read(signal)
        if seq <= sender.last_seq:
            continue
        person = seats.get(target)
        if person is None or person.id == sender.id:
            raise NotInTheRoom
        if person.is_present and not sender.reaches(person):
            raise NotInTheRoom  # one of them is still at the door
        sender.last_seq = seq
        if signal.get("to_incarnation", person.incarnation) != person.incarnation:
            continue  # meant for a window that is gone
        content = {key: signal[key] for key in ("description", "candidates") if key in signal}
        _tell(sender, person, seq, content)
    return sender.last_seq


def offer_first(
    sender: Participant, description: Any, people: Sequence[Participant] = ()
) -> str | None:
    """An offer that came with the wish to enter goes to whoever sat down first. Returns to whom.

    It was made while they waited, so no answer of ours is needed before it leaves.
    """
    if not is_description(description) or description["type"] != "offer":
        raise Garbled
    others = [
        person
        for person in people or queries.participants(sender.visit)
        if person.id != sender.id and sender.reaches(person)
    ]
    if not others:
        return None
    sender.last_seq = 1
    _tell(sender, others[0], 1, {"description": description})
    return others[0].code


def media_of(seat: Participant) -> dict[str, Any]:
    """What carries sound and picture of this seat, and what its browser must know of it.

    `kind` names a module of the browser that offers what `static/js/calls/mesh.js` says a media
    back end must offer; whatever else stands here goes to that module.
    """
    return {"kind": seat.media.value}


def tell_everybody(sender: Participant, content: dict[str, Any]) -> None:
    """Tell the back ends of everybody whom this one reaches."""
    for person in queries.participants(sender.visit):
        if person.id != sender.id and sender.reaches(person):
            _tell(sender, person, 0, content)


def _tell(sender: Participant, person: Participant, seq: int, content: dict[str, Any]) -> None:
    said = {
        "from": sender.code,
        "incarnation": sender.incarnation,
        "to_incarnation": person.incarnation,
        "seq": seq,
    }
    stream.tell(channel_of(person), "signal", {**said, **content})


def count(sender: Participant) -> None:
    """A browser that sends more than a call ever needs is asked to wait."""
    second = int(clock.now().timestamp())
    if sender.counted_at != second:
        sender.counted_at, sender.counted = second, 0
    sender.counted += 1
    if sender.counted > MOST_A_SECOND:
        raise TooFast


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
    if description is not None and not is_description(description):
        raise Garbled
    if candidates is not None and not are_candidates(candidates):
        raise Garbled
    return seq, target


def is_description(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("type") in ("offer", "answer", "pranswer", "rollback")
        and isinstance(value.get("sdp", ""), str)
        and len(value.get("sdp", "")) <= LONGEST_DESCRIPTION
    )


def are_candidates(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_SIGNALS
        and all(item is None or isinstance(item, dict) for item in value)
        and len(json.dumps(value)) < LONGEST_CANDIDATES
    )
