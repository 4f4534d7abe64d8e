"""What leaves the building when a visit is done: where to read about it, and two questions."""

from datetime import timedelta

from flask_babel import gettext as _

from app.booking import queries as booking
from app.booking.events import VisitMoved
from app.booking.models import Status
from app.core import clock
from app.core.events import on
from app.core.i18n import speaking
from app.messaging import services as messaging


@on(VisitMoved)
def ask_how_it_went(event: VisitMoved) -> None:
    """One message for both: what the clerk wrote is on the same page as the questions."""
    visit = booking.visit(event.visit_id)
    if event.status != Status.SERVED or not visit.phone:
        return
    with speaking(visit.reads):
        text = _(
            "What was done in your visit, and two questions about it: %(link)s",
            link=booking.link_of(visit),
        )
    messaging.send_later(
        visit.phone,
        text,
        key=f"visit:{visit.code}:survey",
        locale=visit.reads,
        not_after=clock.now() + timedelta(hours=12),
    )
