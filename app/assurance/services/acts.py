"""What a procedure keeps for people who are known: asked for in time, refused otherwise."""

from sqlalchemy.exc import IntegrityError

from app.accounts.models import Account
from app.assurance import queries
from app.assurance.errors import IdentifyFirst, NotSureEnough
from app.assurance.events import ActDone, LeftToTheClerk
from app.assurance.models import Act, Leave
from app.booking.errors import VisitChanged
from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.towns.models import Moment


def leave_to_clerk(visit: Visit) -> None:
    """The citizen cannot: the clerk will identify them. Asked twice it is asked once."""
    if db.session.get(Leave, visit.id):
        return
    moment = queries.standing(visit).moment
    db.session.add(Leave(visit_id=visit.id, moment=moment, left_at=clock.now()))
    db.session.flush()
    publish(LeftToTheClerk(town_id=visit.town_id, visit_id=visit.id, moment=moment.value))


def refuse_unless(visit: Visit, moment: Moment) -> None:
    """Stop here whoever is not known surely enough. The citizen's own ways are theirs to leave."""
    if moment is Moment.ACT:
        if queries.standing(visit).lacks(moment):
            raise NotSureEnough
    elif queries.is_asked(visit, moment):
        raise IdentifyFirst


def do_the_act(visit: Visit, by: Account) -> Act:
    """Write down that it was done, and for whom surely enough. Done twice it is done once."""
    if not visit.is_being_attended:
        raise VisitChanged
    if done := db.session.get(Act, visit.id):
        return done
    refuse_unless(visit, Moment.ACT)
    best = queries.standing(visit).best
    level = queries.level_of(visit)
    act = Act(
        visit_id=visit.id,
        level=level,
        assurance_id=best.id if best else None,
        by_id=by.id,
        done_at=clock.now(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(act)
    except IntegrityError as error:
        raise VisitChanged from error
    publish(
        ActDone(
            town_id=visit.town_id,
            visit_id=visit.id,
            level=level.value,
            assurance_id=act.assurance_id,
        )
    )
    return act
