"""How a call went, as each browser measured it: what it says in place of what it said before."""

from collections.abc import Mapping
from typing import Any

from app.calls import queries
from app.calls.errors import NotInTheRoom
from app.calls.models import CallFigures, Ending, Participant
from app.core.db import db

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
