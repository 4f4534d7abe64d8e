"""What a supervisor does from the board: keep somebody for a clerk, tell a line, share more."""

import sqlalchemy as sa
from flask_babel import gettext as _

from app.booking import queries as booking
from app.booking import services as visits
from app.booking.errors import VisitChanged
from app.booking.models import Status, Visit
from app.core.db import db
from app.core.events import publish
from app.core.i18n import speaking
from app.insight.errors import CannotAttend, NobodyToTell
from app.insight.events import LineTold, VisitReassigned
from app.messaging import queries as messages
from app.messaging import services as messaging
from app.schedule import queries as schedule
from app.schedule.models import Resource
from app.towns import services as towns
from app.towns.models import Procedure
from app.towns.tenant import current_town_id

STEP = 10  # per cent of the times of a procedure
# What can be told, by name. Each person reads it in their own language; the words are below.
SENTENCES = ("late", "fault", "other_way")


def reassign(visit: Visit, to: Resource | None) -> None:
    """Whoever waits is kept for that clerk; with None, for whoever is next."""
    visits.look_again(visit)
    if visit.status is not Status.WAITING:
        raise VisitChanged
    if to is not None:
        speaks = to.account.languages if to.account else []
        if visit.language not in speaks or visit.procedure_ids - schedule.skills_of(to.id):
            raise CannotAttend
    visit.asked_clerk_id = to.id if to else None
    db.session.flush()
    publish(
        VisitReassigned(town_id=visit.town_id, visit_id=visit.id, clerk_id=to.id if to else None)
    )


def share_more(procedure: Procedure, by: int = STEP) -> int:
    """More of its times for people who come without one. Returns the share from now on."""
    others = procedure.same_day_percent + procedure.staff_percent
    share = max(0, min(procedure.walk_in_percent + by, towns.MOST_SHARED - others))
    towns.change_procedure(procedure, walk_in_percent=share)
    return share


def tell_the_line(sentence: str, token: str, procedure: Procedure | None = None) -> int:
    """A message to everybody who waits, in the language of each. The same form twice is once."""
    question = sa.select(Visit).where(Visit.status == Status.WAITING, Visit.phone != "")
    if procedure is not None:
        question = question.where(Visit.procedure_id == procedure.id)
    waiting = db.session.scalars(question.order_by(Visit.id)).all()
    if not waiting:
        raise NobodyToTell
    for visit in waiting:
        with speaking(visit.reads):
            text = _words(sentence, booking.link_of(visit))
        key = f"board:{visit.code}:{token}"[:120]
        if not messages.is_written(key):
            messaging.send_later(visit.phone, text, key=key, locale=visit.reads)
    publish(LineTold(town_id=current_town_id(), sentence=sentence, people=len(waiting)))
    return len(waiting)


def _words(sentence: str, link: str) -> str:
    return {
        "late": _("The town hall is running late today. You keep your place: %(link)s", link=link),
        "fault": _(
            "Something does not work at the town hall. We are mending it: %(link)s", link=link
        ),
        "other_way": _("If you prefer, we can attend you by telephone: %(link)s", link=link),
    }[sentence]
