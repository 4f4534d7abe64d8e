"""When the call of a visit is over, nobody looks at its papers together any more."""

from app.booking import queries as booking
from app.booking.events import VisitMoved
from app.booking.models import Status
from app.core.events import on
from app.papers import services

WHILE_TOGETHER = (Status.CALLED, Status.IN_SERVICE)


@on(VisitMoved)
def stop_looking(event: VisitMoved) -> None:
    if event.status not in WHILE_TOGETHER:
        services.close(booking.visit(event.visit_id))
