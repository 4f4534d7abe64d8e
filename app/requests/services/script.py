"""Ticking the steps of a script."""

from app.accounts.models import Account
from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.core.errors import Missing
from app.core.events import publish
from app.requests import queries
from app.requests.errors import NotBeingAttended
from app.requests.events import StepTicked
from app.requests.models import Tick
from app.towns.services import look_again


def tick(visit: Visit, by: Account, key: str, is_done: bool) -> None:
    """Done, or not done after all. Twice the same is once."""
    look_again(visit)
    if not visit.is_being_attended:
        raise NotBeingAttended
    line = next((one for one in queries.script_of(visit).to_tick if one.key == key), None)
    if line is None:
        raise Missing
    if is_done == (line.tick is not None):
        return
    if line.tick:
        db.session.delete(line.tick)
    else:
        db.session.add(
            Tick(
                visit_id=visit.id,
                key=key,
                sentence=line.sentence,
                by_id=by.id,
                ticked_at=clock.now(),
            )
        )
    db.session.flush()
    publish(StepTicked(town_id=visit.town_id, visit_id=visit.id, key=key, is_done=is_done))
